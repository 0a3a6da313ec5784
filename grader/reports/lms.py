"""Marks for spreadsheets, Canvas and Moodle: a gradebook, and the instructor's own export filled.

A mark is blank while any of it is still to be judged. Rows and columns of an export stay as the
system wrote them, since it recognises them by their text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from grader.messages import THEIR_OWN, Languages
from grader.reports import export, summary, write_atomically
from grader.reports.escaping import visible
from grader.reports.tables import Table, TableError, inert, to_bytes, to_pieces
from grader.results import Results, SubmissionResult

Row: TypeAlias = tuple[str, ...]

_CANVAS_ASSIGNMENT = re.compile(r"(?P<title>.*) \(\d+\)")
_MOODLE_IDENTIFIER = re.compile(r"\S.* (\d+)")

# Moodle's column names in the languages of this package; it takes no others in those.
_GRADE = {"grade", "nota", "calificación", "avaliar"}
_COMMENTS = {
    "feedback comments",
    "comentários de feedback",
    "comentários",
    "comentarios de retroalimentación",
}


class Rows(Struct, frozen=True, kw_only=True):
    """Which rows of an export are whose.

    `found` has the id of each row's submission, `unmatched` are the ids of submissions without a
    row, `missing` the rows without a submission, by what the system calls them.
    """

    found: Mapping[Row, str]
    unmatched: tuple[str, ...]
    missing: tuple[str, ...]


class Filled(Struct, frozen=True, kw_only=True):
    """An export with marks in it, and what is to be said of it.

    `pending` are the ids whose mark is left blank; `remark` says where the system's most points are
    others than ours.
    """

    content: bytes
    rows: Rows
    pending: tuple[str, ...]
    remark: str = ""

    @property
    def matched(self) -> int:
        """How many rows have a submission."""
        return len(self.rows.found)


def pending(results: Results) -> tuple[str, ...]:
    """The ids of those whose mark is blank, since something is still to be judged."""
    return tuple(one.id for one in results.submissions if export.final(one) is None)


# -- a gradebook for a spreadsheet ----------------------------------------------------------------


def write_csv(results: Results, folder: Path, *, scale_to: float | None = None) -> Path:
    """Write gradebook.csv into the folder and return its path; raises ReportError."""
    return write_atomically(folder / "gradebook.csv", _gradebook(results, scale_to))


def gradebook(results: Results, *, scale_to: float | None = None) -> bytes:
    """A row a submission: the mark, and every question's points before they are scaled.

    With a byte order mark, without which spreadsheets misread accents.
    """
    return b"".join(_gradebook(results, scale_to))


def _gradebook(results: Results, scale_to: float | None) -> Iterator[bytes]:
    questions = list(
        dict.fromkeys(each.id for one in results.submissions for each in one.questions)
    )
    header = ("id", "name", "score", "max_score", "pending", "late", "problem", *questions)

    def row(one: SubmissionResult) -> list[str]:
        mark = export.final(one, scale_to)
        scores = {each.id: each.score for each in one.questions}
        factor = export.factor(one, scale_to)
        return [
            _text(one.id),
            _text(one.name or ""),
            "" if mark is None else export.number(mark),
            export.number(export.rounded(one.max_score, factor=factor)),
            export.number(export.rounded(one.pending, factor=factor)),
            {None: "", True: "yes", False: "no"}[one.late],
            one.problem or "",
            *(_points(scores.get(question)) for question in questions),
        ]

    rows = chain([list(map(_text, header))], map(row, results.submissions))
    return to_pieces(rows, has_mark=True)


def _points(score: float | None) -> str:
    return "" if score is None else export.number(export.rounded(score))


def _text(text: str) -> str:
    return inert(visible(text).replace("\n", " "))


# -- Canvas ---------------------------------------------------------------------------------------


def canvas(results: Results, exported: Table, *, scale_to: float | None = None) -> Filled:
    """Canvas's gradebook export with this assignment's marks: its students, and one column.

    A student is found by the user id of the downloaded file's name, else by a SIS id, a login or
    a name that is ours. Raises TableError for what is not such an export, or where the
    assignment's column is not to be found: Canvas would make a new assignment of any other.
    """
    header, section = exported.header, _canvas_section(exported)
    column = _canvas_column(results, header, section)
    rows = canvas_rows(results, exported)
    possible = next((row for row in exported.rows[1:] if _is_possible(row)), None)

    def cells(one: SubmissionResult) -> dict[int, str]:
        mark = export.final(one, scale_to)
        return {} if mark is None else {column: export.number(mark)}

    filled = _with_cells(results, exported, rows, cells)
    kept = [*range(section + 1), column]
    content = [[row[at] for at in kept] for row in [header, *filled]]
    for row in content[1:]:
        # Matched by the ID beside it; a name is the student's own text.
        row[0] = inert(row[0])
    remark = _other_maximum(results, possible[column] if possible else "", scale_to)
    return _filled(content, exported, results, rows, remark=remark)


def canvas_rows(results: Results, exported: Table) -> Rows:
    """Whose the rows of Canvas's gradebook export are; raises TableError for what is none."""
    section = _canvas_section(exported)
    keys = {name: itemgetter(at) for at, name in enumerate(exported.header[: section + 1])}

    def own(one: SubmissionResult) -> list[tuple[str, str]]:
        user = one.lms.get("user_id") if one.lms.get("system") == "canvas" else None
        names = [("ID", user)] if user else []
        names += [(name, one.id) for name in ("SIS User ID", "SIS Login ID")]
        return [*names, ("Student", one.name)] if one.name else names

    students = [row for row in exported.rows[1:] if not _is_possible(row) and row[1].strip()]
    return _matched(results, {row: row[0] for row in students}, keys, own)


