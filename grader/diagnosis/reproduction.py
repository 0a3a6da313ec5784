"""Which mistakes reproduce a student's answers: faults of the engine, and declared wrong solutions.

The reference solution is run again under each fault that its computation makes possible. What gives
the student's numbers in every case is the mistake; it is exact where nothing else gives them too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from grader.assignment import Question
from grader.assignment.inputs import LabelsSpec
from grader.cases import Case, Expected
from grader.comparison import Judgement
from grader.diagnosis.findings import Finding, finding
from grader.diagnosis.ratios import has_penalty
from grader.diagnosis.shortlist import Mask, Shortlist, numbers_of
from grader.diagnosis.usual_mistakes import usual_mistakes
from grader.diagnosis.wrong_answers import Wrong, possible_faults, wrong_answer
from grader.messages import Message
from grader.outcomes import Answered, Ndarray, PlainValue
from grader.solving import numbers
from grader.values import answer_outputs, first_mismatch

if TYPE_CHECKING:
    from reference_engine.faults import Fault


class _Given(NamedTuple):
    """A case, the answer that came back for it, and the answer's numbers by output."""

    case: Case
    answer: PlainValue
    numbers: Mapping[str, Ndarray | None]


Pairs: TypeAlias = Sequence[_Given]

BUDGET = 100_000
"""Operations that may be spent on pairs of faults for one case; a fixed number, not a time, so that
every machine finds the same."""


@dataclass(frozen=True, slots=True)
class Mistake:
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
    mistakes = possible_mistakes(question, cases[0])
    near = _shortlist(question, cases[0]).near(pairs[0].numbers)
    likely = [mistakes[at] for at in np.flatnonzero(near.all(axis=1))]
    alone = _reproducing(question, likely, pairs)
    if alone:
        return _findings(alone, wrong[0], explains_all=True)
    two = _two(question, pairs, wrong)
    return two or tuple(_by_output(question, pairs, near, wrong))


@lru_cache(maxsize=256)
def _shortlist(question: Question, case: Case) -> Shortlist:
    mistakes = possible_mistakes(question, case)
    return Shortlist([wrong_answer(question, one.wrong, case) for one in mistakes], case)


@lru_cache(maxsize=256)
def possible_mistakes(question: Question, case: Case) -> tuple[Mistake, ...]:
    """Everything that is tried: what the question declares, faults, and changed inputs."""
    if question.recorded is not None:
        return tuple(Mistake(*one) for one in question.recorded.mistakes)
    faults, _ = possible_faults(question, case)
    by_hand = question.autograd == "forbidden" or question.call is not None
    zeroes = any(fault.change == "not_zeroed" for fault in faults)
    return (
        *(Mistake((one.id,), one.solution, one.message) for one in question.misconceptions),
        *(
            Mistake((fault.id,), (fault,), also=_also(question, fault, zeroes=zeroes))
            for fault in faults
            if fault.change not in (_BY_AUTOGRAD if by_hand else _BY_HAND)
        ),
        *(Mistake(ids, wrong) for ids, wrong in usual_mistakes(question)),
    )


_BY_AUTOGRAD = frozenset({"passes"})
"""What nobody can get wrong who derives by hand."""
_BY_HAND = frozenset({"nothing_arrives"})
"""What nobody can get wrong whose derivatives autograd takes."""


def _also(question: Question, fault: "Fault", *, zeroes: bool) -> tuple[str, ...]:
    """What else gives the same numbers as a fault, however different it is as a mistake."""
    by_hand = question.autograd == "forbidden"
    # x * x.data has half of the derivative of x**2.
    lost = fault.change == "dropped" or (fault.id, fault.operation) == ("missing_factor", "**")
    cut = fault.change == "cut"
    alike = (
        # Autograd takes no derivative wrong, but can be cut off.
        (lost and not by_hand, ("detached_by_data",)),
        # What was stored without a copy is zeroed later.
        (fault.change == "zeroed_before_read", ("aliased_gradient",)),
        # And becomes what a later pass gives, from zero.
        (fault.change == "not_copied", ("zeroed_in_wrong_place",)),
        (
            cut and fault.id == "detached_wrong_branch",
            ("requires_grad_missing", "grad_of_non_leaf"),
        ),
        # What was cut off is zero, as what was erased.
        (cut and zeroes, ("read_after_zeroing",)),
        (
            cut and any(isinstance(one, LabelsSpec) for one in question.inputs.values()),
            ("missing_one_hot",),
        ),
        (fault.change == "passes", ("backward_twice",)),
        ((fault.change, fault.amount) == ("axis", "all"), ("wrong_axis",)),
        (fault.id == "missing_factor" and has_penalty(question), ("regularisation_factor",)),
        (fault.change == "nothing_arrives", ("missing_chain_factor",)),
        # Whoever derives by hand gets a two wrong more easily than counts a path twice.
        (by_hand and fault.id == "double_counted_path", ("missing_factor",)),
        # The sum of a penalty, say.
        (fault.id == "mean_over_classes", ("mean_instead_of_sum",)),
    )
    return tuple(identifier for holds, ids in alike if holds for identifier in ids)


def _given(case: Case, answer: PlainValue) -> _Given:
    outputs = answer_outputs(answer, case.expected)
    return _Given(case, answer, {name: numbers_of(value) for name, value in outputs.items()})


def _reproducing(
    question: Question,
    likely: Sequence[Mistake],
    pairs: Pairs,
    names: Sequence[str] | None = None,
) -> list[Mistake]:
    """Those that give what came back; of several with the same ids the first will do."""
    told: set[str] = set()
    found = []
    for one in likely:
        ids = {*one.ids, *one.also}
        if not ids <= told and _reproduces(question, one, pairs, names):
            found.append(one)
            told |= ids
    return found


