"""Reads the file that students check themselves with, and makes an assignment of it.

The file is taken for anybody's: all of it is checked before anything is made of it, and nothing of
it is run here.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias, cast

import msgspec

from grader.assignment import Assignment, AssignmentError
from grader.assignment.inputs import (
    ArraySpec,
    InputSpec,
    IntegerSpec,
    LabelsSpec,
    OneOfSpec,
    RealSpec,
    SourceSpec,
    TensorSpec,
)
from grader.assignment.items import Choice, Item, Question, Text, Variable
from grader.bundle import (
    SCHEMA,
    AnswerData,
    BundleData,
    BundleError,
    CaseData,
    ChoiceData,
    InputData,
    ItemData,
    MistakeData,
    OutputsData,
    QuestionData,
    RecordData,
    TextData,
    VariableData,
    is_output,
)
from grader.bundle.recorded import Recorded, RecordedAnswer, RecordedFault, RecordedMistake
from grader.cases import Case, Expected
from grader.diagnosis.wrong_answers import Wrong
from grader.messages import Message, Parameter, explains
from grader.outcomes import Ndarray, PlainValue, SourceText
from grader.sandbox.protocol import ProtocolError, Source, Value, check_value
from grader.sandbox.values import from_protocol
from grader.values import as_array

if TYPE_CHECKING:
    from types import FunctionType

    from reference_engine.faults import Fault

MAX_BYTES = 64 * 2**20
WITHHELD = Expected({}, {}, named=True)
"""What is expected where the right answer is not told: no output at all."""


class _Version(msgspec.Struct):
    schema: int = 0


def read(path: Path) -> Assignment:
    """The assignment that a bundle describes; raises BundleError for every other file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        known: dict[str, Parameter] = {"path": str(path), "reason": error.strerror}
        raise BundleError(Message("bundle.unreadable", known)) from None
    if len(content) > MAX_BYTES:
        _damaged(path, f"it has more than {MAX_BYTES // 2**20} MiB")
    try:
        version = msgspec.json.decode(content, type=_Version)
        if version.schema <= SCHEMA:
            return _assignment(msgspec.json.decode(content, type=BundleData))
    except RecursionError:
        _damaged(path, "it is nested too deep")
    except (msgspec.DecodeError, ProtocolError, AssignmentError, ValueError, IndexError) as error:
        _damaged(path, str(error))
    raise BundleError(Message("bundle.newer", {"path": str(path)}))


def _damaged(path: Path, reason: str) -> NoReturn:
    known: dict[str, Parameter] = {"path": str(path), "reason": reason}
    raise BundleError(Message("bundle.damaged", known)) from None


def _assignment(data: BundleData) -> Assignment:
    names = [data.assignment.replace("-", "_"), *(item.id for item in data.items)]
    if not all(name.isidentifier() and not iskeyword(name) for name in names):
        raise ValueError("a name in it is none")
    if len(set(names[1:])) < len(names) - 1 or not data.items or not any(data.titles.values()):
        raise ValueError("it asks nothing, or the same twice")
    assignment = Assignment(
        data.assignment,
        title=data.titles,
        feedback=data.feedback,
        follow_through=data.follow_through,
    )
    for item in data.items:
        if not 0 < item.points < math.inf:
            raise ValueError(f"{item.id} is worth {item.points} points")
        assignment.add(_item(item))
    return assignment


def _item(data: ItemData) -> Item:
    match data:
        case TextData():
            return Text(id=data.id, points=data.points, prompt=data.prompt, feedback=data.feedback)
        case ChoiceData():
            return Choice(
                id=data.id,
                points=data.points,
                prompt=data.prompt,
                options=data.options,
                answer=None,
                feedback=data.feedback,
            )
        case VariableData():
            return Variable(
                id=data.id,
                points=data.points,
                reference=_WITHHELD,
                compare=data.compare,
                rtol=None,
                atol=None,
                given=_inputs(data.given),
                cases=len(data.record.cases),
                feedback=data.feedback,
                recorded=_recorded(data.record, data.given),
            )
        case QuestionData():
            return _question(data)


def _question(data: QuestionData) -> Question:
    if not data.called.isidentifier():
        raise ValueError(f"{data.id} asks for {data.called!r}, which is no name")
    if not all(0 < weight < math.inf for weight in data.weights.values()):
        raise ValueError(f"{data.id} has weights that are none")
    return Question(
        id=data.id,
        points=data.points,
        inputs=_inputs(data.inputs),
        reference=_WITHHELD,
        autograd=data.autograd,
        compare=data.compare,
        cases=len(data.record.cases),
        examples=(),
        weights=data.weights,
        rtol=None,
        atol=None,
        accept=(),
        side_effects=data.side_effects,
        feedback=data.feedback,
        follow_through=data.follow_through,
        call=data.call,
        called=data.called,
        recorded=_recorded(data.record, data.inputs),
    )


