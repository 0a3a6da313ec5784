"""What crosses between the grader and a student's process: typed, capped, plain data.

Both sides import this module and nothing else of each other's. A frame is a length (4 bytes, big
endian) and a msgpack message of one of the types below. Whatever comes from the student's side is
hostile: it is decoded by type, and checked against the caps before anything is built from it.
"""

import struct
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

MAX_FRAME = 32 * 2**20
MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 6
MAX_KEYS = 64
MAX_TEXT = 2**20
MAX_MESSAGE = 4096
MAX_FAILURES = 1_000
MAX_NAMES = 2_000
MAX_EVENTS = 100_000
MAX_VALUES = 2_000_000
"""Numbers, texts, arrays, lists and dicts in one frame; a frame has room for many more."""

_MAX_DIMENSIONS = 32
_MAX_FIELDS = 16
_MAX_ARGUMENTS = 1_000

LENGTH = struct.Struct(">I")

NUMBERS = frozenset({bool, int, float})
"""The types of what needs no look at each, and of which lists are long."""

DTYPES = {
    "bool": "b1", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8", "uint8": "u1",
    "uint16": "u2", "uint32": "u4", "uint64": "u8", "float16": "f2", "float32": "f4",
    "float64": "f8",
}  # fmt: skip
"""What crosses, by NumPy's names, and the kind and bytes of each as in NumPy's `dtype.str`."""


class ProtocolError(Exception):
    """The other side sent something that is no valid frame."""


# Lengths are looked at before anything of that length is made: 32 MiB hold 32 million empty dicts,
# which would take two gigabytes.
_Shape: TypeAlias = Annotated[tuple[int, ...], msgspec.Meta(max_length=_MAX_DIMENSIONS)]
_Names: TypeAlias = Annotated[list[str], msgspec.Meta(max_length=MAX_NAMES)]
_Event: TypeAlias = Annotated[
    dict[str, str | int | float | bool | None], msgspec.Meta(max_length=_MAX_FIELDS)
]


class _Frame(
    msgspec.Struct, frozen=True, tag_field="frame", kw_only=True, forbid_unknown_fields=True
):
    pass


# -- values -------------------------------------------------------------------------------------


class Array(_Frame, frozen=True, tag="array"):
    """An ndarray: dtype by NumPy's name, little endian bytes in C order."""

    dtype: str
    shape: _Shape
    data: bytes


class Tensor(_Frame, frozen=True, tag="tensor", omit_defaults=True):
    """A torch tensor: its data and the state that a question may ask about."""

    data: Array
    requires_grad: bool = False
    is_leaf: bool = True
    grad_fn: str | None = None
    grad: Array | None = None


class Sequence(_Frame, frozen=True, tag="sequence"):
    """A list or tuple."""

    kind: Literal["list", "tuple"]
    items: Annotated[list["Value"], msgspec.Meta(max_length=MAX_ELEMENTS)]


class Mapping(_Frame, frozen=True, tag="mapping"):
    """A dict with text keys, in its own order."""

    items: Annotated[list[tuple[str, "Value"]], msgspec.Meta(max_length=MAX_KEYS)]


class Source(_Frame, frozen=True, tag="source"):
    """The text of an expression, evaluated on the side that receives it (a drawn callable)."""

    text: str


class Opaque(_Frame, frozen=True, tag="opaque"):
    """Something that does not cross: its type's name, and why."""

    type: str
    reason: str = ""


Value: TypeAlias = (
    bool | int | float | str | Array | Tensor | Sequence | Mapping | Source | Opaque | None
)


# -- from the grader to the child ---------------------------------------------------------------


class Cell(_Frame, frozen=True, tag="cell"):
    """A code cell: its number among the notebook's code cells, from 0, and its source.

    With `shows` the value that it ends in is printed, as a notebook shows it. With `without` its
    statements run one by one, but those that begin at these lines, and each is told before.
    """

    index: int
    source: str
    shows: bool = False
    without: list[int] | None = None


class Run(_Frame, frozen=True, tag="run"):
    """Run the cells in order, but those in `skip`; the answer is a `CellStarted` for each, `Ran`.

    `seed` sows every random generator; it says nothing about the inputs drawn. `modules` are
    sources by the names under which the cells can import them.
    """

    cells: list[Cell]
    skip: list[int]
    seed: int
    kind: Literal["notebook", "module"]
    modules: dict[str, str] = {}


class Call(_Frame, frozen=True, tag="call"):
    """Call the student's `name`; the answer is `Answer`, `Raised` or `Absent`, with this `id`.

    `through` is the source of a function to be called instead, with it and then the arguments.
    """

    id: int
    name: str
    arguments: list[tuple[str, Value]]
    through: str | None = None


class Read(_Frame, frozen=True, tag="read"):
    """Read the name that the cells left behind; the answer is `Answer` or `Absent`."""

    id: int
    name: str


class AskTrace(_Frame, frozen=True, tag="ask_trace"):
    """Make a call once more, and answer with what the engine saw of it: a `Trace`."""

    id: int
    call: Call


# -- from the child to the grader ---------------------------------------------------------------


