"""Losses of torch.nn.functional, with PyTorch's checks and warnings."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_engine import _functions
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import log_softmax, ops
from reference_engine.nn._layers import limited_below, linear, pairwise_distance

_SIZES = (
    "Using a target size ({target!r}) that is different to the input size ({input!r}). This will "
    "likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
)
_SIZES_REFUSED = (
    "Using a target size ({target!r}) that is different to the input size ({input!r}) is "
    "deprecated. Please ensure they have the same size."
)
_LEGACY = (
    "size_average and reduce args will be deprecated, please use reduction='{reduction}' instead."
)
_KL_MEAN = (
    "reduction: 'mean' divides the total loss by both the batch size and the support size."
    "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
    "'mean' will be changed to behave the same as 'batchmean' in the next major release."
)


def _reduction(name: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction, checked; PyTorch's two older arguments decide it where they are given."""
    if size_average is not None or reduce is not None:
        mean = True if size_average is None else size_average
        name = ("mean" if mean else "sum") if reduce in {None, True} else "none"
        warnings.warn(_LEGACY.format(reduction=name), UserWarning, stacklevel=3)
    if name not in {"none", "mean", "sum"}:
        raise ValueError(f"{name} is not a valid value for reduction")
    return name


def _reduced(losses: Any, reduction: str) -> Tensor:
    if reduction == "mean":
        return _functions.mean(losses)
    return _functions.sum(losses) if reduction == "sum" else losses


def _of_one_size(input: Tensor, target: Tensor) -> Any:
    """Both spread to their common shape; a warning where that was needed."""
    if input._array.shape == target._array.shape:
        return input, target
    text = _SIZES.format(target=target.shape, input=input.shape)
    warnings.warn(text, UserWarning, stacklevel=3)
    return _spread(input, target)


def _spread(*tensors: Tensor) -> Any:
    """All spread to their common shape."""
    try:
        shape = np.broadcast_shapes(*(one._array.shape for one in tensors))
    except ValueError:
        _ = tensors[0] + tensors[1]  # type: ignore[operator] # raises PyTorch's error
        raise
    return tuple(
        one if one._array.shape == shape else _functions.expand(one, shape) for one in tensors
    )


def _weighted(
    losses: Any, input: Tensor, weight: Tensor, reduction: str, *, by_weight: bool
) -> Tensor:
    """Weighed losses, whose mean is by the sum of the weights or by their number."""
    if weight._array.shape != input._array.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    if reduction == "mean" and by_weight:
        return _functions.sum(losses) / _functions.sum(weight)  # type: ignore[operator,no-any-return]
    return _reduced(losses, reduction)


