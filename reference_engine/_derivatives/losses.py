"""Losses, which reduce inside, as PyTorch's do: `reduction` is "none", "mean" or "sum".

Formulas follow PyTorch's derivatives.yaml, and at kinks its kernels.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._summing import total
from reference_engine._derivatives._table import row
from reference_engine._derivatives.activations import log_sigmoid
from reference_engine._derivatives.shapes import Shape
from reference_engine._promotion import dtype_name, promote
from reference_engine._quiet import quiet


@quiet
def _average(values: Any) -> Any:
    return np.divide(total(values), values.size).astype(values.dtype)


def reduced(values: Any, reduction: str) -> Any:
    """Losses as `reduction` wants them."""
    if reduction == "mean":
        return _average(values)
    return total(values) if reduction == "sum" else values


def _share(grad: Any, shape: Shape, reduction: str) -> Any:
    """The gradient that each loss of `shape` receives."""
    return grad / prod(shape) if reduction == "mean" else grad


def _difference_loss(forward: Callable[..., Any]) -> Callable[..., Any]:
    def loss(self: Any, target: Any, /, reduction: str = "mean", beta: float = 1.0) -> Any:
        return reduced(forward(self - target, beta), reduction)

    return loss


def _squares(difference: Any) -> Any:
    if difference.dtype.kind != "f":
        dtype = dtype_name(difference)
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="mse_cpu", dtype=dtype))
    return difference * difference


def _huber(difference: Any, delta: float) -> Any:
    size = np.abs(difference)
    return np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def _of_difference(name: str, forward: Callable[..., Any]) -> None:
    """A loss of the difference, with what reaches either side of it."""
    row(
        name,
        _difference_loss(forward),
        promote=promote,
        self=lambda ops, grad, self, target, reduction, beta: getattr(ops, f"{name}_backward")(
            grad, self, target, reduction, beta
        ),
        target=lambda ops, grad, self, target, reduction, beta: getattr(ops, f"{name}_backward")(
            grad, target, self, reduction, beta
        ),
    )


_of_difference("mse_loss", lambda difference, beta: _squares(difference))
_of_difference(
    "smooth_l1_loss",
    lambda difference, beta: np.where(
        np.abs(difference) < beta,
        0.5 * difference * difference / beta,
        np.abs(difference) - 0.5 * beta,
    ),
)
_of_difference("huber_loss", _huber)


def _nll_weights(target: Any, weight: Any, /, shape: Shape, reduction: str, ignore: int) -> Any:
    """What each log-probability of `shape` is multiplied by for the loss, summed over classes."""
    dim = 1 if len(shape) > 1 else 0
    kept = target != ignore
    places = np.where(kept, target, 0)
    classes = shape[dim]
    wrong = places[(places < 0) | (places >= classes)]
    if wrong.size:
        raise IndexError(_errors.TARGET_BOUNDS.format(target=wrong.flat[0]))
    share = kept * (1.0 if weight is None else weight[places])
    if reduction == "mean":
        with np.errstate(all="ignore"):
            share = np.where(kept, share / np.sum(share), 0)
    dense = np.zeros(shape)
    np.put_along_axis(dense, np.expand_dims(places, dim), np.expand_dims(-share, dim), dim)
    return dense


def _nll_loss(
    self: Any, target: Any, weight: Any, /, reduction: str = "mean", ignore: int = -100
) -> Any:
    dim = 1 if self.ndim > 1 else 0
    dense = _nll_weights(target, weight, self.shape, reduction, ignore)
    chosen = np.expand_dims(np.where(target == ignore, 0, target), dim)
    losses = np.take_along_axis(self, chosen, dim) * np.take_along_axis(dense, chosen, dim)
    losses = np.where(np.expand_dims(target == ignore, dim), 0.0, losses).squeeze(dim)
    if reduction == "mean" and not np.any(target != ignore):
        return self.dtype.type(np.nan)
    return (losses if reduction == "none" else np.sum(losses)).astype(self.dtype)


def _of_classes(backward: str) -> Callable[..., Any]:
    """The formula of a loss that picks one class of each sample, by its backward row's name."""

    def formula(
        ops: Any, grad: Any, self: Any, target: Any, weight: Any, reduction: str, ignore: int
    ) -> Any:
        dense = ops.nll_weights(target, weight, self.shape, reduction, ignore)
        return getattr(ops, backward)(grad, self, dense, reduction)

    return formula


