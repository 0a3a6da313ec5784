"""What came back from a student's code, as plain data.

The vocabulary between the sandbox, which produces outcomes, and the comparison and the diagnosis,
which judge and explain them. It knows neither processes nor marks.
"""

from typing import Any, Literal, TypeAlias

import numpy.typing as npt
from msgspec import Struct, field

from grader.messages import Told

Ndarray: TypeAlias = npt.NDArray[Any]


class TensorValue(Struct, frozen=True):
    """A torch tensor's data and the state that a question may ask about.

    `grad_fn` is the node's name ("MulBackward0"), None for a leaf; `grad` has the data's shape.
    """

    data: Ndarray
    requires_grad: bool = False
    is_leaf: bool = True
    grad_fn: str | None = None
    grad: Ndarray | None = None


class Uncrossable(Struct, frozen=True):
    """A value that does not cross the process boundary: the name of its type, and why."""

    type: str
    reason: str = ""


class SourceText(Struct, frozen=True):
    """The text of an expression that gives a callable, evaluated where it is needed."""

    text: str


PlainValue: TypeAlias = (
    bool
    | int
    | float
    | str
    | Ndarray
    | TensorValue
    | SourceText
    | Uncrossable
    | list["PlainValue"]
    | tuple["PlainValue", ...]
    | dict[str, "PlainValue"]
    | None
)
"""Exactly these types, nothing derived from them; lists, tuples and dicts nest."""


class Answered(Struct, frozen=True):
    """The value of a call or a name, and the arguments as they were after the call."""

    value: PlainValue
    arguments: dict[str, PlainValue] = field(default_factory=dict)


class Raised(Struct, frozen=True):
    """An exception of the student's code.

    `line` counts from 1 within the code cell numbered `cell` (from 0; a module is cell 0); None
    where no line of theirs was involved. `unsupported` is the torch name that the façade does not
    cover, `forbidden` the autograd package that was used where that is not allowed.
    """

    type: str
    text: str
    cell: int | None = None
    line: int | None = None
    source_line: str | None = None
    unsupported: str | None = None
    forbidden: str | None = None


class Stopped(Struct, frozen=True):
    """The process was stopped, or died; `detail` says by what: a message, "signal 11", "10 s"."""

    reason: Literal["timeout", "memory", "crashed", "output_limit"]
    detail: Told


class Undefined(Struct, frozen=True):
    """Nothing with that name was left behind; `because` is the failure that explains it, if any.

    `name` is another name than the one asked for, without which that could not be asked for.
    """

    because: Raised | Stopped | None = None
    name: str | None = None


Outcome: TypeAlias = Answered | Raised | Stopped | Undefined
