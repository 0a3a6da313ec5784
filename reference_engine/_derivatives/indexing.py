"""Indexing: elements taken out of a tensor, and put back for the gradient.

`select`, `slice` and `narrow` give views; `index`, `gather` and the like copy. Each operation that
takes elements has its transpose beside it, which puts a gradient into zeros.
"""

import re
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.shapes import Shape
from reference_engine._saved import unpack


def at(dim: int, index: Any) -> tuple[Any, ...]:
    """The NumPy index of `index` along one dimension (dim >= 0) and everything along others."""
    return (slice(None),) * dim + (index,)


def _positive(dim: int, ndim: int) -> int:
    if not -ndim <= dim < ndim:
        raise np.exceptions.AxisError(dim, ndim)
    return dim % ndim


def _select(self: Any, /, dim: int, index: int) -> Any:
    if not self.ndim:
        raise IndexError(_errors.SELECT_SCALAR)
    dim = _positive(dim, self.ndim)
    if not -self.shape[dim] <= index < self.shape[dim]:
        raise IndexError(_errors.SELECT_BOUNDS.format(index=index, dim=dim, sizes=list(self.shape)))
    return self[(*at(dim, index), ...)]


def _placed(self: Any, /, shape: Shape, key: Any) -> Any:
    """Zeros of `shape` with a value at `key`, a basic NumPy index."""
    zeros = np.zeros(shape, np.asarray(self).dtype)
    zeros[key] = self
    return zeros


for _name, _node in (
    ("placed", "PlacedBackward0"),
    ("select_backward", "SelectBackwardBackward0"),
    ("slice_backward", "SliceBackwardBackward0"),
):
    row(_name, _placed, node=_node, self=lambda ops, grad, key: ops.basic_index(grad, key))
row(
    "basic_index",
    lambda self, /, key: self[key],
    self=lambda ops, grad, self_shape, key: ops.placed(grad, self_shape, key),
)
row(
    "select",
    _select,
    is_view=True,
    self=lambda ops, grad, self_shape, dim, index: ops.select_backward(
        grad, self_shape, at(dim % len(self_shape), index)
    ),
)
row(
    "slice",
    lambda self, /, dim, start, end, step: self[at(dim, slice(start, end, step))],
    is_view=True,
    self=lambda ops, grad, self_shape, dim, start, end, step: ops.slice_backward(
        grad, self_shape, at(dim, slice(start, end, step))
    ),
)


def _narrow(self: Any, /, dim: int, start: int, length: int) -> Any:
    dim = _positive(dim, self.ndim)
    size = self.shape[dim]
    if length < 0:
        raise RuntimeError(_errors.NARROW_LENGTH)
    if not -size <= start <= size:
        raise IndexError(_errors.NARROW_START.format(low=-size, high=size, start=start))
    start += size if start < 0 else 0
    if start + length > size:
        raise RuntimeError(_errors.NARROW_END.format(start=start, length=length, size=size))
    return self[at(dim, slice(start, start + length))]


def _span(shape: Shape, dim: int, start: int, length: int) -> tuple[Any, ...]:
    """The NumPy index of what `narrow` takes."""
    start += shape[dim] if start < 0 else 0
    return at(dim % len(shape), slice(start, start + length))


row(
    "narrow",
    _narrow,
    node="SliceBackward0",
    is_view=True,
    self=lambda ops, grad, self_shape, dim, start, length: ops.slice_backward(
        grad, self_shape, _span(self_shape, dim, start, length)
    ),
)


_OUT_OF_BOUNDS = r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)"


def _index(self: Any, /, indices: Any) -> Any:
    key = indices
    try:
        return self[key]
    except IndexError as error:
        outside = re.match(_OUT_OF_BOUNDS, str(error))
        if outside:
            index, axis, size = map(int, outside.groups())
            dim = sum(
                isinstance(one, np.ndarray) for one in key[:axis]
            )  # PyTorch counts only these
            raise IndexError(_errors.INDEX_BOUNDS.format(index=index, dim=dim, size=size)) from None
        shapes = [list(one.shape) for one in key if isinstance(one, np.ndarray)]
        joined = ", ".join(str(shape) for shape in shapes)
        raise IndexError(_errors.INDEX_SHAPES.format(shapes=joined)) from None


def _added_at(self: Any, /, shape: Shape, indices: Any) -> Any:
    """Zeros of `shape` with values added at `indices`, where places may repeat."""
    zeros = np.zeros(shape, np.asarray(self).dtype)
    np.add.at(zeros, indices, self)
    return zeros