def _canvas_section(exported: Table) -> int:
    """Where the last column about the student stands."""
    header = exported.header
    section = next((at for at, name in enumerate(header) if "Section" in name), None)
    if len(header) <= 3 or "Student" not in header[0] or "ID" not in header[1] or not section:
        raise TableError(
            "a gradebook exported from Canvas begins with Student, ID, ..., Section; found: "
            + ", ".join(header[:4])
        )
    return section


def _is_possible(row: Row) -> bool:
    return row[0].strip() == "Points Possible"


def _canvas_column(results: Results, header: Row, section: int) -> int:
    titles = {
        at: found["title"].strip().casefold()
        for at, name in enumerate(header)
        if at > section and (found := _CANVAS_ASSIGNMENT.fullmatch(name.strip()))
    }
    named = {results.title.casefold(), results.assignment.casefold()}
    own = [at for at, title in titles.items() if title in named]
    candidates = own or list(titles)
    if len(candidates) == 1:
        return candidates[0]
    raise TableError(
        f"which column is {results.title!r} is not clear among: "
        f"{', '.join(header[at] for at in candidates) or 'none'}; leave only that one in the "
        "file, with its number in parentheses"
    )


# -- Moodle ---------------------------------------------------------------------------------------


def moodle(
    results: Results,
    worksheet: Table,
    *,
    languages: Languages = THEIR_OWN,
    scale_to: float | None = None,
) -> Filled:
    """Moodle's grading worksheet with grades and comments; all other cells stay as they are.

    A student is found by the number of "Participant 1234". Raises TableError for what is not
    such a worksheet.
    """
    _, grade, most, comments = _moodle_columns(worksheet)
    given = worksheet.rows[1:]
    comma = any("," in row[most] for row in given) if most is not None else False

    def written(one: SubmissionResult) -> dict[int, str]:
        cells = {}
        if (mark := export.final(one, scale_to)) is not None:
            text = export.number(mark)
            cells[grade] = text.replace(".", ",") if comma else text
        if comments is not None:
            # Moodle reads a comment as HTML.
            comment = export.comment(one, languages.of(one.language))
            cells[comments] = inert(escape(comment).replace("\n", "<br>"))
        return cells

    rows = moodle_rows(results, worksheet)
    content = [worksheet.header, *_with_cells(results, worksheet, rows, written)]
    remark = _other_maximum(results, given[0][most] if most is not None else "", scale_to)
    return _filled(content, worksheet, results, rows, remark=remark)


