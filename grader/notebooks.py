"""Reads a notebook's code: any bytes give a `Notebook` or a `NotebookError`, nothing else.

Of a student's metadata the hint that the grader's own notebooks carry is kept, of an instructor's
what nbgrader says of the cells; of stored outputs the text, to explain by. It knows neither files
nor students, and leaves magics to whoever runs the cells.
"""

import ast
import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Literal

import msgspec
from msgspec import Struct

from grader.messages import Message, render

MAX_BYTES = 10 * 2**20
MAX_CELLS = 2_000
MAX_DEPTH = 100
MAX_SHOWN = 4_000
MAX_PARSED = 512 * 2**10
"""Characters of a notebook: what Python makes of them can take a thousand times the memory."""

NotebookProblem = Literal["unreadable", "empty", "too_large"]


class CodeCell(Struct, frozen=True):
    """A code cell as it was saved; `execution_count` is the number that the student saw beside it.

    `shown` is the beginning of what it printed, and after that the value that it ended in, which
    `has_result` tells. All but the source are claims of the file's: they may explain, never score.
    """

    source: str
    execution_count: int | None
    shown: str = ""
    has_result: bool = False


class Notebook(Struct, frozen=True):
    """The code cells in their order, and which assignment and language the file says it is for."""

    cells: tuple[CodeCell, ...]
    assignment: str | None
    language: str | None


class Nbgrader(msgspec.Struct, frozen=True):
    """What nbgrader's metadata (schema 1 to 3) says of a cell; all of it False where there is none.

    `solution` alone is an answer, `grade` alone are tests, both are an answer that a person marks,
    and so is `task`.
    """

    grade: bool = False
    solution: bool = False
    task: bool = False
    grade_id: str = ""
    points: float | None = None


class WrittenCell(Struct, frozen=True):
    """A cell of an instructor's notebook; `marks` is None where its metadata are damaged."""

    is_code: bool
    source: str
    marks: Nbgrader | None


class NotebookError(Exception):
    """These bytes are no notebook that can be graded: `problem` is a result's, `message` why.

    The message is one sentence that a student can be sent.
    """

    def __init__(self, problem: NotebookProblem, message: Message) -> None:
        super().__init__(render(message))
        self.problem: NotebookProblem = problem
        self.message = message


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""
    input: str | list[str] = ""  # the name of `source` in format 3
    execution_count: msgspec.Raw = msgspec.Raw(b"null")
    prompt_number: msgspec.Raw = msgspec.Raw(b"null")  # the count's name in format 3
    outputs: msgspec.Raw = msgspec.Raw(b"null")
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class _CellMetadata(msgspec.Struct):
    nbgrader: Nbgrader | None = None


class _Data(msgspec.Struct):
    plain: str | list[str] = msgspec.field(default="", name="text/plain")


class _Output(msgspec.Struct):
    output_type: str = ""
    name: str = "stdout"
    text: str | list[str] = ""
    data: _Data | None = None


class _Worksheet(msgspec.Struct):
    cells: list[_Cell] = []


class _File(msgspec.Struct):
    cells: list[_Cell] | None = None
    worksheets: list[_Worksheet] | None = None  # format 3
    metadata: msgspec.Raw = msgspec.Raw(b"null")  # must not make a notebook unreadable


class _Hint(msgspec.Struct):
    assignment: str | None = None
    language: str | None = None


class _Metadata(msgspec.Struct):
    grader: _Hint | None = None


_decode_file = msgspec.json.Decoder(_File).decode
_decode_metadata = msgspec.json.Decoder(_Metadata).decode
_decode_cell_metadata = msgspec.json.Decoder(_CellMetadata | None).decode
_decode_outputs = msgspec.json.Decoder(list[_Output]).decode
_decode_count = msgspec.json.Decoder(int | None).decode

# Possessive and without a required closing quote, so that no input makes it go back and try again.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
# An escape in a string: half of a surrogate pair (group 1), a whole pair, or any other.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
    rb"|\\.",
    re.DOTALL,
)
# A string (group 1), or what is none.
_NOT_FINITE = re.compile(rb'("(?:[^"\\]++|\\.)*+"?)|-?(?:NaN|Infinity)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_PYTHON = re.compile(rb"^(?:#|import |from \w|def \w|class \w|print\(|\w+ *= )", re.MULTILINE)

_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.MULTILINE)
"""A line that is IPython's and not Python's."""


def without_magics(source: str) -> str:
    """The code of a cell with `pass` in place of each line that is IPython's."""
    return _MAGIC.sub("pass", source)


def parse_cell(source: str) -> ast.Module | None:
    """The Python of a cell, its magics left out; None where it does not parse. Nothing is run."""
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def parse_cells(cells: Iterable[str]) -> Iterator[ast.Module | None]:
    """The Python of each of a student's cells, as `parse_cell` gives it.

    None as well for a cell by which they would be more than `MAX_PARSED` together.
    """
    left = MAX_PARSED
    for source in cells:
        fits = len(source) <= left
        left -= len(source) if fits else 0
        yield parse_cell(source) if fits else None


