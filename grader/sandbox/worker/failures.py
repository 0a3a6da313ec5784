"""What is told of an exception: its type, its text, and the line of the student's own."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.sandbox.protocol import MAX_MESSAGE, StudentException
from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker.stand_ins import ForbiddenUse
from grader.sandbox.worker.values import plain_text, type_name

_CELL = re.compile(r"<cell (\d+)>\Z")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SYNTAX_ERRORS = (SyntaxError, IndentationError, TabError)
_CHAIN = 50
_LINE = 400
_DOTTED = 200


def cell_name(index: int) -> str:
    """The file name under which a cell is compiled."""
    return f"<cell {index}>"


def cell_of(filename: object) -> int | None:
    """The cell that a file name stands for, None where it is no cell's."""
    match = _CELL.match(filename) if isinstance(filename, str) else None
    return int(match[1]) if match else None


def lines_of(source: str) -> list[str]:
    """The lines as Python counts them: `splitlines` ends one at a form feed, too."""
    return _LINE_END.split(source)


def describe(
    error: BaseException,
    sources: Mapping[int, str],
    *,
    kind: Kind,
    statement: tuple[int, int] | None = None,
) -> StudentException:
    """The frame for an exception that came out of the student's code; never raises itself."""
    try:
        cell, line = _place(error)
        return StudentException(
            type=type_name(error),
            text=_text(error),
            cell=cell,
            line=line,
            source_line=_source_line(sources, cell, line),
            unsupported=_unsupported(error) if kind == "facade" else None,
            forbidden=_forbidden(error) if kind == "numpy" else None,
            statement=statement,
        )
    except BaseException:  # noqa: BLE001 - exceptions of theirs may have any attribute, evil too
        return StudentException(type=type_name(error), text="", statement=statement)


def _text(error: Any) -> str:
    try:
        # str() of a syntax error names the file, which is a name of ours.
        told = error.msg if type(error) in _SYNTAX_ERRORS else error
        return plain_text(str(told), MAX_MESSAGE)
    except BaseException:  # noqa: BLE001 - __str__ may be theirs
        return "(its text cannot be read)"


def _place(error: BaseException) -> tuple[int | None, int | None]:
    found: tuple[int | None, int | None] = None, None
    step = error.__traceback__
    while step is not None:
        cell = cell_of(step.tb_frame.f_code.co_filename)
        if cell is not None:
            found = cell, step.tb_lineno
        step = step.tb_next
    if isinstance(error, SyntaxError) and cell_of(error.filename) is not None:
        return cell_of(error.filename), error.lineno
    return found


def _source_line(sources: Mapping[int, str], cell: int | None, line: int | None) -> str | None:
    if cell is None or line is None:
        return None
    lines = lines_of(sources.get(cell, ""))
    return plain_text(lines[line - 1].strip(), _LINE) if 0 < line <= len(lines) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    step: BaseException | None = error
    for _ in range(_CHAIN):
        if step is None:
            return
        yield step
        step = step.__cause__ or step.__context__


def _forbidden(error: BaseException) -> str | None:
    for step in _chain(error):
        if isinstance(step, ForbiddenUse):
            return step.name
    return None


def _unsupported(error: BaseException) -> str | None:
    for step in _chain(error):
        name = _uncovered_name(step)
        if name is not None:
            return plain_text(name, _DOTTED)
    return None


def _in_full(name: str) -> str:
    # The engine counts from torch: "fft", "nn.Linear", "Tensor.stft".
    return name if name.partition(".")[0] in {"torch", "Tensor"} else f"torch.{name}"


def _uncovered_name(error: Any) -> str | None:
    # By name: a process that may not have the engine must not import its exceptions either.
    if type_name(error) == "NotCovered":
        return _in_full(str(error.name))
    if not isinstance(error, ImportError) or not isinstance(error.name, str):
        return None
    # The façade's own; for a name that PyTorch has not either it says what Python says.
    uncovered = "is not covered" in _text(error)
    return error.name if uncovered and error.name.partition(".")[0] == "torch" else None
