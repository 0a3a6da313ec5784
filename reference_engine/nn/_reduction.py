"""How losses are reduced: to their mean, to their sum, or not at all."""

import warnings
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._tensor import Tensor


def reduction_of(name: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction, checked; PyTorch's two older arguments decide it where they are given."""
    if size_average is not None or reduce is not None:
        mean = True if size_average is None else size_average
        name = ("mean" if mean else "sum") if reduce is None or reduce else "none"
        warnings.warn(_errors.REDUCTION_LEGACY.format(reduction=name), UserWarning, stacklevel=3)
    if name not in {"none", "mean", "sum"}:
        raise ValueError(_errors.REDUCTION.format(reduction=name))
    return name


def reduced(losses: Any, reduction: str) -> Tensor:
    """Losses as `reduction` wants them."""
    if reduction == "mean":
        return _reductions.mean(losses)
    return _reductions.sum(losses) if reduction == "sum" else losses


def refuse_sizeless(*values: Any) -> None:
    """PyTorch's error for what has no size to compare: a model's result that is None, say."""
    for value in values:
        if not isinstance(value, Tensor):
            kind = type(value).__name__
            raise AttributeError(_errors.NO_SIZE.format(type=kind))  # noqa: TRY004 - PyTorch's


def of_one_size(input: Tensor, target: Any) -> Any:
    """Both spread to their common shape; a warning where that was needed."""
    refuse_sizeless(target, input)
    if input._array.shape == target._array.shape:
        return input, target
    text = _errors.LOSS_SIZES.format(target=target.shape, input=input.shape)
    warnings.warn(text, UserWarning, stacklevel=3)
    return spread_out(input, target)


def spread_out(*tensors: Tensor) -> Any:
    """All spread to their common shape."""
    try:
        shape = np.broadcast_shapes(*(one._array.shape for one in tensors))
    except ValueError:
        _ = tensors[0] + tensors[1]  # type: ignore[operator] # raises PyTorch's error
        raise
    return tuple(
        one if one._array.shape == shape else _functions.expand(one, shape) for one in tensors
    )


def weighted(
    losses: Any, input: Tensor, weight: Tensor, reduction: str, *, by_weight: bool
) -> Tensor:
    """Weighed losses, whose mean is by the sum of the weights or by their number."""
    if weight._array.shape != input._array.shape:
        raise ValueError(_errors.WEIGHT_SIZE)
    losses = losses * weight
    if reduction == "mean" and by_weight:
        return _reductions.sum(losses) / _reductions.sum(weight)  # type: ignore[operator,no-any-return]
    return reduced(losses, reduction)
