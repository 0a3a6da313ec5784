"""Records what an assignment's solutions give on the public cases: all that students may have.

It knows solutions and writes down what they return, never the solutions, and no file.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

import grader
from grader.assignment import Assignment
from grader.assignment.inputs import (
    ArraySpec,
    InputSpec,
    IntegerSpec,
    LabelsSpec,
    OneOfSpec,
    RealSpec,
    SourceSpec,
    TensorSpec,
    dimensions,
)
from grader.assignment.items import Choice, Item, Question, Text, Variable
from grader.bundle import (
    AnswerData,
    BundleData,
    CaseData,
    ChoiceData,
    InputData,
    ItemData,
    MistakeData,
    OutputsData,
    Place,
    QuestionData,
    RecordData,
    TextData,
    VariableData,
    is_output,
)
from grader.cases import PUBLIC_SEED, Case, Expected, draw_cases
from grader.diagnosis.mistakes import Mistake, possible_mistakes
from grader.diagnosis.wrong_answers import forward_values, wrong_answer
from grader.messages import mentions
from grader.outcomes import Ndarray, PlainValue
from grader.sandbox.values import to_protocol
from grader.values import first_mismatch

if TYPE_CHECKING:
    from grader.sandbox.protocol import Value

_KINDS: Mapping[type, str] = {
    ArraySpec: "array",
    TensorSpec: "tensor",
    IntegerSpec: "integer",
    RealSpec: "real",
    OneOfSpec: "one_of",
    LabelsSpec: "labels",
    SourceSpec: "source",
}


def record(assignment: Assignment) -> BundleData:
    """What students may have of an assignment; raises AssignmentError where a solution fails."""
    return BundleData(
        grader_version=grader.__version__,
        assignment=assignment.id,
        titles=assignment.titles,
        feedback=assignment.feedback,
        follow_through=assignment.follow_through,
        items=tuple(map(_item, assignment)),
    )


def _item(item: Item) -> ItemData:
    match item:
        case Text():
            return TextData(
                id=item.id, points=item.points, prompt=item.prompt, feedback=item.feedback
            )
        case Choice():
            return ChoiceData(
                id=item.id,
                points=item.points,
                prompt=item.prompt,
                options=item.options,
                feedback=item.feedback,
            )
        case Variable():
            return VariableData(
                id=item.id,
                points=item.points,
                compare=item.compare,
                given=_inputs(item.given),
                feedback=item.feedback,
                record=_Record(item).data(),
            )
        case Question():
            return QuestionData(
                id=item.id,
                points=item.points,
                inputs=_inputs(item.inputs),
                autograd=item.autograd,
                compare=item.compare,
                weights=dict(item.weights),
                side_effects=item.side_effects,
                feedback=item.feedback,
                follow_through=item.follow_through,
                call=item.call,
                called=item.called,
                record=_Record(item).data(),
            )


def _inputs(specs: Mapping[str, InputSpec]) -> dict[str, InputData]:
    return {
        name: InputData(kind=_KINDS[type(spec)], shape=dimensions(spec))  # type: ignore[arg-type]
        for name, spec in specs.items()
    }


def is_withheld(item: Question | Variable) -> bool:
    """Whether what is right cannot be told without giving it away, or not be told by values.

    Without inputs the public case is the graded one; a property is code.
    """
    if isinstance(item, Question):
        return not item.inputs or bool(item.properties)
    return not item.given


class _Record:
    """What one item's solutions give, every value written down once."""

    def __init__(self, item: Question | Variable) -> None:
        self._item = item
        self._values: dict[bytes, Value] = {}
        self._places: dict[bytes, int] = {}

    def data(self) -> RecordData:
        """The whole record."""
        cases = draw_cases(self._item, PUBLIC_SEED)
        withheld = is_withheld(self._item)
        recorded = tuple(self._case(case, withheld=withheld) for case in cases)
        mistakes: tuple[MistakeData, ...] = ()
        forward: tuple[tuple[Place | None, ...], ...] = ()
        if isinstance(self._item, Question) and not withheld:
            mistakes = tuple(self._mistakes(self._item, cases))
            forward = tuple(self._forward(self._item, cases))
        return RecordData(
            values=tuple(self._values.values()), cases=recorded, mistakes=mistakes, forward=forward
        )

    def _place(self, value: PlainValue) -> Place:
        """Where a value stands; the same value always stands in the same place."""
        data = to_protocol(_in_json(value))
        key = msgspec.json.encode(data)
        self._values.setdefault(key, data)
        return self._places.setdefault(key, len(self._places))

    def _case(self, case: Case, *, withheld: bool) -> CaseData:
        return CaseData(
            kind=case.kind,
            arguments={name: self._place(value) for name, value in case.arguments.items()},
            expected=None if withheld else self._outputs(case.expected),
            accepted=() if withheld else tuple(map(self._outputs, case.accepted)),
        )

    def _outputs(self, expected: Expected) -> OutputsData:
        return OutputsData(
            names=tuple(expected.outputs),
            values=tuple(map(self._place, expected.outputs.values())),
            tolerances=tuple(expected.tolerances.values()),
            named=expected.named,
            typed=self._typed(expected),
        )

    def _typed(self, expected: Expected) -> tuple[Place, ...] | None:
        if expected.typed is None:
            return None
        return tuple(self._place(expected.typed[name]) for name in expected.outputs)

    def _mistakes(self, question: Question, cases: Sequence[Case]) -> Iterator[MistakeData]:
        """The mistakes that have an answer to every case, and not the right one to all."""
        for mistake in possible_mistakes(question, cases[0]):
            answers = [wrong_answer(question, mistake.wrong, case) for case in cases]
            told = [one for one in answers if one is not None and _is_told(one)]
            if len(told) == len(cases) and _differs(question, cases, told):
                yield self._mistake(mistake, cases, told)

    def _mistake(
        self, mistake: Mistake, cases: Sequence[Case], answers: Sequence[Expected]
    ) -> MistakeData:
        fault = None if callable(mistake.wrong) else mistake.wrong[0]
        ids = (*mistake.ids, *mistake.also)
        # Of the place only what hints name: all of them together would tell the computation.
        names_operation = any(mentions(one, "op", "act") for one in ids)
        names_operand = any(mentions(one, "input") for one in ids)
        return MistakeData(
            ids=mistake.ids,
            also=mistake.also,
            text=mistake.text,
            is_fault=fault is not None,
            operation=fault.operation if fault and names_operation else None,
            operand=fault.operand if fault and names_operand else None,
            passes=int(fault.amount) if fault and fault.change == "passes" else None,
            answers=tuple(
                AnswerData(
                    values=tuple(self._place(answer.outputs[one]) for one in case.expected.outputs),
                    typed=self._typed(answer),
                )
                for case, answer in zip(cases, answers, strict=True)
            ),
        )

    def _forward(
        self, question: Question, cases: Sequence[Case]
    ) -> Iterator[tuple[Place | None, ...]]:
        """The values on the way to the answer, in no order that tells the way."""
        runs = [
            {place: np.asarray(value) for place, value in forward_values(question, case).items()}
            for case in cases
        ]
        places = dict.fromkeys(place for run in runs for place in run)
        rows = {tuple(_bytes(run.get(place)) for run in runs): place for place in places}
        for key in sorted(rows):
            found = [run.get(rows[key]) for run in runs]
            yield tuple(None if one is None else self._place(one) for one in found)


def _in_json(value: PlainValue) -> PlainValue:
    """The value with an array in place of a Python number that JSON does not have."""
    match value:
        case float() if not math.isfinite(value):
            return np.asarray(value)
        case dict():
            return {name: _in_json(entry) for name, entry in value.items()}
        case list() | tuple():
            return type(value)(map(_in_json, value))
        case _:
            return value


def _is_told(answer: Expected) -> bool:
    """Whether it is of values that can be written down."""
    return all(map(is_output, (*answer.outputs.values(), *(answer.typed or {}).values())))


def _differs(question: Question, cases: Sequence[Case], answers: Sequence[Expected]) -> bool:
    return any(
        first_mismatch(name, case.expected, _as_given(answer), question.compare)
        for case, answer in zip(cases, answers, strict=True)
        for name in case.expected.outputs
    )


def _as_given(answer: Expected) -> PlainValue:
    return dict(answer.outputs) if answer.named else next(iter(answer.outputs.values()))


def _bytes(array: Ndarray | None) -> bytes:
    """What arrays are told apart and put in order by."""
    return b"" if array is None else f"{array.dtype} {array.shape} ".encode() + array.tobytes()
