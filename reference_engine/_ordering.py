"""PyTorch's functions of order: sorting, medians, quantiles, counting and searching."""

from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.rearranging import in_range
from reference_engine._derivatives.reductions import check_flag
from reference_engine._dispatch import dispatch, wrap
from reference_engine._promotion import dtype_name
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor
from reference_engine._types import as_dtype

_KINDS = {
    name: return_type(name, "values", "indices")
    for name in ("sort", "topk", "kthvalue", "median", "nanmedian", "mode")
}


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Any:
    """The elements in order along `dim`, and the places they come from."""
    name = "sort" if stable is None else "sort_stable"
    check_flag(descending)
    return _KINDS["sort"](*dispatch(TABLE[name], (input,), (dim, descending)))


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The places that the elements in order come from."""
    return sort(input, dim, descending, stable)[1]  # type: ignore[no-any-return]


def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0)[0]  # type: ignore[no-any-return]


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The `k` largest (or smallest) elements along `dim`, in order, and their places."""
    return _KINDS["topk"](*dispatch(TABLE["topk"], (input,), (k, dim, largest)))


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along `dim`, and its place."""
    return _KINDS["kthvalue"](*dispatch(TABLE["kthvalue"], (input,), (k, dim, keepdim)))


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element (the lower of two) of all, or along `dim` with its place."""
    if dim is None:
        return dispatch(TABLE["median"], (input,))
    check_flag(keepdim)
    return _KINDS["median"](*dispatch(TABLE["median_dim"], (input,), (dim, keepdim)))


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """`median` of what is not nan."""
    if dim is None:
        return dispatch(TABLE["nanmedian"], (input,))
    return _KINDS["nanmedian"](*dispatch(TABLE["nanmedian_dim"], (input,), (dim, keepdim)))


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The commonest element along `dim`, and a place of it."""
    return _KINDS["mode"](*dispatch(TABLE["mode"], (input,), (dim, keepdim)))


# -- quantiles ------------------------------------------------------------------------------------


def _lerp(below: Tensor, above: Tensor, weights: Tensor) -> Tensor:
    """Between two values."""
    return dispatch(TABLE["lerp_tensor"], (below, above, weights))  # type: ignore[no-any-return]


def _quantile(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str
) -> Tensor:
    if interpolation not in {"linear", "lower", "higher", "midpoint", "nearest"}:
        raise RuntimeError(_errors.INTERPOLATION.format(name=name, interpolation=interpolation))
    if not isinstance(q, Tensor) and not 0 <= q <= 1:
        raise RuntimeError(_errors.QUANTILE_NUMBER.format(q=q))
    if not input._array.size:
        raise RuntimeError(_errors.QUANTILE_EMPTY.format(name=name))
    if input._array.dtype not in (np.float32, np.float64):
        raise RuntimeError(_errors.QUANTILE_DTYPE)
    if isinstance(q, Tensor) and q._array.ndim > 1:
        raise RuntimeError(_errors.QUANTILE_DIMS)
    if isinstance(q, Tensor) and q._array.dtype != input._array.dtype:
        raise RuntimeError(_errors.QUANTILE_DTYPES)
    wanted = q._array if isinstance(q, Tensor) else np.asarray(q, input._array.dtype)
    if np.any((wanted < 0) | (wanted > 1)):
        raise RuntimeError(_errors.QUANTILE_RANGE.format(name=name))
    ndim = input._array.ndim
    place = 0 if dim is None else in_range(dim, ndim)
    if dim is None:
        line = _functions.flatten(input)
    elif place == ndim - 1:
        line = input
    else:
        line = _functions.transpose(_functions.unsqueeze(input, -1), place, -1)
    shape = list(input._array.shape)
    if dim is None:
        shape = [1] * ndim if keepdim else []
    elif keepdim:
        shape[place : place + 1] = [1] * bool(ndim)
    else:
        shape[place : place + 1] = []
    ordered = _functions.view(sort(line)[0], (*shape, line._array.shape[-1]))
    found = _between(name, ordered, q, wanted.reshape(-1), interpolation)
    if wanted.ndim:
        found = dispatch(TABLE["unsqueeze_in_place"], (found,), (0,))
        found = dispatch(TABLE["transpose_in_place"], (found,), (0, -1))
    return dispatch(TABLE["squeezed"], (found,), (-1,))  # type: ignore[no-any-return]


def _between(name: str, ordered: Tensor, q: Any, wanted: Any, interpolation: str) -> Tensor:
    """The values at fractions of ordered lines, in a last dimension as long as `wanted`."""
    array = ordered._array
    is_nan = np.isnan(array)
    last = np.full((*array.shape[:-1], 1), array.shape[-1] - 1.0)
    if name == "nanquantile":
        last = np.maximum(np.sum(~is_nan, -1, keepdims=True) - 1.0, 0.0)
    ranks = (wanted * last).astype(array.dtype)
    if name == "quantile":
        ranks = np.where(np.any(is_nan, -1, keepdims=True), array.shape[-1] - 1, ranks)
    if interpolation in {"lower", "higher", "nearest"}:
        rounding: Any = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}[interpolation]
        ranks = rounding(ranks)
    floors = np.floor(ranks)
    below = _functions.gather(ordered, -1, wrap(floors.astype(np.int64)))
    if interpolation not in {"linear", "midpoint"}:
        return below
    above = _functions.gather(ordered, -1, wrap(np.ceil(ranks).astype(np.int64)))
    if interpolation == "midpoint":
        return _lerp(below, above, wrap(np.full_like(ranks, 0.5)))
    weights = wrap(ranks - floors)
    if isinstance(q, Tensor) and q._requires_grad:
        exact = _functions.mul(_functions.reshape(q, -1), wrap(last.astype(array.dtype)))
        weights = dispatch(TABLE["sub"], (exact, wrap(floors)), (1,))
    return _lerp(below, above, weights)


def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Tensor:  # fmt: skip
    """The values below which fractions `q` of the elements lie."""
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Tensor:  # fmt: skip
    """`quantile` of what is not nan."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


