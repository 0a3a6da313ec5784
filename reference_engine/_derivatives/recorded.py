"""Formulas as PyTorch writes them, where a gradient is itself recorded and its graph can be seen.

The rows' own formulas give the same numbers in fewer steps, and serve every other pass. A formula
here stands beside the row's name and the input's; it can name what the row's own names.
"""

from collections.abc import Callable
from math import log, pi, prod, sqrt
from typing import Any

import numpy as np

from reference_engine._derivatives.reductions import count_of
from reference_engine._derivatives.shapes import Shape
from reference_engine._dispatch import wrap

Formula = Callable[..., Any]


def _restored(ops: Any, value: Any, shape: Shape, dim: Any, keepdim: bool) -> Any:
    """A reduced value with the reduced dimensions back in, one after the other."""
    if keepdim or dim is None or not shape:
        return value
    for place in sorted(one % len(shape) for one in ((dim,) if isinstance(dim, int) else dim)):
        value = ops.unsqueeze(value, place)
    return value


def summed_to(ops: Any, gradient: Any, shape: Shape) -> Any:
    """A gradient summed over what broadcasting has stretched from `shape`."""
    if not shape:
        return ops.sum(gradient)
    front = len(gradient.shape) - len(shape)
    stretched = [
        front + place
        for place, size in enumerate(shape)
        if size == 1 != gradient.shape[front + place]
    ]
    dims = (*range(front), *stretched)
    if dims:
        gradient = ops.sum_dim(gradient, dims, True)
    return ops.view(gradient, tuple(shape)) if front else gradient


def _spread(ops: Any, grad: Any, shape: Shape, dim: Any, keepdim: bool) -> Any:
    return ops.expand(_restored(ops, grad, shape, dim, keepdim), shape)


