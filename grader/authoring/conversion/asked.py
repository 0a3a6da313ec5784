"""Finds what an nbgrader notebook asks: functions, variables and texts, their points and calls.

It knows cells, not how an assignment is written down.
"""

import ast
import keyword
import re
from bisect import bisect_left
from collections import ChainMap
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct, field

from grader.authoring.conversion.cells import Cell, Function, bound, functions, used
from grader.authoring.conversion.values import Names, Value, evaluate

Call: TypeAlias = dict[str, Value]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_AUTOTEST = re.compile(r"^\s*#+ *(?:HASHED )?AUTOTEST (.+)$", re.MULTILINE)


class Remark(Struct, frozen=True):
    """What became of a cell, or what could not be made of it."""

    cell: int
    text: str


class Asked(Struct):
    """Something that is asked; tests, found later in the notebook, add points and calls.

    `calls` are those that students see, `hidden` those of hidden tests.
    """

    kind: Literal["function", "variable", "text"]
    id: str
    cell: Cell
    function: Function | None = None
    points: float = 0.0
    calls: list[Call] = field(default_factory=list)
    hidden: list[Call] = field(default_factory=list)


def find(cells: Sequence[Cell]) -> tuple[list[Asked], list[Remark]]:
    """What is asked, in the notebook's order, and remarks on what could not be converted."""
    asked: list[Asked] = []
    remarks: list[Remark] = []
    tested = _names_in_tests(cells)
    known: dict[str, ast.expr] = {}
    before: int | None = None
    for cell in cells:
        if cell.role in ("answer", "manual", "task"):
            before = cell.number if cell.role == "answer" else before
            for one in _asked_by(cell, tested, remarks):
                _add(one, asked, remarks)
        elif cell.role == "tests":
            _take_tests(cell, known, asked, before=before, remarks=remarks)
        elif cell.role == "damaged":
            remarks.append(Remark(cell.number, "its nbgrader metadata cannot be read: left out"))
        if cell.role in ("plain", "tests"):
            known.update(_assigned(cell))
    for one in asked:
        if not one.points > 0:
            remarks.append(Remark(one.cell.number, f"{one.id}: no cell gives it points; 1 here"))
            one.points = 1.0
    return asked, remarks


def _names_in_tests(cells: Sequence[Cell]) -> frozenset[str]:
    trees = [cell.tree for cell in cells if cell.role == "tests" and cell.tree]
    return frozenset(name for tree in trees for name in used(tree))


def _add(one: Asked, asked: list[Asked], remarks: list[Remark]) -> None:
    """Ask it; of two functions of a name the later one counts, as it does in the notebook."""
    same = next((other for other in asked if other.id == one.id), None)
    if same is None:
        asked.append(one)
    elif one.kind == "text":
        one.id = _free(one.id, {other.id for other in asked})
        asked.append(one)
    else:
        told = f"{one.id} is defined again in cell {one.cell.number}, which counts"
        remarks.append(Remark(same.cell.number, told))
        asked[asked.index(same)] = one


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


# -- answers --------------------------------------------------------------------------------------


def _asked_by(cell: Cell, tested: frozenset[str], remarks: list[Remark]) -> Iterator[Asked]:
    if cell.is_unbalanced("SOLUTION"):
        told = "a BEGIN SOLUTION or END SOLUTION has no counterpart: look at what became of it"
        remarks.append(Remark(cell.number, told))
    code = list(_code_asked(cell, tested, remarks)) if cell.is_code else []
    if code:
        worth = (cell.points or 0.0) / len(code)
        for one in code:
            one.points = worth
        yield from code
        if cell.role == "manual":
            told = "a person marked this code; it is judged now, and no style is"
            remarks.append(Remark(cell.number, told))
    elif cell.role in ("manual", "task"):
        yield Asked("text", _identifier(cell), cell, points=cell.points or 0.0)
    elif all(one.cell != cell.number for one in remarks):
        remarks.append(Remark(cell.number, "nothing that is tested is defined here: left out"))


def _code_asked(cell: Cell, tested: frozenset[str], remarks: list[Remark]) -> Iterator[Asked]:
    if cell.tree is None:
        remarks.append(Remark(cell.number, "its code is no Python that can be read: left out"))
        return
    names = set()
    for function in functions(cell):
        names.add(function.node.name)
        if function.is_solution:
            why_not = _why_not(function.node)
            if why_not:
                told = f"{function.node.name} {why_not}: write this question by hand"
                remarks.append(Remark(cell.number, told))
            else:
                yield Asked("function", function.node.name, cell, function)
    for node in cell.tree.body:
        if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef) and cell.is_solution(node):
            told = (
                f"{node.name} is no plain function: write this question by hand, "
                f'with call="lambda {node.name}, ...: ..."'
            )
            remarks.append(Remark(cell.number, told))
        elif not isinstance(node, _DEFINITIONS) and cell.is_solution(node):
            for name in sorted(bound(node) & tested - names):
                names.add(name)
                yield Asked("variable", name, cell)


