"""Losses of torch.nn.functional that ask for a margin."""

from collections.abc import Callable
from typing import Any

from reference_engine import _errors, _functions, _reductions
from reference_engine._modes import state
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._layers import pairwise_distance
from reference_engine.nn._reduction import reduced, reduction_of

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss",
    "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The input where the target is 1, what it lacks of `margin` where the target is -1."""
    reduction = reduction_of(reduction, size_average, reduce)
    lacking = ops.where(target != 1, ops.clamp_min(ops.sub(margin, input, 1), 0), 0.0)
    return reduced(lacking + ops.where(target != -1, input, 0.0), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """What `input1` lacks of exceeding `input2` (target 1), or falling below it (-1)."""
    reduction = reduction_of(reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            _errors.RANKING_SIZES.format(
                first=input1.shape, second=input2.shape, target=target.shape
            )
        )
    apart = ops.add_number(-target * (input1 - input2), margin)
    return reduced(ops.clamp_min(apart, 0), reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """How far vectors are from parallel (target 1), or their cosine above `margin` (-1)."""
    reduction = reduction_of(reduction, size_average, reduce)
    least = 1e-12
    products = _reductions.sum(input1 * input2, -1)
    squares = [ops.add_number(_reductions.sum(one * one, -1), least) for one in (input1, input2)]
    cosine = products / ops.sqrt(squares[0] * squares[1])
    apart = ops.where(target == 1, ops.sub(1, cosine, 1), 0.0)
    near = ops.where(target == -1, ops.clamp_min(ops.sub_number(cosine, margin), 0), 0.0)
    return reduced(apart + near, reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """`log(1 + exp(-target * input))` for targets 1 and -1."""
    if target._requires_grad and state.enabled:
        refused = {"function": "soft_margin_loss", "name": "target"}
        raise RuntimeError(_errors.NOT_DIFFERENTIABLE_ARGUMENT.format(**refused))
    reduction = reduction_of(reduction, size_average, reduce)
    return ops.soft_margin_loss(input, target, reduction)  # type: ignore[no-any-return]


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """By how much other classes come within `margin` of the target's, to the power `p`."""
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in {1, 2}:
        raise ValueError(_errors.MARGIN_POWER)
    if input.dim() <= 1:
        input = _functions.reshape(input, (-1,))
        target = _functions.reshape(target, ())
    return ops.multi_margin_loss(input, target, weight, p, margin, reduction)  # type: ignore[no-any-return]


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """By how much classes that are not listed come within 1 of those that are."""
    reduction = reduction_of(reduction, size_average, reduce)
    if not input.dim():
        input, target = (_functions.reshape(one, (1,)) for one in (input, target))
    return ops.multilabel_margin_loss(input, target, reduction)  # type: ignore[no-any-return]


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean over classes of each label's binary cross entropy with logits."""
    reduction = reduction_of(reduction, size_average, reduce)
    present = target * ops.log_sigmoid(input)
    losses = -(present + (1 - target) * ops.log_sigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return reduced(_reductions.sum(losses, -1) / input.shape[-1], reduction)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
    eps: float = 1e-6, swap: bool = False, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """By how much `positive` is not nearer to `anchor` than `negative` by `margin`."""
    reduction = reduction_of(reduction, size_average, reduce)
    dims = [one.dim() for one in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            _errors.TRIPLET_DIMS.format(anchor=dims[0], positive=dims[1], negative=dims[2])
        )

    def distance(one: Tensor, other: Tensor) -> Tensor:
        return pairwise_distance(one, other, p, eps)

    return _triplet(
        anchor, positive, negative, distance, lambda near: ops.add_number(near, margin), reduction,
        swap=swap,
    )  # fmt: skip


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
    reduction = reduction_of(reduction)
    return _triplet(
        anchor, positive, negative, distance, lambda near: margin + near, reduction, swap=swap
    )


def _triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[..., Any],
    widened: Callable[[Any], Any], reduction: str, *, swap: bool,
) -> Tensor:  # fmt: skip
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return reduced(ops.clamp_min(widened(near) - far, 0), reduction)
