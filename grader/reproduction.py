"""Which mistakes reproduce a student's answers: faults of the engine, and declared wrong solutions.

The reference solution is run again under each fault that its computation makes possible. What gives
the student's numbers in every case is the mistake; it is exact where nothing else gives them too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from grader.assignment import Question, Solution
from grader.cases import Case, Expected
from grader.comparison import Judgement
from grader.findings import Finding, finding
from grader.inputs import IntegerSpec, LabelsSpec
from grader.messages import Message
from grader.outcomes import Answered, Ndarray, PlainValue, TensorValue
from grader.solving import numbers
from grader.values import answer_outputs, first_mismatch
from grader.wrong_answers import Wrong, possible_faults, wrong_answer

if TYPE_CHECKING:
    from reference_engine.faults import Fault


class _Given(NamedTuple):
    """A case, the answer that came back for it, and the answer's numbers by output."""

    case: Case
    answer: PlainValue
    numbers: Mapping[str, Ndarray]


Pairs: TypeAlias = Sequence[_Given]

BUDGET = 100_000
"""Operations that may be spent on pairs of faults for one case; a fixed number, not a time, so that
every machine finds the same."""


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A wrong solution or faults, what they stand for, and what else gives the same numbers."""

    ids: tuple[str, ...]
    wrong: Wrong
    text: str | None = None
    also: tuple[str, ...] = ()


def reproduced(
    question: Question,
    cases: Sequence[Case],
    outcomes: Sequence[object],
    judgement: Judgement,
) -> tuple[Finding, ...]:
    """The mistakes that give the student's answers: one alone, else two, else one an output.

    Empty where some call gave no answer, and where nothing reproduces what is there.
    """
    pairs = [
        _given(case, outcome.value)
        for case, outcome in zip(cases, outcomes, strict=False)
        if isinstance(outcome, Answered)
    ]
    wrong = [one.name for one in judgement.outputs if one.verdict != "correct"]
    if len(pairs) < len(outcomes) or not wrong or question.properties:
        return ()
    if all(one.answer is None for one in pairs):
        return ()  # of what gave no answer at all there is nothing to be reproduced
    mistakes = _mistakes(question, cases[0])
    alone = [one for one in mistakes if _reproduces(question, one, pairs)]
    if alone:
        return _findings(alone, wrong[0], explains_all=True)
    return _two(question, mistakes, pairs, wrong) or _by_output(question, mistakes, pairs, wrong)


@lru_cache(maxsize=256)
def _mistakes(question: Question, case: Case) -> tuple[_Mistake, ...]:
    """Everything that is tried: what the question declares, faults, and changed inputs."""
    faults, _ = possible_faults(question, case)
    return (
        *(_Mistake((one.id,), one.solution, one.message) for one in question.misconceptions),
        *(
            _Mistake((fault.id,), (fault,), also=_also(question, fault))
            for fault in faults
            if not (fault.change == "passes" and question.autograd == "forbidden")
        ),
        *(_Mistake((identifier,), wrong) for identifier, wrong in _changed_inputs(question)),
    )


def _also(question: Question, fault: "Fault") -> tuple[str, ...]:
    """What else gives the same numbers as a fault, however different it is as a mistake."""
    also = []
    if fault.change == "dropped" and question.autograd != "forbidden":
        also.append("detached_by_data")  # autograd takes no derivative wrong, but can be cut off
    if fault.change == "cut" and fault.id == "detached_wrong_branch":
        also += ["requires_grad_missing", "grad_of_non_leaf"]
    if fault.change == "cut" and any(isinstance(one, LabelsSpec) for one in _specs(question)):
        also.append("missing_one_hot")
    if fault.change == "passes":
        also.append("backward_twice")
    if fault.id == "mean_over_classes":
        also.append("mean_instead_of_sum")  # the sum of a penalty, say
    return tuple(also)


def _specs(question: Question) -> Iterator[object]:
    yield from question.inputs.values()


def _changed_inputs(question: Question) -> Iterator[tuple[str, Solution]]:
    """The reference on inputs one beside the right ones: a step more or less, the next label."""
    for name, spec in question.inputs.items():
        for shift in (1, -1):
            if isinstance(spec, IntegerSpec):
                yield "off_by_one_iteration", _shifted(question.reference, name, shift)
            elif isinstance(spec, LabelsSpec):
                yield "label_off_by_one", _shifted(question.reference, name, shift)


def _shifted(reference: Solution, name: str, shift: int) -> Solution:
    def solution(**arguments: Any) -> Any:
        return reference(**{**arguments, name: arguments[name] + shift})

    return solution


def _given(case: Case, answer: PlainValue) -> _Given:
    outputs = answer_outputs(answer, case.expected)
    return _Given(
        case,
        answer,
        {
            name: numbers(value) if isinstance(value, np.ndarray | TensorValue) else np.zeros(0)
            for name, value in outputs.items()
        },
    )


def _is_far(wrong: Expected, name: str, found: Ndarray) -> bool:
    """Whether a look at the numbers is enough: there are as many, and one is out of tolerance.

    Most of the mistakes that are tried give quite other numbers. Anything unusual (lists, numbers
    of Python's, NaN) is not far by this, and compared with care.
    """
    due = wrong.flat[name] if wrong.flat is not None else found[:0]
    if not due.size or due.size != found.size:
        return False
    return bool(np.any(np.abs(due - found) > 2 * wrong.tolerances[name]))


def _reproduces(
    question: Question, mistake: _Mistake, pairs: Pairs, names: Sequence[str] | None = None
) -> bool:
    """Whether a mistake gives what came back in every case (in the outputs `names`).

    It must be wrong in one of them: what gives the right answer explains nothing.
    """
    differs = False
    for case, answer, found in pairs:
        wrong = wrong_answer(question, mistake.wrong, case)
        if wrong is None:
            return False
        if any(_is_far(wrong, name, found[name]) for name in names or wrong.outputs):
            return False
        for name in names or wrong.outputs:
            if first_mismatch(name, wrong, answer, question.compare):
                return False
            own = dict(wrong.outputs) if case.expected.named else wrong.outputs[name]
            differs |= first_mismatch(name, case.expected, own, question.compare) is not None
    return differs


def _findings(
    mistakes: Sequence[_Mistake], where: str, *, explains_all: bool
) -> tuple[Finding, ...]:
    """One finding for every id among mistakes that cannot be told apart."""
    once: dict[str, _Mistake] = {}
    for one in mistakes:
        for identifier in (*one.ids, *one.also):
            once.setdefault(identifier, one)
    # Two gradients may well be equal for other reasons than that one was taken for the other.
    exact = explains_all and len(once) == 1 and "gradient_of_wrong_input" not in once
    return tuple(
        _finding(identifier, one, where, exact=exact, explains_all=exact)
        for identifier, one in once.items()
    )


def _finding(
    identifier: str, mistake: _Mistake, where: str, *, exact: bool, explains_all: bool
) -> Finding:
    if mistake.text is not None:
        hints = (Message("declared", {"text": mistake.text}),)
        return Finding(identifier, where, {}, exact, hints, explains_all)
    details = {} if callable(mistake.wrong) else _details(identifier, mistake.wrong)
    return finding(identifier, where, exact=exact, explains_all=explains_all, **details)


def _details(identifier: str, faults: "Sequence[Fault]") -> dict[str, Any]:
    """Where the fault with this id sits, in the words of the code."""
    fault = next((one for one in faults if one.id == identifier), faults[0])
    details: dict[str, Any] = {"op": fault.operation, "input": fault.operand}
    if "activation" in identifier or identifier == "wrong_relu_mask":
        details["act"] = fault.operation
    if fault.change == "passes":
        details["k"] = int(fault.amount)
    return details


# -- two mistakes -------------------------------------------------------------------------------


def _two(
    question: Question, mistakes: Sequence[_Mistake], pairs: Pairs, wrong: Sequence[str]
) -> tuple[Finding, ...]:
    """Two faults that together give the answers; the first gives one of the outputs by itself."""
    case = pairs[0].case
    _, operations = possible_faults(question, case)
    singles = list(_distinct(question, mistakes, [one.case for one in pairs[:2]]))
    starts = [
        one
        for one in singles
        if any(_reproduces(question, one, pairs[:1], [name]) for name in wrong)
    ]
    if not starts and len(singles) ** 2 * max(operations, 1) <= BUDGET:
        starts = singles
    left = BUDGET // max(operations, 1)
    tried: set[frozenset[Wrong]] = set()
    found: list[_Mistake] = []
    for first in starts:
        for second in singles:
            both = frozenset((first.wrong, second.wrong))
            if len(both) < 2 or both in tried or not _independent(first, second):
                continue
            tried.add(both)
            left -= 1
            if left < 0:
                return _pair_findings(found, wrong)
            together = _Mistake(first.ids + second.ids, (*first.wrong, *second.wrong))  # type: ignore[misc]
            if _reproduces(question, together, pairs[:1]) and _reproduces(
                question, together, pairs
            ):
                found.append(together)
    return _pair_findings(found, wrong)


def _distinct(
    question: Question, mistakes: Sequence[_Mistake], cases: Sequence[Case]
) -> Iterator[_Mistake]:
    """One fault for each different wrong answer; the others would make the same pairs.

    Two cases, since what is the same by a coincidence of sizes is not the same fault.
    """
    met: set[bytes] = {_fingerprint([case.expected for case in cases])}
    for one in mistakes:
        if callable(one.wrong) or one.wrong[0].change == "passes":
            continue
        answers = [wrong_answer(question, one.wrong, case) for case in cases]
        whole = [answer for answer in answers if answer is not None]
        fingerprint = _fingerprint(whole)
        if len(whole) == len(cases) and fingerprint not in met:
            met.add(fingerprint)
            yield one


def _fingerprint(answers: Sequence[Expected]) -> bytes:
    """Equal for answers that differ by rounding alone, as good as always."""
    values = [numbers(one) for answer in answers for one in answer.outputs.values()]
    return b"|".join(np.round(one, 9).tobytes() for one in values)


def _independent(first: _Mistake, second: _Mistake) -> bool:
    """Whether two faults are two mistakes, not one place changed twice."""
    one, other = first.wrong[0], second.wrong[0]  # type: ignore[index]
    return bool((one.site, one.edge) != (other.site, other.edge) or not one.site)


def _pair_findings(found: Sequence[_Mistake], wrong: Sequence[str]) -> tuple[Finding, ...]:
    """The mistakes of the first pair that fits; other pairs may, so that nothing is exact."""
    return _findings(found[:1], wrong[0], explains_all=False)


# -- one output at a time -----------------------------------------------------------------------


def _by_output(
    question: Question, mistakes: Sequence[_Mistake], pairs: Pairs, wrong: Sequence[str]
) -> tuple[Finding, ...]:
    """For every wrong output the mistakes that give this output, whatever they do elsewhere."""
    return tuple(_each(question, mistakes, pairs, wrong))


def _each(
    question: Question, mistakes: Sequence[_Mistake], pairs: Pairs, wrong: Sequence[str]
) -> Iterator[Finding]:
    if len(wrong) < 2 and len(pairs[0].case.expected.outputs) < 2:
        return
    for name in wrong:
        fitting = [one for one in mistakes if _reproduces(question, one, pairs, [name])]
        yield from _findings(fitting, name, explains_all=False)
