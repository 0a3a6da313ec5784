"""New tensors: from data, filled, counted."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from math import isfinite
from operator import index
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors, _narrowing
from reference_engine._dispatch import UNTRACKED, as_array, wrap
from reference_engine._functions import refusal
from reference_engine._modes import state
from reference_engine._random import fused
from reference_engine._tensor import Tensor
from reference_engine._types import Defaults, as_dtype, check_device, of_numpy


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A leaf with a copy of `data`: numbers, nested lists, an ndarray or a tensor.

    Python floats become the default dtype, ints int64; ndarrays keep theirs.
    """
    check_device(device)
    if isinstance(data, Tensor):
        warnings.warn(_errors.COPY_WARNING, UserWarning, stacklevel=3)
    wanted = None if dtype is None else as_dtype(dtype).numpy
    result = finished(array_of(data, wanted), requires_grad)
    if _dispatch.observer is not None and isinstance(data, Tensor):
        _dispatch.observer.read_out(data, "tensor", result)
    return result


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """As `as_tensor`, or `tensor` where `copy` is asked for."""
    if requires_grad is None and isinstance(obj, Tensor) and obj._requires_grad:
        warnings.warn(_errors.ASARRAY_GRADIENT, UserWarning, stacklevel=2)
    result = as_tensor(obj, dtype, device)
    if copy and (isinstance(obj, (Tensor, np.ndarray))):
        result = finished(np.array(result._array), requires_grad=False)
    return result.requires_grad_() if requires_grad else result