class Indices(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no slots
    """A NumPy key with the tensors of indices that it was made of, and their versions then."""

    tensors: tuple[Any, ...] = ()
    versions: tuple[int, ...] = ()


def unchanged(indices: Any) -> Any:
    """A key whose tensors are still as they were; raises where one was modified in place."""
    if isinstance(indices, Indices):
        for tensor, version in zip(indices.tensors, indices.versions, strict=True):
            unpack(tensor, version, None)
    return indices


row(
    "added_at",
    _added_at,
    node="IndexPutImplBackward0",
    self=lambda ops, grad, indices: ops.index(grad, indices),
)
row(
    "index",
    _index,
    self=lambda ops, grad, self_shape, indices: ops.added_at(grad, self_shape, unchanged(indices)),
)


def _index_put(self: Any, values: Any, /, indices: Any) -> Any:
    result = self.copy()
    result[indices] = values
    return result


row(
    "index_put",
    _index_put,
    self=lambda ops, grad, indices: ops.index_put(grad, 0.0, unchanged(indices)),
    values=lambda ops, grad, indices: ops.index(grad, unchanged(indices)),
)


def _scatter_zeros(self: Any, index: Any, /, shape: Shape, dim: int) -> Any:
    zeros = np.zeros(shape, np.asarray(self).dtype)
    np.put_along_axis(zeros, index, self, axis=dim)
    return zeros


row(
    "scatter_zeros",
    _scatter_zeros,
    self=lambda ops, grad, index, dim: ops.gather(grad, index, dim),
)


def _along(index: Any, dim: int) -> tuple[Any, ...]:
    """The NumPy index that takes along `dim` what `index` says, elsewhere its own place."""
    places: list[Any] = list(np.indices(index.shape, sparse=True))
    places[dim] = index
    return tuple(places)


def _gather(self: Any, index: Any, /, dim: int) -> Any:
    if index.size and index.dtype not in (np.int32, np.int64):
        raise RuntimeError(_errors.GATHER_DTYPE)
    if not self.ndim:
        return _gather(np.reshape(self, 1), index.reshape(-1), dim).reshape(index.shape)
    dim = _positive(dim, self.ndim)
    if not index.size:
        return np.empty(index.shape, self.dtype)
    if not index.ndim:
        return _gather(self, index.reshape(1), dim).reshape(())
    if index.ndim != self.ndim:
        raise RuntimeError(_errors.GATHER_DIMS)
    size = self.shape[dim]
    wrong = index[(index < 0) | (index >= size)]
    if wrong.size:
        raise RuntimeError(_errors.INDEX_BOUNDS.format(index=wrong.flat[0], dim=dim, size=size))
    if any(index.shape[one] > self.shape[one] for one in range(self.ndim) if one != dim):
        first = next(one for one in range(self.ndim) if index.shape[one] > self.shape[one])
        sizes = {"index": list(index.shape), "self": list(self.shape)}
        raise RuntimeError(_errors.GATHER_SIZES.format(place=first, dim=dim, **sizes))
    return self[_along(index, dim)]


def _gather_transposed(self: Any, index: Any, /, shape: Shape, dim: int) -> Any:
    zeros = np.zeros(shape or 1, np.asarray(self).dtype)
    if index.size:
        np.add.at(zeros, _along(np.atleast_1d(index), dim), self)
    return zeros.reshape(shape)


row(
    "gather_transposed",
    _gather_transposed,
    node="ScatterAddBackward0",
    self=lambda ops, grad, index, dim: ops.gather(grad, index, dim),
)
row(
    "gather",
    _gather,
    self=lambda ops, grad, index, self_shape, dim: ops.gather_transposed(
        grad, index, self_shape, dim
    ),
)


def _index_select(self: Any, index: Any, /, dim: int) -> Any:
    if index.dtype not in (np.int32, np.int64):
        raise RuntimeError(_errors.INDEX_SELECT_DTYPE)
    if index.ndim > 1:
        raise IndexError(_errors.INDEX_SELECT_DIMS)
    if not self.ndim:
        return np.take(self, index).reshape(())
    dim = _positive(dim, self.ndim)
    try:
        return np.take(self, np.atleast_1d(index), axis=dim)
    except IndexError:
        raise IndexError(_errors.INDEX_SELECT_BOUNDS) from None


row(
    "index_select",
    _index_select,
    self=lambda ops, grad, index, self_shape, dim: ops.index_select_transposed(
        grad, index, self_shape, dim
    ),
)


def _index_select_transposed(self: Any, index: Any, /, shape: Shape, dim: int) -> Any:
    if not shape:
        return self
    zeros = np.zeros(shape, np.asarray(self).dtype)
    np.add.at(zeros, at(dim % len(shape), np.atleast_1d(index)), self)
    return zeros


row(
    "index_select_transposed",
    _index_select_transposed,
    self=lambda ops, grad, index, dim: ops.index_select(grad, index, dim),
)

# -- by position in memory: what writing to views needs -------------------------------------------


def _as_strided(self: Any, /, positions: Any) -> Any:
    return np.reshape(self, -1)[positions]


def _as_strided_scatter(self: Any, src: Any, /, positions: Any) -> Any:
    result = np.array(self)
    result.reshape(-1)[positions] = src
    return result


def _zero_at(ops: Any, grad: Any, positions: Any) -> Any:
    return ops.as_strided_scatter(grad, 0.0, positions)


row(
    "as_strided",
    _as_strided,
    self=lambda ops, grad, self_shape, positions: ops.as_strided_transposed(
        grad, self_shape, positions
    ),
)


def _as_strided_transposed(self: Any, /, shape: Shape, positions: Any) -> Any:
    zeros = np.zeros(shape, np.asarray(self).dtype)
    np.add.at(zeros.reshape(-1), positions, self)
    return zeros


row(
    "as_strided_transposed",
    _as_strided_transposed,
    self=lambda ops, grad, positions: ops.as_strided(grad, positions),
)
row(
    "as_strided_scatter",
    _as_strided_scatter,
    self=lambda ops, grad, positions: _zero_at(ops, grad, positions),
    src=lambda ops, grad, positions: ops.as_strided(grad, positions),
)