# -- counting and searching -----------------------------------------------------------------------


def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False,
    return_counts: bool = False, dim: int | None = None,
) -> Any:  # fmt: skip
    """The distinct elements (or slices along `dim`), in order."""
    name = "unique2" if dim is None else "unique_dim"
    values, inverse, counts = dispatch(TABLE[name], (input,), (dim,))
    found = [values]
    if return_inverse:
        found.append(inverse)
    if return_counts:
        found.append(counts)
    return found[0] if len(found) == 1 else tuple(found)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The places of the elements that are not 0, as rows or as one vector for each dimension."""
    found = np.nonzero(np.atleast_1d(input._array))
    if as_tuple:
        return tuple(wrap(one) for one in found)
    return wrap(np.stack(found, 1)[:, : input._array.ndim])


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs, or the sum of its weights."""
    given = None if weights is None else weights._array
    if input._array.dtype.kind not in "iu":
        name = dtype_name(input._array)
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="bincount_cpu", dtype=name))
    if input._array.ndim != 1 or np.any(input._array < 0):
        raise RuntimeError(_errors.BINCOUNT)
    return wrap(np.bincount(input._array, given, minlength))


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max]."""
    array = input._array
    if array.dtype.kind != "f":
        kernel = "linspace_cpu" if array.dtype.kind == "b" else "histogram_cpu"
        name = dtype_name(array)
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype=name))
    low, high = (array.min(), array.max()) if min == max == 0 and array.size else (min, max)
    if low == high:
        low, high = low - 1, high + 1
    return wrap(np.histogram(array, bins, (low, high))[0].astype(array.dtype))


def searchsorted(
    sorted_sequence: Tensor, values: Any, *, out_int32: bool = False, right: bool = False,
    side: str | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where values would have to stand in lines, ordered (by `sorter`), to keep the order."""
    lines = sorted_sequence._array
    if sorter is not None:
        lines = np.take_along_axis(lines, sorter._array, -1)
    wanted = np.asarray(values._array if isinstance(values, Tensor) else values)
    where: Any = "right" if right or side == "right" else "left"
    kind = np.int32 if out_int32 else np.int64
    if lines.ndim == 1:
        return wrap(np.asarray(np.searchsorted(lines, wanted, where)).astype(kind))
    found = np.empty(wanted.shape, kind)
    for place in np.ndindex(lines.shape[:-1]):
        found[place] = np.searchsorted(lines[place], wanted[place], where)
    return wrap(found)


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """Which of the parts between boundaries each element lies in."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """The rows and columns of the elements on and below a diagonal."""
    return _indices(np.tril_indices(row, offset, col), dtype)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """The rows and columns of the elements on and above a diagonal."""
    return _indices(np.triu_indices(row, offset, col), dtype)


def _indices(found: Any, dtype: Any) -> Tensor:
    return wrap(np.stack(found).astype(np.int64 if dtype is None else as_dtype(dtype).numpy))


BOTH = (
    "sort", "argsort", "msort", "topk", "kthvalue", "median", "nanmedian", "mode", "quantile",
    "nanquantile", "unique", "nonzero", "bincount", "histc",
)  # fmt: skip
"""What is a function of `torch` and a method of Tensor."""

FUNCTIONS = ("searchsorted", "bucketize", "tril_indices", "triu_indices")
