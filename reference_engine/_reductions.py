"""Reductions whose call does not fit one row: everything or along dimensions, and by options."""

import warnings
from functools import cache
from typing import Any

from reference_engine import _errors
from reference_engine._derivatives._table import TABLE, Row
from reference_engine._derivatives.reductions import check_flag, count_of
from reference_engine._dispatch import dispatch, dispatch_one
from reference_engine._functions import place_of, to
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor

BOTH = (
    "sum", "mean", "prod", "var", "std", "max", "min", "norm", "softmax", "log_softmax",
)  # fmt: skip
"""Functions that are methods too."""

FUNCTIONS = ("var_mean", "std_mean")
"""Functions only."""

_Max = return_type("max", "values", "indices")
_Min = return_type("min", "values", "indices")


def dims_of(dim: Any) -> Any:
    """One dimension or a tuple of them; None for all, as PyTorch takes an empty list to mean."""
    return (tuple(dim) or None) if isinstance(dim, (list, tuple)) else dim


def cast(input: Tensor, dtype: Any) -> Tensor:
    """The tensor in another dtype, if one is given."""
    return input if dtype is None else to(input, dtype)


def computed_in(dtype: Any, name: str, input: Tensor, options: tuple[Any, ...]) -> Tensor:
    """What a row gives for a tensor in another dtype, if one is given: still one operation."""
    row = TABLE[name]
    if dtype is not None and dtype.numpy != input._array.dtype:
        row = _row_in(name, dtype.numpy)
    return dispatch(row, (input,), options)  # type: ignore[no-any-return]


@cache
def _row_in(name: str, kind: Any) -> Row:
    """The row of a reduction that first brings what it reduces to a dtype."""

    def promote(arrays: list[Any]) -> None:
        arrays[0] = arrays[0].astype(kind)

    row = TABLE[name]
    return Row(
        name, row.forward, node=row.node_name, promote=promote, is_view=False,
        outputs=row.outputs, gradients=row.formulas,
    )  # fmt: skip


def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of everything, or along `dim` (a number or several)."""
    if dim is None and not keepdim:
        if dtype is not None:
            return computed_in(dtype, "sum", input, ())
        return dispatch_one(_SUM, input)  # type: ignore[no-any-return]
    if keepdim is not False:
        check_flag(keepdim)
    options = dims_of(dim), keepdim
    if dtype is not None:
        return computed_in(dtype, "sum_dim", input, options)
    return dispatch(TABLE["sum_dim"], (input,), options)  # type: ignore[no-any-return]


_SUM = TABLE["sum"]


def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of everything, or along `dim` (a number or several)."""
    if dtype is not None and not dtype.is_floating_point:
        raise RuntimeError(_errors.MEAN_DTYPE.format(which="Optional", dtype=dtype.legacy))
    if dim is None and not keepdim:
        if dtype is not None:
            return computed_in(dtype, "mean", input, ())
        return dispatch_one(TABLE["mean"], input)  # type: ignore[no-any-return]
    if keepdim is not False:
        check_flag(keepdim)
    options = dims_of(dim), keepdim
    if dtype is not None:
        return computed_in(dtype, "mean_dim", input, options)
    return dispatch(TABLE["mean_dim"], (input,), options)  # type: ignore[no-any-return]


def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product of everything, or along `dim`."""
    if dim is None:
        return computed_in(dtype, "prod", input, ())
    if isinstance(dim, (tuple, list)):
        raise TypeError(_errors.PROD_DIMS)
    return computed_in(dtype, "prod_dim", input, (dim, check_flag(keepdim)))


def _spread(
    name: str, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool
) -> Any:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    check_flag(unbiased)
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    dims = dims_of(dim)
    for one in dims if isinstance(dims, tuple) else () if dims is None else (dims,):
        place_of(input, one)
    if input._array.dtype.kind == "f" and count_of(input._array.shape, dims) <= correction:
        warnings.warn(_errors.DEGREES_OF_FREEDOM.format(name=name), UserWarning, stacklevel=3)
    return dispatch(TABLE[name], (input,), (dims, correction, check_flag(keepdim)))


def var(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *,
    correction: Any = None,
) -> Tensor:  # fmt: skip
    """The variance, divided by the count less `correction` (1 unless told)."""
    return _spread("var", input, dim, unbiased, correction, keepdim)  # type: ignore[no-any-return]


def std(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *,
    correction: Any = None,
) -> Tensor:  # fmt: skip
    """The standard deviation, the root of `var`."""
    return _spread("std", input, dim, unbiased, correction, keepdim)  # type: ignore[no-any-return]


def var_mean(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *,
    correction: Any = None,
) -> Any:  # fmt: skip
    """The variance and the mean."""
    return _spread("var_mean", input, dim, unbiased, correction, keepdim)


def std_mean(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *,
    correction: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation and the mean."""
    return _spread("std_mean", input, dim, unbiased, correction, keepdim)


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return dispatch(TABLE[name], (input,))
    if isinstance(dim, Tensor):
        return dispatch(TABLE[f"{name}imum"], (input, dim))
    kind = _Max if name == "max" else _Min
    return kind(*dispatch(TABLE[f"{name}_dim"], (input,), (dim, check_flag(keepdim))))


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along `dim`, values and indices; with a tensor, the larger of two."""
    return _extreme("max", input, dim if other is None else other, keepdim)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along `dim`, values and indices; with a tensor, the smaller of two."""
    return _extreme("min", input, dim if other is None else other, keepdim)


def norm(
    input: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The vector norm of order `p` ("fro" is 2) of everything, or along `dim`."""
    if isinstance(p, str) and p != "fro":
        from reference_engine.linalg import matrix_norm

        return matrix_norm(input, p, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if dtype is not None and dtype.itemsize < input.dtype.itemsize:
        found, wanted = input.dtype.legacy, dtype.legacy
        raise RuntimeError(_errors.VECTOR_NORM_NARROWING.format(found=found, wanted=wanted))
    order = 2 if p in (None, "fro") else p
    input = cast(input, dtype)
    if type(keepdim) is int:
        raise TypeError(_errors.NORM_KEEPDIM)
    return dispatch(TABLE["linalg_vector_norm"], (input,), (order, dims_of(dim), keepdim))  # type: ignore[no-any-return]


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Exponentials along `dim`, divided by their sum."""
    return dispatch(TABLE["softmax"], (cast(input, dtype),), (dim,))  # type: ignore[no-any-return]


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, computed stably."""
    return dispatch(TABLE["log_softmax"], (cast(input, dtype),), (dim,))  # type: ignore[no-any-return]
