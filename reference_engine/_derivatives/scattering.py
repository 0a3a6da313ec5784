"""Scattering: elements written or added into copies at places that indices name.

`index_...` take one index for each slice along a dimension, `scatter...` one for each element.
"""

from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.indexing import at
from reference_engine._derivatives.rearranging import in_range
from reference_engine._derivatives.shapes import Shape
from reference_engine._promotion import dtype_name

# -- by masks and positions -----------------------------------------------------------------------


def _masked_select(self: Any, mask: Any, /) -> Any:
    if mask.dtype != np.bool_:
        raise RuntimeError(_errors.MASKED_SELECT_DTYPE)
    shape = np.broadcast_shapes(self.shape, mask.shape)
    return np.broadcast_to(self, shape)[np.broadcast_to(mask, shape)]


def _masked_select_transposed(self: Any, mask: Any, /, shape: Shape) -> Any:
    zeros = np.zeros(np.broadcast_shapes(shape, mask.shape), self.dtype)
    zeros[np.broadcast_to(mask, zeros.shape)] = self
    return zeros


row(
    "masked_select",
    _masked_select,
    self=lambda ops, grad, mask, self_shape: ops.masked_select_transposed(grad, mask, self_shape),
)
row(
    "masked_select_transposed",
    _masked_select_transposed,
    self=lambda ops, grad, mask: ops.masked_select(grad, mask),
)


def _masked_scatter(self: Any, mask: Any, source: Any, /) -> Any:
    if mask.dtype != np.bool_:
        raise RuntimeError(_errors.MASKED_SCATTER_MASK.format(dtype=mask.dtype))
    if self.dtype != source.dtype:
        raise RuntimeError(
            _errors.MASKED_SCATTER_DTYPES.format(first=dtype_name(self), second=dtype_name(source))
        )
    shape = np.broadcast_shapes(self.shape, mask.shape)
    result = np.array(np.broadcast_to(self, shape))
    places = np.broadcast_to(mask, shape)
    count = np.count_nonzero(places)
    if np.size(source) < count:
        raise RuntimeError(_errors.MASKED_SCATTER_COUNT)
    result[places] = np.reshape(source, -1)[:count]
    return result


def _padded(ops: Any, selected: Any, shape: Shape) -> Any:
    """Values followed by zeros, as many as `shape` needs."""
    key = (slice(0, selected.shape[0]),)
    return ops.reshape(ops.placed(selected, (prod(shape),), key), shape)


row(
    "masked_scatter",
    _masked_scatter,
    self=lambda ops, grad, mask: ops.where(mask, 0.0, grad),
    source=lambda ops, grad, mask, source_shape: _padded(
        ops, ops.masked_select(grad, mask), source_shape
    ),
)


def _flat(index: Any, count: int) -> Any:
    """Positions in all elements, of which negative ones count from the end."""
    if index.dtype != np.int64:
        raise RuntimeError(_errors.TAKE_DTYPE.format(dtype=dtype_name(index)))
    if np.any((index < -count) | (index >= count)):
        wrong = index[(index < -count) | (index >= count)].flat[0]
        raise IndexError(_errors.TAKE_BOUNDS.format(index=wrong, count=count))
    return np.where(index < 0, index + count, index)


def _take_transposed(self: Any, index: Any, /, shape: Shape) -> Any:
    zeros = np.zeros(prod(shape), np.asarray(self).dtype)
    np.add.at(zeros, _flat(index, zeros.size), self)
    return zeros.reshape(shape)


row(
    "take",
    lambda self, index, /: np.reshape(self, -1)[_flat(index, self.size)],
    self=lambda ops, grad, index, self_shape: ops.take_transposed(grad, index, self_shape),
)
row(
    "take_transposed",
    _take_transposed,
    self=lambda ops, grad, index: ops.take(grad, index),
)