def _among_equals(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of an extreme over everything, divided among the elements that reach it."""
    reached_nan = ops.logical_and(ops.isnan(self), ops.isnan(result))
    mask = ops.logical_or(self == result, reached_nan)
    share = grad / ops.count(mask, None, False)
    return ops.masked_fill_tensor(_zeros(self.shape, grad), mask, share)


def _zeros(shape: Shape, like: Any) -> Any:
    return wrap(np.zeros(tuple(shape), like._array.dtype))


def _scattered(ops: Any, grad: Any, indices: Any, shape: Shape, dim: int, keepdim: bool) -> Any:
    """The gradient of selected values, at the places that they were taken from."""
    if not shape:
        return grad
    if not keepdim:
        grad, indices = ops.unsqueeze(grad, dim), ops.unsqueeze(indices, dim)
    return ops.scatter(_zeros(shape, grad), indices, grad, dim)


def _chosen(ops: Any, grad: Any, mine: Any, others: Any, lost: Any) -> Any:
    """The gradient where `mine` is chosen of two: half of it where both are equal."""
    share = ops.where(mine == others, ops.div_number(grad, 2), grad)
    return ops.masked_fill(share, lost, 0)


def _variance(
    ops: Any, grad: Any, self: Any, shape: Shape, dim: Any, correction: Any, keepdim: bool
) -> Any:
    if dim is None or dim == ():
        count, mean = prod(shape), ops.mean(self)
    else:
        grad = _restored(ops, grad, shape, dim, keepdim)
        count, mean = count_of(shape, dim), ops.mean_dim(self, dim, True)
    if count <= correction:
        return grad * np.inf * (self - mean)
    return ops.mul_number(grad, 2 / (count - correction)) * (self - mean)


def _standard_deviation(
    ops: Any, grad: Any, self: Any, shape: Shape, result: Any, dim: Any, correction: Any,
    keepdim: bool,
) -> Any:  # fmt: skip
    share = ops.masked_fill(grad / ops.mul_number(result, 2), result == 0, 0)
    return _variance(ops, share, self, shape, dim, correction, keepdim)


def _running_product(ops: Any, grad: Any, self: Any, dim: int, result: Any) -> Any:
    """Where factors are 0, of products without each factor: they have slopes of their own."""
    if not self.shape:
        return grad
    if not ops.any(self == 0):
        turned = ops.cumsum(ops.flip(result * grad, (dim,)), dim)
        return ops.flip(turned, (dim,)) / self
    size = self.shape[dim]
    pieces = []
    for place in range(size):
        before = ops.prod_dim(ops.narrow(self, dim, 0, place), dim, True)
        after = ops.narrow(self, dim, place + 1, size - place - 1)
        weights = ops.narrow(grad, dim, place, 1)
        if size - place - 1:
            rest = ops.cumprod(after, dim) * ops.narrow(grad, dim, place + 1, size - place - 1)
            weights = weights + ops.sum_dim(rest, dim, True)
        pieces.append(before * weights)
    return ops.cat(pieces, dim)


def _power(ops: Any, grad: Any, self: Any, exponent: Any) -> Any:
    if exponent == 0:
        return ops.zero(grad)
    return grad * ops.mul_number(ops.pow_number(self, exponent - 1), exponent)


def _power_of_number(ops: Any, grad: Any, self: Any, exponent: Any, result: Any) -> Any:
    if self == 0:
        return grad * ops.where(exponent >= 0, 0.0, ops.mul_number(result, -np.inf))
    return grad * ops.mul_number(result, log(self) if self > 0 else np.nan)


def _rise(ops: Any, self: Any) -> Any:
    """1 - self**2."""
    return ops.add_number(-self * self, 1)


def _mish(ops: Any, grad: Any, self: Any) -> Any:
    gate = ops.tanh(ops.log1p(ops.exp(self)))
    return grad * (gate + self * ops.sigmoid(self) * ops.sub(1, gate * gate))


def _vector_norm(
    ops: Any, grad: Any, self: Any, shape: Any, result: Any, ord: Any, dim: Any, keepdim: bool
) -> Any:
    received, norm = (_restored(ops, one, shape, dim, keepdim) for one in (grad, result))
    if ord == 0:
        return None
    if ord == 1:
        return ops.sgn(self) * received
    if ord == 2:
        return received * ops.masked_fill(self / norm, norm == 0, 0)
    if abs(ord) == np.inf:
        mask = ops.abs(self) == norm
        count = ops.count(mask, dim, dim is not None)
        return ops.sgn(self) * ops.where(mask, received / count, 0.0)
    share = ops.masked_fill(received / ops.pow_number(norm, ord - 1), norm == 0, 0)
    size = ops.abs(self)
    if ord < 1:
        powers = ops.masked_fill(ops.pow_number(size, ord - 1), self == 0, 0)
        return ops.sgn(self) * powers * share
    if ord < 2:
        return ops.sgn(self) * ops.pow_number(size, ord - 1) * share
    return self * ops.pow_number(size, ord - 2) * share


def _with_logits(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    gate = ops.sigmoid(self)
    if pos_weight is None:
        slope = (gate - target) * grad
    else:
        positive = pos_weight * target
        slope = ((positive + 1 - target) * gate - positive) * grad
    slope = slope if weight is None else slope * weight
    return ops.div_number(slope, prod(self.shape)) if reduction == "mean" else slope


def _circle(ops: Any, self: Any, other: Any) -> Any:
    square = self * self + other * other
    return ops.masked_fill(ops.reciprocal(square), square == 0, 0)


_ERF_SLOPE = 2 / sqrt(pi)

AS_RECORDED: dict[str, dict[str, Formula]] = {
    "abs": {"self": lambda ops, grad, self: grad * ops.sgn(self)},
    "acos": {"self": lambda ops, grad, self: grad * -ops.rsqrt(_rise(ops, self))},
    "asin": {"self": lambda ops, grad, self: grad * ops.rsqrt(_rise(ops, self))},
    "atan": {"self": lambda ops, grad, self: grad / ops.add_number(self * self, 1)},
    "atan2": {
        "self": lambda ops, grad, self, other: grad * other * _circle(ops, self, other),
        "other": lambda ops, grad, self, other: grad * -self * _circle(ops, self, other),
    },
    "binary_cross_entropy_with_logits": {
        "self": lambda ops, grad, self, target, weight, pos_weight, reduction: _with_logits(
            ops, grad, self, target, weight, pos_weight, reduction
        ),
    },
    "cumprod": {
        "self": lambda ops, grad, self, dim, result: _running_product(ops, grad, self, dim, result),
    },
    "erf": {
        "self": lambda ops, grad, self: (
            ops.mul_number(ops.exp(-ops.pow_number(self, 2)), _ERF_SLOPE) * grad
        ),
    },
    "expand": {"self": lambda ops, grad, self_shape: summed_to(ops, grad, self_shape)},
    "expm1": {"self": lambda ops, grad, result: grad * ops.add_number(result, 1)},
    "hardsigmoid": {"self": lambda ops, grad, self: ops.hardsigmoid_backward(grad, self)},
    "hypot": {
        "self": lambda grad, self, result: grad * self / result,
        "other": lambda grad, other, result: grad * other / result,
    },
    "linalg_vector_norm": {
        "self": lambda ops, grad, self, self_shape, result, ord, dim, keepdim: _vector_norm(
            ops, grad, self, self_shape, result, ord, dim, keepdim
        ),
    },
    "log1p": {"self": lambda ops, grad, self: grad / ops.add_number(self, 1)},
    "log2": {"self": lambda ops, grad, self: grad / ops.mul_number(self, log(2))},
    "log10": {"self": lambda ops, grad, self: grad / ops.mul_number(self, log(10))},
    "logaddexp": {
        "self": lambda ops, grad, self, other: grad / ops.add_number(ops.exp(other - self), 1),
        "other": lambda ops, grad, self, other: grad / ops.add_number(ops.exp(self - other), 1),
    },
    "logsumexp": {
        "self": lambda ops, grad, self, self_shape, result, dim, keepdim: (
            _restored(ops, grad, self_shape, dim, keepdim)
            * ops.exp(self - _restored(ops, result, self_shape, dim, keepdim))
        ),
    },
    "mish": {"self": lambda ops, grad, self: _mish(ops, grad, self)},
    "gather": {
        "self": lambda ops, grad, index, self_shape, dim: ops.scatter_add(
            _zeros(self_shape, grad), index, grad, dim
        ),
    },
    "index_select": {
        "self": lambda ops, grad, index, self_shape, dim: ops.index_add(
            _zeros(self_shape, grad), index, grad, dim, 1
        ),
    },
    "maximum": {
        "self": lambda ops, grad, self, other: _chosen(ops, grad, self, other, self < other),
        "other": lambda ops, grad, self, other: _chosen(ops, grad, other, self, other < self),
    },
    "minimum": {
        "self": lambda ops, grad, self, other: _chosen(ops, grad, self, other, self > other),
        "other": lambda ops, grad, self, other: _chosen(ops, grad, other, self, other > self),
    },
    "mean_dim": {
        "self": lambda ops, grad, self_shape, dim, keepdim: ops.div_number(
            _spread(ops, grad, self_shape, dim, keepdim), count_of(self_shape, dim)
        ),
    },
    "mv": {"self": lambda ops, grad, vec: ops.reshape(grad, (-1, 1)) * vec},
    "pow_number": {"self": lambda ops, grad, self, exponent: _power(ops, grad, self, exponent)},
    "pow_of_number": {
        "exponent": lambda ops, grad, self, exponent, result: _power_of_number(
            ops, grad, self, exponent, result
        ),
    },
    "rsqrt": {
        "self": lambda ops, grad, result: ops.mul_number(grad, -0.5) * ops.pow_number(result, 3),
    },
    "squeeze": {
        "self": lambda ops, grad, self_shape: _restored(
            ops,
            grad,
            self_shape,
            tuple(place for place, size in enumerate(self_shape) if size == 1),
            False,
        ),
    },
    "sum_dim": {
        "self": lambda ops, grad, self_shape, dim, keepdim: _spread(
            ops, grad, self_shape, dim, keepdim
        ),
    },
    "var": {
        "self": lambda ops, grad, self, self_shape, dim, correction, keepdim: _variance(
            ops, grad, self, self_shape, dim, correction, keepdim
        ),
    },
    "std": {
        "self": lambda ops, grad, result, self, self_shape, dim, correction, keepdim: (
            _standard_deviation(ops, grad, self, self_shape, result, dim, correction, keepdim)
        ),
    },
    "tan": {
        "self": lambda ops, grad, result: grad * ops.add_number(ops.pow_number(result, 2), 1),
    },
}
"""By the row's name and the input's."""

for _name in ("max", "min", "median", "nanmedian"):
    AS_RECORDED[_name] = {
        "self": lambda ops, grad, self, result: _among_equals(ops, grad, self, result)
    }
for _name in ("max_dim", "min_dim", "kthvalue", "median_dim", "nanmedian_dim", "mode"):
    AS_RECORDED[_name] = {
        "self": lambda ops, grad, indices, self_shape, dim, keepdim: _scattered(
            ops, grad, indices, self_shape, dim, keepdim
        )
    }
