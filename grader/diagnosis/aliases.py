"""Tells where a student stored one tensor again and again, which went on changing.

It knows numbers, and whether a question keeps something that changes later; no engine.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np

from grader.assignment import Question
from grader.cases import Case
from grader.comparison import Judgement
from grader.diagnosis.mistakes import possible_mistakes
from grader.outcomes import Answered, Ndarray, Outcome
from grader.values import Found, answer_outputs, as_array

_Entries: TypeAlias = tuple[list[Ndarray | None], list[Ndarray | None]]
"""What was found in one case, and what is right."""


def is_aliased(
    question: Question, pairs: Sequence[tuple[Case, Outcome]], judgement: Judgement
) -> bool:
    """Whether entries that should differ are one and the same, in every case.

    The entries are the outputs themselves, or those of an output that is several.
    """
    possible = {
        identifier
        for one in possible_mistakes(question, pairs[0][0])
        for identifier in (*one.ids, *one.also)
    }
    # Only a gradient, or what is kept and goes on changing, can be stored without a copy.
    if not possible & {"aliased_gradient", "accumulated_gradient"}:
        return False
    wrong = [one.name for one in judgement.outputs if one.verdict == "wrong_value"]
    taken: list[list[_Entries]] = [[] for _ in wrong]
    whole: list[_Entries] = []
    for case, outcome in pairs:
        if not isinstance(outcome, Answered):
            return False
        found, right = answer_outputs(outcome.value, case.expected), case.expected.outputs
        whole.append((list(map(as_array, found.values())), list(map(as_array, right.values()))))
        for name, entries in zip(wrong, taken, strict=True):
            entries.append((_entries(found[name]), _entries(right[name])))
    if wrong and any(map(_are_one, [whole, *taken])):
        return True
    return "aliased_gradient" in possible and _two_are_one(whole)


def _two_are_one(cases: Sequence[_Entries]) -> bool:
    """Whether an entry is the very same as a later one, which is right, and should not be."""
    found, _ = cases[0]
    return any(
        all(
            is_same_array(found[one], found[other]) and _same(found[other], right[other])
            for found, right in cases
        )
        and not all(_same(right[one], right[other]) for _, right in cases)
        for one, other in combinations(range(len(found)), 2)
    )


def _are_one(cases: Sequence[_Entries]) -> bool:
    """Whether what was found is the same entry again and again, and what is right is not.

    The entry is what came last, or that several times, the sum of all, or zero where it was
    erased in the end.
    """
    return all(
        len(found) == len(right) >= 2
        and all(is_same_array(found[0], other) for other in found[1:])
        and _is_what_remains(found[0], right)
        for found, right in cases
    ) and not all(_same(right[0], other) for _, right in cases for other in right[1:])


def is_same_array(one: Ndarray | None, other: Ndarray | None) -> bool:
    """Whether two arrays have the same shape and numbers, to the last digit."""
    return one is not None and other is not None and np.array_equal(one, other)


def _same(one: Ndarray | None, other: Ndarray | None) -> bool:
    """Whether two arrays differ by no more than single precision does."""
    return one is not None and other is not None and np.allclose(one, other, rtol=1e-5, atol=1e-8)


def _is_what_remains(found: Ndarray | None, right: Sequence[Ndarray | None]) -> bool:
    arrays = [one for one in right if one is not None and one.dtype.kind == "f"]
    if found is None or found.dtype.kind == "b" or len(arrays) < len(right):
        return False
    if any(one.shape != found.shape for one in arrays):
        return False
    room = 1e-4 * max(float(np.abs(one).max(initial=0.0)) for one in arrays)
    added_up = [times * arrays[-1] for times in range(2, len(arrays) + 1)]
    return any(
        np.all(np.abs(found - one) <= room) for one in (arrays[-1], sum(arrays), 0.0, *added_up)
    )


def _entries(value: Found) -> list[Ndarray | None]:
    """The arrays of an output that is several: the entries of a list, or the rows of a matrix."""
    array = as_array(value)
    if array is not None:
        return list(array) if array.ndim > 1 or isinstance(value, list | tuple) else [array]
    return list(map(as_array, value)) if isinstance(value, list | tuple) else [None]
