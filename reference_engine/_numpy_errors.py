"""PyTorch's exceptions for NumPy's: a dimension out of range, shapes that do not fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._promotion import OF_TENSORS


def as_pytorch(error: Exception, arrays: Sequence[Any]) -> Exception:
    """PyTorch's exception for one of NumPy's: a dimension out of range, shapes that do not fit."""
    if isinstance(error, np.exceptions.AxisError) and error.axis is not None:
        span = max(error.ndim or 0, 1)
        return IndexError(_errors.DIM_RANGE.format(low=-span, high=span - 1, dim=error.axis))
    if "could not be broadcast" in str(error):
        shapes = [value.shape for value in arrays if isinstance(value, OF_TENSORS)]
        for other in shapes[1:]:
            mismatch = broadcast_mismatch(shapes[0], other)
            if mismatch is not None:
                return RuntimeError(mismatch)
    return error


def broadcast_mismatch(a: tuple[int, ...], b: tuple[int, ...]) -> str | None:
    """PyTorch's message where two shapes do not broadcast; None where they do."""
    dims = max(len(a), len(b))
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            return _errors.BROADCAST.format(a=a[-back], b=b[-back], dim=dims - back)
    return None
