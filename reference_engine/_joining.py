"""PyTorch's functions that join tensors, take them apart, or lay them out as grids."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.rearranging import in_range
from reference_engine._dispatch import dispatch, wrap
from reference_engine._functions import cat, expand, reshape, unsqueeze, view
from reference_engine._rearranging import listed
from reference_engine._tensor import Tensor
from reference_engine._warnings import warn_once

BOTH = (
    "tensor_split", "hsplit", "vsplit", "dsplit", "unsafe_split", "unsafe_chunk",
    "unsafe_split_with_sizes",
)  # fmt: skip
"""What is a function of `torch` and a method of Tensor."""

FUNCTIONS = (
    "atleast_1d", "atleast_2d", "atleast_3d", "hstack", "vstack", "dstack", "column_stack",
    "block_diag", "meshgrid", "cartesian_prod", "combinations",
)  # fmt: skip
"""What is a function only."""


# -- joining --------------------------------------------------------------------------------------


def _at_least(least: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """A function of one tensor that takes several too, each for itself."""

    def call(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return least(tensors[0])
        return tuple(least(one) for one in listed(tensors))

    call.__name__ = least.__name__
    call.__doc__ = least.__doc__
    return call


@_at_least
def atleast_1d(input: Tensor) -> Tensor:
    """A tensor of one dimension or more."""
    return input if input._array.ndim else reshape(input, 1)


@_at_least
def atleast_2d(input: Tensor) -> Tensor:
    """A tensor of two dimensions or more: a vector becomes a row."""
    ndim = input._array.ndim
    if not ndim:
        return reshape(input, 1, 1)
    return unsqueeze(input, 0) if ndim == 1 else input


@_at_least
def atleast_3d(input: Tensor) -> Tensor:
    """A tensor of three dimensions or more: a vector goes to the middle one."""
    ndim = input._array.ndim
    if not ndim:
        return reshape(input, 1, 1, 1)
    if ndim == 1:
        return unsqueeze(unsqueeze(input, 0), -1)
    return unsqueeze(input, -1) if ndim == 2 else input


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined side by side: along the second dimension, vectors along their only one."""
    if not tensors:
        raise RuntimeError(_errors.HSTACK_EMPTY)
    given = atleast_1d(*tensors) if len(tensors) > 1 else (atleast_1d(tensors[0]),)
    return cat(given, 0 if given[0]._array.ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the first dimension, vectors as rows."""
    return cat([atleast_2d(one) for one in tensors], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the third dimension."""
    return cat([atleast_3d(one) for one in tensors], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined side by side, vectors as columns."""
    columns = [
        one if one._array.ndim > 1 else reshape(one, (one._array.size, 1)) for one in tensors
    ]
    return hstack(columns)


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere."""
    return dispatch(TABLE["block_diag"], tensors)  # type: ignore[no-any-return]


# -- taking apart ---------------------------------------------------------------------------------


def tensor_split(
    input: Tensor, indices_or_sections: Any = None, dim: int = 0, **named: Any
) -> tuple[Tensor, ...]:
    """So many pieces of nearly equal size, or the pieces between indices, as views."""
    if indices_or_sections is None:
        indices_or_sections = named.get("indices", named.get("sections"))
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    place = in_range(dim, input._array.ndim)
    size = input.size(place)
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise RuntimeError(_errors.SECTIONS.format(count=indices_or_sections))
        short, longer = divmod(size, indices_or_sections)
        sizes = [short + (number < longer) for number in range(indices_or_sections)]
        ends = np.cumsum(sizes).tolist()[:-1]
    else:
        ends = list(indices_or_sections)
    starts = [0, *ends]
    return tuple(
        dispatch(TABLE["slice"], (input,), (place, start, end, 1))
        for start, end in zip(starts, [*ends, size], strict=True)
    )


def _split_along(name: str, input: Tensor, parts: Any, dim: int) -> tuple[Tensor, ...]:
    if isinstance(parts, int) and (parts <= 0 or input.size(dim) % parts):
        raise RuntimeError(
            _errors.SPLIT_DIVISIBLE.format(name=name, dim=dim, size=input.size(dim), parts=parts)
        )
    return tensor_split(input, parts, dim)


def _needs(name: str, input: Tensor, least: int) -> None:
    if input._array.ndim < least:
        raise RuntimeError(_errors.SPLIT_DIMS.format(name=name, least=least, dim=input._array.ndim))


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the second dimension, of vectors along their only one."""
    _needs("hsplit", input, 1)
    return _split_along("hsplit", input, indices_or_sections, 0 if input._array.ndim == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the first dimension."""
    _needs("vsplit", input, 2)
    return _split_along("vsplit", input, indices_or_sections, 0)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the third dimension."""
    _needs("dsplit", input, 3)
    return _split_along("dsplit", input, indices_or_sections, 2)


def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split`, giving copies."""
    size = input.size(dim)
    sizes = (split_size,) * (size // split_size) + ((size % split_size,) * bool(size % split_size))
    return dispatch(TABLE["unsafe_split"], (input,), (sizes, dim))  # type: ignore[no-any-return]


def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`, giving copies."""
    row = TABLE["unsafe_split_with_sizes"]
    return dispatch(row, (input,), (tuple(split_sizes), dim))  # type: ignore[no-any-return]


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`, giving copies."""
    return unsafe_split(input, -(-input.size(dim) // chunks), dim)


# -- grids ----------------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: each vector stretched over the dimensions of the others."""
    if indexing is None:
        warn_once(_errors.MESHGRID_WITHOUT_INDEXING)
    given = listed(tensors)
    if not given:
        raise RuntimeError(_errors.MESHGRID_EMPTY)
    places = list(range(len(given)))
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    elif indexing not in {"ij", None}:
        raise RuntimeError(_errors.MESHGRID_INDEXING.format(indexing=indexing))
    shape = [1] * len(given)
    for one, place in zip(given, places, strict=True):
        shape[place] = one._array.size
    grids = []
    for one, place in zip(given, places, strict=True):
        sizes = [1] * len(given)
        sizes[place] = one._array.size
        grids.append(expand(view(one, sizes), shape))
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every combination of one element of each vector, as rows."""
    for one in tensors:
        if one._array.ndim != 1:
            raise RuntimeError(_errors.CARTESIAN_DIMS.format(shape=list(one._array.shape)))
    if len(tensors) == 1:
        return tensors[0]
    return _functions.stack(
        [_functions.flatten(one) for one in meshgrid(list(tensors), indexing="ij")], 1
    )


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of `r` elements of a vector, as rows."""
    if not r:
        return wrap(np.empty(0, input._array.dtype))
    grids = meshgrid([input] * r, indexing="ij")
    places = np.indices((input._array.size,) * r)
    mask = np.ones(places.shape[1:], np.bool_)
    for first, second in pairwise(places):
        mask &= first <= second if with_replacement else first < second
    chosen = wrap(mask)
    return _functions.stack([dispatch(TABLE["masked_select"], (one, chosen)) for one in grids], 1)
