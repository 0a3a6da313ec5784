"""What solutions rest on: the imports, helpers and constants of a notebook that they need.

Only what loads without running anything of the notebook's is taken; the rest is told.
"""

import ast
from collections.abc import Collection, Iterator, Sequence
from importlib import import_module

from msgspec import Struct

from grader.authoring.conversion.asked import Asked, Remark
from grader.authoring.conversion.cells import Cell, bound, functions, used
from grader.authoring.conversion.values import evaluate

_BASES = {
    "object", "Exception", "ValueError", "Module", "nn.Module", "torch.nn.Module",
    "Function", "autograd.Function", "torch.autograd.Function",
}  # fmt: skip
_LIBRARIES = {
    "collections", "copy", "dataclasses", "functools", "itertools", "math", "numpy", "operator",
    "random", "statistics", "typing",
}  # fmt: skip
_RUN = {"conftest", "tests"}
_METHODS = {"staticmethod", "classmethod", "property"}


class Piece(Struct, frozen=True):
    """Something that a cell binds: `text` is None where it would have to be run to load."""

    names: frozenset[str]
    text: str | None
    original: str
    uses: frozenset[str]
    cell: int
    is_import: bool = False


class Support(Struct, frozen=True):
    """The lines of imports, the definitions, and the asked functions that others use.

    `original` are the same for a student's module, in which torch is torch.
    """

    imports: tuple[str, ...]
    original_imports: tuple[str, ...]
    definitions: tuple[str, ...]
    shared: frozenset[str]


def find(
    cells: Sequence[Cell], asked: Sequence[Asked], uses: Collection[str], remarks: list[Remark]
) -> Support:
    """What the names in `uses` need, and what that needs, in the notebook's order."""
    pieces = {name: one for cell in cells for one in _pieces(cell) for name in one.names}
    own = {one.id: one for one in asked if one.function is not None}
    pending, seen = list(uses), set(uses)
    taken: list[Piece] = []
    while pending:
        name = pending.pop()
        piece = pieces.get(name)
        if piece is None or name in own or piece in taken:
            continue
        if piece.text is None:
            told = f"`{piece.original}`, which {name} stands for, was left out: write it by hand"
            remarks.append(Remark(piece.cell, told))
            continue
        taken.append(piece)
        pending += piece.uses - seen
        seen |= piece.uses
    ordered = [one for one in dict.fromkeys(pieces.values()) if one in taken]
    imports = [one for one in ordered if one.is_import]
    return Support(
        imports=tuple(dict.fromkeys(one.text or "" for one in imports)),
        original_imports=tuple(dict.fromkeys(one.original for one in imports)),
        definitions=tuple(one.text or "" for one in ordered if not one.is_import),
        shared=frozenset(own) & seen,
    )


def _pieces(cell: Cell) -> Iterator[Piece]:
    if cell.tree is None or cell.role == "tests":
        return
    for function in functions(cell):
        text = function.text if _loads(function.node) else None
        names = frozenset([function.node.name])
        yield Piece(names, text, f"def {function.node.name}", used(function.node), cell.number)
    for node in cell.tree.body:
        match node:
            case ast.Import() | ast.ImportFrom():
                yield from _imports(node, cell.number)
            case ast.ClassDef():
                text = cell.text(node) if _is_plain_class(node) else None
                name = frozenset([node.name])
                yield Piece(name, text, f"class {node.name}", used(node), cell.number)
            case ast.Assign(targets=[ast.Name()], value=value) if not isinstance(value, ast.Lambda):
                text = ast.unparse(node) if evaluate(value, {}) is not None else None
                yield Piece(bound(node), text, ast.unparse(node)[:60], used(node), cell.number)


def _loads(node: ast.FunctionDef) -> bool:
    """Whether the definition runs nothing but plain values, annotations aside."""
    defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
    return not node.decorator_list and all(evaluate(one, {}) is not None for one in defaults)


def _is_plain_class(node: ast.ClassDef) -> bool:
    def is_plain(inner: ast.stmt) -> bool:
        match inner:
            case ast.FunctionDef():
                plain = all(ast.unparse(one) in _METHODS for one in inner.decorator_list)
                inner_defaults = [*inner.args.defaults, *filter(None, inner.args.kw_defaults)]
                return plain and all(evaluate(one, {}) is not None for one in inner_defaults)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                return True
            case ast.Assign(value=value):
                return evaluate(value, {}) is not None
            case _:
                return False

    known = all(ast.unparse(base) in _BASES for base in node.bases)
    return known and not node.keywords and not node.decorator_list and all(map(is_plain, node.body))


# -- imports --------------------------------------------------------------------------------------


def _imports(node: ast.Import | ast.ImportFrom, cell: int) -> Iterator[Piece]:
    """A piece for each name that is imported; PyTorch's come from the engine."""
    for one in node.names:
        name = one.asname or one.name.partition(".")[0]
        alias = f" as {one.asname}" if one.asname else ""
        if isinstance(node, ast.Import):
            original, text = f"import {one.name}{alias}", _import(one.name, one.asname)
        else:
            home = "." * node.level + (node.module or "")
            original, text = f"from {home} import {one.name}{alias}", _from(home, one.name, alias)
        yield Piece(frozenset([name]), text, original, frozenset(), cell, is_import=True)


def _import(module: str, alias: str | None) -> str | None:
    home = _home(module)
    if not alias:
        top = module.partition(".")[0]
        module, alias, home = top, "torch" if top == "torch" else None, _home(top)
    if home is None or not _has(home):
        return None
    return f"import {home}" + (f" as {alias}" if alias else "")


def _from(module: str, name: str, alias: str) -> str | None:
    home = _home(module)
    return f"from {home} import {name}{alias}" if home and _has(home, name) else None


def _home(module: str) -> str | None:
    """Where a module is at hand: PyTorch's in the engine; None for what need not be installed."""
    package, dot, rest = module.partition(".")
    if package == "torch":
        return f"reference_engine{dot}{rest}"
    return module if package in _LIBRARIES else None


def _has(module: str, name: str | None = None) -> bool:
    # Of a library's own programs and tests importing is running.
    if any(one.startswith("_") or one in _RUN for one in module.split(".")):
        return False
    try:
        found = import_module(module)
    except Exception:  # noqa: BLE001 - a module that cannot be loaded raises anything
        return False
    return name is None or hasattr(found, name)
