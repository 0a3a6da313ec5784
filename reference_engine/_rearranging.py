"""PyTorch's functions of shapes that do not fit one row: moved dimensions, strides, diagonals."""

from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _numpy_errors, _views
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.rearranging import in_range
from reference_engine._dispatch import dispatch, storage, wrap
from reference_engine._functions import expand, permute, place_of, reshape, unsqueeze, view
from reference_engine._tensor import Tensor

BOTH = (
    "movedim", "unflatten", "tile", "broadcast_to", "repeat_interleave", "as_strided",
    "as_strided_scatter", "diag", "diagflat", "fliplr", "flipud",
)  # fmt: skip
"""What is a function of `torch` and a method of Tensor."""

FUNCTIONS = ("broadcast_tensors", "as_strided_copy")
"""What is a function only."""

METHODS = ("unfold",)
"""What is a method only."""


# -- shapes ---------------------------------------------------------------------------------------


def _numbers(value: Any) -> tuple[int, ...]:
    return (int(value),) if isinstance(value, int) else tuple(int(one) for one in value)


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """The dimensions of `source` moved to the places `destination`."""
    ndim = input._array.ndim
    froms = [place_of(input, one) for one in _numbers(source)]
    tos = [place_of(input, one) for one in _numbers(destination)]
    if len(froms) != len(tos):
        raise RuntimeError(
            _errors.MOVEDIM.format(
                source=list(_numbers(source)), destination=list(_numbers(destination))
            )
        )
    for name, places, given in (("source", froms, source), ("destination", tos, destination)):
        if len(set(places)) < len(places):
            text = _errors.MOVEDIM_REPEATED.format(name=name, dims=list(_numbers(given)))
            raise RuntimeError(text)
    if not ndim:
        return dispatch(TABLE["alias"], (input,))  # type: ignore[no-any-return]
    rest = iter(one for one in range(ndim) if one not in froms)
    moved = dict(zip(tos, froms, strict=True))
    return permute(input, [moved[one] if one in moved else next(rest) for one in range(ndim)])