def _put(self: Any, index: Any, source: Any, /, accumulate: bool = False) -> Any:
    result = np.array(self)
    places = _flat(index, result.size).reshape(-1)
    values = np.reshape(source, -1)
    if np.size(source) not in {1, places.size} or (
        np.ndim(source) and np.size(source) != places.size
    ):
        counts = {"source": np.size(source), "index": places.size}
        raise IndexError(_errors.PUT_COUNT.format(**counts))
    if accumulate:
        np.add.at(result.reshape(-1), places, values)
    else:
        result.reshape(-1)[places] = values
    return result


row(
    "put",
    _put,
    self=lambda ops, grad, index, accumulate: (
        grad if accumulate else ops.put(grad, index, 0.0, False)
    ),
    source=lambda ops, grad, index, source_shape: ops.reshape(ops.take(grad, index), source_shape),
)


def _index_put_add(self: Any, values: Any, /, indices: Any) -> Any:
    result = np.array(self)
    np.add.at(result, indices, values)
    return result


row(
    "index_put_add",
    _index_put_add,
    node="IndexPutBackward0",
    self=lambda grad: grad,
    values=lambda ops, grad, indices: ops.index(grad, indices),
)

# -- by slices along a dimension ------------------------------------------------------------------


def _along(result: Any, dim: int, index: Any, message: str) -> tuple[Any, Any]:
    """An array (of one dimension at least) and the NumPy index of the slices in it.

    `message` is the text for an index out of bounds.
    """
    if np.ndim(index) > 1:
        raise IndexError(_errors.INDEX_COPY_DIMS)
    result = np.atleast_1d(result)
    size = result.shape[dim]
    index = np.atleast_1d(index)
    wrong = index[(index < -size) | (index >= size)]
    if wrong.size:
        raise IndexError(message.format(index=wrong[0], dim=dim, size=size))
    return result, at(dim, index)


def _sliced(source: Any, index: Any, target: Any) -> Any:
    """Slices, as many as there are indices: a source without dimensions is one."""
    return np.reshape(source, target.shape) if np.ndim(source) != target.ndim else source


def _index_add(self: Any, index: Any, source: Any, /, dim: int, alpha: Any = 1) -> Any:
    result = np.array(self)
    target, key = _along(result, in_range(dim, result.ndim), index, _errors.INDEX_SELECT_BOUNDS)
    if np.ndim(source) and np.shape(source)[dim] != np.size(index):
        counts = {"indices": np.size(index), "slices": np.shape(source)[dim], "dim": dim}
        raise RuntimeError(_errors.INDEX_ADD_COUNT.format(**counts))
    np.add.at(target, key, _sliced(source, index, target[key]) * alpha)
    return result


def _index_copy(self: Any, index: Any, source: Any, /, dim: int) -> Any:
    result = np.array(self)
    message = f"index_copy_(): {_errors.INDEX_BOUNDS}"
    target, key = _along(result, in_range(dim, result.ndim), index, message)
    if np.ndim(source) and np.shape(source)[dim] != np.size(index):
        counts = {"indices": np.size(index), "slices": np.shape(source)[dim]}
        raise IndexError(_errors.INDEX_COPY_COUNT.format(**counts))
    target[key] = _sliced(source, index, target[key])
    return result


def _index_fill(self: Any, index: Any, value: Any, /, dim: int) -> Any:
    if np.ndim(value):
        raise RuntimeError(_errors.INDEX_FILL_DIMS.format(dim=np.ndim(value)))
    result = np.array(self)
    target, key = _along(result, in_range(dim, result.ndim), index, _errors.INDEX_BOUNDS)
    target[key] = value
    return result


def _selected(ops: Any, grad: Any, index: Any, dim: int, shape: Shape) -> Any:
    """What `index_select` takes, in the shape of the source of as many slices."""
    if not grad.shape:
        return ops.reshape(grad * np.ones(index.shape), shape)
    return ops.reshape(ops.index_select(grad, index, dim), shape)


