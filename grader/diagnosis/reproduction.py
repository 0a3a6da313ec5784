"""Which mistakes reproduce a student's answers: faults of the engine, and declared wrong solutions.

The reference solution is run again under each fault that its computation makes possible. What gives
the student's numbers in every case is the mistake; it is exact where nothing else gives them too.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from grader.assignment import Question
from grader.cases import Case, Expected
from grader.comparison import Judgement
from grader.diagnosis.findings import Finding, finding
from grader.diagnosis.mistakes import Mistake, possible_mistakes
from grader.diagnosis.shortlist import Line, Mask, Shortlist, line_of, numbers_of
from grader.diagnosis.two_mistakes import candidates
from grader.diagnosis.wrong_answers import Wrong, operations_of, wrong_answer
from grader.messages import Message
from grader.outcomes import Answered, Ndarray, PlainValue
from grader.values import answer_outputs, first_mismatch

if TYPE_CHECKING:
    from reference_engine.faults import Fault


class _Given(NamedTuple):
    """A case, the answer that came back for it, and the answer's numbers by output.

    `whole` has them one output after another; None where an output holds anything but numbers.
    """

    case: Case
    answer: PlainValue
    numbers: Mapping[str, Ndarray | None]
    whole: Ndarray | None


Pairs: TypeAlias = Sequence[_Given]

BUDGET = 100_000
"""Operations that may be spent on pairs of faults for one case; a fixed number, not a time, so that
every machine finds the same."""


@np.errstate(all="ignore")
def reproduced(
    question: Question,
    cases: Sequence[Case],
    outcomes: Sequence[object],
    judgement: Judgement,
) -> tuple[Finding, ...]:
    """The mistakes that give the student's answers: one alone, else two, else one an output.

    Empty where some call gave no answer, and where nothing reproduces what is there.
    """
    wrong = [one.name for one in judgement.outputs if one.verdict != "correct"]
    if not wrong or question.properties:
        return ()
    pairs = [
        _given(case, outcome.value)
        for case, outcome in zip(cases, outcomes, strict=False)
        if isinstance(outcome, Answered)
    ]
    if len(pairs) < len(outcomes):
        return ()
    if all(one.answer is None for one in pairs):
        return ()  # of what gave no answer at all there is nothing to be reproduced
    near = _shortlist(question, cases[0]).near(pairs[0].numbers)
    alone = _reproducing(question, _likely(question, cases[0], near), pairs)
    if alone:
        return _findings(alone, wrong[0], explains_all=True)
    at_times = _in_some_cases(question, pairs)
    if at_times:
        return _findings(at_times, wrong[0], explains_all=False)
    two = _two(question, pairs, wrong)
    return two or tuple(_by_output(question, pairs, near, wrong))


def _in_some_cases(question: Question, pairs: Pairs) -> list[Mistake]:
    """The mistakes that give every wrong answer of several, where some cases are right.

    Such code goes wrong under a condition: it takes a size without its sign, say.
    """
    off = [one for one in pairs if not _is_right(question, one)]
    if len(off) == len(pairs) or sum(one.case.kind != "repeated" for one in off) < 2:
        return []
    case = off[0].case
    near = _shortlist(question, case).near(off[0].numbers)
    return _reproducing(question, _likely(question, case, near), off)


def _is_right(question: Question, given: _Given) -> bool:
    due, answer = given.case.expected, given.answer
    line = _line_due(given.case)
    if line is not None and given.whole is not None and line.is_far(given.whole):
        return False
    return not any(first_mismatch(name, due, answer, question.compare) for name in due.outputs)


def _likely(question: Question, case: Case, near: Mask) -> list[Mistake]:
    """The mistakes that can have given all outputs of a case."""
    mistakes = possible_mistakes(question, case)
    return [mistakes[at] for at in np.flatnonzero(near.all(axis=1))]


@lru_cache(maxsize=256)
def _shortlist(question: Question, case: Case) -> Shortlist:
    mistakes = possible_mistakes(question, case)
    return Shortlist([wrong_answer(question, one.wrong, case) for one in mistakes], case)


def _given(case: Case, answer: PlainValue) -> _Given:
    outputs = answer_outputs(answer, case.expected)
    parts = {name: numbers_of(value) for name, value in outputs.items()}
    there = [part for part in parts.values() if part is not None]
    whole = np.concatenate(there) if len(there) == len(parts) else None
    return _Given(case, answer, parts, whole)


def _reproducing(
    question: Question,
    likely: Sequence[Mistake],
    pairs: Pairs,
    name: str | None = None,
) -> list[Mistake]:
    """Those that give what came back; of several with the same ids the first will do."""
    told: set[str] = set()
    found = []
    for one in likely:
        ids = {*one.ids, *one.also}
        if not ids <= told and _reproduces(question, one, pairs, name):
            found.append(one)
            told |= ids
    return found


def _reproduces(
    question: Question, mistake: Mistake, pairs: Pairs, name: str | None = None
) -> bool:
    """Whether a mistake gives what came back in every case (in the output `name`).

    It must be wrong in one of them: what gives the right answer explains nothing.
    """
    differs = False
    for given in pairs:
        case, answer = given.case, given.answer
        if _is_far(question, mistake.wrong, given, name):
            return False
        wrong = wrong_answer(question, mistake.wrong, case)
        if wrong is None:
            return False
        for output in wrong.outputs if name is None else [name]:
            if first_mismatch(output, wrong, answer, question.compare):
                return False
            differs = differs or _is_wrong(question, case, wrong, output)
    return differs


def _is_far(question: Question, wrong: Wrong, given: _Given, name: str | None) -> bool:
    """Whether one look at the numbers shows that a mistake does not give what came back."""
    found = given.whole if name is None else given.numbers[name]
    if found is None:
        return False
    line = _line(question, wrong, given.case, name)
    return line is None or line.is_far(found)


@lru_cache(maxsize=256)
def _line_due(case: Case) -> Line | None:
    """The numbers of the right answer; None where it is anything else."""
    return line_of(case.expected, list(case.expected.outputs))


@lru_cache(maxsize=16384)
def _line(question: Question, wrong: Wrong, case: Case, name: str | None) -> Line | None:
    """The numbers that a mistake gives; None where it gives anything else."""
    answer = wrong_answer(question, wrong, case)
    if answer is None:
        return None
    return line_of(answer, list(answer.outputs) if name is None else [name])


def _is_wrong(question: Question, case: Case, wrong: Expected, name: str) -> bool:
    own = dict(wrong.outputs) if case.expected.named else wrong.outputs[name]
    return first_mismatch(name, case.expected, own, question.compare) is not None


def _findings(
    mistakes: Sequence[Mistake], where: str, *, explains_all: bool
) -> tuple[Finding, ...]:
    """One finding for every id among mistakes that cannot be told apart."""
    once: dict[str, Mistake] = {}
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
    identifier: str, mistake: Mistake, where: str, *, exact: bool, explains_all: bool
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


def _two(question: Question, pairs: Pairs, wrong: Sequence[str]) -> tuple[Finding, ...]:
    """Two faults that together give the answers; other pairs may, so that nothing is exact."""
    operations = operations_of(question, pairs[0].case)
    room = BUDGET // max(operations, 1)
    possible = candidates(question, [one.case for one in pairs], pairs[0].numbers)
    for first, second in islice(possible, room):
        together = Mistake(first.ids + second.ids, (*first.wrong, *second.wrong))  # type: ignore[misc]
        if _reproduces(question, together, pairs):
            return _findings([together], wrong[0], explains_all=False)
    return ()


# -- one output at a time -----------------------------------------------------------------------


def _by_output(
    question: Question, pairs: Pairs, near: Mask, wrong: Sequence[str]
) -> Iterator[Finding]:
    """For every wrong output the mistakes that give this output, whatever they do elsewhere."""
    case = pairs[0].case
    names = list(case.expected.outputs)
    if len(names) < 2:
        return
    mistakes = possible_mistakes(question, case)
    for name in wrong:
        likely = [mistakes[at] for at in near[:, names.index(name)].nonzero()[0]]
        fitting = _reproducing(question, likely, pairs, name)
        yield from _findings(fitting, name, explains_all=False)
