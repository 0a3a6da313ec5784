"""Ordering: sorted elements, the largest, the middle and the commonest ones, and their places.

A selected value gives its gradient back to the place it was taken from. A nan counts as the
largest number, as in PyTorch.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _selecting
from reference_engine._derivatives._table import row
from reference_engine._derivatives.extremes import _back_to_indices, _shared_by_equals
from reference_engine._derivatives.rearranging import in_range


def _order(self: Any, dim: int, *, descending: bool) -> Any:
    """The places of the elements in order; equal ones in the order they stand in."""
    if not descending:
        return np.argsort(self, dim, kind="stable")
    turned = np.argsort(np.flip(self, dim), dim, kind="stable")
    return np.flip(self.shape[dim] - 1 - turned, dim)


def _sort(self: Any, /, dim: int = -1, descending: bool = False) -> Any:
    dim = in_range(dim, self.ndim)
    if not self.ndim:
        return np.copy(self), np.zeros((), np.int64)
    places = _order(self, dim, descending=descending)
    return np.take_along_axis(self, places, dim), places.astype(np.int64)


for _name, _node in (("sort", "SortBackward0"), ("sort_stable", "SortBackward1")):
    row(
        _name,
        _sort,
        node=_node,
        outputs=("values", "indices"),
        self=lambda ops, grad, indices, self_shape, dim: _back_to_indices(
            ops, grad, indices, self_shape, dim, True
        ),
    )


def _refuse_bool(self: Any, kernel: str) -> None:
    if self.dtype.kind == "b":
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype="Bool"))


def _topk(self: Any, /, k: int, dim: int = -1, largest: bool = True) -> Any:
    dim = in_range(dim, self.ndim)
    if self.dtype.kind == "b":
        raise RuntimeError(_errors.TOPK_BOOL)
    if k < 0 or k > (self.shape[dim] if self.ndim else 1):
        raise RuntimeError(_errors.TOPK_RANGE)
    values, places = _sort(self, dim, descending=largest)
    if not self.ndim:
        return values, places
    if self.shape[dim] <= _FEW and np.any(_has_equals(values, dim)):
        places = np.apply_along_axis(_selecting.first_few, dim, self, k, largest)
        return np.take_along_axis(self, places, dim), places
    chosen = (slice(None),) * dim + (slice(0, k),)
    return values[chosen], places[chosen]


_FEW = 64
"""From here on PyTorch selects in another way, unless many are asked for."""


def _has_equals(ordered: Any, dim: int) -> Any:
    line = np.moveaxis(ordered, dim, -1)
    return line[..., 1:] == line[..., :-1]


row(
    "topk",
    _topk,
    outputs=("values", "indices"),
    self=lambda ops, grad, indices, self_shape, dim: _back_to_indices(
        ops, grad, indices, self_shape, dim, True
    ),
)


def _taken(self: Any, places: Any, dim: int, *, keepdim: bool) -> Any:
    """The elements at one place along a dimension, and the place."""
    values = np.take_along_axis(self, places, dim)
    places = places.astype(np.int64)
    return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))


def _along(name: str, find: Any) -> Any:
    """A forward that takes, along a dimension, the element in the place that `find` says."""

    def forward(self: Any, /, dim: int = -1, keepdim: bool = False) -> Any:
        dim = in_range(dim, self.ndim)
        if not self.ndim:
            return np.copy(self), np.zeros((), np.int64)
        if not self.shape[dim]:
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
        if name != "mode":
            _refuse_bool(self, "median_out")
        return _taken(self, find(self, dim), dim, keepdim=keepdim)

    return forward


def _kthvalue(self: Any, /, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    dim = in_range(dim, self.ndim)
    if not 1 <= k <= (self.shape[dim] if self.ndim else 1):
        raise RuntimeError(_errors.KTHVALUE_RANGE.format(dim=dim))
    _refuse_bool(self, "kthvalue_cpu")
    if not self.ndim:
        return np.copy(self), np.zeros((), np.int64)
    places = np.apply_along_axis(_selecting.kth_smallest, dim, self, k - 1)
    return _taken(self, places, dim, keepdim=keepdim)


def _middle(self: Any, dim: int) -> Any:
    """The place of the median (the lower one of two), or of the first nan."""
    order = _order(self, dim, descending=False)
    middle = np.take(order, [(self.shape[dim] - 1) // 2], dim)
    if self.dtype.kind != "f":
        return middle
    is_nan = np.isnan(self)
    first = np.argmax(is_nan, dim, keepdims=True)
    return np.where(np.any(is_nan, dim, keepdims=True), first, middle)


def _middle_of_numbers(self: Any, dim: int) -> Any:
    """The place of the median of what is not nan."""
    order = _order(self, dim, descending=False)
    count = np.sum(self == self, dim, keepdims=True)  # noqa: PLR0124 - a nan is not itself
    return np.take_along_axis(order, np.maximum(count - 1, 0) // 2, dim)


def _commonest(self: Any, dim: int) -> Any:
    """The last place of the smallest of the commonest values."""

    def place(line: Any) -> Any:
        values, counts = np.unique(line, return_counts=True)
        return np.flatnonzero(line == values[np.argmax(counts)])[-1:]

    return np.apply_along_axis(place, dim, self)


row(
    "kthvalue",
    _kthvalue,
    outputs=("values", "indices"),
    self=lambda ops, grad, indices, self_shape, dim, keepdim: _back_to_indices(
        ops, grad, indices, self_shape, dim, keepdim
    ),
)
for _name, _node, _find in (
    ("median_dim", "MedianBackward1", _middle),
    ("nanmedian_dim", "NanmedianBackward1", _middle_of_numbers),
    ("mode", "ModeBackward0", _commonest),
):
    row(
        _name,
        _along(_name.removesuffix("_dim"), _find),
        node=_node,
        outputs=("values", "indices"),
        self=lambda ops, grad, indices, self_shape, dim, keepdim: _back_to_indices(
            ops, grad, indices, self_shape, dim, keepdim
        ),
    )


def _of_all(find: Any) -> Any:
    def forward(self: Any, /) -> Any:
        flat = np.reshape(self, -1)
        _refuse_bool(flat, "median_cpu")
        if not flat.size:
            return self.dtype.type(np.nan)
        return flat[find(flat, 0)][0]

    return forward


def _unique(self: Any, /, dim: int | None = None) -> Any:
    values, inverse, counts = np.unique(self, return_inverse=True, return_counts=True, axis=dim)
    inverse = inverse.reshape(self.shape if dim is None else -1)
    return values, inverse.astype(np.int64), counts.astype(np.int64)


def _unique_consecutive(self: Any, /, dim: int | None = None) -> Any:
    lines = np.reshape(self, (-1, 1)) if dim is None else np.moveaxis(self, dim, 0)
    flat = lines.reshape(len(lines), -1)
    starts = np.ones(len(flat), bool)
    starts[1:] = np.any(flat[1:] != flat[:-1], axis=1)
    kept = lines[starts]
    values = kept.reshape(-1) if dim is None else np.moveaxis(kept, 0, dim)
    inverse = np.cumsum(starts) - 1
    counts = np.diff(np.append(np.flatnonzero(starts), len(flat)))
    return values, inverse.reshape(np.shape(self)) if dim is None else inverse, counts


def _refuse(name: str) -> None:
    raise NotImplementedError(_errors.DERIVATIVE_MISSING.format(name=name))


row(
    "unique2",
    _unique,
    outputs=("output", "inverse", "counts"),
    self=lambda: _refuse("_unique2"),
)
row(
    "unique_dim",
    _unique,
    outputs=("output", "inverse", "counts"),
    self=lambda: _refuse("unique_dim"),
)
row(
    "unique_consecutive",
    _unique_consecutive,
    outputs=("output", "inverse", "counts"),
    self=lambda: _refuse("unique_consecutive"),
)
for _name, _find in (("median", _middle), ("nanmedian", _middle_of_numbers)):
    row(
        _name,
        _of_all(_find),
        self=lambda ops, grad, self, result: _shared_by_equals(ops, grad, self, result),
    )