row("nll_weights", _nll_weights)
for _name, _node in (("nll_loss", "NllLossBackward0"), ("nll_loss2d", "NllLoss2DBackward0")):
    row(
        _name,
        _nll_loss,
        node=_node,
        self=_of_classes(f"{_name}_backward"),
    )


def _weighted(values: Any, weight: Any) -> Any:
    return values if weight is None else values * weight


@quiet
def _binary_cross_entropy(self: Any, target: Any, weight: Any, /, reduction: str = "mean") -> Any:
    if np.any(self < 0) or np.any(self > 1):
        raise RuntimeError(_errors.PROBABILITIES)
    if self.dtype != target.dtype:
        names = {"found": dtype_name(target), "expected": dtype_name(self)}
        raise RuntimeError(_errors.LOSS_DTYPE.format(**names))
    if np.any(target < 0) or np.any(target > 1):
        raise RuntimeError(_errors.TARGETS)
    present, absent = (
        np.maximum(elementary.log(self), -100),
        np.maximum(elementary.log1p(-self), -100),
    )
    return reduced(_weighted((target - 1) * absent - target * present, weight), reduction)


LEAST_SPREAD = float(np.float32(1e-12))
"""What PyTorch divides by where a probability is 0 or 1: a number of single precision."""


row(
    "binary_cross_entropy",
    _binary_cross_entropy,
    self=lambda ops, grad, self, target, weight, reduction: ops.binary_cross_entropy_backward(
        grad, self, target, weight, reduction
    ),
    target=lambda ops, grad, self, weight, reduction: (
        _weighted(ops.log(1 - self) - ops.log(self), weight) * _share(grad, self.shape, reduction)
    ),
)


@quiet
def _with_logits(
    self: Any, target: Any, weight: Any, pos_weight: Any, /, reduction: str = "mean"
) -> Any:
    positive = _weighted(log_sigmoid(self) * target, pos_weight)
    losses = _weighted((1 - target) * (self - log_sigmoid(self)) - positive, weight)
    return reduced(losses, reduction)


def _with_logits_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    positive = _weighted(target, pos_weight)
    slope = _weighted((positive + 1 - target) * ops.sigmoid(self) - positive, weight)
    return slope * _share(grad, self.shape, reduction)


