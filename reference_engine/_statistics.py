"""PyTorch's reductions and running values whose call does not fit one row.

What PyTorch computes by several operations is composed of the same ones here: a graph shows them.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.reductions import count_of
from reference_engine._dispatch import dispatch, dtype_name, wrap
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor

BOTH = (
    "nansum", "nanmean", "aminmax", "count_nonzero", "cumsum", "cumprod", "cummax", "cummin",
    "logsumexp", "logcumsumexp", "diff", "cov", "corrcoef",
)  # fmt: skip
"""Functions that are methods too."""

FUNCTIONS = ("var_mean", "std_mean", "trapezoid", "trapz", "cumulative_trapezoid", "gradient")
"""Functions only."""

Aminmax = return_type("aminmax", "min", "max")
Cummax = return_type("cummax", "values", "indices")
Cummin = return_type("cummin", "values", "indices")


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of what is not nan."""
    input = _functions._cast(input, dtype)
    return dispatch(TABLE["nansum"], (input,), (_functions._dims(dim), keepdim))  # type: ignore[no-any-return]


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of what is not nan."""
    if input._array.dtype.kind != "f":
        raise RuntimeError(_errors.NANMEAN_DTYPE.format(dtype=dtype_name(input._array)))
    counted = wrap(np.logical_not(np.isnan(input._array)))
    factor = _functions.sum(counted, dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / factor  # type: ignore[no-any-return]


def var_mean(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    return _spread_and_mean("var_mean", input, dim, unbiased, correction, keepdim)


def std_mean(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    return _spread_and_mean("std_mean", input, dim, unbiased, correction, keepdim)


def _spread_and_mean(
    name: str, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool
) -> tuple[Tensor, Tensor]:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    dims = _functions._dims(dim)
    if input._array.size and count_of(input._array.shape, dims) <= correction:
        warnings.warn(_errors.DEGREES_OF_FREEDOM.format(name=name), UserWarning, stacklevel=3)
    return dispatch(TABLE[name], (input,), (dims, correction, keepdim))  # type: ignore[no-any-return]


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The least and the largest element, of everything or along `dim`."""
    return Aminmax(*dispatch(TABLE["aminmax"], (input,), (dim, keepdim)))


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not 0."""
    return dispatch(TABLE["count_nonzero"], (input,), (_functions._dims(dim),))  # type: ignore[no-any-return]


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along `dim`."""
    return dispatch(TABLE["cumsum"], (_functions._cast(input, dtype),), (dim,))  # type: ignore[no-any-return]


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product along `dim`."""
    return dispatch(TABLE["cumprod"], (_functions._cast(input, dtype),), (dim,))  # type: ignore[no-any-return]


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The running logarithm of the sum of exponentials along `dim`."""
    return dispatch(TABLE["logcumsumexp"], (input,), (dim,))  # type: ignore[no-any-return]


def cummax(input: Tensor, dim: int) -> Any:
    """The running maximum along `dim`, and where it stands."""
    return Cummax(*dispatch(TABLE["cummax"], (input,), (dim,)))


def cummin(input: Tensor, dim: int) -> Any:
    """The running minimum along `dim`, and where it stands."""
    return Cummin(*dispatch(TABLE["cummin"], (input,), (dim,)))


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials along `dim`."""
    return dispatch(TABLE["logsumexp"], (input,), (_functions._dims(dim), keepdim))  # type: ignore[no-any-return]


# -- integrals and differences --------------------------------------------------------------------


def _piece(input: Tensor, dim: int, start: int, stop: int | None) -> Tensor:
    """The slice from `start` to `stop` along a dimension."""
    key = (slice(None),) * (dim % input._array.ndim) + (slice(start, stop),)
    return input[key]  # type: ignore[no-any-return]


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integral along `dim` by trapezoids, between points `x` or at the distance `dx`."""
    if not y._array.shape[dim]:
        shape = list(y._array.shape)
        del shape[dim]
        return wrap(np.zeros(shape, y._array.dtype))
    if x is not None:
        widths, sums = _widths(y, x, dim), _neighbours(y, dim)
        return _product(sums, widths).sum(dim) / 2.0  # type: ignore[no-any-return]
    ends = y.select(dim, 0) + y.select(dim, -1)  # type: ignore[attr-defined]
    return (y.sum(dim) - ends * 0.5) * dx  # type: ignore[attr-defined,no-any-return]


