"""Which two faults can give an answer together: few of all pairs, by what each of them does alone.

It knows the numbers of single faults, and runs no two of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from grader.assignment import Question
from grader.cases import Case, Expected
from grader.diagnosis.mistakes import Mistake, possible_mistakes
from grader.diagnosis.shortlist import Mask, Shortlist, numbers_of
from grader.diagnosis.wrong_answers import wrong_answer
from grader.outcomes import Ndarray
from grader.solving import numbers


def candidates(
    question: Question, cases: Sequence[Case], found: Mapping[str, Ndarray | None]
) -> Iterator[tuple[Mistake, Mistake]]:
    """The pairs of faults that can give an answer together, the likely ones first.

    `found` are the numbers by output that came back for the first of the cases.

    An output that one of the two leaves alone is as the other makes it, and so is every number in
    it; only of what both change nothing is known without a run.
    """
    singles = _singles(question, cases[0], cases[:2][-1])
    left = singles.independent & ~_contradicted(singles, found)
    order = np.argwhere(left)
    unlikely = ~singles.likely[left]
    for at, beside in order[np.argsort(unlikely, kind="stable")].tolist():
        yield singles.mistakes[at], singles.mistakes[beside]


_ROOMS = 4.0
"""How much farther a number may be than one mistake puts it, since the other may move it a bit."""
_UNTOUCHED = 1e-3
"""How near the right one, as part of the room, a number is that a mistake does not concern."""


class _Singles(NamedTuple):
    """Faults, one for each different wrong answer, and what is known of them without an answer.

    `keeps` has a row a fault, and a column for every output and number: 1 where the fault leaves it
    alone. Of each pair it is known whether it is two mistakes, and whether it is a likely one.
    """

    mistakes: tuple[Mistake, ...]
    shortlist: Shortlist
    right: Shortlist
    keeps: Ndarray
    independent: Mask
    likely: Mask


def _contradicted(singles: _Singles, found: Mapping[str, Ndarray | None]) -> Mask:
    """Which pairs an output or number contradicts: that neither of the two changes, or one alone.

    Whoever leaves it alone leaves it to the other, or as it should be.
    """
    keeps = singles.keeps
    wrong = ~_nearness(singles.right, found)
    misses = ~_nearness(singles.shortlist, found)
    by_neither = (keeps * wrong) @ keeps.T
    by_one = ((1 - keeps) * misses) @ keeps.T
    contradicted: Mask = (by_neither + by_one + by_one.T) > 0
    return contradicted


def _nearness(answers: Shortlist, found: Mapping[str, Ndarray | None]) -> Mask:
    """Which outputs, and then which numbers, of each answer can be those that were found."""
    columns = answers.near(found), answers.near_each(found, rooms=_ROOMS)
    return np.concatenate(columns, axis=1)


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
    shortlist, due = Shortlist(found, case), _numbers_due(case)
    keeps = shortlist.near(due)
    return _Singles(
        tuple(mistakes),
        shortlist,
        right=Shortlist([case.expected], case),
        keeps=np.hstack([keeps, shortlist.near_each(due, rooms=_UNTOUCHED)]).astype(np.float32),
        independent=_independent(mistakes),
        likely=(keeps[:, None] != keeps[None, :]).any(axis=2),
    )


def _numbers_due(case: Case) -> dict[str, Ndarray | None]:
    """The numbers of the right answer, by output."""
    return {name: numbers_of(value) for name, value in case.expected.outputs.items()}


def _fingerprint(answer: Expected) -> bytes:
    """Equal for answers that differ by rounding alone, as good as always."""
    values = [numbers(one) for one in answer.outputs.values()]
    return b"|".join(np.round(one, 9).tobytes() for one in values)


def _independent(mistakes: Sequence[Mistake]) -> Mask:
    """Which faults, each with a later one, are two mistakes, not one place changed twice.

    A sign is a mistake of its own wherever it is.
    """
    faults = [one.wrong[0] for one in mistakes]  # type: ignore[index]
    met: dict[object, int] = {}
    places = np.array([
        met.setdefault((one.site, one.edge) if one.site else at, len(met))
        for at, one in enumerate(faults)
    ])  # fmt: skip
    signs = np.array([one.id == "wrong_sign" for one in faults])
    apart = (places[:, None] != places[None, :]) | (signs[:, None] != signs[None, :])
    independent: Mask = np.triu(apart, 1)
    return independent