def _with_logits_backward_target(
    ops: Any, grad: Any, self: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    if pos_weight is None:
        slope = -self
    else:
        slope = ops.log_sigmoid(-self) - ops.log_sigmoid(self) * pos_weight
    return _weighted(slope, weight) * _share(grad, self.shape, reduction)


row(
    "binary_cross_entropy_with_logits",
    _with_logits,
    promote=promote,
    self=lambda ops, grad, self, target, weight, pos_weight, reduction: _with_logits_backward(
        ops, grad, self, target, weight, pos_weight, reduction
    ),
    target=lambda ops, grad, self, weight, pos_weight, reduction: _with_logits_backward_target(
        ops, grad, self, weight, pos_weight, reduction
    ),
)
row(
    "soft_margin_loss",
    quiet(
        lambda self, target, /, reduction="mean": reduced(
            elementary.log1p(elementary.exp(-target * self)).astype(self.dtype), reduction
        )
    ),
    self=lambda ops, grad, self, target, reduction: (
        -target * ops.sigmoid(-target * self) * _share(grad, self.shape, reduction)
    ),
)


def _hinges(
    ops: Any, self: Any, target: Any, weight: Any, margin: float
) -> tuple[Any, Any, Any, Any]:
    """Distances below the margin, where they count, the target's column and its row's weight."""
    column = ops.unsqueeze(target, -1)
    rest = margin - ops.gather(self, column, -1) + self
    own = ops.one_hot(target, self.shape[-1])
    counts = ops.logical_and(rest > 0, ops.logical_not(own))
    scale = (
        None if weight is None else ops.gather(ops.expand(weight, tuple(self.shape)), column, -1)
    )
    return rest, counts, column, scale


def _multi_margin_loss(
    self: Any, target: Any, weight: Any, /, p: int = 1, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    classes = self.shape[-1]
    chosen = np.take_along_axis(self, target[..., np.newaxis], -1)
    rest = np.maximum(margin - chosen + self, 0) ** p
    rest = np.where(np.arange(classes) == target[..., np.newaxis], 0, rest)
    rest = rest if weight is None else rest * weight[target][..., np.newaxis]
    return reduced(np.sum(rest, -1) / classes, reduction).astype(self.dtype)


def _multi_margin_loss_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, p: int, margin: float, reduction: str
) -> Any:
    rest, counts, column, scale = _hinges(ops, self, target, weight, margin)
    shape = tuple(self.shape)
    slope = ops.where(counts, rest * 2 if p == 2 else 1.0 + rest * 0, 0.0) / shape[-1]
    slope = _weighted(slope, scale)
    slope = slope - ops.gather_transposed(ops.sum_dim(slope, -1, True), column, shape, -1)
    return slope * _row_share(ops, grad, shape, reduction)


def _row_share(ops: Any, grad: Any, shape: Shape, reduction: str) -> Any:
    """The gradient of a loss a row (the last dimension), for each element of the row."""
    if reduction == "none":
        return ops.unsqueeze(grad, -1)
    return grad / prod(shape[:-1]) if reduction == "mean" else grad


row(
    "multi_margin_loss",
    _multi_margin_loss,
    self=lambda ops, grad, self, target, weight, p, margin, reduction: _multi_margin_loss_backward(
        ops, grad, self, target, weight, p, margin, reduction
    ),
)


def _label_pairs(self: Any, target: Any, /) -> Any:
    """For each row, how often each class counts (j < 0 ends the list) against each that does not.

    The result has the rows, the targets, and the other classes as its last three dimensions.
    """
    classes = self.shape[-1]
    listed = np.cumprod(target >= 0, axis=-1).astype(bool)
    wanted = (target[..., np.newaxis] == np.arange(classes)) & listed[..., np.newaxis]
    others = ~np.any(wanted, axis=-2, keepdims=True)
    rest = 1 - np.sum(np.where(wanted, self[..., np.newaxis, :], 0), -1, keepdims=True)
    rest = rest + self[..., np.newaxis, :]
    return (rest > 0) & others & listed[..., np.newaxis]


def _multilabel_margin_loss(self: Any, target: Any, /, reduction: str = "mean") -> Any:
    counts = _label_pairs(self, target)
    chosen = np.take_along_axis(self, np.maximum(target, 0), -1)[..., np.newaxis]
    rest = np.where(counts, 1 - chosen + self[..., np.newaxis, :], 0)
    return reduced(np.sum(rest, (-2, -1)) / self.shape[-1], reduction).astype(self.dtype)


def _label_slopes(self: Any, target: Any, /) -> Any:
    """The derivative of each row's loss, which is linear between its kinks."""
    counts = _label_pairs(self, target)
    slopes = np.sum(counts, -2).astype(self.dtype)
    chosen = np.maximum(target, 0)[..., np.newaxis] == np.arange(self.shape[-1])
    slopes -= np.sum(np.sum(counts, -1)[..., np.newaxis] * chosen, -2)
    return slopes / self.shape[-1]


row("label_slopes", _label_slopes)
row(
    "multilabel_margin_loss",
    _multilabel_margin_loss,
    self=lambda ops, grad, self, target, self_shape, reduction: (
        ops.label_slopes(self, target) * _row_share(ops, grad, self_shape, reduction)
    ),
)
