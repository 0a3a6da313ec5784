"""What the text of the cells says where an answer is missing.

A function may be misnamed or empty, end without a value, or read a `.grad` that nothing filled. The
source is read and nothing is run; what is not certain is left as it was found.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from grader.assignment import Question
from grader.comparison import Judgement
from grader.diagnosis.findings import Finding, finding
from grader.diagnosis.names import with_name_meant
from grader.messages import Message
from grader.notebooks import parse_cells
from grader.outcomes import Answered, Outcome, Raised
from grader.values import nearly_called

_READS_GRAD = re.compile(r"\.grad\b")
_ASKS_FOR_GRADIENTS = re.compile(
    r"backward|\bgrad\s*\(|\bimport\b.*\bgrad\b|\b(?:jacobian|hessian|jacrev|jacfwd|vjp|jvp|hvp|vhp)\b"
)
_UNFILLED = frozenset({"returned_nothing", "grad_of_non_leaf", "requires_grad_missing"})
"""What an empty `.grad` could be for that nothing ever filled."""


def read_again(
    question: Question,
    outcomes: Sequence[Outcome],
    judgement: Judgement,
    findings: tuple[Finding, ...],
    *,
    cells: Sequence[str],
) -> tuple[Judgement, tuple[Finding, ...]]:
    """A judgement of what is missing and its findings, by the source in `cells`.

    A name that is nearly the one asked for was probably meant. An empty function is not yet an
    answer, one without a value after `return` has returned nothing, and one that reads `.grad` in
    code without a backward pass lacks that.
    """
    findings = with_name_meant(findings, cells)
    if judgement.message.id == "name_missing":
        return _misnamed(question.called, cells, judgement), findings
    if not all(map(_gave_nothing, outcomes)):
        return judgement, findings
    function = None if question.call else _last_definition(cells, question.called)
    if function is None or function.decorator_list:
        return judgement, findings
    if _is_empty(function):
        return _told(judgement, Message("unanswered")), ()
    if judgement.verdict == "missing":
        findings = _of_none(function, cells, findings)
    return judgement, findings


def _gave_nothing(outcome: Outcome) -> bool:
    """Whether there is no value: None, or what unwritten functions raise in many courses."""
    match outcome:
        case Answered(value=None) | Raised(type="NotImplementedError"):
            return True
        case _:
            return False


def _misnamed(name: str, cells: Sequence[str], judgement: Judgement) -> Judgement:
    near = _nearly_called(name, cells)
    if near is None:
        return judgement
    return _told(judgement, Message("name_missing_near", {"name": name, "found": near}))


def _of_none(
    function: ast.FunctionDef, cells: Sequence[str], findings: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """What the None of a function that was written comes from, as far as its text says."""
    if not any(map(_gives_a_value, _returns(function.body))):
        return (finding("returned_nothing", None, exact=True),)
    text = "\n".join(cells)
    if _READS_GRAD.search(text) and not _ASKS_FOR_GRADIENTS.search(text):
        others = (one for one in findings if one.id not in _UNFILLED)
        return (finding("backward_missing", None, exact=False), *others)
    return tuple(one for one in findings if one.id != "returned_nothing")


def _nearly_called(name: str, cells: Sequence[str]) -> str | None:
    """The function that is nearly called so; one that is called just so was lost another way."""
    return nearly_called(
        name,
        (
            node.name
            for tree in parse_cells(cells)
            for node in (tree.body if tree else ())
            if isinstance(node, ast.FunctionDef) and node.name != name
        ),
    )


def _last_definition(cells: Sequence[str], name: str) -> ast.FunctionDef | None:
    """The function that a name stands for in the end; None where it may be something else."""
    found = None
    for tree in parse_cells(cells):
        for node in tree.body if tree else ():
            if isinstance(node, ast.FunctionDef) and node.name == name:
                found = node
            elif any(isinstance(one, ast.Name | ast.alias | ast.ClassDef) and _binds(one, name)
                     for one in ast.walk(node)):  # fmt: skip
                found = None
    return found


def _binds(node: ast.Name | ast.alias | ast.ClassDef, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    return name in (node.name, getattr(node, "asname", None))


def _is_empty(function: ast.FunctionDef) -> bool:
    """Whether there is no statement but `...`, `pass`, texts and `raise NotImplementedError`."""
    written = [one.value if isinstance(one, ast.Expr) else one for one in function.body]
    return all(isinstance(one, ast.Pass | ast.Constant | ast.Raise) for one in written)


def _returns(statements: Sequence[ast.AST]) -> Iterator[ast.Return]:
    """The returns of a function's own, without those of functions within it."""
    for one in statements:
        if isinstance(one, ast.Return):
            yield one
        elif not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            yield from _returns(list(ast.iter_child_nodes(one)))


def _gives_a_value(one: ast.Return) -> bool:
    nothing = isinstance(one.value, ast.Constant) and one.value.value is None
    return one.value is not None and not nothing


def _told(judgement: Judgement, message: Message) -> Judgement:
    """The judgement with another sentence."""
    outputs = tuple(replace(one, message=message) for one in judgement.outputs)
    return replace(judgement, message=message, outputs=outputs)
