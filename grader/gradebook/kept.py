"""The marks that count in a gradebook, of which a few are held at a time.

For a class of any size: by their ids, as they stand in the database, or as people look for them.
"""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from grader.gradebook.database import Database
from grader.reports.summary import reading_order
from grader.results import SubmissionResult

_PAGE = 500
"""Marks that are held at a time."""


def counting(database: Database, columns: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
    """The columns, the student first, of the marks that count; by student.

    The plus keeps SQLite from its index: the table itself is in this order, and read at once.
    """
    last = ""
    while found := database.all(
        f"SELECT {columns} FROM grading WHERE +counts AND student > ? "  # noqa: S608 - ours
        f"ORDER BY student LIMIT {_PAGE}",
        *values,
        last,
    ):
        yield from found
        last = found[-1][0]


class Kept(Collection[SubmissionResult]):
    """The results that count, read anew each time: in the order in which people look for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sorted: list[str] = []
        self._ordered: list[str] = []

    def __iter__(self) -> Iterator[SubmissionResult]:
        students = self._students()
        if students != self._sorted:
            self._sorted, self._ordered = students, sorted(students, key=reading_order)
        if students == self._ordered:  # as most are: the table is in this order
            for _, result in counting(self._database, "student, result"):
                yield result_of(result)
            return
        yield from self._in_order(self._ordered)

    def _in_order(self, students: list[str]) -> Iterator[SubmissionResult]:
        for at in range(0, len(students), _PAGE):
            page = students[at : at + _PAGE]
            places = ", ".join("?" * len(page))
            rows = self._database.all(
                "SELECT student, result FROM grading "  # noqa: S608 - question marks
                f"WHERE +counts AND student IN ({places})",
                *page,
            )
            found = dict(rows)
            yield from (result_of(found[one]) for one in page if one in found)

    def __len__(self) -> int:
        return len(self._students())

    def __contains__(self, one: object) -> bool:
        return isinstance(one, SubmissionResult) and any(one == kept for kept in self)

    def _students(self) -> list[str]:
        """The ids, sorted, of which an index holds nothing else."""
        query = "SELECT student FROM grading WHERE counts ORDER BY student"
        return [row[0] for row in self._database.all(query)]


_decode = msgspec.json.Decoder(SubmissionResult).decode


def result_of(text: str | None) -> SubmissionResult:
    """The result that was kept as this text; raises `msgspec.DecodeError` where it is none."""
    return _decode(text or "")