# -- differences ----------------------------------------------------------------------------------


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Squares of the differences."""
    first, second = _of_one_size(input, target)
    reduction = _reduction(reduction, size_average, reduce)
    if weight is not None:
        squares = (first - second) ** 2
        return _weighted(squares, input, weight, reduction, by_weight=True)
    return ops.mse_loss(first, second, reduction)  # type: ignore[no-any-return]


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Sizes of the differences."""
    first, second = _of_one_size(input, target)
    reduction = _reduction(reduction, size_average, reduce)
    sizes = ops.abs(first - second)
    if weight is not None:
        return _weighted(sizes, input, weight, reduction, by_weight=True)
    return _reduced(sizes, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squares of differences below `beta`, straight lines beyond."""
    first, second = _of_one_size(input, target)
    reduction = _reduction(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _reduced(ops.abs(first - second), reduction)
    return ops.smooth_l1_loss(first, second, reduction, beta)  # type: ignore[no-any-return]


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Squares of differences up to `delta`, straight lines beyond."""
    first, second = _of_one_size(input, target)
    reduction = _reduction(reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        losses = ops.huber_loss(first, second, "none", delta)
        return _weighted(losses, input, weight, reduction, by_weight=False)
    return ops.huber_loss(first, second, reduction, delta)  # type: ignore[no-any-return]


# -- classes --------------------------------------------------------------------------------------


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-probability of each target: input (batch, classes, ...)."""
    reduction = _reduction(reduction, size_average, reduce)
    return _negative_log_likelihood(input, target, weight, ignore_index, reduction)


def _check_targets(input: Tensor, target: Tensor) -> None:
    shape, found = input._array.shape, target._array.shape
    if len(shape) > 1 and len(found) and shape[0] != found[0]:
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({found[0]})."
        )
    if target._array.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.legacy}"
        )
    if len(shape) <= 2 and len(found) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    expected = (shape[0], *shape[2:])
    if len(shape) > 2 and found != expected:
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(found)}")


def _negative_log_likelihood(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore: int, reduction: str
) -> Tensor:
    _check_targets(input, target)
    shape = input._array.shape
    if len(shape) <= 2:
        return ops.nll_loss(input, target, weight, reduction, ignore)  # type: ignore[no-any-return]
    if len(shape) == 4:
        return ops.nll_loss2d(input, target, weight, reduction, ignore)  # type: ignore[no-any-return]
    flat = _functions.reshape(input, (*shape[:2], 1, -1))
    flat_target = _functions.reshape(target, (shape[0], 1, -1))
    found = ops.nll_loss2d(flat, flat_target, weight, reduction, ignore)
    return _functions.view(found, (shape[0], *shape[2:])) if reduction == "none" else found


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of logits (batch, classes, ...) and classes or their probabilities."""
    reduction = _reduction(reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
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
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{target.dtype.legacy}"
        )
    dim = 0 if logarithms.dim() == 1 else 1
    classes = logarithms.shape[dim]
    if smoothing:
        target = ops.mul_number(target, 1 - smoothing) + smoothing / classes
    losses = logarithms * target
    if weight is not None:
        losses = losses * _per_class(weight, logarithms.dim())
    if reduction == "none":
        return ops.neg(_functions.sum(losses, dim))  # type: ignore[no-any-return]
    total = ops.neg(_functions.sum(losses))
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
    spread = ops.masked_fill(ops.neg(_functions.sum(logarithms, dim)), ignored, 0.0)
    if reduction == "sum":
        spread = _functions.sum(spread)
    elif reduction == "mean":
        kept = ~ignored._array
        counts = kept * 1.0 if weight is None else weight._array[target._array * kept] * kept
        spread = _functions.sum(spread) / wrap(np.sum(counts).astype(logarithms._array.dtype))  # type: ignore[operator]
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
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities and targets between 0 and 1."""
    reduction = _reduction(reduction, size_average, reduce)
    if target._array.shape != input._array.shape:
        raise ValueError(_SIZES_REFUSED.format(target=target.shape, input=input.shape))
    return ops.binary_cross_entropy(input, target, weight, reduction)  # type: ignore[no-any-return]


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of the sigmoid of the input, computed stably."""
    reduction = _reduction(reduction, size_average, reduce)
    if target._array.shape != input._array.shape:
        raise ValueError(
            f"Target size ({target.shape!r}) must be the same as input size ({input.shape!r})"
        )
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)  # type: ignore[no-any-return]


# -- distributions --------------------------------------------------------------------------------


def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The divergence of log-probabilities `input` from `target`, which `log_target` says are too.

    "batchmean" divides the sum by the first dimension's size.
    """
    if reduction == "mean":
        warnings.warn(_KL_MEAN, UserWarning, stacklevel=2)
    by_batch = reduction == "batchmean"
    reduction = _reduction("sum" if by_batch else reduction, size_average, reduce)
    if log_target:
        losses = ops.exp(target) * (target - input)
    else:
        losses = ops.xlogy(target, target) - target * input
    found = _reduced(losses, reduction)
    if by_batch and input.dim():
        return found / input.shape[0]  # type: ignore[no-any-return]
    return found


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of counts; `full` adds Stirling's approximation."""
    reduction = _reduction(reduction, size_average, reduce)
    losses = ops.exp(input) - target * input if log_input else input - target * ops.log(input + eps)
    if full:
        stirling = target * ops.log(target) - target + 0.5 * ops.log(2 * math.pi * target)
        losses = losses + ops.masked_fill(stirling, target <= 1, 0.0)
    return _reduced(losses, reduction)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of normal values with means `input` and variances `var`."""
    if not isinstance(var, Tensor):
        var = wrap(np.full(input._array.shape, var, input._array.dtype))
    if np.any(var._array < 0):
        raise ValueError("var has negative entry/entries")
    shape, given = input._array.shape, var._array.shape
    if given != shape:
        if shape[:-1] == given:
            var = _functions.unsqueeze(var, -1)
        elif len(shape) != len(given) or any(
            size not in {1, full_size} for size, full_size in zip(given, shape, strict=True)
        ):
            raise ValueError("var is of incorrect size")
    if reduction not in {"none", "mean", "sum"}:
        raise ValueError(f"{reduction} is not valid")
    spread: Any = limited_below(var, eps)
    losses = 0.5 * (ops.log(spread) + (input - target) ** 2 / spread)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return _reduced(losses, reduction)


# -- margins --------------------------------------------------------------------------------------


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1, what it lacks of `margin` where the target is -1."""
    reduction = _reduction(reduction, size_average, reduce)
    lacking = ops.where(target != 1, ops.clamp_min(margin - input, 0), 0.0)
    return _reduced(lacking + ops.where(target != -1, input, 0.0), reduction)


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """What `input1` lacks of exceeding `input2` (target 1), or falling below it (-1)."""
    reduction = _reduction(reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape!r}, input2: {input2.shape!r}, target: {target.shape!r} "
        )
    return _reduced(ops.clamp_min(-target * (input1 - input2) + margin, 0), reduction)


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far vectors are from parallel (target 1), or their cosine above `margin` (-1)."""
    reduction = _reduction(reduction, size_average, reduce)
    least = 1e-12
    products = _functions.sum(input1 * input2, -1)
    squares = [_functions.sum(one * one, -1) + least for one in (input1, input2)]  # type: ignore[operator]
    cosine = products / ops.sqrt(squares[0] * squares[1])
    apart = ops.where(target == 1, 1 - cosine, 0.0)
    near = ops.where(target == -1, ops.clamp_min(cosine - margin, 0), 0.0)
    return _reduced(apart + near, reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`log(1 + exp(-target * input))` for targets 1 and -1."""
    reduction = _reduction(reduction, size_average, reduce)
    return ops.soft_margin_loss(input, target, reduction)  # type: ignore[no-any-return]


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much other classes come within `margin` of the target's, to the power `p`."""
    reduction = _reduction(reduction, size_average, reduce)
    if p not in {1, 2}:
        raise ValueError("only p == 1 and p == 2 supported")
    if input.dim() <= 1:
        input = _functions.reshape(input, (-1,))
        target = _functions.reshape(target, ())
    return ops.multi_margin_loss(input, target, weight, p, margin, reduction)  # type: ignore[no-any-return]


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much classes that are not listed come within 1 of those that are."""
    reduction = _reduction(reduction, size_average, reduce)
    if not input.dim():
        input, target = (_functions.reshape(one, (1,)) for one in (input, target))
    return ops.multilabel_margin_loss(input, target, reduction)  # type: ignore[no-any-return]


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of each label's binary cross entropy with logits."""
    reduction = _reduction(reduction, size_average, reduce)
    present = target * ops.log_sigmoid(input)
    losses = -(present + (1 - target) * ops.log_sigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return _reduced(_functions.sum(losses, -1) / input.shape[-1], reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much `positive` is not nearer to `anchor` than `negative` by `margin`."""
    reduction = _reduction(reduction, size_average, reduce)
    dims = [one.dim() for one in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D "
            "inputs"
        )

    def distance(one: Tensor, other: Tensor) -> Tensor:
        return pairwise_distance(one, other, p, eps)

    return _triplet(anchor, positive, negative, distance, margin, reduction, swap=swap)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` by another distance."""
    distance = pairwise_distance if distance_function is None else distance_function
    reduction = _reduction(reduction)
    return _triplet(anchor, positive, negative, distance, margin, reduction, swap=swap)


def _triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[..., Any],
    margin: float, reduction: str, *, swap: bool,
) -> Tensor:  # fmt: skip
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return _reduced(ops.clamp_min(near + margin - far, 0), reduction)
