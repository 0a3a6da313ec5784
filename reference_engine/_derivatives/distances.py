"""Distances between vectors, and the norms that they are."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.shapes import Shape
from reference_engine._quiet import quiet


def _row_norm(self: Any, /, p: float, keepdim: bool = False) -> Any:
    size = np.abs(self)
    if p == np.inf:
        return np.max(size, -1, keepdims=keepdim)
    if p == 0:
        return np.sum(size != 0, -1, keepdims=keepdim, dtype=self.dtype)
    return np.power(np.sum(np.power(size, p), -1, keepdims=keepdim), 1 / p).astype(self.dtype)


def _row_norm_backward(ops: Any, grad: Any, self: Any, result: Any, p: float, keepdim: bool) -> Any:
    if not keepdim:
        grad, result = ops.unsqueeze(grad, -1), ops.unsqueeze(result, -1)
    if p == 0:
        return self * 0
    if p == 2:
        return ops.where(result == 0, 0.0, grad * (self / result))
    if p == np.inf:
        mask = ops.abs(self) == result
        return ops.where(mask, ops.sign(self) * (grad / ops.count(mask, -1, True)), 0.0)
    if p == 1:
        return grad * ops.sign(self)
    power = ops.where(self == 0, 0.0, ops.sign(self) * ops.pow_number(ops.abs(self), p - 1))
    return ops.where(result == 0, 0.0, power * (grad / ops.pow_number(result, p - 1)))


row(
    "row_norm",
    _row_norm,
    node="NormBackward1",
    self=lambda ops, grad, self, result, p, keepdim: _row_norm_backward(
        ops, grad, self, result, p, keepdim
    ),
)


def _pairs(count: int) -> tuple[Any, Any]:
    first, second = np.triu_indices(count, 1)
    return first, second


def _pair_distances(self: Any, /, p: float = 2.0) -> Any:
    first, second = _pairs(len(self))
    return _row_norm(self[first] - self[second], p)


def _pair_distances_backward(
    ops: Any, grad: Any, self: Any, shape: Shape, result: Any, p: float
) -> Any:
    first, second = _pairs(shape[0])
    difference = ops.index(self, (first,)) - ops.index(self, (second,))
    slope = _row_norm_backward(ops, grad, difference, result, p, keepdim=False)
    return ops.added_at(slope, shape, (first,)) - ops.added_at(slope, shape, (second,))


row(
    "pdist",
    _pair_distances,
    self=lambda ops, grad, self, self_shape, result, p: _pair_distances_backward(
        ops, grad, self, self_shape, result, p
    ),
)


def _differences(ops: Any, x1: Any, x2: Any) -> Any:
    return ops.unsqueeze(x1, -2) - ops.unsqueeze(x2, -3)


def _cdist(x1: Any, x2: Any, /, p: float = 2.0) -> Any:
    if p < 0:
        raise RuntimeError(_errors.CDIST_ORDER)
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(_errors.CDIST_COLUMNS.format(first=x1.shape[-1], second=x2.shape[-1]))
    apart = np.abs(x1[..., :, None, :] - x2[..., None, :, :])
    if p == 0:
        return np.sum(apart != 0, -1, dtype=apart.dtype)
    if np.isinf(p):
        return np.max(apart, -1, initial=0.0)
    return np.sum(apart**p, -1) ** (1 / p)


def _pulls(ops: Any, grad: Any, x1: Any, x2: Any, result: Any, p: float) -> Any:
    """The gradient of every difference of two points; nothing between points that coincide."""
    apart = _differences(ops, x1, x2)
    if p == 0:
        return apart * 0.0
    signs, grad, result = ops.sign(apart), ops.unsqueeze(grad, -1), ops.unsqueeze(result, -1)
    if p == 1:
        return grad * signs
    if np.isinf(p):
        return ops.where(ops.abs(apart) == result, grad * signs, 0.0)
    safe = ops.where(result == 0, 1.0, result)
    sizes = ops.where(apart == 0, 1.0, ops.abs(apart))
    share = signs * ops.pow_number(sizes, p - 1) / ops.pow_number(safe, p - 1)
    return ops.where(result == 0, 0.0, grad * share)


row(
    "cdist",
    quiet(_cdist),
    x1=lambda ops, grad, x1, x2, result, p: ops.sum_dim(
        _pulls(ops, grad, x1, x2, result, p), (-2,), False
    ),
    x2=lambda ops, grad, x1, x2, result, p: (
        -ops.sum_dim(_pulls(ops, grad, x1, x2, result, p), (-3,), False)
    ),
)
