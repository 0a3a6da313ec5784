"""PyTorch's functions whose call does not fit one row: overloads, shapes given as arguments.

Each is a function of the `torch` module and, unless its name says otherwise in `_binding`, a
method of Tensor too.
"""

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import as_array, dispatch, dispatch_one, wrap
from reference_engine._narrowing import number as narrowed
from reference_engine._promotion import dtype_name, result_type
from reference_engine._tensor import Tensor
from reference_engine._types import as_dtype, check_device, dtype, of_numpy


def _sizes(sizes: tuple[Any, ...], function: str, argument: str = "size") -> tuple[int, ...]:
    """Sizes given one by one or as one sequence; the other two are for the error."""
    given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    try:
        return tuple(map(index, given))
    except TypeError:
        pass
    place, kind = next(
        (place, type(one).__name__)
        for place, one in enumerate(given, 1)
        if not hasattr(type(one), "__index__") or isinstance(one, Tensor)
    )
    text = _errors.SIZE_ELEMENT_TYPE
    if place == 1:
        text = _errors.SIZE_TYPE if given is sizes else _errors.SIZE_FIRST_TYPE
    raise TypeError(text.format(function=function, name=argument, place=place, type=kind))


def place_of(input: Tensor, dim: int) -> int:
    """A dimension counted from the front; a 0-d tensor has the dimensions 0 and -1."""
    span = input._array.ndim or 1
    if not -span <= dim < span:
        raise IndexError(_errors.DIM_RANGE.format(low=-span, high=span - 1, dim=dim))
    return dim % span


def refusal(function: str, value: object, *, name: str = "input", position: int = 1) -> TypeError:
    """PyTorch's error for an argument that should be a tensor."""
    kind = full_name(type(value))
    return TypeError(
        _errors.ARGUMENT_TYPE.format(function=function, name=name, position=position, type=kind)
    )


def full_name(kind: type) -> str:
    """A type as PyTorch's messages name it."""
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


# -- arithmetic -----------------------------------------------------------------------------------


def pow(input: Any, exponent: Any) -> Tensor:
    """`input ** exponent`, either of which may be a number."""
    if not isinstance(exponent, Tensor) and isinstance(input, Tensor):
        return dispatch_one(TABLE["pow_number"], input, (as_array(exponent),))  # type: ignore[no-any-return]
    row = TABLE["pow" if isinstance(input, Tensor) else "pow_of_number"]
    return dispatch(row, (input, exponent))  # type: ignore[no-any-return]


def square(input: Tensor) -> Tensor:
    """`input ** 2`."""
    return pow(input, 2)


def remainder(input: Any, other: Any) -> Tensor:
    """The remainder with the divisor's sign."""
    name = "remainder" if isinstance(input, Tensor) else "remainder_of_number"
    row = TABLE[name if isinstance(other, Tensor) else "remainder_number"]
    return dispatch(row, (input, other))  # type: ignore[no-any-return]


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """`other - alpha * input`."""
    row = TABLE["rsub" if isinstance(other, Tensor) else "rsub_number"]
    return dispatch(row, (input, other), (alpha,))  # type: ignore[no-any-return]


def rdiv(input: Tensor, other: Any) -> Tensor:
    """`other / input`, by the reciprocal as in PyTorch."""
    return mul(reciprocal(input), other)


def mul(input: Tensor, other: Any) -> Tensor:
    return dispatch(TABLE["mul"], (input, other))  # type: ignore[no-any-return]


def reciprocal(input: Tensor) -> Tensor:
    return dispatch(TABLE["reciprocal"], (input,))  # type: ignore[no-any-return]


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition holds, else `other`; the condition alone gives its indices."""
    if input is None and other is None:
        return tuple(wrap(one) for one in np.nonzero(np.atleast_1d(condition._array)))
    return dispatch(TABLE["where"], (condition, input, other))


def where_of(input: Tensor, condition: Tensor, other: Any) -> Tensor:
    """`where` as a method, which belongs to what is chosen where the condition holds."""
    return where(condition, input, other)  # type: ignore[no-any-return]


where_of.__name__ = "where"


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input` limited to [min, max]; a bound may be missing, or a tensor."""
    by_tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    row = TABLE["clamp_tensor" if by_tensors else "clamp"]
    return dispatch(row, (input, min, max))  # type: ignore[no-any-return]


