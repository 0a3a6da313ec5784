"""What failed when the cells were run, and what of it explains that a name is not there.

A student's process says what failed: it may claim anything, and no claim costs much time.
"""

import re
from collections.abc import Sequence
from functools import cache

from grader.outcomes import Raised
from grader.sandbox.protocol import StudentException
from grader.sandbox.protocol.control import Kind
from grader.sandbox.values import to_raised

_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_SYNTAX_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})
_LONGEST_STATEMENT = 10_000
_MOST_STEPS = 20


class Failures:
    """The exceptions of one run, each with the text of the statement that it came out of."""

    def __init__(
        self, exceptions: Sequence[StudentException], cells: Sequence[str], kind: Kind
    ) -> None:
        self._kind = kind
        lines = cache(lambda cell: _lines(cells[cell]))
        self._found = [
            (one, _statement(one, [] if one.cell is None else lines(one.cell)))
            for one in exceptions
        ]

    def in_order(self) -> list[tuple[int, Raised]]:
        """Each failure with the number of its cell."""
        return [(one.cell or 0, to_raised(one, self._kind)) for one, _ in self._found]

    def defining(self, name: str, cell: int) -> Raised | None:
        """The failure of a cell whose text defines `name`, of the statement that does so."""
        for one, statement in self._found:
            if one.cell == cell:
                whole = one.statement is None and one.type in _SYNTAX_ERRORS
                if whole or defines(statement, name):
                    return to_raised(one, self._kind)
        return None

    def behind(self, error: Raised) -> Raised:
        """The error itself, or the uncovered name of torch's for want of which a name is undefined.

        Where `import torch.fft as fft` failed, a later `fft` is no mistake of the student's.
        """
        step: Raised | None = error
        for _ in range(_MOST_STEPS):
            name = _UNDEFINED.match(step.text) if step and step.type == "NameError" else None
            if name is None:
                break
            step = self._mentioning(name[1])
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


def defines(source: str, name: str) -> bool:
    """Whether a text looks as if it defined a function, a class or a variable of that name."""
    return _definition(name).search(source) is not None


@cache
def _definition(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b"
        rf"|^{re.escape(name)}[ \t]*(?::[^=\n]*)?=(?!=)",
        re.MULTILINE,
    )


def _lines(source: str) -> list[str]:
    """The lines as Python counts them: `splitlines` ends one at a form feed, too."""
    return re.split(r"\r\n|\r|\n", source)


def _statement(exception: StudentException, lines: Sequence[str]) -> str:
    if exception.statement is None:
        return ""
    first, last = exception.statement
    return "\n".join(lines[max(0, first - 1) : max(0, last)])[:_LONGEST_STATEMENT]
