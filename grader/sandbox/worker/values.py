"""Students' values to protocol values and back, inside the student's process.

Only plain data is packed, its size looked at before anything is copied; whatever else there is
becomes an `Opaque` that says why. It knows no calls and no cells.
"""

from types import ModuleType
from typing import Any

import numpy as np

from grader.sandbox.protocol import (
    DTYPES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_KEYS,
    MAX_TEXT,
    Array,
    Mapping,
    Opaque,
    Sequence,
    Source,
    Tensor,
    Value,
)

MAX_VALUE = 20 * 2**20
MAX_ARGUMENTS = 10 * 2**20
"""Bytes of a packed answer, and of the arguments beside it: a frame holds both."""

_NAMES = {code: name for name, code in DTYPES.items()}
_LITTLE_ENDIAN = {name: np.dtype("<" + code) for name, code in DTYPES.items()}
_NATIVE = {name: np.dtype(name) for name in DTYPES}
_AS_THEY_ARE = {
    dtype.char: name for name, dtype in _NATIVE.items() if dtype == _LITTLE_ENDIAN[name]
}
"""By NumPy's letters for them, those whose bytes need no turning round here; most numbers."""

_NAME = 100
_REASON = 200
_SCALAR = 16
_CONTAINER = 64
_OPAQUE = 512


def plain_text(text: str, limit: int) -> str:
    """The first `limit` characters of a str or subclass as an exact str without surrogates."""
    if type(text) is str and text.isascii() and len(text) <= limit:
        return text
    return str.__getitem__(text, slice(limit)).encode("utf-8", "replace").decode("utf-8")


def type_name(value: object) -> str:
    """The name of a value's type, short enough to cross."""
    return plain_text(type.__dict__["__name__"].__get__(type(value)), _NAME)


def opaque(value: object, reason: str) -> Opaque:
    """What stands for a value that does not cross."""
    return Opaque(type=type_name(value), reason=plain_text(reason, _REASON))


def pack_value(value: object, torch: ModuleType | None, *, limit: int = MAX_VALUE) -> Value:
    """The protocol's form of any value at all; `limit` counts bytes.

    `torch` is the module whose tensors are understood, None where there is none.
    """
    try:
        return _Packer(torch, limit).pack(value, 0)
    except _TooLargeError:
        return opaque(value, f"it takes more than {limit} bytes")
    except MemoryError:
        return opaque(value, "there is not enough memory to hand it over")


class _TooLargeError(Exception):
    pass