def read_notebook(data: bytes) -> Notebook:
    """The notebook in the bytes of an .ipynb file (format 3 or 4, UTF-8 with or without a BOM).

    Raises NotebookError: `too_large` above `MAX_BYTES` or `MAX_CELLS`, `empty` where no code was
    written, `unreadable` for everything else that is no notebook.
    """
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 2**20
        raise NotebookError("too_large", Message("notebook.too_large", {"size": size}))
    content = data.removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise NotebookError("empty", Message("notebook.empty_file"))
    file = _decode(content)
    cells = tuple(map(_code_cell, (one for one in _cells(file) if one.cell_type == "code")))
    if not any(cell.source.strip() for cell in cells):
        raise NotebookError("empty", Message("notebook.no_code"))
    hint = _hint(file.metadata)
    return Notebook(cells, _identifier(hint.assignment), _identifier(hint.language))


def read_written(data: bytes) -> tuple[WrittenCell, ...]:
    """The cells of an instructor's notebook, with what nbgrader's metadata say of them.

    Raises NotebookError as `read_notebook` does, but for a notebook without code.
    """
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 2**20
        raise NotebookError("too_large", Message("notebook.too_large", {"size": size}))
    file = _decode(data.removeprefix(codecs.BOM_UTF8))
    return tuple(
        WrittenCell(one.cell_type == "code", _joined(one.source or one.input), _marks(one.metadata))
        for one in _cells(file)
    )


def _marks(raw: msgspec.Raw) -> Nbgrader | None:
    try:
        metadata = _decode_cell_metadata(raw) or _CellMetadata()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return metadata.nbgrader or Nbgrader()


def _decode(content: bytes) -> _File:
    if _depth(content) > MAX_DEPTH:
        raise NotebookError("unreadable", Message("notebook.too_deep", {"depth": MAX_DEPTH}))
    try:
        file = _decode_file(_whole_pairs(_numbers_of_json(content)))
    except msgspec.ValidationError:
        raise NotebookError("unreadable", Message("notebook.other_json")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotebookError("unreadable", _what_it_is_instead(content)) from None
    if file.cells is None and file.worksheets is None:
        raise NotebookError("unreadable", Message("notebook.no_cells"))
    return file


def _depth(content: bytes) -> int:
    """How deep the brackets outside of strings are nested, found without decoding anything.

    Where there are few brackets at all it is at most so deep, which is soon counted.
    """
    few = content.count(b"[") + content.count(b"{")
    if few <= MAX_DEPTH:
        return few
    brackets = _STRING.sub(b"", content).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _whole_pairs(content: bytes) -> bytes:
    """The content with half surrogate pairs replaced, which cut-off outputs are known to hold."""
    if rb"\ud" not in content and rb"\uD" not in content:
        return content
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], content)


def _numbers_of_json(content: bytes) -> bytes:
    """The content with `null` for NaN and infinities, which outputs hold and JSON does not."""
    if b"NaN" not in content and b"Infinity" not in content:
        return content
    return _NOT_FINITE.sub(lambda found: found[1] or b"null", content)


def _what_it_is_instead(content: bytes) -> Message:
    start = content[:4096].lstrip().lower()
    if b"\0" in start:
        return Message("notebook.not_utf_8")
    if start.startswith((b"<!doctype", b"<html")):
        return Message("notebook.web_page")
    if b"<<<<<<< " in content and b">>>>>>> " in content:
        return Message("notebook.merge")
    if not start.startswith(b"{") and _PYTHON.search(content):
        return Message("notebook.module")
    return Message("notebook.damaged")


def _cells(file: _File) -> list[_Cell]:
    if file.cells is not None:
        cells = file.cells
    else:
        cells = [cell for sheet in file.worksheets or () for cell in sheet.cells]
        for cell in cells:
            cell.input = _with_line_ends(cell.input)
    if len(cells) > MAX_CELLS:
        raise NotebookError("too_large", Message("notebook.too_many_cells", {"count": MAX_CELLS}))
    return cells


def _code_cell(cell: _Cell) -> CodeCell:
    return CodeCell(
        _joined(cell.source or cell.input),
        _count(cell.execution_count) or _count(cell.prompt_number),
        *_shown(cell.outputs),
    )


def _shown(raw: msgspec.Raw) -> tuple[str, bool]:
    """The text of a cell's stored outputs, and whether a value is part of it."""
    try:
        outputs = _decode_outputs(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", False
    texts, has_result = [], False
    for one in outputs:
        if one.output_type == "stream" and one.name == "stdout":
            texts.append(_joined(one.text))
        elif one.output_type == "execute_result" and one.data is not None:
            has_result = True
            texts.append(_joined(one.data.plain))
    return "".join(texts)[:MAX_SHOWN], has_result


def _with_line_ends(lines: str | list[str]) -> str | list[str]:
    """A list of lines as format 3 has them: format 2 leaves out where they end."""
    if isinstance(lines, str) or not lines or lines[0].endswith("\n"):
        return lines
    return "\n".join(lines)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _count(raw: msgspec.Raw) -> int | None:
    try:
        count = _decode_count(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return count if count is not None and 0 < count < 2**31 else None


def _hint(raw: msgspec.Raw) -> _Hint:
    try:
        return _decode_metadata(raw).grader or _Hint()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Hint()


def _identifier(text: str | None) -> str | None:
    return text if text is not None and _IDENTIFIER.fullmatch(text) else None
