"""Plain values to protocol values and back, on the grader's side.

What comes from a student's process was checked by the protocol; text is cut to its caps here. It
knows no processes.
"""

from collections.abc import Mapping as Map
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from grader.outcomes import Ndarray, PlainValue, Raised, SourceText, TensorValue, Uncrossable
from grader.sandbox.protocol import (
    DTYPES,
    MAX_MESSAGE,
    MAX_TEXT,
    NUMBERS,
    Array,
    Mapping,
    Opaque,
    Sequence,
    Source,
    StudentException,
    Tensor,
    Value,
)
from grader.sandbox.protocol.control import Kind

_NAMES = {code: name for name, code in DTYPES.items()}
_LITTLE_ENDIAN = {name: np.dtype("<" + code) for name, code in DTYPES.items()}
_NATIVE = {name: np.dtype(name) for name in DTYPES}

Arguments: TypeAlias = Map[str, PlainValue]

_WITH_BYTES = (Array, Tensor)
"""What is alike only to the last bit: of other values a whole number equals a bool."""

_REMEMBERED = 1_000
_NAME = 200
_LINE = 400


def to_protocol(value: PlainValue) -> Value:  # noqa: PLR0911 - a table, a row a type
    """The protocol's form of a plain value; raises TypeError for anything else."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case np.ndarray():
            return _pack_array(value)
        case TensorValue():
            return Tensor(
                data=_pack_array(value.data),
                requires_grad=value.requires_grad,
                is_leaf=value.is_leaf,
                grad_fn=value.grad_fn,
                grad=None if value.grad is None else _pack_array(value.grad),
            )
        case SourceText():
            return Source(text=value.text)
        case Uncrossable():
            return Opaque(type=value.type, reason=value.reason)
        case list():
            return Sequence(kind="list", items=[to_protocol(item) for item in value])
        case tuple():
            return Sequence(kind="tuple", items=[to_protocol(item) for item in value])
        case dict():
            return Mapping(items=[(key, to_protocol(item)) for key, item in value.items()])
    raise TypeError(f"expected a plain value, found {type(value).__name__}")


def from_protocol(value: Value) -> PlainValue:  # noqa: PLR0911 - a table, a row a type
    """The plain value behind a checked protocol value; arrays are fresh and writable."""
    match value:
        case str():
            return value if len(value) <= MAX_TEXT else Uncrossable("str", "the text is too long")
        case Array():
            return _build_array(value)
        case Tensor():
            return TensorValue(
                data=_build_array(value.data),
                requires_grad=value.requires_grad,
                is_leaf=value.is_leaf,
                grad_fn=None if value.grad_fn is None else value.grad_fn[:_NAME],
                grad=None if value.grad is None else _build_array(value.grad),
            )
        case Sequence(kind=kind, items=items):
            plain = {*map(type, items)} <= NUMBERS
            entries: Any = items if plain else map(from_protocol, items)
            return tuple(entries) if kind == "tuple" else list(entries)
        case Mapping(items=pairs):
            return {key[:_NAME]: from_protocol(item) for key, item in pairs}
        case Opaque():
            return Uncrossable(value.type[:_NAME], value.reason[:_LINE])
        case Source():
            # An expression is only ever evaluated where the grader sends it.
            return Uncrossable("Source", "")
        case _:
            return value


class Packing:
    """Arguments to the protocol's form and back: a whole class is asked with the same ones.

    Those that were packed may not be changed. For several threads.
    """

    def __init__(self) -> None:
        self._packed: dict[int, _Packed] = {}

    def pack(self, arguments: Arguments) -> list[tuple[str, Value]]:
        """The arguments in their order, for a call."""
        return self._pack(arguments).pairs

    def unpack(
        self, returned: list[tuple[str, Value]], arguments: Arguments
    ) -> dict[str, PlainValue]:
        """What came back; an array or a tensor that is as it was given is the same object."""
        given = self._pack(arguments).by_name
        return {
            key: arguments[key]
            if isinstance(value, _WITH_BYTES) and value == given.get(key)
            else from_protocol(value)
            for key, value in returned
        }

    def _pack(self, arguments: Arguments) -> "_Packed":
        known = self._packed.get(id(arguments))
        if known is not None:
            return known
        pairs = [(key, to_protocol(value)) for key, value in arguments.items()]
        packed = _Packed(arguments, pairs, dict(pairs))
        if len(self._packed) >= _REMEMBERED:
            self._packed.clear()
        self._packed[id(arguments)] = packed
        return packed


class _Packed(NamedTuple):
    """The arguments are held, since another's could have their id when they are gone."""

    arguments: Arguments
    pairs: list[tuple[str, Value]]
    by_name: dict[str, Value]


def to_raised(exception: StudentException, kind: Kind) -> Raised:
    """The outcome for a student's exception; `unsupported` and `forbidden` only where they apply.

    A process of another kind could otherwise claim them.
    """
    return Raised(
        type=exception.type[:_NAME],
        text=exception.text[:MAX_MESSAGE],
        cell=exception.cell,
        line=exception.line,
        source_line=_cut(exception.source_line, _LINE),
        unsupported=_cut(exception.unsupported, _NAME) if kind == "facade" else None,
        forbidden=_cut(exception.forbidden, _NAME) if kind == "numpy" else None,
    )


def _cut(text: str | None, limit: int) -> str | None:
    return None if text is None else text[:limit]


def _pack_array(array: Ndarray) -> Array:
    name = _NAMES[array.dtype.str[1:]]
    return Array(
        dtype=name,
        shape=array.shape,
        data=array.astype(_LITTLE_ENDIAN[name], copy=False).tobytes(),
    )


def _build_array(array: Array) -> Ndarray:
    if array.dtype == "bool":
        # Any byte but 0 is true; read as it is, a 2 would be a bool that equals no other.
        flat: Ndarray = np.frombuffer(array.data, np.uint8) != 0
    else:
        flat = np.frombuffer(array.data, _LITTLE_ENDIAN[array.dtype])
    return flat.astype(_NATIVE[array.dtype]).reshape(array.shape)
