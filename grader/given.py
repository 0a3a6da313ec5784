"""Puts drawn values in place of what a notebook assigns to a name at its top level.

It rewrites source text, line for line, and runs nothing.
"""

import ast
import re
from collections.abc import Mapping, Sequence

import numpy as np

from grader.notebooks import parse_cells
from grader.outcomes import Ndarray, PlainValue, SourceText, TensorValue

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line as Python counts them: `splitlines` ends one at a form feed, too."""


def replace_assignments(
    cells: Sequence[str], given: Mapping[str, PlainValue]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The cells with every top-level `name = ...` of a given name assigning the given value.

    Also the given names that no cell assigns. A cell that does not parse stays as it is.
    """
    replaced: set[str] = set()
    changed = []
    for cell, tree in zip(cells, parse_cells(cells), strict=True):
        lines = _LINE.findall(cell)
        # From the end, so that the places of earlier statements stay what they are.
        for name, value in reversed(_assignments(tree, given)):
            replaced.add(name)
            _replace(lines, value, _source(given[name]))
        changed.append("".join(lines))
    return tuple(changed), tuple(name for name in given if name not in replaced)


def _assignments(
    tree: ast.Module | None, given: Mapping[str, PlainValue]
) -> list[tuple[str, ast.expr]]:
    found = []
    for statement in tree.body if tree else ():
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in given:
                found.append((name, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if (
                name in given
            ):
                found.append((name, value))
    return found


def _replace(lines: list[str], value: ast.expr, text: str) -> None:
    """Put `text` where an expression stands, on as many lines as it took."""
    first, last = value.lineno - 1, (value.end_lineno or value.lineno) - 1
    # The parser counts UTF-8 bytes; brackets around the value stay where they are.
    before = lines[first].encode()[: value.col_offset].decode()
    after = lines[last].encode()[value.end_col_offset :].decode()
    filling = "\n" * (last - first)
    lines[first : last + 1] = [f"{before}({text}{filling}){after}"]


def _source(value: PlainValue) -> str:
    """An expression that gives the value, whatever names the notebook has by then."""
    match value:
        case np.ndarray():
            return _array(value)
        case TensorValue(data=data, requires_grad=requires_grad):
            array = _array(data)
            return f"__import__('torch').tensor({array}, requires_grad={requires_grad})"
        case SourceText(text=text):
            return f"({text})"
        case _:
            return repr(value)


def _array(array: Ndarray) -> str:
    values, dtype = array.ravel().tolist(), array.dtype.name
    return f"__import__('numpy').array({values!r}, dtype={dtype!r}).reshape({array.shape!r})"
