"""Writes what was found in an nbgrader notebook as the files of an assignment.

It knows the form of an assignment file, a statement and samples; it decides nothing.
"""

import ast
import csv
import io
import json
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, repeat

from grader.authoring.conversion.asked import Asked, Call, Remark
from grader.authoring.conversion.cells import Cell, bound, used
from grader.authoring.conversion.specs import draft
from grader.authoring.conversion.support import Support, find
from grader.authoring.conversion.values import Value

_FACTORIES = (
    "Assignment", "array", "integer", "labels", "one_of", "real", "source", "tensor",
)  # fmt: skip
_EMPTY = re.compile(r"YOUR (?:ANSWER|CODE) HERE")


def assignment(
    name: str, title: str, cells: Sequence[Cell], asked: Sequence[Asked], remarks: list[Remark]
) -> tuple[str, Support]:
    """The text of assignment.py, and what its solutions rest on."""
    bodies = {one.id: _body(one, cells) for one in asked if one.kind == "variable"}
    uses = {name for one in asked if one.function for name in used(one.function.node)}
    for body in bodies.values():
        own = {name for node in body for name in bound(node)}
        uses |= {name for node in body for name in used(node)} - own
    support = find(cells, asked, uses, remarks)
    defined = ast.parse("\n".join([*support.imports, *support.definitions])).body
    taken = {one.id for one in asked} | {name for node in defined for name in bound(node)}
    module = _free("grader", taken)
    home = f"{module}." if taken & set(_FACTORIES) else ""
    hw = _free("hw", taken)
    parts = [
        part
        for one in asked
        for part in _item(one, bodies, hw=hw, home=home, shared=support.shared, remarks=remarks)
    ]
    text = "\n\n\n".join([*support.definitions, *parts])
    factories = [one for one in _FACTORIES if re.search(rf"(?<![\w.]){one}\(", text)]
    imported = f"from grader import {', '.join(sorted({'Assignment', *factories}))}"
    if home:
        imported = "import grader" if module == "grader" else f"import grader as {module}"
    lines = [
        '"""Converted from an nbgrader notebook: the inputs are drafts to finish."""',
        "from __future__ import annotations" if _is_annotated(text) else "",
        "\n".join(sorted([*support.imports, imported])),
        f'{hw} = {home}Assignment("{name}", title={{"en": {_quoted(title)}}})',
    ]
    return "\n\n".join(filter(None, lines)) + f"\n\n\n{text}\n", support


def _free(name: str, taken: Collection[str]) -> str:
    return next(one for one in accumulate(repeat("_"), initial=name) if one not in taken)


def _is_annotated(text: str) -> bool:
    """Whether loading would evaluate an annotation, whose names may not be at hand."""
    nodes = list(ast.walk(ast.parse(text)))
    return any(isinstance(node, ast.FunctionDef) and node.returns for node in nodes) or any(
        isinstance(node, ast.arg | ast.AnnAssign) and node.annotation for node in nodes
    )


def _item(  # noqa: PLR0913 - as many facts
    one: Asked,
    bodies: dict[str, list[ast.stmt]],
    *,
    hw: str,
    home: str,
    shared: frozenset[str],
    remarks: list[Remark],
) -> Iterator[str]:
    if one.function is not None:
        arguments = _question(one, home, remarks)
        if one.id in shared:  # other solutions call it, which nobody can call a question
            yield one.function.text
            yield f"{hw}.question({arguments})({one.id})"
        else:
            yield f"@{hw}.question({arguments})\n{one.function.text}"
    elif one.kind == "variable":
        body = "\n".join(ast.unparse(node) for node in bodies[one.id])
        told = "its value can be written down as a number: draw what it depends on with given="
        remarks.append(Remark(one.cell.number, f"{one.id}: {told}"))
        yield (
            f"@{hw}.variable(points={one.points:g})\ndef {one.id}():\n"
            f"{textwrap.indent(body, '    ')}\n    return {one.id}"
        )
    else:
        notes = [("Mark scheme", one.cell.within("MARK SCHEME")), ("An answer", model_answer(one))]
        comments = [f"{what}: {text}" for what, text in notes if text]
        yield "\n".join(
            [
                *(f"# {line}".rstrip() for text in comments for line in text.splitlines()),
                f'{hw}.text("{one.id}", points={one.points:g})',
            ]
        )


