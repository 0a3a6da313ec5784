"""What is left out of a submission's cells because it stopped a process: statements, or cells.

A cell that does so is first run statement by statement, so that one of them costs only itself.
"""

from collections.abc import Iterator

from grader.outcomes import Stopped


class LeftOut:
    """The cells and statements that stopped a process, and why they did."""

    def __init__(self) -> None:
        self._cells: dict[int, Stopped] = {}
        self._apart: dict[int, Stopped] = {}
        self._lines: dict[int, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._cells or self._apart)

    def note(self, cell: int, line: int, stopped: Stopped, *, as_a_whole: bool) -> None:
        """Take down what stopped a process: a cell, or the statement of it at a line, else 0.

        With `as_a_whole` nothing of the cell is run again. A statement is told of by what was said
        of its cell, which had the cell's whole time.
        """
        if as_a_whole:
            self._cells[cell] = self._apart.pop(cell, stopped)
        elif line:
            self._lines[cell].append(line)
        elif cell not in self._apart:
            self._apart[cell] = stopped
            self._lines[cell] = []
        else:
            self._cells[cell] = self._apart.pop(cell)

    @property
    def cells(self) -> list[int]:
        """The cells that are not run, in order."""
        return sorted(self._cells)

    def lines_of(self, cell: int) -> list[int] | None:
        """Where the statements begin that are not run; None for a cell that is run as a whole."""
        return self._lines.get(cell)

    def reason(self, cell: int) -> Stopped | None:
        """Why something of a cell, or all of it, is left out; None where nothing is."""
        if cell in self._apart and not self._lines[cell]:
            return None
        return self._apart.get(cell) or self._cells.get(cell)

    def reasons(self) -> Iterator[tuple[int, Stopped]]:
        """The same for every cell of which something is."""
        for cell in (*self._cells, *self._apart):
            why = self.reason(cell)
            if why is not None:
                yield cell, why
