"""Extremes and where they are; whether all or any elements are true.

Extremes over the whole tensor share the gradient among equal elements, extremes along a dimension
give it to the one whose index is returned.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.reductions import axes, check_flag, restored
from reference_engine._derivatives.shapes import Shape


def _refuse_empty(name: str, function: Any) -> Any:
    def forward(self: Any, /) -> Any:
        if not self.size:
            raise RuntimeError(_errors.REDUCE_EMPTY.format(name=name))
        return function(self)

    return forward


def _shared_by_equals(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of an extreme over everything, divided among the elements that reach it."""
    reached_nan = ops.logical_and(ops.isnan(self), ops.isnan(result))
    mask = ops.logical_or(self == result, reached_nan)
    return ops.where(mask, grad / ops.count(mask, None, False), 0.0)


def _shared_along(
    ops: Any, grad: Any, self: Any, shape: Shape, result: Any, dim: Any, keepdim: bool
) -> Any:
    if dim == () or dim is None:
        mask = self == result
        return grad / ops.count(mask, None, False) * mask
    mask = self == restored(ops, result, shape, dim, keepdim)
    gradient = restored(ops, grad, shape, dim, keepdim)
    return gradient / ops.count(mask, dim, True) * mask


row(
    "count",
    lambda self, /, dim, keepdim: np.sum(self, axis=dim, keepdims=keepdim).astype(np.int64),
)
for _name, _numpy in (("max", np.max), ("min", np.min)):
    row(
        _name,
        _refuse_empty(_name, _numpy),
        node=f"{_name.capitalize()}Backward1",
        self=lambda ops, grad, self, result: _shared_by_equals(ops, grad, self, result),
    )


def _refuse_empty_along(name: str, self: Any, dim: int) -> None:
    if not self.size and self.ndim and -self.ndim <= dim < self.ndim and not self.shape[dim]:
        raise IndexError(_errors.REDUCE_EMPTY_ALONG.format(name=name, dim=dim))


def _extreme_along(name: str, find: Any) -> Any:
    def forward(self: Any, /, dim: int, keepdim: bool = False) -> Any:
        if self.ndim == 0 and dim in (0, -1):
            return self.copy(), np.zeros((), np.int64)
        _refuse_empty_along(name, self, dim)
        indices = find(self, axis=dim, keepdims=True)
        values = np.take_along_axis(self, indices, axis=dim)
        if not keepdim:
            values, indices = values.squeeze(dim), indices.squeeze(dim)
        return values, indices

    return forward


def _back_to_indices(
    ops: Any, grad: Any, indices: Any, shape: Shape, dim: int, keepdim: bool
) -> Any:
    """The gradient of selected values: at the place that each was taken from, zero elsewhere."""
    if not shape:
        return grad
    if not keepdim:
        grad, indices = ops.unsqueeze(grad, dim), ops.unsqueeze(indices, dim)
    return ops.scatter_zeros(grad, indices, shape, dim)


def _extreme_over(name: str, reduce: Any) -> Any:
    def forward(self: Any, /, dim: Any = (), keepdim: bool = False) -> Any:
        check_flag(keepdim)
        axis = axes(self, dim)
        if axis is None:
            return _refuse_empty(name, lambda self: reduce(self, keepdims=keepdim))(self)
        for one in axis if isinstance(axis, tuple) else (axis,):
            _refuse_empty_along(name, self, one)
        return reduce(self, axis=axis, keepdims=keepdim)

    return forward


for _name, _find in (("max", np.argmax), ("min", np.argmin)):
    row(
        f"{_name}_dim",
        _extreme_along(_name, _find),
        node=f"{_name.capitalize()}Backward0",
        outputs=("values", "indices"),
        self=lambda ops, grad, indices, self_shape, dim, keepdim: _back_to_indices(
            ops, grad, indices, self_shape, dim, keepdim
        ),
    )
for _name, _numpy in (("amax", np.max), ("amin", np.min)):
    row(
        _name,
        _extreme_over(_name, _numpy),
        self=lambda ops, grad, self, self_shape, result, dim, keepdim: _shared_along(
            ops, grad, self, self_shape, result, dim, keepdim
        ),
    )


def _place_of(name: str, find: Any) -> Any:
    def forward(self: Any, /, dim: Any = None, keepdim: bool = False) -> Any:
        check_flag(keepdim)
        if self.dtype.kind == "b":
            raise RuntimeError(_errors.PLACE_BOOL.format(name=name))
        if dim is None and not self.size:
            raise IndexError(_errors.PLACE_EMPTY.format(name=name))
        if dim is not None:
            _refuse_empty_along(name, self, dim)
        return find(self, axis=axes(self, dim), keepdims=keepdim)

    return forward


row("argmax", _place_of("argmax", np.argmax))
row("argmin", _place_of("argmin", np.argmin))


def _truth(function: Any) -> Any:
    def forward(self: Any, /, dim: Any = None, keepdim: bool = False) -> Any:
        check_flag(keepdim)
        kind = np.uint8 if self.dtype == np.uint8 else np.bool_
        return function(self, axis=axes(self, dim), keepdims=keepdim).astype(kind)

    return forward


row("all", _truth(np.all))
row("any", _truth(np.any))
