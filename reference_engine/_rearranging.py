"""PyTorch's functions of shapes that do not fit one row: joining, splitting, grids, diagonals.

They are written over other functions, as PyTorch's are, so that graphs have the same nodes.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from reference_engine import _functions, _views
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.rearranging import in_range
from reference_engine._dispatch import dispatch, storage, wrap
from reference_engine._functions import cat, expand, permute, reshape, unsqueeze, view
from reference_engine._tensor import Tensor

# -- shapes ---------------------------------------------------------------------------------------


def _numbers(value: Any) -> tuple[int, ...]:
    return (int(value),) if isinstance(value, int) else tuple(int(one) for one in value)


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """The dimensions of `source` moved to the places `destination`."""
    ndim = input._array.ndim
    froms = [in_range(one, ndim) for one in _numbers(source)]
    tos = [in_range(one, ndim) for one in _numbers(destination)]
    if len(froms) != len(tos):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source ("
            f"{list(_numbers(source))} dims) should contain the same number of dims as "
            f"destination ({list(_numbers(destination))} dims)"
        )
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
    known = prod(one for one in inner if one != -1)
    inner = tuple(shape[place] // known if one == -1 else one for one in inner)
    if prod(inner) != shape[place]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(_numbers(sizes))} don't multiply up to the size of "
            f"dim {place} ({shape[place]}) in the input tensor"
        )
    return view(input, (*shape[:place], *inner, *shape[place + 1 :]))


def fliplr(input: Tensor) -> Tensor:
    """The second dimension reversed."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return _functions.flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """The first dimension reversed."""
    if not input._array.ndim:
        raise RuntimeError("Input must be >= 1-d.")
    return _functions.flip(input, 0)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """Copies side by side; missing counts are 1."""
    counts = _functions._sizes(dims)
    padded = (1,) * (input._array.ndim - len(counts)) + counts
    return _functions.repeat(input, padded)


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """`expand` to a shape."""
    return expand(input, size)


def _listed(tensors: tuple[Any, ...]) -> list[Tensor]:
    """Tensors given one by one or as one sequence."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return list(tensors[0])
    return list(tensors)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape."""
    given = _listed(tensors)
    shape = np.broadcast_shapes(*(one._array.shape for one in given))
    return tuple(expand(one, shape) for one in given)


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (or slice along `dim`) repeated, next to itself."""
    if repeats is None:
        return wrap(np.repeat(np.arange(input._array.size), input._array))
    if dim is None:
        input, dim = _functions.flatten(input), 0
    place = in_range(dim, input._array.ndim)
    if isinstance(repeats, Tensor):
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


def conj(input: Tensor) -> Tensor:
    """The tensor itself: it holds no complex numbers."""
    return input


real = resolve_conj = resolve_neg = conj


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
    sizes, strides = _numbers(size), tuple(one * width for one in _numbers(stride))
    last = start + sum((one - 1) * by for one, by in zip(sizes, strides, strict=True))
    if whole.size and prod(sizes) and last >= whole.size * width:
        raise RuntimeError(
            f"setStorage: sizes {list(sizes)}, strides {list(_numbers(stride))}, storage offset "
            f"{start // width}, and itemsize {width} requiring a storage size of {last + width} "
            f"are out of bounds for storage of size {whole.size * width}"
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
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements on a diagonal."""
    return diag(reshape(input, -1), offset)


# -- joining --------------------------------------------------------------------------------------


def _at_least(least: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """A function of one tensor that takes several too, each for itself."""

    def call(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return least(tensors[0])
        return tuple(least(one) for one in _listed(tensors))

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
            raise RuntimeError(
                f"number of sections must be larger than 0, got {indices_or_sections}"
            )
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
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input.size(dim)} is not divisible by the split_size {parts}!"
        )
    return tensor_split(input, parts, dim)


def _needs(name: str, input: Tensor, least: int) -> None:
    if input._array.ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension"
            f"{'s' if least > 1 else ''}, but got a tensor with {input._array.ndim} dimensions!"
        )


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


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`, giving copies."""
    return unsafe_split(input, -(-input.size(dim) // chunks), dim)


# -- grids ----------------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: each vector stretched over the dimensions of the others."""
    given = _listed(tensors)
    places = list(range(len(given)))
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    elif indexing != "ij":
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
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
    if len(tensors) == 1:
        return tensors[0]
    return _functions.stack([_functions.flatten(one) for one in meshgrid(list(tensors))], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of `r` elements of a vector, as rows."""
    if not r:
        return wrap(np.empty(0, input._array.dtype))
    grids = meshgrid([input] * r)
    places = np.indices((input._array.size,) * r)
    mask = np.ones(places.shape[1:], np.bool_)
    for first, second in pairwise(places):
        mask &= first <= second if with_replacement else first < second
    chosen = wrap(mask)
    return _functions.stack([dispatch(TABLE["masked_select"], (one, chosen)) for one in grids], 1)


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken `n` times."""
    if not n:
        return _functions.copy_(wrap(np.zeros_like(input._array)), input)
    around = [one for one in (prepend, input, append) if one is not None]
    if len(around) > 1:
        input = cat(around, dim)
    narrow = TABLE["narrow"]
    for _ in range(min(n, input.size(dim))):
        count = input.size(dim) - 1
        later = dispatch(narrow, (input,), (dim, 1, count))
        input = dispatch(TABLE["sub"], (later, dispatch(narrow, (input,), (dim, 0, count))), (1,))
    return input


BOTH = (
    "movedim", "unflatten", "tile", "broadcast_to", "repeat_interleave", "as_strided",
    "as_strided_scatter", "diag", "diagflat", "tensor_split", "hsplit", "vsplit", "dsplit", "diff",
    "fliplr", "flipud", "conj", "resolve_conj", "resolve_neg",
)  # fmt: skip
"""What is a function of `torch` and a method of Tensor."""

FUNCTIONS = (
    "broadcast_tensors", "atleast_1d", "atleast_2d", "atleast_3d", "hstack", "vstack", "dstack",
    "column_stack", "block_diag", "meshgrid", "cartesian_prod", "combinations", "as_strided_copy",
    "unsafe_split", "unsafe_chunk", "real",
)  # fmt: skip
METHODS = ("unfold",)
