"""Scattering: elements written, added or combined into copies at places that indices name.

`index_...` take one index for each slice along a dimension, `scatter...` one for each element.
"""

from math import prod
from typing import Any

import numpy as np

from reference_engine._derivatives._table import row
from reference_engine._derivatives.indexing import at
from reference_engine._derivatives.rearranging import in_range
from reference_engine._promotion import dtype_name

Shape = tuple[int, ...]

# -- by masks and positions -----------------------------------------------------------------------


def _masked_select(self: Any, mask: Any, /) -> Any:
    if mask.dtype != np.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
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
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}"
        )
    if self.dtype != source.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{dtype_name(self)} and {dtype_name(source)}"
        )
    shape = np.broadcast_shapes(self.shape, mask.shape)
    result = np.array(np.broadcast_to(self, shape))
    places = np.broadcast_to(mask, shape)
    count = np.count_nonzero(places)
    if source.size < count:
        raise RuntimeError("masked_scatter: expected number of elements in source to be >= mask")
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
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {dtype_name(index)}")
    if np.any((index < -count) | (index >= count)):
        raise IndexError("out of range: tried to access index out of the tensor's elements")
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


def _index_put_add(self: Any, values: Any, /, key: Any) -> Any:
    result = np.array(self)
    np.add.at(result, key, values)
    return result


row(
    "index_put_add",
    _index_put_add,
    node="IndexPutBackward0",
    self=lambda grad: grad,
    values=lambda ops, grad, key: ops.index(grad, key),
)

# -- by slices along a dimension ------------------------------------------------------------------


def _along(result: Any, dim: int, index: Any) -> tuple[Any, Any]:
    """An array (of one dimension at least) and the NumPy index of the slices in it."""
    if np.ndim(index) > 1:
        raise IndexError("index_copy_(): Index should have dimension 1 or 0 (got 2)")
    result = np.atleast_1d(result)
    size = result.shape[dim]
    index = np.atleast_1d(index)
    if np.any((index < -size) | (index >= size)):
        raise IndexError("index out of range in self")
    return result, at(dim, index)


def _sliced(source: Any, index: Any, target: Any) -> Any:
    """Slices, as many as there are indices: a source without dimensions is one."""
    return np.reshape(source, target.shape) if np.ndim(source) != target.ndim else source


def _index_add(self: Any, index: Any, source: Any, /, dim: int, alpha: Any = 1) -> Any:
    result = np.array(self)
    target, key = _along(result, in_range(dim, result.ndim), index)
    np.add.at(target, key, _sliced(source, index, target[key]) * alpha)
    return result


def _index_copy(self: Any, index: Any, source: Any, /, dim: int) -> Any:
    result = np.array(self)
    target, key = _along(result, in_range(dim, result.ndim), index)
    target[key] = _sliced(source, index, target[key])
    return result


def _index_fill(self: Any, index: Any, value: Any, /, dim: int) -> Any:
    if np.ndim(value):
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{np.ndim(value)} dimension(s)."
        )
    result = np.array(self)
    target, key = _along(result, in_range(dim, result.ndim), index)
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