class StudentException(_Frame, frozen=True, tag="exception"):
    """An exception of the student's code: where it stands in their own text.

    `line` counts from 1 within `cell`; both are None where no line of theirs was involved.
    `unsupported` names what the torch façade does not cover, if that is what happened;
    `forbidden` names the autograd package that was used where that is not allowed; `statement` is
    the first and last line of the top-level statement that failed.
    """

    type: str
    text: str
    cell: int | None = None
    line: int | None = None
    source_line: str | None = None
    unsupported: str | None = None
    forbidden: str | None = None
    statement: tuple[int, int] | None = None


class CellStarted(_Frame, frozen=True, tag="cell_started"):
    """The cell with this index begins now (its clock starts), or its statement at that line."""

    index: int
    line: int = 0


class Ran(_Frame, frozen=True, tag="ran"):
    """All cells were run: what failed, and which names of callables are now defined."""

    failures: Annotated[list[StudentException], msgspec.Meta(max_length=MAX_FAILURES)]
    defined: _Names


class Answer(_Frame, frozen=True, tag="answer"):
    """The value of a call or a name, and the arguments as they are after the call."""

    id: int
    value: Value
    arguments: Annotated[list[tuple[str, Value]], msgspec.Meta(max_length=_MAX_ARGUMENTS)] = []


class Raised(_Frame, frozen=True, tag="raised"):
    """The call raised; the arguments as they are after it do not matter."""

    id: int
    exception: StudentException


class Absent(_Frame, frozen=True, tag="absent"):
    """The cells left nothing behind with the name that was called or read."""

    id: int


class Text(_Frame, frozen=True, tag="text"):
    """Something that the student's code printed."""

    stream: Literal["stdout", "stderr"]
    text: str


class Trace(_Frame, frozen=True, tag="trace"):
    """Events that the engine saw, oldest first: plain data, for explanations only."""

    id: int
    events: Annotated[list[_Event], msgspec.Meta(max_length=MAX_EVENTS)]


ToChild: TypeAlias = Run | Call | Read | AskTrace
FromChild: TypeAlias = CellStarted | Ran | Answer | Raised | Absent | Text | Trace

_encode = msgspec.msgpack.Encoder().encode
_decode_to_child = msgspec.msgpack.Decoder(ToChild).decode
_decode_from_child = msgspec.msgpack.Decoder(FromChild).decode


def pack(frame: ToChild | FromChild) -> bytes:
    """The bytes of a frame, its length first. Raises ProtocolError above `MAX_FRAME`."""
    body = _encode(frame)
    if len(body) > MAX_FRAME:
        raise ProtocolError(f"a frame of {len(body)} bytes is above the limit of {MAX_FRAME}")
    return LENGTH.pack(len(body)) + body


def unpack_to_child(body: bytes) -> ToChild:
    """A frame for the child; raises ProtocolError where it is not one."""
    frame: ToChild = _unpack(body, _decode_to_child)
    return frame


def unpack_from_child(body: bytes) -> FromChild:
    """A frame of the child's, its values checked; raises ProtocolError where it is not one."""
    frame: FromChild = _unpack(body, _decode_from_child)
    if isinstance(frame, Answer):
        room = check_value(frame.value)
        for _, value in frame.arguments:
            room = check_value(value, room=room)
    return frame


def _unpack(body: bytes, decode: Any) -> Any:
    try:
        return decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError) as error:
        raise ProtocolError(str(error)) from None


def check_value(value: Value, depth: int = 0, *, room: int = MAX_VALUES) -> int:
    """Raise ProtocolError where a value breaks a cap or an array does not fit its bytes.

    `room` is how many values there may be; what is left of it is returned.
    """
    if depth > MAX_DEPTH:
        raise ProtocolError(f"values are nested deeper than {MAX_DEPTH}")
    inner: list[Value] = []
    match value:
        case Array():
            _check_array(value)
        case Tensor():
            _check_array(value.data)
            if value.grad is not None:
                _check_array(value.grad)
        case Sequence():
            inner = value.items
        case Mapping():
            inner = [item for _, item in value.items]
        case _:
            pass
    room -= 1
    if depth < MAX_DEPTH and {*map(type, inner)} <= NUMBERS:
        room -= len(inner)
    else:
        for item in inner:
            room = check_value(item, depth + 1, room=room)
    if room < 0:
        raise ProtocolError(f"there are more than {MAX_VALUES} values")
    return room


def _check_array(array: Array) -> None:
    if array.dtype not in DTYPES:
        raise ProtocolError(f"dtype {array.dtype[:40]!r} does not cross")
    count = 1
    for size in array.shape:
        if not 0 <= size <= MAX_ELEMENTS:
            raise ProtocolError(f"a shape has a size of {size}")
        count *= size
    if count > MAX_ELEMENTS:
        raise ProtocolError(f"an array has more than {MAX_ELEMENTS} elements")
    if count * int(DTYPES[array.dtype][1]) != len(array.data):
        raise ProtocolError("an array's bytes do not fit its shape")


def leaves(value: Value) -> Iterator[Value]:
    """Every value within a value that is no list and no dict, in order."""
    if isinstance(value, Sequence):
        for item in value.items:
            yield from leaves(item)
    elif isinstance(value, Mapping):
        for _, item in value.items:
            yield from leaves(item)
    else:
        yield value