def _why_not(node: ast.FunctionDef) -> str | None:
    """Why a function cannot be a reference as it is."""
    arguments = node.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
        return "takes * or ** or keyword-only arguments, and inputs go by name"
    if node.decorator_list:
        return "is decorated"
    if not all(_is_constant(one) for one in arguments.defaults):
        return "has a default that is no plain value"
    if keyword.iskeyword(node.name):
        return "has no name to ask for"
    return None


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or evaluate(node, {}) is not None


def _identifier(cell: Cell) -> str:
    """A name that a student can assign to, from a grade id."""
    name = re.sub(r"\W", "_", cell.grade_id).strip("_") or f"cell_{cell.number}"
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"answer_{name}"
    return name if name.isidentifier() else f"answer_{cell.number}"


# -- tests ----------------------------------------------------------------------------------------


def _take_tests(
    cell: Cell,
    known: dict[str, ast.expr],
    asked: list[Asked],
    *,
    before: int | None,
    remarks: list[Remark],
) -> None:
    """Give the points of a tests cell to what it tests, and the calls in it.

    `known` are the names that cells above it assign, `before` the answer cell before it.
    """
    if cell.tree is None:
        remarks.append(Remark(cell.number, "its code is no Python that can be read: no examples"))
    expressions = list(_tested(cell))
    names = {name for node in expressions for name in used(node)}
    chosen = _chosen(cell, names, asked, before=before)
    if not chosen:
        told = f"tests nothing that is asked: {cell.points or 0:g} points were left out"
        remarks.append(Remark(cell.number, told))
        return
    for one in chosen:
        one.points += (cell.points or 0.0) / len(chosen)
    if len(chosen) > 1:
        shared = ", ".join(one.id for one in chosen)
        remarks.append(Remark(cell.number, f"its points are shared equally by {shared}"))
    _take_calls(cell, known, asked, remarks)


def _tested(cell: Cell) -> Iterator[ast.AST]:
    """The code of a tests cell, and the expressions of nbgrader's automatic tests."""
    if cell.tree is not None:
        yield cell.tree
    for listed in _AUTOTEST.findall(cell.source):
        try:
            yield ast.parse(listed)  # expressions apart by semicolons, as in Python
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue


def _chosen(
    cell: Cell, names: set[str], asked: Sequence[Asked], *, before: int | None
) -> list[Asked]:
    """What the points of a tests cell are for: what its id names, else the last that it uses.

    `before` is the number of the answer cell before it, which it tests where it names nothing.
    """
    answers = [one for one in asked if one.kind != "text"]
    using = [one for one in answers if one.id in names]
    named = [one for one in using or answers if _is_named(one, cell)]
    if named:
        return named
    last = max((one.cell.number for one in using), default=before)
    return [one for one in using or answers if one.cell.number == last]


def _is_named(one: Asked, tests: Cell) -> bool:
    words = {one.id.lower(), one.cell.grade_id.lower()} - {""}
    return any(re.search(rf"(?<![a-z\d]){re.escape(word)}(?![a-z\d])", tests.grade_id.lower())
               for word in words)  # fmt: skip


def _take_calls(
    cell: Cell, known: dict[str, ast.expr], asked: Sequence[Asked], remarks: list[Remark]
) -> None:
    functions_by_name = {one.id: one for one in asked if one.function is not None}
    own = sorted(_assigned(cell), key=lambda one: one[1].lineno)
    hidden = cell.inside("HIDDEN TESTS")
    unread = []
    for tree in _tested(cell):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            one = functions_by_name.get(node.func.id)
            if one is None or one.function is None:
                continue
            above = dict(own[: bisect_left(own, node.lineno, key=lambda each: each[1].lineno)])
            call = _arguments(node, one.function.node, ChainMap(above, known))
            if len(call) < len(one.function.node.args.args):
                unread.append(ast.unparse(node)[:60])
            if tree is cell.tree and node.lineno in hidden:
                one.hidden.append(call)
            else:
                one.calls.append(call)
    for text in dict.fromkeys(unread):
        told = f"{text} takes what is no plain value: no example was made of it"
        remarks.append(Remark(cell.number, told))


def _assigned(cell: Cell) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(cell.tree) if cell.tree else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for target, value in zip(names, values, strict=False):
                    if isinstance(target, ast.Name):
                        yield target.id, value


def _arguments(call: ast.Call, function: ast.FunctionDef, names: Names) -> Call:
    """The values by parameter, defaults included, as far as they can be read."""
    parameters = [one.arg for one in function.args.args]
    defaults = function.args.defaults
    given = dict(zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True))
    given |= dict(zip(parameters, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg}
    values = {name: evaluate(given[name], names) for name in parameters if name in given}
    return {name: value for name, value in values.items() if value is not None}