def _places(result: Any, index: Any, dim: int) -> tuple[Any, tuple[Any, ...]]:
    """An array (of one dimension at least) and the NumPy index of elements in it."""
    if index.dtype not in (np.int32, np.int64):
        raise RuntimeError("scatter(): Expected dtype int32/int64 for index")
    if index.size and index.ndim != result.ndim and max(index.ndim, 1) != max(result.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    result, index = np.atleast_1d(result), np.atleast_1d(index)
    size = result.shape[dim]
    wrong = index[(index < 0) | (index >= size)]
    if wrong.size:
        raise RuntimeError(
            f"index {wrong.flat[0]} is out of bounds for dimension {dim} with size {size}"
        )
    key: list[Any] = list(np.indices(index.shape, sparse=True))
    key[dim] = index
    return result, tuple(key)


def _part(src: Any, index: Any) -> Any:
    """The elements of a source that the index has places for."""
    if not np.ndim(src):
        return src
    if np.ndim(src) != max(np.ndim(index), 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    return src[tuple(slice(size) for size in np.atleast_1d(index).shape)]


def _scatter(self: Any, index: Any, src: Any, /, dim: int) -> Any:
    result = np.array(self)
    if index.size:
        target, key = _places(result, index, in_range(dim, result.ndim))
        target[key] = _part(src, index)
    return result


def _scatter_add(self: Any, index: Any, src: Any, /, dim: int) -> Any:
    result = np.array(self)
    if index.size:
        target, key = _places(result, index, in_range(dim, result.ndim))
        np.add.at(target, key, _part(src, index))
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

_NEUTRAL = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": -np.inf, "amin": np.inf}
_COMBINE: dict[str, Any] = {
    "sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum,
}  # fmt: skip


def _neutral(reduce: str, dtype: Any) -> Any:
    value = _NEUTRAL[reduce]
    if dtype.kind == "f" or np.isfinite(value):
        return value
    return np.iinfo(dtype).min if value < 0 else np.iinfo(dtype).max


def _scatter_reduce(
    self: Any, index: Any, src: Any, /, dim: int, reduce: str, include_self: bool = True
) -> Any:
    if reduce not in _COMBINE:
        raise RuntimeError(
            "reduce argument must be either sum, prod, mean, amax or amin, got " + reduce
        )
    result = np.array(self)
    if not index.size:
        return result
    target, key = _places(result, index, in_range(dim, result.ndim))
    values = _part(src, index)
    if not include_self:
        target[key] = _neutral(reduce, result.dtype)
    _COMBINE[reduce].at(target, key, values)
    if reduce == "mean":
        counts = np.full(target.shape, int(include_self))
        np.add.at(counts, key, 1)
        counts = np.maximum(counts, 1)
        target[...] = target / counts if result.dtype.kind == "f" else target // counts
    return result


def _reduced_backward(
    ops: Any, grad: Any, self: Any, index: Any, src: Any, result: Any, dim: int, reduce: str,
    include_self: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """The gradients of both operands of a combination, as PyTorch shares them."""
    if not grad.shape:
        g, s, i, o, r = (ops.reshape(value, (-1,)) for value in (grad, self, index, src, result))
        both = _reduced_backward(ops, g, s, i, o, r, 0, reduce, include_self)
        return ops.reshape(both[0], ()), ops.reshape(both[1], src.shape)
    if reduce == "sum":
        of_self, of_src = grad, ops.gather(grad, index, dim)
    elif reduce == "mean":
        ones = np.ones(grad.shape) if include_self else np.zeros(grad.shape)
        counts = ops.scatter_add(ones, index, np.ones(index.shape), dim)
        counts = ops.where(counts == 0, 1.0, counts)
        of_self = grad / counts
        of_src = ops.gather(of_self, index, dim)
    elif reduce == "prod":
        of_self, of_src = _product_backward(ops, grad, self, index, src, result, dim, include_self)
    else:
        mine = ops.where(self == result, np.ones(grad.shape), 0.0)
        theirs = ops.where(src == ops.gather(result, index, dim), np.ones(index.shape), 0.0)
        share = grad / ops.scatter_add(mine, index, theirs, dim)
        of_self, of_src = mine * share, theirs * ops.gather(share, index, dim)
    if not include_self:
        of_self = ops.scatter(of_self, index, 0.0, dim)
    return of_self, of_src


def _product_backward(
    ops: Any, grad: Any, self: Any, index: Any, src: Any, result: Any, dim: int, include_self: bool
) -> tuple[Any, Any]:
    """The same for products: by division, but around a factor that is 0 and alone in that."""
    present = ops.where(self == 0, 1.0, self)
    others = ops.scatter_reduce(present, index, src, dim, "prod", include_self)
    of_self = grad * others / present
    is_zero = src == 0
    zeros = ops.where(is_zero, np.ones(index.shape), 0.0)
    count = ops.gather(ops.scatter_add(np.zeros(grad.shape), index, zeros, dim), index, dim)
    if not isinstance(grad, (np.ndarray, np.generic)) and ops.any(count > 1):
        raise RuntimeError(
            "scatter_reduce(): Double backward is unsupported for src when >1 zeros in src are "
            "scattered to the same position in self"
        )
    alone = ops.logical_and(is_zero, count == 1)
    without = ops.scatter_reduce(self, index, ops.where(alone, 1.0, src), dim, "prod", include_self)
    of_src = ops.where(
        alone,
        ops.gather(grad * without, index, dim),
        ops.gather(grad * result, index, dim) / ops.where(is_zero, 1.0, src),
    )
    return of_self, of_src


row(
    "scatter_reduce",
    _scatter_reduce,
    self=lambda ops, grad, self, index, src, result, dim, reduce, include_self: _reduced_backward(
        ops, grad, self, index, src, result, dim, reduce, include_self
    )[0],
    src=lambda ops, grad, self, index, src, result, dim, reduce, include_self: _reduced_backward(
        ops, grad, self, index, src, result, dim, reduce, include_self
    )[1],
)


def _one_for_each(ops: Any, index: Any, dim: int, shape: Shape) -> Any:
    """The index of each element of a source of `shape`, of indices of its slices."""
    if not shape:
        return ops.reshape(index, ())
    sizes = [1] * len(shape)
    sizes[dim % len(shape)] = -1
    return ops.expand(ops.reshape(index, tuple(sizes)), tuple(shape))


class _Arrays:
    """The two operations of `_one_for_each` on arrays, for the forward."""

    reshape = staticmethod(np.reshape)
    expand = staticmethod(np.broadcast_to)


def _index_reduce(
    self: Any, index: Any, source: Any, /, dim: int, reduce: str, include_self: bool = True
) -> Any:
    each = _one_for_each(_Arrays, index, dim, source.shape)
    return _scatter_reduce(self, each, source, dim, reduce, include_self)


def _index_reduced_backward(
    ops: Any, grad: Any, self: Any, index: Any, source: Any, result: Any, dim: int, reduce: str,
    include_self: bool,
) -> tuple[Any, Any]:  # fmt: skip
    each = _one_for_each(ops, index, dim, source.shape)
    return _reduced_backward(ops, grad, self, each, source, result, dim, reduce, include_self)


row(
    "index_reduce",
    _index_reduce,
    self=lambda ops, grad, self, index, source, result, dim, reduce, include_self: (
        _index_reduced_backward(ops, grad, self, index, source, result, dim, reduce, include_self)[
            0
        ]
    ),
    source=lambda ops, grad, self, index, source, result, dim, reduce, include_self: (
        _index_reduced_backward(ops, grad, self, index, source, result, dim, reduce, include_self)[
            1
        ]
    ),
)