def model_answer(one: Asked) -> str:
    """The answer that the notebook itself gives to a text."""
    if one.cell.role != "manual":
        return ""
    within = one.cell.within("SOLUTION")
    text = within or one.cell.without("MARK SCHEME")
    return "" if _EMPTY.search(text) else text


def _question(one: Asked, home: str, remarks: list[Remark]) -> str:
    """The arguments of a question: specs drafted from all calls, examples from those in sight."""
    assert one.function is not None  # noqa: S101 - as the caller knows
    parameters = [each.arg for each in one.function.node.args.args]
    specs, examples = draft(parameters, one.calls, hidden=one.hidden)
    told = [f"{len(examples)} of {len(one.calls)} calls became examples"]
    unknown = [name for name in parameters if not _is_known(name, one)]
    if unknown:
        told.append(f"nothing shows what {', '.join(unknown)} may be")
    if one.hidden:
        told.append("calls in hidden tests drafted the inputs, and are no examples: those are seen")
    remarks.append(Remark(one.cell.number, f"{one.id}: a draft; {'; '.join(told)}"))
    rows = [f'    "{name}": {home}{text},' for name, text in specs.items()]
    lines = [f"points={one.points:g},", *(["inputs={", *rows, "},"] if specs else ["inputs={},"])]
    if examples:
        shown = dict.fromkeys(_example(one) for one in examples)
        lines += ["examples=[", *(f"    {row}," for row in shown), "],"]
    return "\n" + textwrap.indent("\n".join(lines), "    ") + "\n"


def _is_known(name: str, one: Asked) -> bool:
    return any(name in call for call in (*one.calls, *one.hidden))


def _example(call: Call) -> str:
    entries = [f'"{name}": {_written(value)}' for name, value in call.items()]
    return f"{{{', '.join(entries)}}}"


def _written(value: Value) -> str:
    if value.kind in ("array", "tensor"):
        return repr(_rounded(value.data.tolist()))
    return _quoted(value.data) if isinstance(value.data, str) else repr(value.data)


def _rounded(entry: object) -> object:
    """The shortest numbers that single precision tells apart."""
    if isinstance(entry, list):
        return [_rounded(one) for one in entry]
    return float(f"{entry:.7g}") if isinstance(entry, float) else entry


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# -- variables ------------------------------------------------------------------------------------


def _body(one: Asked, cells: Sequence[Cell]) -> list[ast.stmt]:
    """The statements, in order, that a name left behind depends on."""
    earlier = [cell for cell in cells if cell.role != "tests" and cell.number <= one.cell.number]
    statements = [node for cell in earlier for node in (cell.tree.body if cell.tree else ())]
    plain = [node for node in statements if _is_step(node)]
    needed = {one.id}
    size = 0
    while len(needed) > size:
        size = len(needed)
        for node in plain:
            if (bound(node) | used(node)) & needed:
                needed |= bound(node) | _objects(node)
    return [node for node in plain if (bound(node) | used(node)) & needed]


def _is_step(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        call = node.value
        return isinstance(call, ast.Call) and not ast.unparse(call.func).startswith(
            ("print", "plt")
        )
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return not isinstance(node, (*definitions, ast.Pass, ast.Assert))


def _objects(node: ast.stmt) -> frozenset[str]:
    """The names that a statement reads, but for modules: those connect what has no connection."""
    return used(node) - {"np", "numpy", "torch", "nn", "F", "math", "print", "range", "len"}


# -- samples --------------------------------------------------------------------------------------


def samples(cells: Sequence[Cell], asked: Sequence[Asked], support: Support) -> dict[str, str]:
    """The notebook's own solutions as a student would hand them in, and their verdicts."""
    parts = ["\n".join(support.original_imports), *support.definitions]
    rows = []
    for one in asked:
        if one.function is not None:
            parts.append(one.function.text)
        elif one.kind == "text":
            parts.append(f"{one.id} = {_quoted(model_answer(one) or 'An answer.')}")
        verdict = "needs_human" if one.kind == "text" else "correct"
        rows.append(("right.py", one.id, verdict, "", "the notebook's own solution"))
    needed = [node for one in asked if one.kind == "variable" for node in _body(one, cells)]
    steps = [node for cell in cells if cell.tree for node in cell.tree.body if node in needed]
    parts.append("\n".join(ast.unparse(node) for node in steps))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("file", "question", "verdict", "diagnosis", "remark"))
    writer.writerows(rows)
    return {"right.py": "\n\n\n".join(filter(None, parts)) + "\n", "verdicts.csv": table.getvalue()}