def frombuffer(
    buffer: Any,
    *,
    dtype: Any,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor over the bytes of a buffer."""
    return finished(np.frombuffer(buffer, as_dtype(dtype).numpy, count, offset), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """As `tensor`, but a tensor or ndarray of the right dtype is shared, not copied."""
    check_device(device)
    if isinstance(data, Tensor):
        from reference_engine._functions import to

        return data if dtype is None else to(data, dtype)
    array = data if isinstance(data, np.ndarray) else array_of(data)
    of_numpy(array.dtype)
    return wrap(array if dtype is None else array.astype(as_dtype(dtype).numpy, copy=False))


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor over an ndarray's own memory and dtype."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    of_numpy(ndarray.dtype)
    return wrap(ndarray)


def array_of(data: Any, wanted: np.dtype[Any] | None = None) -> np.ndarray[Any, Any]:
    """A new array of what a student calls data: of the dtype `wanted`, or as PyTorch infers it."""
    if isinstance(data, (Tensor, np.ndarray, np.generic)):
        array = np.array(as_array(data))
        of_numpy(array.dtype)
        return array if wanted is None else array.astype(wanted)
    if isinstance(data, str):
        raise TypeError(_errors.INVALID_DATA.format(type="str"))
    lengths = _lengths(data)
    leaves = list(_leaves(data))
    _check_even(data, lengths, integers=not any(isinstance(one, float) for one in leaves))
    array = np.array(_plain(data))
    if array.dtype.kind == "O" or (array.dtype == np.uint64 and _is_whole(wanted)):
        raise ValueError(_errors.INTEGER_OVERFLOW)
    if wanted is not None:
        if wanted.kind in "iu" and array.dtype != wanted:
            _narrowing.check(array, wanted, wanted.name)
        return array.astype(wanted)
    if array.dtype.kind == "f" and not (leaves and isinstance(leaves[0], _TYPED)):
        return array.astype(Defaults.dtype.numpy)
    of_numpy(array.dtype)
    return array


def _is_whole(wanted: np.dtype[Any] | None) -> bool:
    return wanted is None or wanted.kind != "f"


_SEQUENCES = (list, tuple, range)
_TYPED = (np.ndarray, np.generic, Tensor)
"""What has a dtype of its own, which counts if it comes first."""


def _lengths(data: Any) -> list[int]:
    """The shape of nested sequences, as their first elements show it."""
    lengths = []
    while isinstance(data, _SEQUENCES):
        lengths.append(len(data))
        if not data:
            break
        data = data[0]
    if isinstance(data, str):
        raise ValueError(_errors.TOO_DEEP)  # noqa: TRY004 - PyTorch's
    return lengths


def _leaves(data: Any) -> Iterator[Any]:
    """The numbers of nested sequences, in order; raises where something is none."""
    if isinstance(data, _SEQUENCES):
        for one in data:
            yield from _leaves(one)
    elif isinstance(data, str):
        raise TypeError(_errors.INVALID_DATA.format(type="str"))
    elif isinstance(data, Tensor) and data.numel() != 1:
        raise ValueError(_errors.ONE_ELEMENT)
    elif isinstance(data, (bool, int, float, complex, *_TYPED)):
        yield data
    else:
        raise RuntimeError(_errors.NO_DTYPE.format(type=type(data).__name__))


def _check_even(data: Any, lengths: Sequence[int], depth: int = 0, *, integers: bool) -> None:
    """Raise PyTorch's error where nested sequences do not have one length at each depth."""
    if depth == len(lengths):
        if isinstance(data, _SEQUENCES):
            raise TypeError(_errors.LIST_AS_INTEGER if integers else _errors.LIST_AS_FLOAT)
        return
    if not isinstance(data, _SEQUENCES):
        raise TypeError(_errors.NOT_A_SEQUENCE)
    if len(data) != lengths[depth]:
        raise ValueError(_errors.RAGGED.format(expected=lengths[depth], dim=depth, found=len(data)))
    for one in data:
        _check_even(one, lengths, depth + 1, integers=integers)


def _plain(data: Any) -> Any:
    return [_plain(one) for one in data] if isinstance(data, _SEQUENCES) else as_array(data)


# -- what every creating function has in common ---------------------------------------------------


def creating(make: Callable[..., Any]) -> Callable[..., Tensor]:
    """The function of `torch` for one that makes an ndarray from its arguments and `dtype`."""

    @wraps(make)
    def create(
        *arguments: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
        out: Tensor | None = None,
        **named: Any,
    ) -> Tensor:
        check_device(device)
        array = make(*arguments, dtype=dtype, **named)
        if out is None:
            return finished(array, requires_grad)
        from reference_engine._out import into

        return into(out, make.__name__, wrap(array))  # type: ignore[no-any-return]

    return create


def finished(array: Any, requires_grad: bool) -> Tensor:
    """A leaf over a new array."""
    result = wrap(array)
    if state.inference:
        result._counter = UNTRACKED
    if requires_grad:
        if requires_grad is not True:
            raise TypeError(_errors.REQUIRES_GRAD_TYPE.format(type=type(requires_grad).__name__))
        if result._array.dtype.kind != "f":
            raise RuntimeError(_errors.REQUIRES_GRAD_DTYPE)
        result._requires_grad = True
    return result


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """NumPy's dtype for one of PyTorch's; the default one for None."""
    return Defaults.dtype.numpy if dtype is None else as_dtype(dtype).numpy


def size_of(function: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """The sizes that a creating function was given one by one or as one sequence."""
    if not size:
        raise TypeError(_errors.MISSING_ARGUMENT.format(function=function, name="size"))
    given = size[0] if len(size) == 1 and isinstance(size[0], (list, tuple)) else size
    for place, one in enumerate(given, 1):
        if isinstance(one, (int, np.integer, Tensor)) and not isinstance(one, bool):
            continue
        text = _errors.SIZE_ELEMENT_TYPE if place > 1 else _errors.SIZE_FIRST_TYPE
        if given is size and place == 1:
            text = _errors.SIZE_TYPE
        kind = type(one).__name__
        raise TypeError(text.format(function=function, name="size", place=place, type=kind))
    sizes = tuple(int(one) for one in given)
    for one in sizes:
        if one < 0:
            if function == "zeros":
                raise RuntimeError(_errors.ZEROS_NEGATIVE_SIZE)
            raise RuntimeError(_errors.NEGATIVE_SIZE.format(size=one, sizes=list(sizes)))
    return sizes


def like(function: str, create: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function that creates in the shape and dtype of a tensor."""

    def create_like(
        input: Tensor, *arguments: Any, dtype: Any = None, memory_format: Any = None, **options: Any
    ) -> Tensor:
        if not isinstance(input, Tensor):
            raise refusal(function, input)
        kind = input.dtype if dtype is None else dtype
        return create(input._array.shape, *arguments, dtype=kind, **options)

    create_like.__name__ = create_like.__qualname__ = function
    create_like.__doc__ = f"`{function.removesuffix('_like')}` in another tensor's shape and dtype."
    return create_like


# -- filled ---------------------------------------------------------------------------------------


def _filled(function: str, value: Any) -> Callable[..., Tensor]:
    def make(*size: Any, dtype: Any = None, memory_format: Any = None, **named: Any) -> Any:
        if "size" in named:
            size = (named.pop("size"),)
        for name in named:
            raise TypeError(_errors.UNEXPECTED_ARGUMENT.format(function=function, name=name))
        return np.full(size_of(function, size), value, numpy_dtype(dtype))

    make.__name__ = make.__qualname__ = function
    make.__doc__ = f"A tensor of the sizes given, filled with {value}."
    return creating(make)


zeros = _filled("zeros", 0)
ones = _filled("ones", 1)
empty = _filled("empty", 0)
zeros_like = like("zeros_like", zeros)
ones_like = like("ones_like", ones)
empty_like = like("empty_like", empty)


@creating
def full(size: Any, fill_value: Any, *, dtype: Any = None) -> Any:
    """A tensor of one value, of that value's dtype unless told."""
    if not isinstance(size, (list, tuple)):
        kind = type(size).__name__
        raise TypeError(_errors.SIZE_TYPE.format(function="full", name="size", type=kind))
    filling = as_array(fill_value)
    if isinstance(filling, (list, tuple)):
        raise TypeError(_errors.NOT_A_NUMBER.format(type=type(filling).__name__))
    filled = array_of(filling).dtype if dtype is None else as_dtype(dtype).numpy
    if not isinstance(filling, (np.ndarray, np.generic)):
        filling = _narrowing.number(filling, filled)
    return np.full(size_of("full", (size,)), filling, filled)


full_like = like("full_like", full)


@creating
def scalar_tensor(s: Any, *, dtype: Any = None) -> Any:
    """A 0-d tensor of the default dtype."""
    return np.array(as_array(s), numpy_dtype(dtype))


@creating
def eye(n: int, m: int | None = None, *, dtype: Any = None) -> Any:
    """Ones on the diagonal."""
    for name, size in (("n", n), ("m", m)):
        if size is not None and size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    return np.eye(n, m, dtype=numpy_dtype(dtype))


@creating
def empty_strided(size: Any, stride: Any, *, dtype: Any = None) -> Any:
    """Zeros whose neighbours along each dimension are `stride` elements apart."""
    kind = numpy_dtype(dtype)
    reach = sum((length - 1) * step for length, step in zip(size, stride, strict=True)) + 1
    steps = tuple(step * kind.itemsize for step in stride)
    return np.ndarray(tuple(size), kind, np.zeros(reach, kind), strides=steps)


# -- counted --------------------------------------------------------------------------------------


_LEFT_OUT: Any = object()


@creating
def arange(
    start: Any = _LEFT_OUT, end: Any = _LEFT_OUT, step: Any = _LEFT_OUT, *, dtype: Any = None
) -> Any:
    """From `start` (0 if one number is given) up to, not including, `end`; ints give int64."""
    if start is _LEFT_OUT or end is _LEFT_OUT:
        if step is not _LEFT_OUT or (start is end):
            raise TypeError("arange() takes an end, a start and an end, or those and a step")
        start, end = 0, end if start is _LEFT_OUT else start
    step = 1 if step is _LEFT_OUT else step
    first, last, by = numbers = [_number(one) for one in (start, end, step)]
    if dtype is None:
        integers = all(isinstance(one, int) for one in numbers)
        kind = np.dtype(np.int64) if integers else Defaults.dtype.numpy
    else:
        kind = as_dtype(dtype).numpy
    if by == 0:
        raise RuntimeError(_errors.STEP_ZERO)
    if (last - first) * by < 0:
        raise RuntimeError(_errors.STEP_SIGN)
    if not (isfinite(first) and isfinite(last)):
        raise RuntimeError(_errors.RANGE_UNSUPPORTED.format(first=first, last=last))
    count = max(int(np.ceil((last - first) / by)), 0)
    if kind.kind != "f":
        return (first + by * np.arange(count)).astype(kind)
    return _stepped(float(first), float(by), count, kind)


def _stepped(first: float, by: float, count: int, kind: np.dtype[Any]) -> Any:
    """Floats a step apart, rounded as PyTorch's vectors of 32 bytes round them.

    Pairs of vectors count from their own rounded first number, what is left from `first`.
    """
    width = 32 // kind.itemsize
    whole = count - count % (2 * width)
    numbers = (first + by * np.arange(count)).astype(kind)
    starts = numbers[:whole:width].astype(np.float64)
    numbers[:whole] = (starts[:, None] + by * np.arange(width)).reshape(-1)
    return numbers


@creating
def _range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    first, last, by = (_number(one) for one in (start, end, step))
    count = int((last - first) / by) + 1
    return (first + by * np.arange(count)).astype(numpy_dtype(dtype))


def range(start: Any = 0, end: Any = None, step: Any = 1, **options: Any) -> Tensor:
    """From `start` up to and including `end`, in the default dtype; deprecated."""
    warnings.warn(_errors.RANGE_DEPRECATED, UserWarning, stacklevel=2)
    return _range(start, end, step, **options)


@creating
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None) -> Any:
    """`steps` numbers from `start` to `end`, both included, computed from both ends inwards."""
    return _spaced(_number(start), _number(end), index(steps), numpy_dtype(dtype))


@creating
def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None) -> Any:
    """`steps` powers of `base`, with exponents evenly spaced from `start` to `end`."""
    kind = numpy_dtype(dtype)
    if steps == 1:
        return np.full(1, float(base) ** _number(start)).astype(kind)
    one = kind.type if kind.kind == "f" else np.float32
    first, last = one(_number(start)), one(_number(end))
    step = float(one((last - first) / one(max(steps - 1, 1))))
    places = np.arange(steps)
    low, high = float(first) + step * places, float(last) - step * (steps - 1 - places)
    exponents = np.where(places < steps // 2, low, high)
    return np.power(float(base), exponents).astype(kind)


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, (Tensor, np.generic)) else value


def _spaced(start: Any, end: Any, steps: int, kind: np.dtype[Any]) -> Any:
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    if steps == 1:
        return np.full(1, start, kind)
    one = (kind if kind.kind == "f" else np.dtype(np.float32)).type
    step = one((one(end) - one(start)) / one(max(steps - 1, 1)))
    places = np.arange(steps)
    low = fused(places.astype(one), step, one(start))
    high = fused((steps - 1 - places).astype(one), -step, one(end))
    return np.where(places < steps // 2, low, high).astype(kind)
