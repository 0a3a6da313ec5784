"""PyTorch's reductions and running values whose call does not fit one row.

What PyTorch computes by several operations is composed of the same ones here: a graph shows them.
"""

from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import dispatch, wrap
from reference_engine._promotion import dtype_name
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor

BOTH = (
    "nansum", "nanmean", "aminmax", "count_nonzero", "cumsum", "cumprod", "cummax", "cummin",
    "logsumexp", "logcumsumexp", "diff", "cov", "corrcoef",
)  # fmt: skip
"""Functions that are methods too."""

FUNCTIONS = ("trapezoid", "trapz", "cumulative_trapezoid", "gradient")
"""Functions only."""

Aminmax = return_type("aminmax", "min", "max")
Cummax = return_type("cummax", "values", "indices")
Cummin = return_type("cummin", "values", "indices")


def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of what is not nan."""
    options = _reductions.dims_of(dim), keepdim
    return _reductions.computed_in(dtype, "nansum", input, options)


def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of what is not nan."""
    if input._array.dtype.kind != "f":
        raise RuntimeError(_errors.NANMEAN_DTYPE.format(dtype=dtype_name(input._array)))
    counted = wrap(np.logical_not(np.isnan(input._array)))
    factor = _reductions.sum(counted, dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / factor


def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The least and the largest element, of everything or along `dim`."""
    return Aminmax(*dispatch(TABLE["aminmax"], (input,), (dim, keepdim)))


def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not 0."""
    return dispatch(TABLE["count_nonzero"], (input,), (_reductions.dims_of(dim),))


def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The running sum along `dim`."""
    return _reductions.computed_in(dtype, "cumsum", input, (dim,))


def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The running product along `dim`."""
    return _reductions.computed_in(dtype, "cumprod", input, (dim,))


def logcumsumexp(input: Any, dim: int) -> Any:
    """The running logarithm of the sum of exponentials along `dim`."""
    return dispatch(TABLE["logcumsumexp"], (input,), (dim,))


def cummax(input: Any, dim: int) -> Any:
    """The running maximum along `dim`, and where it stands."""
    return Cummax(*dispatch(TABLE["cummax"], (input,), (dim,)))


def cummin(input: Any, dim: int) -> Any:
    """The running minimum along `dim`, and where it stands."""
    return Cummin(*dispatch(TABLE["cummin"], (input,), (dim,)))


def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """The logarithm of the sum of exponentials along `dim`."""
    return dispatch(TABLE["logsumexp"], (input,), (_reductions.dims_of(dim), keepdim))


# -- integrals and differences --------------------------------------------------------------------


def _piece(input: Any, dim: int, start: int, stop: int | None) -> Any:
    """The slice from `start` to `stop` along a dimension."""
    key = (slice(None),) * (dim % input._array.ndim) + (slice(start, stop),)
    return input[key]


def trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """The integral along `dim` by trapezoids, between points `x` or at the distance `dx`."""
    if not y._array.shape[dim]:
        shape = list(y._array.shape)
        del shape[dim]
        return wrap(np.zeros(shape, y._array.dtype))
    if x is not None:
        widths, sums = _widths(y, x, dim), _neighbours(y, dim)
        return _scaled("div_number", _product(sums, widths).sum(dim), 2.0)
    ends = y.select(dim, 0) + y.select(dim, -1)
    return _scaled("mul_number", y.sum(dim) - _scaled("mul_number", ends, 0.5), dx)


trapz = trapezoid


def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """The running integral along `dim` by trapezoids."""
    if x is not None:
        return _scaled(
            "div_number",
            _product(_neighbours(y, dim), _widths(y, x, dim)).cumsum(dim),
            2.0,
        )
    return _scaled("mul_number", _neighbours(y, dim), dx / 2.0).cumsum(dim)


def _scaled(row: str, value: Any, number: Any) -> Any:
    """A tensor times or divided by a number, by the row of that name."""
    return dispatch(TABLE[row], (value,), (number,))


def _product(sums: Any, widths: Any) -> Any:
    return dispatch(TABLE["mul"], (sums, widths))


def _neighbours(y: Any, dim: int) -> Any:
    """The sums of neighbouring elements."""
    return _piece(y, dim, 0, -1) + _piece(y, dim, 1, None)


def _widths(y: Any, x: Any, dim: int) -> Any:
    """The distances of points, in a shape that broadcasts with the values at them."""
    if x._array.ndim == 1:
        shape = [1] * y._array.ndim
        shape[dim] = x._array.shape[0]
        x = x.view(shape)
    elif x._array.ndim < y._array.ndim:
        x = x.view((1,) * (y._array.ndim - x._array.ndim) + x._array.shape)
    return _piece(x, dim, 1, None) - _piece(x, dim, 0, -1)


def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The differences of neighbours along `dim`, taken `n` times; of bools, whether they differ."""
    if not n:
        return _functions.copy_(wrap(np.zeros_like(input._array)), input)
    around = [one for one in (prepend, input, append) if one is not None]
    if len(around) > 1:
        input = _functions.cat(around, dim)
    narrow = TABLE["narrow"]
    for _ in range(min(n, input.size(dim))):
        count = input.size(dim) - 1
        later = dispatch(narrow, (input,), (dim, 1, count))
        earlier = dispatch(narrow, (input,), (dim, 0, count))
        if input._array.dtype.kind == "b":
            input = dispatch(TABLE["logical_xor"], (later, earlier))
        else:
            input = dispatch(TABLE["sub"], (later, earlier), (1,))
    return input


def cov(
    input: Any,
    *,
    correction: int = 1,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    """The covariances of variables, each a row of observations."""
    array = input._array
    if array.ndim > 2:
        raise RuntimeError(_errors.COV_DIMS.format(dim=array.ndim))
    input = input.view(1, -1) if array.ndim < 2 else input
    weights = fweights
    if aweights is not None:
        weights = aweights if fweights is None else fweights * aweights
    count: Any = input._array.shape[1]
    if weights is not None:
        count = weights.sum()
        mean = (input * weights).sum(1) / count
    else:
        mean = input.sum(1) / count
    if aweights is None or correction == 0:
        norm = count - correction
    else:
        norm = count - correction * (weights * aweights).sum() / count
    centred = input - mean.unsqueeze(1)
    other = centred * weights if weights is not None else centred
    if not isinstance(norm, Tensor):
        norm = wrap(np.asarray(norm, input._array.dtype))
    return ((centred @ other.t()) / _functions.clamp(norm, min=0)).squeeze()


def corrcoef(input: Any) -> Any:
    """The correlations of variables, each a row of observations."""
    found = cov(input)
    if not found._array.ndim:
        return found / found
    deviations = dispatch(TABLE["sqrt"], (found.diagonal(),))
    scaled = found / deviations.view(-1, 1) / deviations.view(1, -1)
    return scaled.clamp(-1, 1)


def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> Any:
    """The slopes along each dimension by central differences, one-sided at the ends."""
    spacing = 1 if spacing is None else spacing
    if isinstance(dim, int):
        dims: Any = (dim,)
    else:
        dims = range(input._array.ndim) if dim is None else dim
    spacings = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing] * len(dims)
    return tuple(
        _slopes_between(input, one, step, edge_order)
        if isinstance(step, Tensor)
        else _slopes(input, one, step, edge_order)
        for one, step in zip(dims, spacings, strict=True)
    )


def _slopes(input: Any, dim: int, step: Any, edge_order: int) -> Any:
    """Slopes at equal distances."""

    def at(start: int, stop: int | None) -> Any:
        return _piece(input, dim, start, stop)

    def over(value: Any, number: Any) -> Any:
        return _scaled("div_number", value, number)

    centre = over(over(at(2, None) - at(0, -2), 2), step)
    if edge_order == 1:
        first, last = at(1, 2) - at(0, 1), at(-1, None) - at(-2, -1)
        return _functions.cat([over(first, step), centre, over(last, step)], dim)
    first = at(1, 2) * 4 - at(0, 1) * 3 - at(2, 3)
    last = at(-1, None) * 3 - at(-2, -1) * 4 + at(-3, -2)
    return _functions.cat([over(first, 2 * step), centre, over(last, 2 * step)], dim)


def _slopes_between(input: Any, dim: int, points: Any, edge_order: int) -> Any:
    """Slopes between points at any distances."""

    def at(start: int, stop: int | None) -> Any:
        return _piece(input, dim, start, stop)

    shape = [1] * input._array.ndim
    shape[dim] = -1
    widths = diff(points).reshape(shape)
    before, after = _piece(widths, dim, 0, -1), _piece(widths, dim, 1, None)
    centre = (
        at(0, -2) * (-after / (before * (before + after)))
        + at(1, -1) * ((after - before) / (before * after))
        + at(2, None) * (before / (after * (before + after)))
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