def _reproduces(
    question: Question, mistake: Mistake, pairs: Pairs, names: Sequence[str] | None = None
) -> bool:
    """Whether a mistake gives what came back in every case (in the outputs `names`).

    It must be wrong in one of them: what gives the right answer explains nothing.
    """
    differs = False
    for case, answer, _ in pairs:
        wrong = wrong_answer(question, mistake.wrong, case)
        if wrong is None:
            return False
        for name in names or wrong.outputs:
            if first_mismatch(name, wrong, answer, question.compare):
                return False
            differs = differs or _is_wrong(question, case, wrong, name)
    return differs


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
    _, operations = possible_faults(question, pairs[0].case)
    room = BUDGET // max(operations, 1)
    for first, second in islice(_candidates(question, pairs), room):
        together = Mistake(first.ids + second.ids, (*first.wrong, *second.wrong))  # type: ignore[misc]
        if _reproduces(question, together, pairs):
            return _findings([together], wrong[0], explains_all=False)
    return ()


def _candidates(question: Question, pairs: Pairs) -> Iterator[tuple[Mistake, Mistake]]:
    """The pairs of faults that can give the answers together, the likely ones first.

    An output that one of the two leaves alone is as the other makes it, and so is every number in
    it; only of what both change nothing is known without a run.
    """
    case, _, found = pairs[0]
    singles = _singles(question, case, pairs[:2][-1].case)
    right = Shortlist([case.expected], case).near(found)[0]
    fits, changes = singles.shortlist.near(found), singles.changes
    one, other = changes[:, None], changes[None, :]
    possible = np.select([one & other, one, other], [True, fits[:, None], fits[None, :]], right)
    likely = (one != other).any(axis=2)
    left = possible.all(axis=2) & ~_contradicted(singles.shortlist, case, found)
    order = np.argwhere(np.triu(left, 1))
    for at, beside in sorted(order.tolist(), key=lambda pair: not likely[*pair]):
        first, second = singles.mistakes[at], singles.mistakes[beside]
        if _independent(first, second):
            yield first, second


_ROOMS = 4.0
"""How much farther a number may be than one mistake puts it, since the other may move it a bit."""
_UNTOUCHED = 1e-3
"""How near the right one, as part of the room, a number is that a mistake does not concern."""


def _contradicted(singles: Shortlist, case: Case, found: Mapping[str, Ndarray | None]) -> Mask:
    """Which pairs some number contradicts: one that neither of the two changes, or one alone."""
    asked, due = dict(found), _numbers_due(case)
    for name, right in due.items():
        answer = found[name]
        if right is None or answer is None or answer.size != right.size:
            asked[name] = due[name] = None
    wrong = ~Shortlist([case.expected], case).near_each(asked, rooms=_ROOMS)
    misses = ~singles.near_each(asked, rooms=_ROOMS)
    keeps = singles.near_each(due, rooms=_UNTOUCHED).astype(np.float32)
    by_neither = (keeps * wrong) @ keeps.T
    by_one = ((1 - keeps) * misses) @ keeps.T
    contradicted: Mask = (by_neither + by_one + by_one.T) > 0
    return contradicted


class _Singles(NamedTuple):
    """Faults, one for each different wrong answer, and which outputs they change."""

    mistakes: tuple[Mistake, ...]
    shortlist: Shortlist
    changes: Mask


@lru_cache(maxsize=256)
def _singles(question: Question, case: Case, another: Case) -> _Singles:
    """What pairs are made of. Other faults with the same answers would make the same pairs.

    What is the same on one case is asked again on another: a coincidence of sizes is no sameness.
    """
    alike: dict[bytes, list[tuple[Mistake, Expected]]] = {}
    for one in possible_mistakes(question, case):
        if callable(one.wrong) or one.wrong[0].change in ("passes", "nothing_arrives"):
            continue
        answer = wrong_answer(question, one.wrong, case)
        if answer is not None:
            alike.setdefault(_fingerprint(answer), []).append((one, answer))
    mistakes, found = [], []
    for fingerprint, members in alike.items():
        met: set[bytes] = set()
        if fingerprint == _fingerprint(case.expected):
            met.add(_fingerprint(another.expected))
        for one, answer in members:
            if met or len(members) > 1:
                second = wrong_answer(question, one.wrong, another)
                if second is None or _fingerprint(second) in met:
                    continue
                met.add(_fingerprint(second))
            mistakes.append(one)
            found.append(answer)
    shortlist = Shortlist(found, case)
    return _Singles(tuple(mistakes), shortlist, ~shortlist.near(_numbers_due(case)))


def _numbers_due(case: Case) -> dict[str, Ndarray | None]:
    """The numbers of the right answer, by output."""
    return {name: numbers_of(value) for name, value in case.expected.outputs.items()}


def _fingerprint(answer: Expected) -> bytes:
    """Equal for answers that differ by rounding alone, as good as always."""
    values = [numbers(one) for one in answer.outputs.values()]
    with np.errstate(over="ignore"):
        return b"|".join(np.round(one, 9).tobytes() for one in values)


def _independent(first: Mistake, second: Mistake) -> bool:
    """Whether two faults are two mistakes, not one place changed twice."""
    one, other = first.wrong[0], second.wrong[0]  # type: ignore[index]
    return bool((one.site, one.edge) != (other.site, other.edge) or not one.site)


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
        fitting = _reproducing(question, likely, pairs, [name])
        yield from _findings(fitting, name, explains_all=False)
