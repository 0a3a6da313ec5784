"""The file that students check themselves with: what it holds, and where it is found.

It holds what is asked, public cases, right and wrong answers to these, and no solution. Nothing
here writes or reads it.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from grader.assignment import AssignmentError
from grader.assignment.items import Autograd, Comparable, FeedbackLevel, SideEffects
from grader.cases import Kind
from grader.messages import Message, render
from grader.outcomes import PlainValue, SourceText, Uncrossable
from grader.sandbox.protocol import Value
from grader.solving import leaves

SUFFIX = ".grader.json"
SCHEMA: Literal[1] = 1

Name: TypeAlias = str
Place: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
"""A place among the values of a question."""


class _Part(msgspec.Struct, frozen=True, omit_defaults=True):
    pass


class InputData(_Part, frozen=True, kw_only=True):
    """What an input is drawn from, as far as explanations ask for it."""

    kind: Literal["array", "tensor", "integer", "real", "one_of", "labels", "source"]
    shape: tuple[int | str, ...] = ()


class OutputsData(_Part, frozen=True, kw_only=True):
    """A right answer to a case: values and absolute tolerances in the order of the names."""

    names: tuple[Name, ...]
    values: tuple[Place, ...]
    tolerances: tuple[float, ...]
    named: bool = False
    typed: tuple[Place, ...] | None = None


class CaseData(_Part, frozen=True, kw_only=True):
    """A call; `expected` is left out where what is right is withheld."""

    kind: Kind
    arguments: dict[Name, Place] = {}
    expected: OutputsData | None = None
    accepted: tuple[OutputsData, ...] = ()


class AnswerData(_Part, frozen=True, kw_only=True):
    """What a mistake answers to one case, in the order of the expected outputs."""

    values: tuple[Place, ...]
    typed: tuple[Place, ...] | None = None


class MistakeData(_Part, frozen=True, kw_only=True):
    """A mistake by the ids that it stands for, and its answer to every case.

    `text` is an instructor's own. Of what the engine does wrong on purpose, hints name the
    `operation` and the `operand`, or `passes`, how many backward passes were added up.
    """

    ids: tuple[str, ...]
    also: tuple[str, ...] = ()
    text: str | None = None
    is_fault: bool = False
    operation: str | None = None
    operand: str | None = None
    passes: int | None = None
    answers: tuple[AnswerData, ...]


class RecordData(_Part, frozen=True, kw_only=True):
    """What solutions gave; `values` are all that occur, and stand elsewhere by their place.

    `forward` has a row for each value of the forward pass, case by case.
    """

    values: tuple[Value, ...]
    cases: tuple[CaseData, ...]
    mistakes: tuple[MistakeData, ...] = ()
    forward: tuple[tuple[Place | None, ...], ...] = ()


class QuestionData(_Part, frozen=True, kw_only=True, tag_field="asks", tag="question"):
    """A function or class to be written."""

    id: str
    points: float
    inputs: dict[Name, InputData] = {}
    autograd: Autograd
    compare: tuple[Comparable, ...]
    weights: dict[Name, float] = {}
    side_effects: SideEffects
    feedback: FeedbackLevel | None = None
    follow_through: bool = True
    call: str | None = None
    called: str
    record: RecordData


class VariableData(_Part, frozen=True, kw_only=True, tag_field="asks", tag="variable"):
    """A name that is left behind."""

    id: str
    points: float
    compare: tuple[Comparable, ...]
    given: dict[Name, InputData] = {}
    feedback: FeedbackLevel | None = None
    record: RecordData


class ChoiceData(_Part, frozen=True, kw_only=True, tag_field="asks", tag="choice"):
    """A choice, without the answer."""

    id: str
    points: float
    prompt: str = ""
    options: tuple[str, ...]
    feedback: FeedbackLevel | None = None


class TextData(_Part, frozen=True, kw_only=True, tag_field="asks", tag="text"):
    """A text that a person reads."""

    id: str
    points: float
    prompt: str = ""
    feedback: FeedbackLevel | None = None


ItemData: TypeAlias = QuestionData | VariableData | ChoiceData | TextData


class BundleData(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema: Literal[1] = SCHEMA
    grader_version: str
    assignment: str
    titles: dict[str, str]
    feedback: FeedbackLevel
    follow_through: bool
    items: tuple[ItemData, ...]


# -- where it is ----------------------------------------------------------------------------------


class BundleError(AssignmentError):
    """A file that cannot be checked with: what is the matter with it, and what to do."""

    def __init__(self, told: Message) -> None:
        super().__init__(render(told))
        self.told = told


def find(name: str | Path) -> Path | None:
    """The bundle that a path names: the file, or the only one in a folder; None where none is."""
    path = Path(name)
    if path.name.endswith(SUFFIX):
        return path
    if not path.is_dir():
        return None
    found = sorted(path.glob(f"*{SUFFIX}"))
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise BundleError(Message("bundle.several", {"path": str(path), "names": names}))
    return found[0] if found else None


def beside(file: Path, assignment: str) -> Path:
    """Where the bundle of an assignment lies if it lies beside a file; the id is a plain name."""
    return (file if file.is_dir() else file.parent) / f"{assignment}{SUFFIX}"


# -- values ---------------------------------------------------------------------------------------


def is_output(value: PlainValue) -> bool:
    """Whether a student's answer can be compared with a value."""
    return not any(isinstance(leaf, SourceText | Uncrossable) for leaf in leaves(value))
