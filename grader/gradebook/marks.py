"""A person's marks: read from a table, and put in the place of computed ones.

It knows results and tables; who keeps the marks is the gradebook's business.
"""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from grader.reports.summary import points
from grader.reports.tables import Table, TableError, read
from grader.results import Override, QuestionResult, Results, SubmissionResult

_NOTHING: Mapping[str, float] = MappingProxyType({})

EVERYONE = "*"
"""Stands in the place of a student's id for all of them."""

COLUMNS = ("id", "question", "points", "comment")


class Mark(Struct, frozen=True):
    """Points for a question of one student, or of everyone, and the words with them.

    `max_score` is the most points that the question has.
    """

    student: str
    question: str
    points: float
    comment: str
    max_score: float


class MarksError(Exception):
    """Rows that cannot be taken; each line names one and says why. Nothing of the file is taken."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def read_marks(
    path: Path, results: Results, worth: Mapping[str, float] = _NOTHING
) -> tuple[Mark, ...]:
    """The marks in a table with the columns id, question, points and, if wanted, comment.

    `worth` has the points of the assignment's questions, of which a class in which nothing could
    be judged knows none. Rows without points and comment are passed over. Raises TableError for
    what is not such a table, and MarksError where any row is of nobody, of no question, or of no
    possible points.
    """
    table = read(path)
    places = _columns(table, path)
    judged = {each.id: each.max_score for one in results.submissions for each in one.questions}
    most = judged | {name: points for name, points in worth.items() if name not in judged}
    answered = {
        one.id: set(most) if one.problem else {each.id for each in one.questions}
        for one in results.submissions
    }
    marks: dict[tuple[str, str], Mark] = {}
    refused: list[str] = []
    for number, row in enumerate(table.rows[1:], start=2):
        cells = {name: _plain(row[at]) for name, at in places.items()}
        if not cells["points"] and not cells.get("comment"):
            continue
        mark = _mark(cells, most, answered)
        if isinstance(mark, str):
            refused.append(f"{path}, row {number}: {mark}")
        elif (mark.student, mark.question) in marks:
            refused.append(
                f"{path}, row {number}: {mark.question!r} of {mark.student!r} has a mark above"
            )
        else:
            marks[mark.student, mark.question] = mark
    if refused:
        raise MarksError(refused)
    return tuple(marks.values())


def _columns(table: Table, path: Path) -> dict[str, int]:
    header = [_plain(name).lower() for name in table.header]
    missing = [name for name in COLUMNS[:3] if name not in header]
    if missing:
        raise TableError(
            f"{path} needs the columns id, question, points and, if wanted, comment; missing: "
            f"{', '.join(missing)}; found: {', '.join(table.header)}"
        )
    return {name: header.index(name) for name in COLUMNS if name in header}


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip())


def _mark(
    cells: Mapping[str, str], most: Mapping[str, float], answered: Mapping[str, set[str]]
) -> Mark | str:
    """The mark of a row, or what is wrong with it."""
    student, question = cells["id"], cells["question"]
    if question not in most:
        return f"there is no question {question!r}, only {', '.join(most)}"
    if student != EVERYONE:
        if student not in answered:
            return f"there is no submission {student!r}{_nearest(student, answered)}"
        if question not in answered[student]:
            return f"{student!r} was graded when there was no {question!r}: grader regrade first"
    if not re.fullmatch(r"\d+([.,]\d*)?|[.,]\d+", cells["points"]):
        found = repr(cells["points"]) if cells["points"] else "none"
        return f"points for {question!r} of {student!r} are a number, found {found}"
    score = float(cells["points"].replace(",", "."))
    if score > most[question]:
        given, possible = points(score), points(most[question])
        return f"{question!r} of {student!r} has {given} points, of {possible} possible ones"
    return Mark(student, question, score, cells.get("comment", ""), most[question])


def _nearest(student: str, answered: Mapping[str, set[str]]) -> str:
    near = get_close_matches(student, answered, n=1)
    return f": {near[0]!r} is meant, perhaps" if near else ": the ids are those in results.json"


def with_overrides(
    result: SubmissionResult,
    overrides: Mapping[str, Override],
    worth: Mapping[str, float] = _NOTHING,
) -> SubmissionResult:
    """The result with a person's marks, by question, in place of the computed ones.

    Where nothing could be judged they are all that there is, for the questions in `worth`, which
    has the most points of each.
    """
    known = {one.id for one in result.questions}
    added = tuple(
        _by_hand(result, question, most)
        for question, most in worth.items()
        if result.problem is not None and question not in known
    )
    if not added and not known & overrides.keys():
        return result
    questions = tuple(
        _overridden(one, overrides[one.id]) if one.id in overrides else one
        for one in result.questions + added
    )
    judged = [one.score for one in questions if one.score is not None]
    pending = sum((one.max_score for one in questions if one.score is None), 0.0)
    if result.problem is not None and result.problem != "empty":
        pending = max(result.max_score - sum(one.max_score for one in questions), 0.0)
    return replace(
        result, questions=questions, score=sum(judged) * result.late_factor, pending=pending
    )


def _by_hand(result: SubmissionResult, question: str, most: float) -> QuestionResult:
    """A question of a submission that only a person could judge."""
    return QuestionResult(
        id=question,
        score=None,
        max_score=most,
        verdict="needs_human",
        message=result.problem_message or "",
    )


def _overridden(question: QuestionResult, override: Override) -> QuestionResult:
    computed = question.override.computed if question.override else question.score
    return replace(question, score=override.score, override=replace(override, computed=computed))
