"""The student's own code beside what is said of it: the cells concerned, with their lines marked.

It knows code as lines of text, and reads none of it as a program.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.messages import Message, Parameter
from grader.results import GraphPicture, QuestionResult

MOST_LINES = 25
"""A cell with more lines is shown in parts."""

_BEFORE, _AFTER = 20, 40
"""How many lines are shown at most before and after one that is concerned."""


class Line(Struct, frozen=True):
    """One line of a cell; its number counts from 1."""

    number: int
    text: str
    is_marked: bool


class Excerpt(Struct, frozen=True):
    """A cell, or the parts of it that matter; `cell` counts from 1."""

    cell: int
    lines: tuple[Line, ...]


class _Place(Struct, frozen=True):
    """A line that something is said of; `cell` counts from 0."""

    line: int
    source: str | None = None
    cell: int | None = None


def excerpts(question: QuestionResult, cells: Sequence[str]) -> tuple[Excerpt, ...]:
    """The code that a question is about: where its name is defined, and the lines spoken of."""
    split = [re.split(r"\r\n|\r|\n", cell) for cell in cells]
    own = _definition(question.id, split)
    found: dict[int, set[int]] = {}
    for place in _places(question):
        at = _cell(place, split, own)
        if at is not None:
            found.setdefault(at, set()).add(place.line - 1)
    concerned = found.keys() | ({own[0]} if own else set())
    return tuple(
        _excerpt(
            at,
            split[at],
            marked=found.get(at, set()),
            first=own[1] if own and own[0] == at else None,
        )
        for at in sorted(concerned)
    )


def _definition(name: str, cells: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """The cell and the line where a name is defined last, both from 0."""
    called = re.escape(name)
    pattern = re.compile(rf"(?:(?:async\s+)?def|class)\s+{called}\b|{called}\s*(?::[^=]+)?=(?!=)")
    for at in range(len(cells) - 1, -1, -1):
        for number, line in enumerate(cells[at]):
            if pattern.match(line):
                return at, number
    return None


def _places(question: QuestionResult) -> Iterator[_Place]:
    """The lines that the student is told of, each where it is told best."""
    messages = [question.message, *(one.message for one in question.outputs)]
    found = [
        place
        for told in (*messages, *question.feedback.hints)
        if isinstance(told, Message) and _names_a_place(told)
        for place in _within(told)
    ]
    yield from found
    for picture in question.pictures:
        if isinstance(picture, GraphPicture) and picture.mark.line is not None:
            yield _Place(picture.mark.line, cell=picture.mark.cell)
    line = question.feedback.line
    if line is not None and all(line != place.line for place in found):
        yield _Place(line)


def _names_a_place(message: Message) -> bool:
    """Of the three steps that explain a misconception only one says where to look."""
    return not message.id.startswith("misconception.") or message.id.endswith(".place")


def _within(message: Message) -> Iterator[_Place]:
    told = message.parameters
    if message.id in ("line", "line_alone"):
        yield from _place(told.get("number"), told.get("source"))
    yield from _place(told.get("line"), told.get("source"), told.get("cell"))
    for name, inner in told.items():
        # A `place` says in words what the line, the source and the cell beside it say.
        if isinstance(inner, Message) and name != "place":
            yield from _within(inner)


def _place(line: Parameter, source: Parameter, cell: Parameter = None) -> Iterator[_Place]:
    if isinstance(line, int):
        yield _Place(
            line,
            source.strip() if isinstance(source, str) else None,
            cell if isinstance(cell, int) else None,
        )


def _cell(place: _Place, cells: Sequence[Sequence[str]], own: tuple[int, int] | None) -> int | None:
    """The cell that a line stands in, as far as it can be known."""
    possible = [
        at
        for at, lines in enumerate(cells)
        if 0 < place.line <= len(lines)
        and place.source in (None, lines[place.line - 1].strip())
        and place.cell in (None, at)
    ]
    if own is not None and own[0] in possible:
        return own[0]
    # Without its text or its cell, a number alone would mark any cell.
    is_known = place.source or place.cell is not None or len(cells) == 1
    return possible[0] if possible and is_known else None


def _excerpt(at: int, lines: Sequence[str], *, marked: set[int], first: int | None) -> Excerpt:
    shown = set(range(_without_blank_end(lines)))
    if len(lines) > MOST_LINES:
        wanted = marked | ({first} if first is not None else set())
        shown = {number for one in wanted for number in _block(lines, one)}
    told = (Line(number + 1, lines[number], number in marked) for number in sorted(shown))
    return Excerpt(at + 1, tuple(told))


def _block(lines: Sequence[str], at: int) -> range:
    """The statement at the margin that a line belongs to, without much that is far from it."""
    start, end = at, at + 1
    while start > 0 and not _is_at_margin(lines[start]):
        start -= 1
    while start > 0 and lines[start - 1].startswith("@"):
        start -= 1
    while end < len(lines) and not _is_at_margin(lines[end]):
        end += 1
    end = max(_without_blank_end(lines[:end]), at + 1)
    return range(max(start, at - _BEFORE), min(end, at + _AFTER))


def _without_blank_end(lines: Sequence[str]) -> int:
    """How many lines there are up to the last that holds anything."""
    return max((number for number, line in enumerate(lines, start=1) if line.strip()), default=0)


def _is_at_margin(line: str) -> bool:
    return bool(line) and not line[0].isspace() and line[0] not in ")]}"
