"""What a question's solutions gave on fixed cases, for where the solutions themselves are not.

It stands in for running them: the right answers, what the known mistakes give, and the values on
the way. It knows nothing of files, nor of a student's answer.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

from grader.cases import Case, Expected
from grader.diagnosis.wrong_answers import Wrong
from grader.outcomes import Ndarray


class RecordedMistake(NamedTuple):
    """A wrong solution or a fault, by what it stands for; `wrong` is only its name in `answers`."""

    ids: tuple[str, ...]
    wrong: Wrong
    text: str | None
    also: tuple[str, ...]


class Recorded(Struct, frozen=True, eq=False):
    """The cases of a question, what each mistake answers to each, and values by their places.

    Cases that expect no output belong to a question whose right answer is withheld.
    """

    cases: tuple[Case, ...]
    mistakes: tuple[RecordedMistake, ...] = ()
    answers: Mapping[tuple[Wrong, Case], Expected] = field(default_factory=dict)
    forward: Mapping[Case, Mapping[Any, Ndarray]] = field(default_factory=dict)