trapz = trapezoid


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The running integral along `dim` by trapezoids."""
    if x is not None:
        return _product(_neighbours(y, dim), _widths(y, x, dim)).cumsum(dim) / 2.0  # type: ignore[attr-defined,no-any-return]
    return (_neighbours(y, dim) * (dx / 2.0)).cumsum(dim)  # type: ignore[attr-defined,no-any-return]


def _product(sums: Tensor, widths: Tensor) -> Tensor:
    return dispatch(TABLE["mul"], (sums, widths))  # type: ignore[no-any-return]


def _neighbours(y: Tensor, dim: int) -> Tensor:
    """The sums of neighbouring elements."""
    return _piece(y, dim, 0, -1) + _piece(y, dim, 1, None)  # type: ignore[operator,no-any-return]


def _widths(y: Tensor, x: Tensor, dim: int) -> Tensor:
    """The distances of points, in a shape that broadcasts with the values at them."""
    if x._array.ndim == 1:
        shape = [1] * y._array.ndim
        shape[dim] = x._array.shape[0]
        x = x.view(shape)  # type: ignore[attr-defined]
    elif x._array.ndim < y._array.ndim:
        x = x.view((1,) * (y._array.ndim - x._array.ndim) + x._array.shape)  # type: ignore[attr-defined]
    return _piece(x, dim, 1, None) - _piece(x, dim, 0, -1)  # type: ignore[operator,no-any-return]


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken n times."""
    pieces = [one for one in (prepend, input, append) if one is not None]
    if len(pieces) > 1:
        input = _functions.cat(pieces, dim)
    for _ in range(min(n, input._array.shape[dim])):
        after, before = _piece(input, dim, 1, None), _piece(input, dim, 0, -1)
        if input._array.dtype.kind == "b":
            input = dispatch(TABLE["logical_xor"], (after, before))
        else:
            input = after - before  # type: ignore[operator]
    return input


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of variables, each a row of observations."""
    array = input._array
    if array.ndim > 2:
        raise RuntimeError(_errors.COV_DIMS.format(dim=array.ndim))
    input = input.view(1, -1) if array.ndim < 2 else input  # type: ignore[attr-defined]
    weights = fweights
    if aweights is not None:
        weights = aweights if fweights is None else fweights * aweights  # type: ignore[operator]
    count: Any = input._array.shape[1]
    if weights is not None:
        count = weights.sum()  # type: ignore[attr-defined]
        mean = (input * weights).sum(1) / count  # type: ignore[operator]
    else:
        mean = input.sum(1) / count  # type: ignore[attr-defined]
    if aweights is None or correction == 0:
        norm = count - correction
    else:
        norm = count - correction * (weights * aweights).sum() / count  # type: ignore[operator,union-attr]
    centred = input - mean.unsqueeze(1)
    other = centred * weights if weights is not None else centred
    if not isinstance(norm, Tensor):
        norm = wrap(np.asarray(norm, input._array.dtype)) 
    return ((centred @ other.t()) / norm.clamp(min=0)).squeeze()  # type: ignore[attr-defined,no-any-return]


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, each a row of observations."""
    found = cov(input)
    if not found._array.ndim:
        return found / found  # type: ignore[operator,no-any-return]
    deviations = dispatch(TABLE["sqrt"], (found.diagonal(),))  # type: ignore[attr-defined]
    scaled = found / deviations.view(-1, 1) / deviations.view(1, -1)
    return scaled.clamp(-1, 1)  # type: ignore[no-any-return]


def gradient(
    input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slopes along each dimension by central differences, one-sided at the ends."""
    if isinstance(dim, int):
        dims: Sequence[int] = (dim,)
    else:
        dims = range(input._array.ndim) if dim is None else dim
    spacings = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing] * len(dims)
    return tuple(
        _slopes_between(input, one, step, edge_order)
        if isinstance(step, Tensor)
        else _slopes(input, one, step, edge_order)
        for one, step in zip(dims, spacings, strict=True)
    )


def _slopes(input: Tensor, dim: int, step: Any, edge_order: int) -> Tensor:
    """Slopes at equal distances."""

    def at(start: int, stop: int | None) -> Any:
        return _piece(input, dim, start, stop)

    centre = (at(2, None) - at(0, -2)) / 2 / step
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / step
        last = (at(-1, None) - at(-2, -1)) / step
    else:
        first = (at(1, 2) * 4 - at(0, 1) * 3 - at(2, 3)) / (2 * step)
        last = (at(-1, None) * 3 - at(-2, -1) * 4 + at(-3, -2)) / (2 * step)
    return _functions.cat([first, centre, last], dim)


def _slopes_between(input: Tensor, dim: int, points: Tensor, edge_order: int) -> Tensor:
    """Slopes between points at any distances."""

    def at(start: int, stop: int | None) -> Any:
        return _piece(input, dim, start, stop)

    shape = [1] * input._array.ndim
    shape[dim] = -1
    widths = diff(points).reshape(shape)  # type: ignore[attr-defined]
    before, after = _piece(widths, dim, 0, -1), _piece(widths, dim, 1, None)
    centre = (
        at(0, -2) * (-after / (before * (before + after)))  # type: ignore[operator]
        + at(1, -1) * ((after - before) / (before * after))  # type: ignore[operator]
        + at(2, None) * (before / (after * (before + after)))  # type: ignore[operator]
    )
    left, right = _piece(widths, dim, 0, 1), _piece(widths, dim, -1, None)
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / left
        last = (at(-1, None) - at(-2, -1)) / right
    else:
        near, far = left, _piece(widths, dim, 1, 2)
        first = _edge(at(0, 1), at(1, 2), at(2, 3), near, far)
        near, far = right, _piece(widths, dim, -2, -1)
        last = -_edge(at(-1, None), at(-2, -1), at(-3, -2), near, far)
    return _functions.cat([first, centre, last], dim)


def _edge(value: Any, second: Any, third: Any, near: Any, far: Any) -> Any:
    """The slope at an end, from a parabola through three points, away from the end."""
    return (
        value * (-(2 * near + far) / (near * (near + far)))
        + second * ((near + far) / (near * far))
        + third * (-near / (far * (near + far)))
    )
