"""One look at the numbers of many wrong answers at once: which of them can be a student's.

Most mistakes give quite other numbers than a student's. What is left after this look is compared
with care elsewhere; what is ruled out here would have failed there. NumPy's warnings of numbers
that are infinite, or none, are for the caller to silence.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from grader.cases import Case, Expected
from grader.outcomes import Ndarray
from grader.values import as_array

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]


class Shortlist:
    """The answers of many mistakes to one case, stacked output by output.

    An answer that is None is one that the mistake does not give: it is never on the list.
    """

    def __init__(self, answers: Sequence[Expected | None], case: Case) -> None:
        self._given: Mask = np.array([one is not None for one in answers], bool)
        self._stacks = {
            name: _Stack(answers, name, due=numbers_of(value))
            for name, value in case.expected.outputs.items()
        }

    def near(self, found: Mapping[str, Ndarray | None]) -> Mask:
        """Whether each mistake's answer can be the one found: a row a mistake, a column an output.

        `found` holds the outputs' numbers as `numbers_of` gives them.
        """
        columns = [stack.near(found[name]) for name, stack in self._stacks.items()]
        return np.stack(columns, axis=1) & self._given[:, None]

    def near_each(self, found: Mapping[str, Ndarray | None], *, rooms: float) -> Mask:
        """The same entry by entry, within so many times the room: a column for every number due.

        An output whose numbers cannot be told apart is near throughout: it has another number of
        them than is due, or holds anything else.
        """
        columns = [stack.near_each(found[name], rooms) for name, stack in self._stacks.items()]
        return np.concatenate(columns, axis=1) & self._given[:, None]


class _Stack:
    """One output of many answers: a row of numbers each, those of the same length together.

    `due` are the numbers of the right answer; None where it holds anything else.
    """

    def __init__(
        self, answers: Sequence[Expected | None], name: str, *, due: Ndarray | None
    ) -> None:
        self._due = due
        self._unlike: Mask = np.zeros(len(answers), bool)  # not numbers alone: to be looked at
        rows: dict[int, list[int]] = {}
        numbers: dict[int, Ndarray] = {}
        for at, answer in enumerate(answers):
            if answer is None:
                continue
            row = numbers_of(answer.outputs[name])
            if row is None:
                self._unlike[at] = True
            else:
                numbers[at] = row
                rows.setdefault(row.size, []).append(at)
        self._count = len(answers)
        self._by_size = {
            size: (
                np.array(places),
                np.array([numbers[at] for at in places]),
                2 * np.array([_given(answers[at]).tolerances[name] for at in places])[:, None],
            )
            for size, places in rows.items()
        }

    def near(self, found: Ndarray | None) -> Mask:
        if found is None:
            return np.ones(self._count, bool)
        near: Mask = np.all(self._within(found, 1.0), axis=1)
        return near

    def near_each(self, found: Ndarray | None, rooms: float) -> Mask:
        if self._due is None:
            return np.ones((self._count, 1), bool)
        if found is None or found.size != self._due.size:
            return np.ones((self._count, self._due.size), bool)
        return self._within(found, rooms)

    def _within(self, found: Ndarray, rooms: float) -> Mask:
        near = np.repeat(self._unlike[:, None], found.size, axis=1)
        if found.size in self._by_size:
            places, rows, room = self._by_size[found.size]
            # What is no number is not far: it is for the careful comparison to say.
            near[places] = ~(np.abs(rows - found) > rooms * room)
        return near


def _given(answer: Expected | None) -> Expected:
    assert answer is not None  # noqa: S101 - rows are made of answers that are there
    return answer


class Line(NamedTuple):
    """The numbers of some outputs of an answer one after another, and the room of each."""

    numbers: Ndarray
    room: Ndarray

    def is_far(self, found: Ndarray) -> bool:
        """Whether what was found is certainly another answer."""
        if found.size != self.numbers.size:
            return True
        far: Mask = np.abs(self.numbers - found) > self.room
        return bool(far.any())


def line_of(answer: Expected, names: Sequence[str]) -> Line | None:
    """The line of these outputs; None where one of them holds anything but numbers."""
    parts = [numbers_of(answer.outputs[name]) for name in names]
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts):
        return None
    rooms = [2 * answer.tolerances[name] for name in names]
    return Line(np.concatenate(whole), np.repeat(rooms, [part.size for part in whole]))


def numbers_of(value: object) -> Ndarray | None:
    """The numbers of an answer in order, flat and in float64; None where it holds anything else.

    The entries of a dict have names, and no order.
    """
    array = as_array(value)  # type: ignore[arg-type]
    if array is not None:
        return array.astype(np.float64, copy=False).ravel()
    if not isinstance(value, list | tuple):
        return None
    parts = [numbers_of(entry) for entry in value]
    whole = [part for part in parts if part is not None]
    return np.concatenate(whole) if len(whole) == len(parts) else None
