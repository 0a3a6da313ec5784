"""Writes tensors and plain data as the pickle program that PyTorch's files hold.

It knows the opcodes that it needs and no others; where tensors' memory goes is not its business.
"""

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from reference_engine import _errors
from reference_engine._tensor import Tensor
from reference_engine._types import Size, device, dtype

REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
REBUILD_PARAMETER = "torch._utils _rebuild_parameter"
ORDERED_DICT = "collections OrderedDict"


def pickled(value: Any, storages: Any) -> bytes:
    """The program that makes `value`; `storages.place_of` says where a tensor's memory is."""
    writer = _Writer(storages)
    writer.write(value)
    return b"\x80\x02" + bytes(writer.program) + b"."


class _Writer:
    """Appends opcodes to a program; containers and tensors that come twice are written once."""

    def __init__(self, storages: Any) -> None:
        self.program = bytearray()
        self._storages = storages
        self._memo: dict[int, int] = {}
        self._kept: list[Any] = []  # what the memo knows by address must not be freed

    def write(self, value: Any) -> None:
        """Append what puts a value on the stack."""
        seen = self._memo.get(id(value))
        if seen is not None:
            self.program += b"j" + struct.pack("<I", seen)
            return
        write = _WRITERS.get(type(value)) or self._special(value)
        write(self, value)

    def _special(self, value: Any) -> "Callable[[_Writer, Any], None]":
        from reference_engine.nn.parameter import Parameter

        if isinstance(value, Parameter):
            return _Writer._parameter
        if isinstance(value, Tensor):
            return _Writer._tensor
        raise _errors.NotCovered(f"save({type(value).__name__})")

    def _remember(self, value: Any) -> None:
        self.program += b"r" + struct.pack("<I", len(self._memo))
        self._memo[id(value)] = len(self._memo)
        self._kept.append(value)

    def _none(self, _: None) -> None:
        self.program += b"N"

    def _bool(self, value: bool) -> None:
        self.program += b"\x88" if value else b"\x89"

    def _int(self, value: int) -> None:
        if -(1 << 31) <= value < 1 << 31:
            self.program += b"J" + struct.pack("<i", value)
            return
        content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        if len(content) > 255:
            raise OverflowError("an integer of more than 255 bytes cannot be saved")
        self.program += b"\x8a" + bytes([len(content)]) + content

    def _float(self, value: float) -> None:
        self.program += b"G" + struct.pack(">d", value)

    def _text(self, value: str) -> None:
        content = value.encode("utf-8", "surrogatepass")
        self.program += b"X" + struct.pack("<I", len(content)) + content

    def _global(self, name: str) -> None:
        module, _, attribute = name.partition(" ")
        self.program += f"c{module}\n{attribute}\n".encode()

    def _tuple(self, value: tuple[Any, ...]) -> None:
        self._marked(value, b"t")
        self._remember(value)

    def _marked(self, values: Any, opcode: bytes) -> None:
        self.program += b"("
        for one in values:
            self.write(one)
        self.program += opcode

    def _list(self, value: list[Any]) -> None:
        self.program += b"]"
        self._remember(value)
        self._marked(value, b"e")

    def _dict(self, value: dict[Any, Any]) -> None:
        self.program += b"}"
        self._remember(value)
        self._items(value)

    def _items(self, value: dict[Any, Any]) -> None:
        self._marked([part for item in value.items() for part in item], b"u")

    def _ordered_dict(self, value: OrderedDict[Any, Any]) -> None:
        self._empty_ordered_dict()
        self._remember(value)
        self._items(value)
        if value.__dict__:  # a module's state_dict carries versions in an attribute
            self._dict(dict(value.__dict__))
            self.program += b"b"

    def _empty_ordered_dict(self) -> None:
        self._global(ORDERED_DICT)
        self.program += b")R"

    def _set(self, value: set[Any]) -> None:
        self._global("__builtin__ set")
        self.write(list(value))
        self.program += b"\x85R"

    def _tensor(self, value: Tensor) -> None:
        key, count, offset, strides = self._storages.place_of(value)
        self._global(REBUILD_TENSOR)
        self.program += b"(("
        self._text("storage")
        self._global(f"torch {value.dtype.legacy}Storage")
        for one in (key, "cpu", count):
            self.write(one)
        self.program += b"tQ"
        self._int(offset)
        self._marked(value.shape, b"t")
        self._marked(strides, b"t")
        self._bool(value.requires_grad)
        self._empty_ordered_dict()
        self.program += b"tR"
        self._remember(value)

    def _parameter(self, value: Tensor) -> None:
        self._global(REBUILD_PARAMETER)
        self.program += b"("
        self.write(value.detach())
        self._bool(value.requires_grad)
        self._empty_ordered_dict()
        self.program += b"tR"
        self._remember(value)

    def _size(self, value: Size) -> None:
        self._global("torch Size")
        self._marked(value, b"t")
        self.program += b"\x85R"

    def _device(self, value: device) -> None:
        self._global("torch device")
        self.write(value.type)
        self.program += b"\x85R"

    def _dtype(self, value: dtype) -> None:
        self._global(repr(value).replace(".", " "))


_WRITERS: dict[type, Callable[[_Writer, Any], None]] = {
    type(None): _Writer._none,
    bool: _Writer._bool,
    int: _Writer._int,
    float: _Writer._float,
    str: _Writer._text,
    tuple: _Writer._tuple,
    list: _Writer._list,
    dict: _Writer._dict,
    OrderedDict: _Writer._ordered_dict,
    set: _Writer._set,
    Tensor: _Writer._tensor,
    Size: _Writer._size,
    device: _Writer._device,
    dtype: _Writer._dtype,
}