# -- elements at places ---------------------------------------------------------------------------


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The elements that `index` names along `dim`, elsewhere from its own place."""
    if sparse_grad:
        raise _errors.NotCovered("gather with sparse_grad=True")
    return dispatch(TABLE["gather"], (input, index), (dim,))  # type: ignore[no-any-return]


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` that a vector of indices names."""
    return dispatch(TABLE["index_select"], (input, index), (dim,))  # type: ignore[no-any-return]


# -- shapes ---------------------------------------------------------------------------------------


def view(input: Tensor, *shape: Any) -> Tensor:
    """The same memory in another shape, or as elements of another dtype."""
    array = _dispatch.storage(input)
    if len(shape) == 1 and isinstance(shape[0], dtype):
        return _reinterpreted(input, shape[0])
    if not shape or isinstance(shape[0], (str, float)):
        kinds = ", ".join(type(one).__name__ for one in shape)
        wrong = _errors.VIEW_ARGUMENTS_WRONG.format(kinds=kinds) if shape else ""
        raise TypeError(_errors.VIEW_ARGUMENTS.format(kinds=kinds, wrong=wrong))
    result = dispatch(TABLE["view"], (input,), (_sizes(shape, "view"),))
    if array.size and not np.may_share_memory(result._array, array):
        raise RuntimeError(_errors.VIEW_STRIDE)
    return result  # type: ignore[no-any-return]


def _reinterpreted(input: Tensor, kind: dtype) -> Tensor:
    """The bytes of a tensor as elements of another dtype; no gradient flows through that."""
    array = _dispatch.storage(input)
    _check_reinterpreted(array, of_numpy(array.dtype), kind)
    result = wrap(array.view(kind.numpy))
    result._counter = input._counter
    return result


