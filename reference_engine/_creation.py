"""New tensors: from data, filled, counted, drawn from the generator."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from reference_engine import _errors, _random
from reference_engine._dispatch import UNTRACKED, as_array, wrap
from reference_engine._functions import refusal
from reference_engine._modes import state
from reference_engine._tensor import Tensor
from reference_engine._types import Defaults, as_dtype, check_device, of_numpy


def _finished(array: Any, requires_grad: bool) -> Tensor:
    result = wrap(array)
    if state.inference:
        result._counter = UNTRACKED
    if requires_grad:
        if result._array.dtype.kind != "f":
            raise RuntimeError(_errors.REQUIRES_GRAD_DTYPE)
        result._requires_grad = True
    return result


def _numpy_dtype(dtype: Any) -> np.dtype[Any]:
    return Defaults.dtype.numpy if dtype is None else as_dtype(dtype).numpy


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
        warnings.warn(_errors.COPY_WARNING, UserWarning, stacklevel=2)
    array = _array_of(data)
    if dtype is not None:
        array = array.astype(as_dtype(dtype).numpy)
    return _finished(array, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """As `tensor`, but a tensor or ndarray of the right dtype is shared, not copied."""
    check_device(device)
    if isinstance(data, Tensor):
        from reference_engine._functions import to

        return data if dtype is None else to(data, dtype)
    array = data if isinstance(data, np.ndarray) else _array_of(data)
    of_numpy(array.dtype)
    return wrap(array if dtype is None else array.astype(as_dtype(dtype).numpy, copy=False))


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor over an ndarray's own memory and dtype."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    of_numpy(ndarray.dtype)
    return wrap(ndarray)


def _array_of(data: Any) -> np.ndarray[Any, Any]:
    """A new array of what a student calls data, in the dtype that PyTorch infers."""
    if isinstance(data, (Tensor, np.ndarray, np.generic)):
        array = np.array(as_array(data))
        of_numpy(array.dtype)
        return array
    if isinstance(data, str):
        raise TypeError(_errors.INVALID_DATA.format(type="str"))
    lengths = _lengths(data)
    leaves = list(_leaves(data))
    _check_even(data, lengths, integers=not any(isinstance(one, float) for one in leaves))
    array = np.array(_plain(data))
    if array.dtype.kind == "O":
        raise ValueError(_errors.INTEGER_OVERFLOW)
    if array.dtype.kind == "f" and not (leaves and isinstance(leaves[0], _TYPED)):
        return array.astype(Defaults.dtype.numpy)
    of_numpy(array.dtype)
    return array


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


# -- filled ---------------------------------------------------------------------------------------


def _size(function: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """The sizes that a creating function was given one by one or as one sequence."""
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
            raise RuntimeError(_errors.NEGATIVE_SIZE.format(size=one, sizes=list(sizes)))
    return sizes


def _filled(function: str, value: Any) -> Any:
    def create(
        *size: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        out: Any = None,
    ) -> Tensor:
        check_device(device)
        sizes = _size(function, size)
        return _finished(np.full(sizes, value, _numpy_dtype(dtype)), requires_grad)

    return create


zeros = _filled("zeros", 0)
ones = _filled("ones", 1)
empty = _filled("empty", 0)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value, of that value's dtype unless told."""
    check_device(device)
    if not isinstance(size, (list, tuple)):
        kind = type(size).__name__
        raise TypeError(_errors.SIZE_TYPE.format(function="full", name="size", type=kind))
    filling = as_array(fill_value)
    numpy_dtype = _array_of(filling).dtype if dtype is None else as_dtype(dtype).numpy
    return _finished(np.full(_size("full", (size,)), filling, numpy_dtype), requires_grad)


def _like(function: str, create: Any) -> Any:
    def create_like(
        input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        if not isinstance(input, Tensor):
            raise refusal(function, input)
        made: Tensor = create(
            input._array.shape,
            dtype=input.dtype if dtype is None else dtype,
            device=device,
            requires_grad=requires_grad,
        )
        return made

    return create_like


def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal."""
    check_device(device)
    return _finished(np.eye(n, m, dtype=_numpy_dtype(dtype)), requires_grad)


# -- counted --------------------------------------------------------------------------------------


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """From `start` (0 if one number is given) up to, not including, `end`; ints give int64."""
    check_device(device)
    if end is None:
        start, end = 0, start
    numbers = [one.item() if isinstance(one, (Tensor, np.generic)) else one
               for one in (start, end, step)]  # fmt: skip
    if dtype is None:
        integers = all(isinstance(one, int) for one in numbers)
        kind = np.dtype(np.int64) if integers else Defaults.dtype.numpy
    else:
        kind = as_dtype(dtype).numpy
    first, last, by = numbers
    if by == 0:
        raise RuntimeError(_errors.STEP_ZERO)
    if (last - first) * by < 0:
        raise RuntimeError(_errors.STEP_SIGN)
    count = max(int(np.ceil((last - first) / by)), 0)
    return _finished((first + by * np.arange(count)).astype(kind), requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers from `start` to `end`, both included, computed from both ends inwards."""
    check_device(device)
    kind = _numpy_dtype(dtype)
    if steps == 1:
        return _finished(np.full(1, start, kind), requires_grad)
    one = kind.type
    step = one((one(end) - one(start)) / one(max(steps - 1, 1)))
    places = np.arange(steps)
    low = one(start) + step * places.astype(kind)
    high = one(end) - step * (steps - 1 - places).astype(kind)
    return _finished(np.where(places < steps // 2, low, high).astype(kind), requires_grad)


# -- drawn ----------------------------------------------------------------------------------------


def _generator(generator: Any) -> _random.Generator:
    return _random.default_generator if generator is None else generator


def rand(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Uniform on [0, 1)."""
    check_device(device)
    return _finished(
        _generator(generator).uniform(_size("rand", size), _numpy_dtype(dtype)), requires_grad
    )


def randn(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal with mean 0 and variance 1."""
    check_device(device)
    drawn = _generator(generator).normal(_size("randn", size), _numpy_dtype(dtype))
    return _finished(drawn, requires_grad)


def randint(
    low: int, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Integers from `low` (0 if left out) up to, not including, `high`."""
    check_device(device)
    if size is None:
        low, high, size = 0, low, high
    drawn = _generator(generator).randint(low, high, shape=_size("randint", size))
    kind = np.dtype(np.int64) if dtype is None else as_dtype(dtype).numpy
    return _finished(drawn.astype(kind), requires_grad)


def randperm(n: int, *, generator: Any = None, dtype: Any = None, device: Any = None) -> Tensor:
    """The numbers below `n` in random order."""
    check_device(device)
    drawn = _generator(generator).randperm(n)
    return wrap(drawn if dtype is None else drawn.astype(as_dtype(dtype).numpy))


def manual_seed(seed: int) -> _random.Generator:
    """Sow the default generator."""
    return _random.manual_seed(seed)


zeros_like = _like("zeros_like", zeros)
ones_like = _like("ones_like", ones)
empty_like = _like("empty_like", empty)
rand_like = _like("rand_like", rand)
randn_like = _like("randn_like", randn)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`full` in another tensor's shape and dtype."""
    kind = input.dtype if dtype is None else dtype
    shape = input._array.shape
    return full(shape, fill_value, dtype=kind, device=device, requires_grad=requires_grad)
