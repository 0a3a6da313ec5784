"""Tells a name that was written differently from one that only an earlier run had defined.

It reads the text of the cells and runs nothing.
"""

import ast
from collections.abc import Iterator, Sequence

from grader.diagnosis.findings import Finding, finding
from grader.notebooks import parse_cells
from grader.values import nearly_called


def with_name_meant(findings: tuple[Finding, ...], cells: Sequence[str]) -> tuple[Finding, ...]:
    """The findings, a name that nobody defines told as the one that is nearly called so."""
    return tuple(
        _read_again(one, cells) if one.id == "name_before_definition" else one for one in findings
    )


def _read_again(found: Finding, cells: Sequence[str]) -> Finding:
    name, line = str(found.parameters["name"]), found.parameters.get("line")
    trees = [tree for tree in parse_cells(cells) if tree]
    known = {one for tree in trees for one in _bound(tree.body)}
    if name in known:
        return found  # it comes too late, or an earlier run had defined it
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _holds(node, name, line):
                known.update(_bound(node.body), (one.arg for one in ast.walk(node.args)
                                                 if isinstance(one, ast.arg)))  # fmt: skip
    near = nearly_called(name, sorted(known))
    if near is None:
        return found
    return finding(
        "misspelled_name",
        found.where,
        exact=False,
        name=name,
        nearest=near,
        line=line,
        source=found.parameters.get("source"),
    )


def _holds(function: ast.FunctionDef, name: str, line: object) -> bool:
    """Whether a name is read in a line of a function."""
    return any(
        isinstance(one, ast.Name) and one.id == name and one.lineno == line
        for one in ast.walk(function)
    )


def _bound(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that statements define, without those within functions and classes."""
    for one in statements:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield one.name
            continue
        for node in ast.walk(one):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.alias):
                yield node.asname or node.name.partition(".")[0]
