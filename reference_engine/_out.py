"""Writes the result of a function into the tensor that `out=` names."""

import warnings
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._dispatch import _check_fits
from reference_engine._functions import copy_
from reference_engine._modes import state
from reference_engine._tensor import Tensor


def into(out: Any, name: str, result: Any) -> Any:
    """`out`, a tensor or several (or None), holding what the function `name` gave."""
    if out is None:
        return result
    if isinstance(result, tuple):
        for target, one in zip(out, result, strict=True):
            into(target, name, one)
        return out
    if state.enabled and (result._requires_grad or out._requires_grad):
        raise RuntimeError(_errors.OUT_REQUIRES_GRAD.format(name=name))
    if out._array.shape != result._array.shape:
        _resize(out, result)
    _check_fits(np.asarray(result._array), out)
    return copy_(out, result)


def _resize(out: Tensor, result: Tensor) -> None:
    shape = result._array.shape
    if out._array.size:
        found, expected = list(out._array.shape), list(shape)
        text = _errors.OUT_RESIZED.format(found=found, expected=expected)
        warnings.warn(text, UserWarning, stacklevel=4)
    out._array = np.empty(shape, out._array.dtype)
