"""Scattering that combines: elements reduced into places by a sum, product, mean or extreme."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.rearranging import in_range
from reference_engine._derivatives.scattering import matching_part, places_of
from reference_engine._derivatives.shapes import Shape

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
        raise RuntimeError(_errors.SCATTER_REDUCE_NAME.format(reduce=reduce))
    result = np.array(self)
    if not index.size:
        return result
    target, key = places_of(result, index, in_range(dim, result.ndim))
    values = matching_part(src, index, np.shape(self), dim)
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
    include_self: bool, *, by: tuple[str, str] = ("scatter_reduce", "src"),
) -> tuple[Any, Any]:  # fmt: skip
    """The gradients of both operands of a combination, as PyTorch shares them.

    `by` names the operation and its second operand, for the error.
    """
    if not grad.shape:
        g, s, i, o, r = (ops.reshape(value, (-1,)) for value in (grad, self, index, src, result))
        both = _reduced_backward(ops, g, s, i, o, r, 0, reduce, include_self, by=by)
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
        _refuse_second(ops, grad, index, src, dim, by=by)
        of_self, of_src = _product_backward(ops, grad, self, index, src, result, dim, include_self)
    else:
        mine = ops.where(self == result, np.ones(grad.shape), 0.0)
        theirs = ops.where(src == ops.gather(result, index, dim), np.ones(index.shape), 0.0)
        share = grad / ops.scatter_add(mine, index, theirs, dim)
        of_self, of_src = mine * share, theirs * ops.gather(share, index, dim)
    if not include_self:
        of_self = ops.scatter(of_self, index, 0.0, dim)
    return of_self, of_src


def _refuse_second(
    ops: Any, grad: Any, index: Any, src: Any, dim: int, *, by: tuple[str, str]
) -> None:
    """Refuse to differentiate a product again in which a place has several zeros."""
    if isinstance(grad, (np.ndarray, np.generic)):
        return
    zeros = ops.where(src == 0, np.ones(index.shape), 0.0)
    if ops.any(ops.scatter_add(np.zeros(grad.shape), index, zeros, dim) > 1):
        raise RuntimeError(_errors.SCATTER_REDUCE_TWICE.format(name=by[0], source=by[1]))


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
    if reduce == "sum" or reduce not in _COMBINE:
        raise RuntimeError(_errors.INDEX_REDUCE_NAME.format(reduce=reduce))
    each = _one_for_each(_Arrays, index, dim, source.shape)
    return _scatter_reduce(self, each, source, dim, reduce, include_self)


def _index_reduced_backward(
    ops: Any, grad: Any, self: Any, index: Any, source: Any, result: Any, dim: int, reduce: str,
    include_self: bool,
) -> tuple[Any, Any]:  # fmt: skip
    each = _one_for_each(ops, index, dim, source.shape)
    return _reduced_backward(
        ops, grad, self, each, source, result, dim, reduce, include_self,
        by=("index_reduce", "source"),
    )  # fmt: skip


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
