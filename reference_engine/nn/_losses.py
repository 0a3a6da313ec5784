"""Losses of torch.nn.functional, with PyTorch's checks and warnings."""

import math
import warnings
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import log_softmax, ops
from reference_engine.nn._layers import limited_below, linear
from reference_engine.nn._reduction import (
    of_one_size,
    reduced,
    reduction_of,
    refuse_sizeless,
    weighted,
)

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
    "gaussian_nll_loss", "huber_loss", "kl_div", "l1_loss", "linear_cross_entropy", "mse_loss",
    "nll_loss", "poisson_nll_loss", "smooth_l1_loss",
]  # fmt: skip


def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Squares of the differences."""
    first, second = of_one_size(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    if weight is not None:
        squares = (first - second) ** 2
        return weighted(squares, input, weight, reduction, by_weight=True)
    return ops.mse_loss(first, second, reduction)  # type: ignore[no-any-return]


def l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Sizes of the differences."""
    first, second = of_one_size(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    sizes = ops.abs(first - second)
    if weight is not None:
        return weighted(sizes, input, weight, reduction, by_weight=True)
    return reduced(sizes, reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """Squares of differences below `beta`, straight lines beyond."""
    first, second = of_one_size(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError(_errors.SMOOTH_L1_BETA)
    if beta == 0:
        return reduced(ops.abs(first - second), reduction)
    return ops.smooth_l1_loss(first, second, reduction, beta)  # type: ignore[no-any-return]


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Squares of differences up to `delta`, straight lines beyond."""
    first, second = of_one_size(input, target)
    reduction = reduction_of(reduction)
    if delta <= 0:
        raise RuntimeError(_errors.HUBER_DELTA)
    if weight is not None:
        losses = ops.huber_loss(first, second, "none", delta)
        return weighted(losses, input, weight, reduction, by_weight=False)
    return ops.huber_loss(first, second, reduction, delta)  # type: ignore[no-any-return]


# -- classes --------------------------------------------------------------------------------------


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log-probability of each target: input (batch, classes, ...)."""
    reduction = reduction_of(reduction, size_average, reduce)
    _refuse_others("nll_loss_nd", input, target)
    return _negative_log_likelihood(input, target, weight, ignore_index, reduction)


def _refuse_others(function: str, input: Any, target: Any) -> None:
    for place, (name, one) in enumerate((("input", input), ("target", target)), 1):
        if not isinstance(one, Tensor):
            raise _functions.refusal(function, one, name=name, position=place)


def _check_targets(input: Tensor, target: Tensor) -> None:
    shape, found = input._array.shape, target._array.shape
    if len(shape) > 1 and len(found) and shape[0] != found[0]:
        raise ValueError(_errors.BATCH_MISMATCH.format(input=shape[0], target=found[0]))
    if len(shape) <= 2 and len(found) > 1:
        raise RuntimeError(_errors.TARGET_DIMS)
    if len(shape) == len(found) == 1 and found != (1,):
        raise ValueError(_errors.ONE_TARGET.format(size=found[0]))
    if target._array.dtype not in (np.int64, np.uint8):
        raise RuntimeError(_errors.TARGET_DTYPE.format(dtype=target.dtype.legacy))
    if len(shape) > 1 and not found:
        raise ValueError(_errors.BATCH_MISMATCH.format(input=shape[0], target=0))
    expected = (shape[0], *shape[2:])
    if len(shape) > 2 and found != expected:
        raise RuntimeError(_errors.TARGET_SIZE.format(expected=list(expected), found=list(found)))


def _negative_log_likelihood(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore: int, reduction: str
) -> Tensor:
    shape = input._array.shape
    if not shape:
        raise ValueError(_errors.CLASSES_SCALAR)
    _check_targets(input, target)
    if weight is not None and weight._array.shape != (shape[min(len(shape), 2) - 1],):
        counts = {"classes": shape[min(len(shape), 2) - 1], "shape": list(weight._array.shape)}
        raise RuntimeError(_errors.CLASS_WEIGHTS.format(**counts))
    if len(shape) == 1 and target._array.shape == (1,):
        target = _functions.reshape(target, ())
    if len(shape) <= 2:
        return ops.nll_loss(input, target, weight, reduction, ignore)  # type: ignore[no-any-return]
    if len(shape) == 4:
        return ops.nll_loss2d(input, target, weight, reduction, ignore)  # type: ignore[no-any-return]
    flat = _functions.reshape(input, (*shape[:2], 1, -1))
    flat_target = _functions.reshape(target, (shape[0], 1, -1))
    found = ops.nll_loss2d(flat, flat_target, weight, reduction, ignore)
    return _functions.view(found, (shape[0], *shape[2:])) if reduction == "none" else found


def cross_entropy(
    input: Any, target: Any, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """The cross entropy of logits (batch, classes, ...) and classes or their probabilities."""
    reduction = reduction_of(reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(_errors.LABEL_SMOOTHING.format(found=label_smoothing))
    _refuse_others("cross_entropy_loss", input, target)
    dim = 0 if input.dim() == 1 else 1
    logarithms = log_softmax(input, dim)
    if input._array.shape == target._array.shape:
        return _against_probabilities(logarithms, target, weight, reduction, label_smoothing)
    if label_smoothing:
        return _smoothed(logarithms, target, weight, ignore_index, reduction, label_smoothing)
    return _negative_log_likelihood(logarithms, target, weight, ignore_index, reduction)


def _per_class(weight: Tensor, dims: int) -> Tensor:
    return weight if dims == 1 else _functions.view(weight, (1, -1) + (1,) * (dims - 2))


def _against_probabilities(
    logarithms: Any, target: Any, weight: Tensor | None, reduction: str, smoothing: float
) -> Tensor:
    if target._array.dtype.kind != "f":
        raise RuntimeError(_errors.TARGET_PROBABILITIES.format(dtype=target.dtype.legacy))
    dim = 0 if logarithms.dim() == 1 else 1
    classes = logarithms.shape[dim]
    if smoothing:
        target = ops.mul_number(target, 1 - smoothing) + smoothing / classes
    losses = logarithms * target
    if weight is not None:
        losses = losses * _per_class(weight, logarithms.dim())
    if reduction == "none":
        return ops.neg(_reductions.sum(losses, dim))  # type: ignore[no-any-return]
    total = ops.neg(_reductions.sum(losses))
    return ops.div_number(total, logarithms.numel() // classes) if reduction == "mean" else total  # type: ignore[no-any-return]


def _smoothed(
    logarithms: Any, target: Tensor, weight: Tensor | None, ignore: int, reduction: str,
    smoothing: float,
) -> Tensor:  # fmt: skip
    """The loss of classes, of which a share of `smoothing` is spread over all."""
    nll = _negative_log_likelihood(logarithms, target, weight, ignore, reduction)
    dim = 0 if logarithms.dim() == 1 else 1
    classes = logarithms.shape[dim]
    if weight is not None:
        logarithms = logarithms * _per_class(weight, logarithms.dim())
    ignored = wrap(np.equal(target._array, ignore))
    spread = ops.masked_fill(ops.neg(_reductions.sum(logarithms, dim)), ignored, 0.0)
    if reduction == "sum":
        spread = _reductions.sum(spread)
    elif reduction == "mean":
        kept = ~ignored._array
        counts = kept * 1.0 if weight is None else weight._array[target._array * kept] * kept
        spread = _reductions.sum(spread) / wrap(np.sum(counts).astype(logarithms._array.dtype))  # type: ignore[operator]
    return ops.mul_number(nll, 1 - smoothing) + ops.mul_number(spread, smoothing / classes)  # type: ignore[no-any-return]


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """`cross_entropy` of a linear layer's result."""
    *outer, width = linear_weight.shape
    bias = None if linear_bias is None else _functions.reshape(linear_bias, (-1,))
    logits = linear(input, _functions.reshape(linear_weight, (-1, width)), bias)
    return cross_entropy(
        _functions.view(logits, (*input.shape[:-1], *outer)),
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The cross entropy of probabilities and targets between 0 and 1."""
    reduction = reduction_of(reduction, size_average, reduce)
    refuse_sizeless(target, input)
    if target._array.shape != input._array.shape:
        raise ValueError(_errors.LOSS_SIZES_REFUSED.format(target=target.shape, input=input.shape))
    return ops.binary_cross_entropy(input, target, weight, reduction)  # type: ignore[no-any-return]


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`binary_cross_entropy` of the sigmoid of the input, computed stably."""
    reduction = reduction_of(reduction, size_average, reduce)
    refuse_sizeless(target, input)
    if target._array.dtype.kind != "f":
        names = {"result": input.dtype.legacy, "output": target.dtype.legacy}
        raise RuntimeError(_errors.IN_PLACE_DTYPE.format(**names))
    if target._array.shape != input._array.shape:
        raise ValueError(_errors.LOGITS_SIZE.format(target=target.shape, input=input.shape))
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)  # type: ignore[no-any-return]


# -- distributions --------------------------------------------------------------------------------


def kl_div(
    input: Any, target: Any, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """The divergence of log-probabilities `input` from `target`, which `log_target` says are too.

    "batchmean" divides the sum by the first dimension's size.
    """
    if reduction == "mean":
        warnings.warn(_errors.KL_MEAN, UserWarning, stacklevel=2)
    by_batch = reduction == "batchmean"
    reduction = reduction_of("sum" if by_batch else reduction, size_average, reduce)
    if log_target:
        losses = ops.exp(target) * (target - input)
    else:
        losses = ops.xlogy(target, target) - target * input
    found = reduced(losses, reduction)
    if by_batch and input.dim():
        return found / input.shape[0]  # type: ignore[no-any-return]
    return found


def _log(input: Any, eps: float) -> Any:
    return ops.log(ops.add_number(input, eps))


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False,
    size_average: bool | None = None, eps: float = 1e-8, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log-likelihood of counts; `full` adds Stirling's approximation."""
    reduction = reduction_of(reduction, size_average, reduce)
    losses = ops.exp(input) - target * input if log_input else input - target * _log(input, eps)
    if full:
        stirling = target * ops.log(target) - target + 0.5 * ops.log(2 * math.pi * target)
        losses = losses + ops.masked_fill(stirling, target <= 1, 0.0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log-likelihood of normal values with means `input` and variances `var`."""
    if not isinstance(var, Tensor):
        var = wrap(np.full(input._array.shape, var, input._array.dtype))
    if np.any(var._array < 0):
        raise ValueError(_errors.VARIANCE_NEGATIVE)
    shape, given = input._array.shape, var._array.shape
    if given != shape:
        if shape[:-1] == given:
            var = _functions.unsqueeze(var, -1)
        elif len(shape) != len(given) or any(
            size not in {1, full_size} for size, full_size in zip(given, shape, strict=True)
        ):
            raise ValueError(_errors.VARIANCE_SIZE)
    if reduction not in {"none", "mean", "sum"}:
        raise ValueError(_errors.GAUSSIAN_REDUCTION.format(reduction=reduction))
    spread: Any = limited_below(var, eps)
    losses = 0.5 * (ops.log(spread) + (input - target) ** 2 / spread)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)