def _check_reinterpreted(array: Any, former: dtype, kind: dtype) -> None:
    if former.itemsize == kind.itemsize:
        return
    names = {"former": former.legacy, "wanted": kind.legacy}
    if not array.ndim:
        raise RuntimeError(_errors.REINTERPRETED_SCALAR.format(**names))
    step = array.strides[-1] // array.itemsize
    if step != 1:
        raise RuntimeError(_errors.REINTERPRETED_STRIDE.format(**names, step=step))
    ratio = kind.itemsize // former.itemsize
    if ratio and array.shape[-1] % ratio:
        text = _errors.REINTERPRETED_SIZE
        raise RuntimeError(text.format(**names, ratio=ratio, size=array.shape[-1]))


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape, sharing memory where that is possible."""
    if not shape:
        raise TypeError(_errors.MISSING_ARGUMENT.format(function="reshape", name="shape"))
    sizes = _sizes(shape, "reshape", "shape")
    array = _dispatch.storage(input)
    if array.flags.c_contiguous:
        return dispatch(TABLE["view"], (input,), (sizes,))  # type: ignore[no-any-return]
    if np.may_share_memory(TABLE["view"].forward(array, sizes), array):
        return dispatch(TABLE["reshape_alias"], (input,), (sizes,))  # type: ignore[no-any-return]
    return dispatch(TABLE["unsafe_view"], (contiguous(input),), (sizes,))  # type: ignore[no-any-return]


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in another tensor's shape."""
    return view(input, other._array.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` in another tensor's shape."""
    return reshape(input, other._array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """One dimension in the place of those from `start_dim` to `end_dim`."""
    shape = input._array.shape or (1,)
    start, end = place_of(input, start_dim), place_of(input, end_dim)
    if start > end:
        raise RuntimeError(_errors.FLATTEN_ORDER)
    if start == end and input._array.ndim:
        return input
    return reshape(input, (*shape[:start], -1, *shape[end + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, -1)


def contiguous(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """The tensor itself where its elements lie in order, else a copy in which they do."""
    if input._array.flags.c_contiguous:
        return input
    return dispatch(TABLE["clone"], (input,), ("C",))  # type: ignore[no-any-return]


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy that gradients flow through."""
    return dispatch(TABLE["clone"], (input,))  # type: ignore[no-any-return]


def expand(input: Tensor, *sizes: Any) -> Tensor:
    """Dimensions of size 1 (and new ones in front) repeated without copying; -1 keeps a size."""
    return dispatch(TABLE["expand"], (input,), (_sizes(sizes, "expand"),))  # type: ignore[no-any-return]


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to another tensor's shape."""
    return expand(input, other._array.shape)


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    return dispatch(TABLE["permute"], (input,), (_sizes(dims, "permute", "dims"),))  # type: ignore[no-any-return]


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    return dispatch(TABLE["transpose"], (input,), (dim0, dim1))  # type: ignore[no-any-return]


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1, or without `dim` if it has size 1."""
    if dim is None:
        return dispatch(TABLE["squeeze"], (input,))  # type: ignore[no-any-return]
    row = TABLE["squeeze_dim" if isinstance(dim, int) else "squeeze_dims"]
    return dispatch(row, (input,), (dim,))  # type: ignore[no-any-return]


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 at `dim`."""
    return dispatch(TABLE["unsqueeze"], (input,), (dim,))  # type: ignore[no-any-return]


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Copies side by side, so many along each dimension."""
    if not repeats:
        raise TypeError(_errors.MISSING_ARGUMENT.format(function="repeat", name="repeats"))
    counts = _sizes(repeats, "repeat", "repeats")
    if any(count < 0 for count in counts):
        shape = (1,) * (len(counts) - input._array.ndim) + input._array.shape
        sizes = [one * count for one, count in zip(shape, counts, strict=False)]
        first = next(one for one in sizes if one < 0)
        raise RuntimeError(_errors.NEGATIVE_SIZE.format(size=first, sizes=sizes))
    return dispatch(TABLE["repeat"], (input,), (counts,))  # type: ignore[no-any-return]


def flip(input: Tensor, *sizes: Any, dims: Any = ()) -> Tensor:
    """The order reversed along dimensions."""
    given = _sizes(sizes or (dims,), "flip", "dims")
    places = [place_of(input, one) for one in given]
    for one in places:
        if places.count(one) > 1:
            raise RuntimeError(_errors.DIM_TWICE.format(dim=one))
    return dispatch(TABLE["flip"], (input,), (given,))  # type: ignore[no-any-return]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension."""
    return dispatch(TABLE["cat"], _of_one_dtype("cat", tensors), (dim,))  # type: ignore[no-any-return]


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    return dispatch(TABLE["stack"], _of_one_dtype("stack", tensors), (dim,))  # type: ignore[no-any-return]


def _of_one_dtype(function: str, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if not isinstance(tensors, (list, tuple)):
        kind = type(tensors).__name__
        raise TypeError(_errors.SEQUENCE_TYPE.format(function=function, type=kind))
    for place, one in enumerate(tensors):
        if not isinstance(one, Tensor):
            raise TypeError(_errors.ELEMENT_TYPE.format(place=place, type=type(one).__name__))
    if len({one._array.dtype for one in tensors}) <= 1:
        return tuple(tensors)
    target = of_numpy(result_type([one._array for one in tensors]))
    return tuple(to(one, target) for one in tensors)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, as views."""
    if not input._array.ndim:
        raise IndexError(_errors.UNBIND_SCALAR.format(dim=dim))
    return dispatch(TABLE["unbind"], (input,), (dim,))  # type: ignore[no-any-return]


def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of a size, or of the sizes given, along a dimension, as views."""
    if not isinstance(split_size_or_sections, int):
        if isinstance(split_size_or_sections, str):
            raise TypeError(_errors.SPLIT_SIZES_TYPE.format(type="str"))
        sizes = tuple(split_size_or_sections)
        if any(one < 0 for one in sizes):
            raise RuntimeError(_errors.SPLIT_NEGATIVE_SIZES.format(sizes=list(sizes)))
        return dispatch(TABLE["split_with_sizes"], (input,), (sizes, dim))  # type: ignore[no-any-return]
    if not input._array.ndim:
        raise RuntimeError(_errors.SPLIT_SCALAR)
    size, whole = split_size_or_sections, input.size(dim)
    if size < 0:
        raise RuntimeError(_errors.SPLIT_NEGATIVE.format(size=size))
    if whole and not size:
        raise RuntimeError(_errors.SPLIT_ZERO.format(size=whole))
    sizes = (size,) * (whole // size) if whole else (0,)
    if whole and whole % size:
        sizes += (whole % size,)
    return dispatch(TABLE["split"], (input,), (sizes, dim))  # type: ignore[no-any-return]


def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of the sizes given along a dimension, as views."""
    return split(input, tuple(split_sizes), dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many pieces of equal size (the last may be smaller), as views."""
    if not input._array.ndim:
        raise RuntimeError(_errors.CHUNK_SCALAR)
    if chunks <= 0:
        raise RuntimeError(_errors.CHUNK_COUNT.format(count=chunks))
    whole = input.size(dim)
    return split(input, -(-whole // chunks) if whole else (0,) * chunks, dim)


# -- dtypes and devices ---------------------------------------------------------------------------


_TO_OPTIONS = frozenset({"dtype", "device", "tensor", "non_blocking", "copy", "memory_format"})


def to(input: Tensor, *arguments: Any, **options: Any) -> Tensor:
    """The tensor in another dtype; the tensor itself where nothing changes."""
    if options and not options.keys() <= _TO_OPTIONS:
        raise TypeError("to() received an invalid combination of arguments")
    wanted = options.get("dtype")
    check_device(options.get("device"))
    for one in (*arguments, options.get("tensor")) if "tensor" in options else arguments:
        if isinstance(one, Tensor):
            wanted = one.dtype
        elif isinstance(one, dtype) or one in (float, int, bool):
            wanted = one
        elif not isinstance(one, bool):
            check_device(one)
    flags = [one for one in arguments if isinstance(one, bool)]  # non_blocking, then copy
    kind = input.dtype if wanted is None else as_dtype(wanted)
    copy = options.get("copy") or flags[1:2] == [True]
    if kind.numpy == input._array.dtype and not copy:
        return input
    return dispatch(TABLE["to_copy"], (input,), (kind.numpy,))  # type: ignore[no-any-return]


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor in another tensor's dtype."""
    return to(input, other.dtype)


# -- writing --------------------------------------------------------------------------------------


def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Overwrite a tensor with another's values, broadcast to its shape."""
    if not isinstance(src, Tensor):
        src = wrap(np.asarray(src, input._array.dtype))
    return _dispatch.dispatch_in_place(TABLE["copy_from"], input, (src,))


def fill_(input: Tensor, value: Any) -> Tensor:
    """Overwrite every element with one number or 0-d tensor."""
    if isinstance(value, Tensor):
        return _dispatch.dispatch_in_place(TABLE["fill_tensor"], input, (value,))
    if not isinstance(value, (int, float, complex, np.number, np.bool_)):
        raise TypeError(_errors.FILL_TYPE.format(type=type(value).__name__))
    number = narrowed(value, input._array.dtype)
    return _dispatch.dispatch_in_place(TABLE["fill"], input, (), (number,))


# -- questions about values -----------------------------------------------------------------------


def allclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> bool:
    """Whether all elements agree within `atol + rtol * abs(other)`."""
    if input._array.dtype != other._array.dtype:
        names = (dtype_name(input._array), dtype_name(other._array))
        raise RuntimeError(_errors.ALLCLOSE_DTYPES.format(first=names[0], second=names[1]))
    return bool(np.allclose(input._array, other._array, rtol, atol, equal_nan))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    return np.array_equal(input._array, other._array)


def is_tensor(obj: Any) -> bool:
    """Whether an object is a Tensor."""
    return isinstance(obj, Tensor)