class _Packer:
    """One value on its way out, and how many bytes are left for it."""

    def __init__(self, torch: ModuleType | None, limit: int) -> None:
        self._tensor = None if torch is None else torch.Tensor
        self._left = limit

    def pack(self, value: object, depth: int) -> Value:  # noqa: PLR0911 - a row a type
        # By type(value), not isinstance: an object may claim any __class__ it likes.
        kind = type(value)
        if value is None or kind is bool:
            self._spend(_SCALAR)
            return value  # type: ignore[return-value]
        if issubclass(kind, str):
            return self._text(value)
        if issubclass(kind, (np.ndarray, np.generic)):
            return self._array(value, depth)
        if self._tensor is not None and issubclass(kind, self._tensor):
            return self._tensor_value(value)
        if issubclass(kind, int):
            return self._integer(value)
        if issubclass(kind, float):
            self._spend(_SCALAR)
            return float.__float__(value)  # type: ignore[arg-type]
        if issubclass(kind, (list, tuple)):
            return self._sequence(value, depth)
        if issubclass(kind, dict):
            return self._mapping(value, depth)
        return self._opaque(value, "")  # what is due is told beside it, in the reader's language

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _TooLargeError

    def _opaque(self, value: object, reason: str) -> Opaque:
        self._spend(_OPAQUE)
        return opaque(value, reason)

    def _integer(self, value: Any) -> Value:
        number = int.__int__(value)
        if not -(2**63) <= number < 2**63:
            return self._opaque(value, "the integer needs more than 64 bits")
        self._spend(_SCALAR)
        return number

    def _text(self, value: Any) -> Value:
        if str.__len__(value) > MAX_TEXT:
            return self._opaque(value, f"the text is longer than {MAX_TEXT} characters")
        text = plain_text(value, MAX_TEXT)
        self._spend(_SCALAR + len(text.encode()))
        return text

    def _array(self, value: Any, depth: int) -> Value:
        # A plain view: a subclass's own methods have no say in what its numbers are.
        array = value if isinstance(value, np.generic) else np.ndarray.view(value, np.ndarray)
        if array.size > MAX_ELEMENTS or max(array.shape, default=0) > MAX_ELEMENTS:
            return self._opaque(value, f"the array has more than {MAX_ELEMENTS} elements")
        if array.dtype.kind == "O" and depth < MAX_DEPTH:
            # Gradients of different shapes are often kept in one: it is as good as a list of them.
            return self.pack(array.tolist(), depth + (array.ndim == 0))
        return self._numbers(value, array)

    def _numbers(self, value: Any, array: Any) -> Array | Opaque:
        dtype = array.dtype
        as_it_is = _AS_THEY_ARE.get(dtype.char) if dtype.isnative else None
        name = as_it_is or _NAMES.get(dtype.str[1:])
        if name is None and dtype.kind == "f":
            # More digits than anything is compared by.
            with np.errstate(all="ignore"):
                return self._numbers(value, array.astype(np.float64))
        if name is None:
            return self._opaque(value, f"dtype {dtype.name} is not read")
        self._spend(_CONTAINER + array.nbytes)
        if as_it_is is None:
            array = np.asarray(array).astype(_LITTLE_ENDIAN[name], copy=False)
        return Array(dtype=name, shape=array.shape, data=array.tobytes())

    def _tensor_value(self, value: Any) -> Tensor | Opaque:
        try:
            if value.numel() > MAX_ELEMENTS:
                return self._opaque(value, f"the tensor has more than {MAX_ELEMENTS} elements")
            data = self._tensors_array(value)
            # Asking a tensor that keeps none for its gradient warns, so it is not asked.
            keeps_gradient = value.is_leaf or value.retains_grad
            gradient = value.grad if keeps_gradient else None
            grad = None if gradient is None else self._tensors_array(gradient)
            node = value.grad_fn
            name = None if node is None else plain_text(node.name(), _NAME)
            state = (bool(value.requires_grad), bool(value.is_leaf))
        except (_TooLargeError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a subclass may raise anything
            return self._opaque(value, f"{type_name(error)} while reading the tensor")
        if isinstance(data, Opaque) or isinstance(grad, Opaque):
            return self._opaque(value, f"dtype {plain_text(str(value.dtype), _NAME)} is not read")
        return Tensor(data=data, requires_grad=state[0], is_leaf=state[1], grad_fn=name, grad=grad)

    def _tensors_array(self, tensor: Any) -> Array | Opaque:
        data = _tensor_data(tensor)
        return self._numbers(data, data)

    def _sequence(self, value: Any, depth: int) -> Value:
        kind: Any = list if issubclass(type(value), list) else tuple
        size = kind.__len__(value)
        if depth >= MAX_DEPTH:
            return self._opaque(value, f"it is nested deeper than {MAX_DEPTH}")
        if size > MAX_ELEMENTS:
            return self._opaque(value, f"it has more than {MAX_ELEMENTS} entries")
        self._spend(_CONTAINER)
        items = [self.pack(item, depth + 1) for item in kind.__iter__(value)]
        return Sequence(kind=kind.__name__, items=items)

    def _mapping(self, value: Any, depth: int) -> Value:
        if depth >= MAX_DEPTH:
            return self._opaque(value, f"it is nested deeper than {MAX_DEPTH}")
        if dict.__len__(value) > MAX_KEYS:
            return self._opaque(value, f"it has more than {MAX_KEYS} entries")
        self._spend(_CONTAINER)
        items = []
        for key, item in dict.items(value):
            if not issubclass(type(key), str):
                return self._opaque(value, f"a key is {type_name(key)}, not text")
            self._spend(_SCALAR + 4 * min(str.__len__(key), _NAME))
            items.append((plain_text(key, _NAME), self.pack(item, depth + 1)))
        return Mapping(items=items)


def _tensor_data(tensor: Any) -> Any:
    detached = tensor.detach()
    if hasattr(detached, "cpu"):
        detached = detached.cpu()
    return detached.numpy()


def build_value(value: Value, torch: ModuleType | None) -> Any:  # noqa: PLR0911 - a row a type
    """The argument that a protocol value stands for, fresh and writable.

    Without `torch` a tensor arrives as its ndarray. A source is evaluated, and may raise anything.
    """
    match value:
        case Array():
            return _build_array(value)
        case Tensor():
            array = _build_array(value.data)
            if torch is None:
                return array
            return torch.tensor(array, requires_grad=value.requires_grad)
        case Sequence(kind=kind, items=items):
            built = [build_value(item, torch) for item in items]
            return tuple(built) if kind == "tuple" else built
        case Mapping(items=pairs):
            return {key: build_value(item, torch) for key, item in pairs}
        case Source(text=text):
            names = {"np": np, "numpy": np}
            if torch is not None:
                names["torch"] = torch
            return eval(text, names)  # noqa: S307 - the assignment's own text
        case _:
            return value


def _build_array(array: Array) -> Any:
    flat = np.frombuffer(array.data, _LITTLE_ENDIAN[array.dtype])
    return flat.astype(_NATIVE[array.dtype]).reshape(array.shape)
