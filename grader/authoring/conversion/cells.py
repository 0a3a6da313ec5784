"""Reads the cells of an nbgrader notebook: roles, regions, and what their code binds.

It parses and runs nothing. nbgrader's own marks decide, as its documentation describes them.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from grader.notebooks import WrittenCell, parse_cell, without_magics

Role: TypeAlias = Literal["plain", "answer", "tests", "manual", "task", "damaged"]
Region: TypeAlias = Literal["SOLUTION", "HIDDEN TESTS", "MARK SCHEME"]


class Cell(Struct, frozen=True):
    """A cell by its number, counted from 1; `tree` is None where its code does not parse."""

    number: int
    role: Role
    is_code: bool
    source: str
    grade_id: str
    points: float | None
    tree: ast.Module | None

    def inside(self, region: Region) -> frozenset[int]:
        """The numbers of the lines between the marks of a region."""
        return frozenset(_inside(self.source, region))

    def is_unbalanced(self, region: Region) -> bool:
        """Whether a mark of the region lacks its counterpart."""
        marks = re.findall(rf"(BEGIN|END) {region}", self.source)
        return marks != ["BEGIN", "END"] * (len(marks) // 2)

    def without(self, region: Region) -> str:
        """The source without a region and its marks."""
        left_out = self.inside(region)
        lines = enumerate(self.source.split("\n"), start=1)
        kept = [line for at, line in lines if at not in left_out and not _is_mark(line)]
        return "\n".join(kept).strip()

    def within(self, region: Region) -> str:
        """What stands in the region, its common indentation taken away."""
        inside = self.inside(region)
        lines = enumerate(self.source.split("\n"), start=1)
        return textwrap.dedent("\n".join(line for at, line in lines if at in inside)).strip()

    def text(self, node: ast.stmt) -> str:
        """The lines of a statement, without the marks of regions."""
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        lines = without_magics(self.source).split("\n")[first - 1 : node.end_lineno]
        text = "\n".join(line.rstrip() for line in lines if not _is_mark(line))
        # A mark within a string is text: without its line the string's would become code.
        return text if _is_code_of(text, node) else "\n".join(lines)

    def is_solution(self, node: ast.stmt) -> bool:
        """Whether a statement is part of the solution: where no region is marked, all of it is."""
        inside = self.inside("SOLUTION")
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        return not inside or not inside.isdisjoint(lines)


class Function(Struct, frozen=True):
    """A function with its text, and whether students have to write some of it."""

    node: ast.FunctionDef
    text: str
    is_solution: bool


def read(written: tuple[WrittenCell, ...]) -> list[Cell]:
    """The cells with their roles."""
    return [_cell(number, one) for number, one in enumerate(written, start=1)]


def _cell(number: int, written: WrittenCell) -> Cell:
    marks = written.marks
    source = re.sub(r"\r\n?", "\n", written.source)
    return Cell(
        number=number,
        role=_role(written),
        is_code=written.is_code,
        source=source,
        grade_id="" if marks is None else marks.grade_id,
        points=None if marks is None else marks.points,
        tree=parse_cell(source) if written.is_code else None,
    )


def _role(written: WrittenCell) -> Role:
    marks = written.marks
    if marks is None:
        return "damaged"
    if marks.task:
        return "task"
    if marks.solution:
        return "manual" if marks.grade else "answer"
    return "tests" if marks.grade else "plain"


def _inside(source: str, region: Region) -> Iterator[int]:
    within = False
    for number, line in enumerate(source.split("\n"), start=1):
        if f"END {region}" in line:
            within = False
        if within:
            yield number
        if f"BEGIN {region}" in line:
            within = True


def _is_mark(line: str) -> bool:
    return re.search(r"(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS|MARK SCHEME)", line) is not None


def _is_code_of(text: str, node: ast.stmt) -> bool:
    try:
        return [ast.dump(one) for one in ast.parse(text).body] == [ast.dump(node)]
    except SyntaxError:
        return False


# -- what code binds and uses ---------------------------------------------------------------------


def functions(cell: Cell) -> Iterator[Function]:
    """The functions at the top level of a cell; a lambda with a name is one, too."""
    for node in cell.tree.body if cell.tree else ():
        match node:
            case ast.FunctionDef():
                yield Function(node, cell.text(node), is_solution=cell.is_solution(node))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=args, body=body)):
                text = f"def {name}({ast.unparse(args)}):\n    return {ast.unparse(body)}"
                (made,) = ast.parse(text).body
                assert isinstance(made, ast.FunctionDef)  # noqa: S101 - as it was written
                yield Function(made, text, is_solution=cell.is_solution(node))


def bound(node: ast.stmt) -> frozenset[str]:
    """The names that a statement assigns, in its own scope."""
    match node:
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            return frozenset([node.name])
        case ast.Import() | ast.ImportFrom():
            names = (one.asname or one.name.partition(".")[0] for one in node.names)
            return frozenset(names)
        case _:
            stored = (one for one in ast.walk(node) if isinstance(one, ast.Name))
            return frozenset(one.id for one in stored if isinstance(one.ctx, ast.Store))


def used(node: ast.AST) -> frozenset[str]:
    """The names that code reads, a superset of those that it takes from outside."""
    names = (one for one in ast.walk(node) if isinstance(one, ast.Name))
    return frozenset(one.id for one in names if isinstance(one.ctx, ast.Load))
