"""Turns an nbgrader notebook into an assignment to finish: `grader new NAME --from NOTEBOOK`.

The notebook is parsed and never run; what could not be converted is told cell by cell.
"""

import ast
import warnings

from msgspec import Struct

from grader.assignment import AssignmentError
from grader.authoring.conversion import asked, cells, files, statement
from grader.authoring.conversion.asked import Remark
from grader.notebooks import NotebookError, read_written

__all__ = ["Conversion", "Remark", "convert"]


class Conversion(Struct, frozen=True):
    """The files of the assignment by their paths in its folder, and remarks in the cells' order."""

    files: dict[str, str]
    remarks: tuple[Remark, ...]


def convert(data: bytes, name: str) -> Conversion:
    """The assignment of the given name that the bytes of an .ipynb file describe.

    Raises AssignmentError with one line where they are no notebook, or ask nothing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes and comparisons, which are the author's
            return _convert(cells.read(read_written(data)), name)
    except NotebookError as error:
        raise AssignmentError(str(error)) from None
    except (SyntaxError, ValueError) as error:
        raise AssignmentError(
            f"what its cells hold makes no Python file ({error}): look for marks of regions in the "
            "middle of a line"
        ) from None
    except (RecursionError, MemoryError):
        raise AssignmentError("its code is nested too deeply to be read: simplify it") from None


def _convert(found: list[cells.Cell], name: str) -> Conversion:
    if all(one.role == "plain" for one in found):
        raise AssignmentError(
            "no cell has nbgrader's metadata: give the source notebook, in which nbgrader's own "
            "toolbar (Create Assignment) says which cells are answers and tests"
        )
    items, remarks = asked.find(found)
    if not items:
        told = "; ".join(f"cell {one.cell}: {one.text}" for one in remarks)
        raise AssignmentError(f"nothing in it can be asked ({told}): write the assignment by hand")
    text, support = files.assignment(name, statement.title(found, name), found, items, remarks)
    ast.parse(text)
    written = {"assignment.py": text, "statement.en.md": statement.write(name, found, items)}
    written |= {
        f"samples/{file}": content for file, content in files.samples(found, items, support).items()
    }
    return Conversion(written, tuple(sorted(remarks, key=lambda one: one.cell)))