def _withheld(*_: object, **__: object) -> NoReturn:
    """Stands where a solution would be."""
    raise AssignmentError("a students' bundle holds no solutions")


_WITHHELD = cast("FunctionType", _withheld)


def _inputs(data: dict[str, InputData]) -> dict[str, InputSpec]:
    return {name: _spec(one) for name, one in data.items()}


def _spec(data: InputData) -> InputSpec:  # noqa: PLR0911 - a table, a row a kind
    """The kind and the dimensions of an input; nothing is drawn from it any more."""
    values = ArraySpec(data.shape, math.nan, math.nan, "")
    match data.kind:
        case "array":
            return values
        case "tensor":
            return TensorSpec(values, requires_grad=False)
        case "integer":
            return IntegerSpec(0, 0)
        case "real":
            return RealSpec(math.nan, math.nan)
        case "one_of":
            return OneOfSpec(())
        case "labels":
            count, classes = data.shape
            return LabelsSpec(count, classes)
        case "source":
            return SourceSpec(())


# -- what was recorded ----------------------------------------------------------------------------


def _recorded(data: RecordData, inputs: Collection[str]) -> Recorded:
    for value in data.values:
        check_value(value)
    values = tuple(map(_value, data.values))
    outputs = {place: value for place, value in enumerate(values) if is_output(value)}
    cases = tuple(_case(case, values, outputs) for case in data.cases)
    expected = {tuple(case.expected.outputs) for case in cases}
    if len(expected) != 1 or any(case.arguments.keys() != set(inputs) for case in cases):
        raise ValueError("its cases do not fit together")
    mistakes, answers = [], {}
    for number, one in enumerate(data.mistakes):
        mistake = _mistake(one, number)
        mistakes.append(mistake)
        for case, answer in zip(cases, one.answers, strict=True):
            answers[mistake.wrong, case] = _answer(answer, case, outputs)
    forward = {
        case: {
            place: _array(values[at])
            for place, row in enumerate(data.forward)
            if (at := row[number]) is not None
        }
        for number, case in enumerate(cases)
    }
    return Recorded(cases, tuple(mistakes), answers, forward)


def _array(value: PlainValue) -> Ndarray:
    array = as_array(value)
    if array is None:
        raise ValueError("a value of the forward pass is no number")
    return array


def _value(data: Value) -> PlainValue:
    return SourceText(data.text) if isinstance(data, Source) else from_protocol(data)


_Outputs: TypeAlias = Mapping[int, PlainValue]
"""The values that can be outputs, by their places."""


def _case(data: CaseData, values: Sequence[PlainValue], outputs: _Outputs) -> Case:
    arguments = {name: values[place] for name, place in data.arguments.items()}
    if data.expected is None:
        return Case(arguments, WITHHELD, kind=data.kind)
    expected = _expected(data.expected, outputs)
    accepted = tuple(_expected(one, outputs) for one in data.accepted)
    return Case(arguments, expected, accepted, kind=data.kind)


def _expected(data: OutputsData, outputs: _Outputs) -> Expected:
    if not data.names or not all(0 <= one < math.inf for one in data.tolerances):
        raise ValueError("it expects nothing, or with no tolerance")
    return Expected(
        _named(data.names, data.values, outputs),
        dict(zip(data.names, data.tolerances, strict=True)),
        named=data.named,
        typed=None if data.typed is None else _named(data.names, data.typed, outputs),
    )


def _named(names: Iterable[str], places: Sequence[int], outputs: _Outputs) -> dict[str, PlainValue]:
    if not outputs.keys() >= {*places}:
        raise ValueError("an output is no value")
    return {name: outputs[place] for name, place in zip(names, places, strict=True)}


def _answer(data: AnswerData, case: Case, outputs: _Outputs) -> RecordedAnswer:
    names = tuple(case.expected.outputs)
    typed = None if data.typed is None else _named(names, data.typed, outputs)
    return RecordedAnswer(_named(names, data.values, outputs), typed)


def _mistake(data: MistakeData, number: int) -> RecordedMistake:
    unknown = [one for one in (*data.ids, *data.also) if not explains(one)]
    if not data.ids or (unknown and data.text is None):
        raise ValueError(f"it names mistakes that this grader does not know: {', '.join(unknown)}")
    return RecordedMistake(data.ids, _wrong(data, number), data.text, data.also)


def _wrong(data: MistakeData, number: int) -> Wrong:
    """What stands for the wrong solution or the fault: different for every mistake."""
    if not data.is_fault:
        return partial(_withheld, number)
    change = "" if data.passes is None else "passes"
    amount = float(data.passes or 0)
    fault = RecordedFault(data.ids[0], change, number, amount, data.operation, data.operand)
    return (cast("Fault", fault),)