row(
    "index_add",
    _index_add,
    self=lambda grad: grad,
    source=lambda ops, grad, index, source_shape, dim, alpha: (
        _selected(ops, grad, index, dim, source_shape) * alpha
    ),
)
row(
    "index_copy",
    _index_copy,
    self=lambda ops, grad, index, dim: ops.index_fill(grad, index, 0.0, dim),
    source=lambda ops, grad, index, source_shape, dim: _selected(
        ops, grad, index, dim, source_shape
    ),
)
row(
    "index_fill",
    _index_fill,
    self=lambda ops, grad, index, dim: ops.index_fill(grad, index, 0.0, dim),
)
row(
    "index_fill_tensor",
    _index_fill,
    node="IndexFillBackward1",
    self=lambda ops, grad, index, dim: ops.index_fill(grad, index, 0.0, dim),
    value=lambda ops, grad, index, dim: ops.sum(grad - ops.index_fill(grad, index, 0.0, dim)),
)

# -- by elements ----------------------------------------------------------------------------------


def places_of(result: Any, index: Any, dim: int) -> tuple[Any, tuple[Any, ...]]:
    """An array (of one dimension at least) and the NumPy index of elements in it."""
    if index.dtype not in (np.int32, np.int64):
        raise RuntimeError(_errors.SCATTER_DTYPE)
    if index.size and index.ndim != result.ndim and max(index.ndim, 1) != max(result.ndim, 1):
        raise RuntimeError(_errors.SCATTER_DIMS)
    result, index = np.atleast_1d(result), np.atleast_1d(index)
    size = result.shape[dim]
    wrong = index[(index < 0) | (index >= size)]
    if wrong.size:
        raise RuntimeError(_errors.SCATTER_BOUNDS.format(index=wrong.flat[0], dim=dim, size=size))
    key: list[Any] = list(np.indices(index.shape, sparse=True))
    key[dim] = index
    return result, tuple(key)


def matching_part(src: Any, index: Any, whole: Shape, dim: int) -> Any:
    """The elements of a source that the index has places for, in a tensor of the shape `whole`."""
    if not np.ndim(src):
        return src
    if np.ndim(src) != max(np.ndim(index), 1):
        raise RuntimeError(_errors.SCATTER_SOURCE_DIMS)
    shape = np.atleast_1d(index).shape
    if any(wanted > found for wanted, found in zip(shape, np.shape(src), strict=True)):
        sizes = {"index": list(shape), "self": list(whole), "dim": dim, "src": list(np.shape(src))}
        raise RuntimeError(_errors.SCATTER_SIZES.format(**sizes))
    return src[tuple(slice(size) for size in shape)]


def _scatter(self: Any, index: Any, src: Any, /, dim: int) -> Any:
    result = np.array(self)
    if index.size:
        target, key = places_of(result, index, in_range(dim, result.ndim))
        target[key] = matching_part(src, index, result.shape, dim)
    return result


def _scatter_add(self: Any, index: Any, src: Any, /, dim: int) -> Any:
    result = np.array(self)
    if index.size:
        target, key = places_of(result, index, in_range(dim, result.ndim))
        np.add.at(target, key, matching_part(src, index, result.shape, dim))
    return result


def _gathered(ops: Any, grad: Any, index: Any, dim: int, shape: Shape) -> Any:
    """What `gather` takes, where source and index have one shape; 0-d ones too."""
    if not grad.shape:
        return ops.reshape(grad * np.ones(index.shape), shape)
    if not np.prod(index.shape):
        return ops.expand(ops.sum(grad) * 0.0, shape)
    return ops.gather(grad, index, dim)


row(
    "scatter",
    _scatter,
    self=lambda ops, grad, index, dim: ops.scatter(grad, index, 0.0, dim),
    src=lambda ops, grad, index, src_shape, dim: _gathered(ops, grad, index, dim, src_shape),
)
row(
    "scatter_value",
    _scatter,
    node="ScatterBackward1",
    self=lambda ops, grad, index, dim: ops.scatter(grad, index, 0.0, dim),
)
row(
    "scatter_add",
    _scatter_add,
    self=lambda grad: grad,
    src=lambda ops, grad, index, src_shape, dim: _gathered(ops, grad, index, dim, src_shape),
)