def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """One dimension taken apart into several of the sizes given, of which one may be -1."""
    place = in_range(dim, input._array.ndim)
    shape = input._array.shape
    inner = _numbers(sizes)
    if not inner:
        raise RuntimeError(_errors.UNFLATTEN_EMPTY)
    if inner.count(-1) > 1:
        raise RuntimeError(_errors.UNFLATTEN_INFERRED)
    known = prod(one for one in inner if one != -1)
    inner = tuple(shape[place] // known if one == -1 else one for one in inner)
    if prod(inner) != shape[place]:
        raise RuntimeError(
            _errors.UNFLATTEN.format(sizes=list(_numbers(sizes)), dim=place, size=shape[place])
        )
    return view(input, (*shape[:place], *inner, *shape[place + 1 :]))


def fliplr(input: Tensor) -> Tensor:
    """The second dimension reversed."""
    if input._array.ndim < 2:
        raise RuntimeError(_errors.FLIPLR_DIMS)
    return _functions.flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """The first dimension reversed."""
    if not input._array.ndim:
        raise RuntimeError(_errors.FLIPUD_DIMS)
    return _functions.flip(input, 0)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """Copies side by side; missing counts are 1."""
    counts = _functions._sizes(dims, "tile", "dims")
    padded = (1,) * (input._array.ndim - len(counts)) + counts
    return _functions.repeat(input, padded)


def broadcast_to(input: Tensor, *size: Any) -> Tensor:
    """`expand` to a shape."""
    return expand(input, *size)


def listed(tensors: tuple[Any, ...]) -> list[Tensor]:
    """Tensors given one by one or as one sequence."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return list(tensors[0])
    return list(tensors)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape."""
    given = listed(tensors)
    shape: tuple[int, ...] = ()
    for one in given:
        mismatch = _numpy_errors.broadcast_mismatch(shape, one._array.shape)
        if mismatch is not None:
            raise RuntimeError(mismatch)
        shape = np.broadcast_shapes(shape, one._array.shape)
    return tuple(one if one._array.shape == shape else expand(one, shape) for one in given)


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (or slice along `dim`) repeated, next to itself."""
    if repeats is None:
        return wrap(np.repeat(np.arange(input._array.size), input._array))
    if dim is None:
        input, dim = _functions.flatten(input), 0
    place = in_range(dim, input._array.ndim)
    if np.any((repeats._array if isinstance(repeats, Tensor) else repeats) < 0):
        raise RuntimeError(_errors.REPEATS_NEGATIVE)
    if isinstance(repeats, Tensor):
        if repeats._array.size not in {1, input.size(place)}:
            sizes = {"repeats": repeats._array.size, "size": input.size(place)}
            raise RuntimeError(_errors.REPEATS_SIZE.format(**sizes))
        counts = np.broadcast_to(repeats._array, (input.size(place),))
        index = wrap(np.repeat(np.arange(counts.size), counts))
        return _functions.index_select(input, place, index)
    shape = list(unsqueeze(input, place + 1)._array.shape)
    shape[place + 1] = repeats
    repeated = expand(unsqueeze(input, place + 1), shape)
    repeated = dispatch(TABLE["clone"], (repeated,), ("C",))
    return _functions.flatten(repeated, place, place + 1)


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements along a dimension, in a new last dimension, as a view."""
    return dispatch(TABLE["unfold"], (input,), (dimension, size, step))  # type: ignore[no-any-return]


# -- strides --------------------------------------------------------------------------------------


def _strided(input: Tensor, size: Any, stride: Any, offset: int | None) -> tuple[Any, Any]:
    """The elements of a tensor's storage at strides, and their positions in the tensor or -1."""
    array = storage(input)
    whole = array if input._view is None else storage(input._view.base)
    width = array.itemsize
    if offset is None:
        start = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    else:
        start = offset * width
    steps = _numbers(stride)
    if len(steps) != len(_numbers(size)):
        raise RuntimeError(_errors.STRIDES_LENGTH)
    if min(steps, default=0) < 0:
        raise RuntimeError(_errors.NEGATIVE_STRIDES.format(strides=list(steps)))
    sizes, strides = _numbers(size), tuple(one * width for one in steps)
    last = start + sum((one - 1) * by for one, by in zip(sizes, strides, strict=True))
    if whole.size and prod(sizes) and last >= whole.size * width:
        raise RuntimeError(
            _errors.STORAGE_BOUNDS.format(
                sizes=list(sizes),
                strides=list(steps),
                offset=start // width,
                itemsize=width,
                needed=last + width,
                size=whole.size * width,
            )
        )
    found = np.ndarray(sizes, array.dtype, whole.data if whole.size else None, start, strides)
    inside = _views.positions_in(array, found) if array.size else np.full(sizes, -1)
    inside = np.minimum(inside, array.size - 1)
    addresses = _views._addresses(array).reshape(-1)
    return found, np.where(addresses[inside] == _views._addresses(found), inside, -1)


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the storage by sizes, strides and an offset, all in elements."""
    return dispatch(TABLE["strided"], (input,), _strided(input, size, stride, storage_offset))  # type: ignore[no-any-return]


def as_strided_copy(
    input: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy of what `as_strided` shows."""
    plan = _strided(input, size, stride, storage_offset)
    return dispatch(TABLE["as_strided_copy"], (input,), plan)  # type: ignore[no-any-return]


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy of a tensor, with `src` where `as_strided` would look."""
    _, positions = _strided(input, size, stride, storage_offset)
    return dispatch(TABLE["as_strided_scatter"], (input, src), (positions,))  # type: ignore[no-any-return]


# -- diagonals ------------------------------------------------------------------------------------


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The matrix with a diagonal, or the diagonal of a matrix."""
    ndim = input._array.ndim
    if ndim == 1:
        return dispatch(TABLE["diag_embed"], (input,), (diagonal, 0, 1))  # type: ignore[no-any-return]
    if ndim == 2:
        return dispatch(TABLE["diagonal_copy"], (input,), (diagonal, 0, 1))  # type: ignore[no-any-return]
    raise RuntimeError(_errors.DIAG_DIMS.format(dim=ndim))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements on a diagonal."""
    return diag(reshape(input, -1), offset)