def moodle_rows(results: Results, worksheet: Table) -> Rows:
    """Whose the rows of Moodle's grading worksheet are; raises TableError for what is none."""
    identifier, *_ = _moodle_columns(worksheet)

    def own(one: SubmissionResult) -> list[tuple[str, str]]:
        number = _MOODLE_IDENTIFIER.fullmatch(one.lms.get("identifier", ""))
        return [("number", number[1])] if number else []

    numbers = {row: number[1] for row in worksheet.rows[1:] if (number := _number(row[identifier]))}
    names = {row: row[identifier] for row in numbers}
    return _matched(results, names, {"number": numbers.__getitem__}, own)


def _number(cell: str) -> re.Match[str] | None:
    return _MOODLE_IDENTIFIER.fullmatch(cell.strip())


def _moodle_columns(worksheet: Table) -> tuple[int, int, int | None, int | None]:
    """Where identifier, grade, the most points (if told) and comments (if on) stand."""
    header = [name.strip().casefold() for name in worksheet.header]
    rows = worksheet.rows[1:]
    identifier = next(
        (at for at in range(len(header)) if rows and all(_number(row[at]) for row in rows)), None
    )
    grade = next((at for at, name in enumerate(header) if name in _GRADE), None)
    if identifier is None or grade is None:
        raise TableError(
            "a grading worksheet downloaded from Moodle has a column with 'Participant 1234' and "
            f"one named Grade, Nota or Calificación; found: {', '.join(worksheet.header)}"
        )
    after = grade + 1
    has_most = after < len(header) and all(_decimal(row[after]) is not None for row in rows)
    comments = next((at for at, name in enumerate(header) if name in _COMMENTS), None)
    return identifier, grade, after if has_most else None, comments


# -- what both do ---------------------------------------------------------------------------------


def _matched(
    results: Results,
    rows: Mapping[Row, str],
    keys: Mapping[str, Callable[[Row], str]],
    own: Callable[[SubmissionResult], list[tuple[str, str]]],
) -> Rows:
    """The submission of each row that has one: by the first key that names exactly one row.

    Where two submissions claim a row, it is neither's. `rows` has what the system calls them.
    """
    named: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        for key, value in keys.items():
            named.setdefault((key, value(row).strip()), []).append(row)
    claims: dict[Row, list[str]] = {}
    students: list[str] = []
    for one in results.submissions:
        students.append(one.id)
        candidates = (named.get(key, []) for key in own(one))
        claimed = next((each[0] for each in candidates if len(each) == 1), None)
        if claimed is not None:
            claims.setdefault(claimed, []).append(one.id)
    found = {row: claiming[0] for row, claiming in claims.items() if len(claiming) == 1}
    matched = set(found.values())
    return Rows(
        found=found,
        unmatched=tuple(student for student in students if student not in matched),
        missing=tuple(name for row, name in rows.items() if row not in found),
    )


def _with_cells(
    results: Results,
    exported: Table,
    rows: Rows,
    cells: Callable[[SubmissionResult], dict[int, str]],
) -> list[Row]:
    """The rows of an export, in which everyone's own have these cells."""
    matched = set(rows.found.values())
    own = {one.id: cells(one) for one in results.submissions if one.id in matched}

    def filled(row: Row) -> Row:
        new = own[rows.found[row]] if row in rows.found else {}
        return tuple(new.get(at, cell) for at, cell in enumerate(row))

    return list(map(filled, exported.rows[1:]))


def _filled(
    content: Iterable[Iterable[str]], exported: Table, results: Results, rows: Rows, *, remark: str
) -> Filled:
    return Filled(
        content=to_bytes(
            [list(row) for row in content],
            delimiter=exported.delimiter,
            has_mark=exported.has_mark,
        ),
        rows=rows,
        pending=pending(results),
        remark=remark,
    )


def _other_maximum(results: Results, told: str, scale_to: float | None) -> str:
    """Say where the system counts out of another number than the marks do."""
    theirs = _decimal(told)
    first = next(iter(results.submissions), None)
    if theirs is None or first is None:
        return ""
    ours = scale_to or first.max_score
    if abs(ours - theirs) < 1e-9:
        return ""
    return (
        f"the marks are out of {summary.points(ours)}, the column out of {summary.points(theirs)}: "
        f"--scale-to {theirs:g} makes them agree"
    )


def _decimal(text: str) -> float | None:
    found = re.fullmatch(r"\d+(?:[.,]\d+)?", text.strip())
    return float(text.strip().replace(",", ".")) if found else None
