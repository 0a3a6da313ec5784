"""Normalisation over features, batches and groups of channels."""

from math import prod
from typing import Any

import numpy as np

from reference_engine._derivatives._table import row
from reference_engine._derivatives.shapes import Shape
from reference_engine._quiet import quiet


def _standardised(self: Any, dims: Shape, eps: float) -> Any:
    centred = self - np.mean(self, axis=dims, keepdims=True)
    variance = np.mean(centred * centred, axis=dims, keepdims=True)
    return centred / np.sqrt(variance + eps)


def _standardised_with_scale(ops: Any, self: Any, dims: Shape, eps: float) -> tuple[Any, Any]:
    """The standardised values, and what each was multiplied by."""
    centred = self - ops.mean_dim(self, dims, True)
    scale = ops.rsqrt(ops.mean_dim(centred * centred, dims, True) + eps)
    return centred * scale, scale


def _standardised_backward(ops: Any, grad: Any, self: Any, dims: Shape, eps: float) -> Any:
    values, scale = _standardised_with_scale(ops, self, dims, eps)
    common = ops.mean_dim(grad, dims, True) + values * ops.mean_dim(grad * values, dims, True)
    return (grad - common) * scale


def _last(count: int) -> Shape:
    return tuple(range(-count, 0))


def _scaled(values: Any, weight: Any, bias: Any) -> Any:
    values = values if weight is None else values * weight
    return values if bias is None else values + bias


row(
    "native_layer_norm",
    quiet(
        lambda self, weight, bias, /, dims, eps: _scaled(
            _standardised(self, _last(dims), eps), weight, bias
        )
    ),
    self=lambda ops, grad, self, weight, dims, eps: _standardised_backward(
        ops, grad if weight is None else grad * weight, self, _last(dims), eps
    ),
    weight=lambda ops, grad, self, dims, eps: (
        grad * _standardised_with_scale(ops, self, _last(dims), eps)[0]
    ),
    bias=lambda grad: grad,
)


def _channels(shape: Shape) -> Shape:
    """Every dimension but that of the channels."""
    return tuple(dim for dim in range(len(shape)) if dim != 1)


def _per_channel(ops: Any, values: Any, shape: Shape) -> Any:
    return None if values is None else ops.reshape(values, (1, -1) + (1,) * (len(shape) - 2))


class _Plain:
    """The few operations of `_per_channel` for forwards, which have no `ops`."""

    reshape = staticmethod(np.reshape)


@quiet
def _batch_norm(
    self: Any, weight: Any, bias: Any, mean: Any, variance: Any, /, training: bool, eps: float
) -> Any:
    if training:
        values = _standardised(self, _channels(self.shape), eps)
    else:
        centre, spread = (_per_channel(_Plain, one, self.shape) for one in (mean, variance))
        values = (self - centre) / np.sqrt(spread + eps)
    weight, bias = (_per_channel(_Plain, one, self.shape) for one in (weight, bias))
    return _scaled(values, weight, bias).astype(self.dtype, copy=False)


def _batch_norm_backward(
    ops: Any, grad: Any, self: Any, weight: Any, variance: Any, training: bool, eps: float
) -> Any:
    shape = self.shape
    if weight is not None:
        grad = grad * _per_channel(ops, weight, shape)
    if training:
        return _standardised_backward(ops, grad, self, _channels(shape), eps)
    return grad * ops.rsqrt(_per_channel(ops, variance, shape) + eps)


def _batch_norm_backward_weight(
    ops: Any, grad: Any, self: Any, mean: Any, variance: Any, training: bool, eps: float
) -> Any:
    shape = self.shape
    if training:
        values = _standardised_with_scale(ops, self, _channels(shape), eps)[0]
    else:
        scale = ops.rsqrt(_per_channel(ops, variance, shape) + eps)
        values = (self - _per_channel(ops, mean, shape)) * scale
    return ops.sum_dim(grad * values, _channels(shape), False)


row(
    "native_batch_norm",
    _batch_norm,
    self=lambda ops, grad, self, weight, variance, training, eps: _batch_norm_backward(
        ops, grad, self, weight, variance, training, eps
    ),
    weight=lambda ops, grad, self, mean, variance, training, eps: _batch_norm_backward_weight(
        ops, grad, self, mean, variance, training, eps
    ),
    bias=lambda ops, grad: ops.sum_dim(grad, _channels(grad.shape), False),
)


def _grouped(ops: Any, array: Any, groups: int) -> Any:
    return ops.reshape(array, (array.shape[0], groups, prod(array.shape[1:]) // groups))


@quiet
def _group_norm(self: Any, weight: Any, bias: Any, /, groups: int, eps: float) -> Any:
    values = _standardised(_grouped(_Plain, self, groups), (2,), eps).reshape(self.shape)
    weight, bias = (_per_channel(_Plain, one, self.shape) for one in (weight, bias))
    return _scaled(values, weight, bias)


def _group_norm_backward(
    ops: Any, grad: Any, self: Any, weight: Any, groups: int, eps: float
) -> Any:
    if weight is not None:
        grad = grad * _per_channel(ops, weight, self.shape)
    inner = _standardised_backward(
        ops, _grouped(ops, grad, groups), _grouped(ops, self, groups), (2,), eps
    )
    return ops.reshape(inner, tuple(self.shape))


def _group_norm_backward_weight(ops: Any, grad: Any, self: Any, groups: int, eps: float) -> Any:
    values = _standardised_with_scale(ops, _grouped(ops, self, groups), (2,), eps)[0]
    product = grad * ops.reshape(values, tuple(self.shape))
    return ops.sum_dim(product, _channels(grad.shape), False)


row(
    "native_group_norm",
    _group_norm,
    self=lambda ops, grad, self, weight, groups, eps: _group_norm_backward(
        ops, grad, self, weight, groups, eps
    ),
    weight=lambda ops, grad, self, groups, eps: _group_norm_backward_weight(
        ops, grad, self, groups, eps
    ),
    bias=lambda ops, grad: ops.sum_dim(grad, _channels(grad.shape), False),
)


# -- lengths and directions -----------------------------------------------------------------------


def _others(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return tuple(one for one in range(len(shape)) if one != dim)


@quiet
def _weight_norm(self: Any, lengths: Any, /, dim: int) -> Any:
    squares = np.sum(self * self, _others(self.shape, dim), keepdims=True)
    return self * (lengths / np.sqrt(squares))


def _weight_norm_backward(ops: Any, grad: Any, self: Any, lengths: Any, dim: int) -> Any:
    dims = _others(self.shape, dim)
    size = ops.sqrt(ops.sum_dim(self * self, dims, True))
    along = ops.sum_dim(grad * self, dims, True) / (size * size)
    return lengths / size * (grad - self * along)


def _weight_norm_backward_lengths(ops: Any, grad: Any, self: Any, dim: int) -> Any:
    dims = _others(self.shape, dim)
    size = ops.sqrt(ops.sum_dim(self * self, dims, True))
    return ops.sum_dim(grad * self, dims, True) / size


row(
    "weight_norm_interface",
    _weight_norm,
    self=lambda ops, grad, self, lengths, dim: _weight_norm_backward(ops, grad, self, lengths, dim),
    lengths=lambda ops, grad, self, dim: _weight_norm_backward_lengths(ops, grad, self, dim),
)
