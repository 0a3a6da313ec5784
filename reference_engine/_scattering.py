"""PyTorch's functions that write, add and combine at indices: their calls, for the rows.

Each is written once, as what it dispatches; from that come the function, the method and the
variant in place.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import dispatch, dispatch_in_place, wrap
from reference_engine._tensor import Tensor
from reference_engine._warnings import warn_once

Plan = tuple[str, tuple[Any, ...], tuple[Any, ...]]
"""The name of a row, its inputs and its options."""

FORMS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {}
"""By name, the function and its variant in place."""


def _of_plan(plan: Callable[..., Plan]) -> Callable[..., Tensor]:
    """The function that runs a plan; its variant in place is kept beside it."""

    @wraps(plan)
    def function(*arguments: Any, **named: Any) -> Tensor:
        name, inputs, options = plan(*arguments, **named)
        return dispatch(TABLE[name], inputs, options)  # type: ignore[no-any-return]

    @wraps(plan)
    def in_place(*arguments: Any, **named: Any) -> Tensor:
        name, inputs, options = plan(*arguments, **named)
        return dispatch_in_place(TABLE[name], inputs[0], inputs[1:], options)

    FORMS[plan.__name__] = (function, in_place)
    return function


@_of_plan
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Plan:
    """Slices added at the places along `dim` that a vector of indices names."""
    return "index_add", (input, index, source), (dim, alpha)


@_of_plan
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Plan:
    """Slices written at the places along `dim` that a vector of indices names."""
    return "index_copy", (input, index, source), (dim,)


@_of_plan
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Plan:
    """One number written to the slices along `dim` that a vector of indices names."""
    name = "index_fill_tensor" if isinstance(value, Tensor) else "index_fill"
    return name, (input, index, value), (dim,)


@_of_plan
def index_put(
    input: Tensor, indices: tuple[Tensor, ...], values: Tensor, accumulate: bool = False
) -> Plan:
    """Values written (or added) where indices, one for each dimension, say."""
    key = tuple(one._array for one in indices)
    TABLE["index"].forward(input._array, key)  # its error, where one is out of bounds
    return "index_put_add" if accumulate else "index_put", (input, values), (key,)


@_of_plan
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *,
    include_self: bool = True,
) -> Plan:  # fmt: skip
    """Slices combined ("prod", "mean", "amax", "amin") with those that `index` names."""
    warn_once(_errors.INDEX_REDUCE_BETA)
    return "index_reduce", (input, index, source), (dim, reduce, include_self)


@_of_plan
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Plan:
    """Elements, or one number, written where `index` says along `dim`."""
    source = value if src is None else src
    if isinstance(source, Tensor) and source._array.dtype != input._array.dtype:
        raise RuntimeError(_errors.SCATTER_SOURCE_DTYPE.format(name="scatter"))
    name = "scatter" if isinstance(source, Tensor) else "scatter_value"
    return name, (input, index, source), (dim,)


@_of_plan
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Plan:
    """Elements added where `index` says along `dim`."""
    if input._array.dtype != src._array.dtype:
        raise RuntimeError(_errors.SCATTER_SOURCE_DTYPE.format(name="scatter"))
    return "scatter_add", (input, index, src), (dim,)


@_of_plan
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Plan:
    """Elements combined ("sum", "prod", "mean", "amax", "amin") where `index` says."""
    return "scatter_reduce", (input, index, src), (dim, reduce, include_self)


@_of_plan
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Plan:
    """The first elements of `source` in the places of a mask."""
    return "masked_scatter", (input, mask, source), ()


@_of_plan
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Plan:
    """Elements written (or added) by their positions in all elements."""
    return "put", (input, index, source), (accumulate,)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather`, with both operands stretched to one shape; without `dim`, of all elements."""
    if dim is None:
        return _functions.gather(_functions.reshape(input, -1), 0, _functions.reshape(indices, -1))
    if input._array.ndim != indices._array.ndim:
        dims = {"input": input._array.ndim, "indices": indices._array.ndim}
        raise RuntimeError(_errors.TAKE_ALONG_DIMS.format(**dims))
    place = dim % (input._array.ndim or 1)
    if np.any(indices._array < 0):
        indices = wrap(
            np.where(indices._array < 0, indices._array + input.size(place), indices._array)
        )
    shapes = [list(one._array.shape) for one in (input, indices)]
    along = [shape[place] for shape in shapes]
    for shape in shapes:
        shape[place] = 1
    common = list(np.broadcast_shapes(*map(tuple, shapes)))
    stretched = [
        _functions.expand(one, [*common[:place], size, *common[place + 1 :]])
        for one, size in zip((input, indices), along, strict=True)
    ]
    return _functions.gather(stretched[0], place, stretched[1])


BOTH = (*FORMS, "take_along_dim")
"""What is a function of `torch` and a method of Tensor."""
