"""What failed when the cells were run, and what of it explains that a name is not there.

A student's process says what failed: it may claim anything, and no claim costs much time.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from grader.outcomes import Raised
from grader.sandbox.protocol import StudentException
from grader.sandbox.protocol.control import Kind
from grader.sandbox.values import to_raised

_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_COMPOUND = re.compile(r"(?:with|for|while|if|try|async)\b")
_SYNTAX_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})
_LONGEST_STATEMENT = 10_000
MOST_STEPS = 20
"""So many names are followed, each of which is missing for want of the next."""


class Failures:
    """The exceptions of one run, each with the text of the statement that it came out of."""

    def __init__(
        self, exceptions: Sequence[StudentException], cells: Sequence[str], kind: Kind
    ) -> None:
        self._kind = kind
        self._cells = cells
        numbers = {one.cell for one in exceptions if one.cell is not None}
        lines = {number: _lines(cells[number]) for number in numbers}
        self._found = [
            (one, _statement(one, [] if one.cell is None else lines[one.cell]))
            for one in exceptions
        ]
        self._of_cell: dict[int | None, list[tuple[StudentException, str]]] = {}
        for one, statement in self._found:
            self._of_cell.setdefault(one.cell, []).append((one, statement))

    def in_order(self) -> list[tuple[int, Raised]]:
        """Each failure with the number of its cell."""
        return [(one.cell or 0, to_raised(one, self._kind)) for one, _ in self._found]

    def defining(self, name: str, cell: int) -> Raised | None:
        """The failure of a cell's statement that would have defined `name`."""
        for one, statement in self._of_cell.get(cell, ()):
            whole = one.statement is None and one.type in _SYNTAX_ERRORS
            if defines(self._cells[cell], name) if whole else _defines_somewhere(statement, name):
                return to_raised(one, self._kind)
        return None

    def behind(self, error: Raised) -> Raised:
        """The error itself, or the uncovered name of torch's for want of which a name is undefined.

        Where `import torch.fft as fft` failed, a later `fft` is no mistake of the student's.
        """
        step: Raised | None = error
        for _ in range(MOST_STEPS):
            name = undefined_name(step)
            if name is None:
                break
            step = self._mentioning(name)
            if step and step.unsupported:
                return step
        return error

    def _mentioning(self, name: str) -> Raised | None:
        """The failure of a statement that mentions a name, or all names of a module.

        The first that is for want of a name of torch's, else the first.
        """
        mentions = re.compile(rf"\b{name}\b|\bimport \*")
        failed = [one for one, statement in self._found if mentions.search(statement)]
        lacking = (one for one in failed if one.unsupported and self._kind == "facade")
        chosen = next(lacking, next(iter(failed), None))
        return None if chosen is None else to_raised(chosen, self._kind)


def undefined_name(error: object) -> str | None:
    """The name for want of which code raised, None where that is not why."""
    if not isinstance(error, Raised) or error.type != "NameError":
        return None
    match = _UNDEFINED.match(error.text)
    return match[1] if match else None


def defines(source: str, name: str) -> bool:
    """Whether a text looks as if it defined a function, a class or a variable of that name."""
    return _definition(name, "").search(source) is not None


def _defines_somewhere(statement: str, name: str) -> bool:
    """The same of one statement, whose lines are indented where it is a loop or the like."""
    indent = r"[ \t]*" if _COMPOUND.match(statement) else ""
    return _definition(name, indent).search(statement) is not None


@lru_cache(maxsize=256)
def _definition(name: str, indent: str) -> re.Pattern[str]:
    """What is looked for in a text, in time that grows with its length alone."""
    word = rf"\b{re.escape(name)}\b"
    return re.compile(
        rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{word}"
        rf"|^{indent}{word}[ \t]*(?::[^=\n]*)?=(?!=)"
        # One of several targets: first that there is an equals sign after nothing but targets.
        rf"|^{indent}(?=[(\[\w*][\w \t,*]*+[)\]]?[ \t]*+=(?!=))[(\[]?[\w \t,*]*{word}"
        rf"|^{indent}(?:from[ \t]+[\w.]+[ \t]+)?import[ \t(][^#\n]*{word}",
        re.MULTILINE,
    )


def _lines(source: str) -> list[str]:
    """The lines as Python counts them: `splitlines` ends one at a form feed, too."""
    return re.split(r"\r\n|\r|\n", source)


def _statement(exception: StudentException, lines: Sequence[str]) -> str:
    if exception.statement is None:
        return ""
    first, last = exception.statement
    found: list[str] = []
    room = _LONGEST_STATEMENT
    # Each of a thousand may claim to be all of a cell: no more is touched than is kept.
    for number in range(max(0, first - 1), min(last, len(lines))):
        found.append(lines[number][:room])
        room -= len(found[-1]) + 1
        if room <= 0:
            break
    return "\n".join(found)
