"""What a question's solutions gave on fixed cases, for where the solutions themselves are not.

It stands in for running them: the right answers, what the known mistakes give, and the values on
the way. It knows nothing of files, nor of a student's answer.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

from grader.cases import Case
from grader.diagnosis.wrong_answers import Wrong
from grader.outcomes import Ndarray, PlainValue


class RecordedFault(NamedTuple):
    """What is asked of a fault of the engine, where no engine is loaded."""

    id: str
    change: str
    number: int
    amount: float
    operation: str | None
    operand: str | None


class RecordedMistake(NamedTuple):
    """A wrong solution or a fault, by what it stands for; `wrong` is only its name in `answers`."""

    ids: tuple[str, ...]
    wrong: Wrong
    text: str | None
    also: tuple[str, ...]


class RecordedAnswer(NamedTuple):
    """The outputs that a mistake gives; `typed` for inputs in their own precision."""

    outputs: Mapping[str, PlainValue]
    typed: Mapping[str, PlainValue] | None


class Recorded(Struct, frozen=True, eq=False):
    """The cases of a question, what each mistake answers to each, and values by their places.

    Cases that expect no output belong to a question whose right answer is withheld.
    """

    cases: tuple[Case, ...]
    mistakes: tuple[RecordedMistake, ...] = ()
    answers: Mapping[tuple[Wrong, Case], RecordedAnswer] = field(default_factory=dict)
    forward: Mapping[Case, Mapping[Any, Ndarray]] = field(default_factory=dict)
