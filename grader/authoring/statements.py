"""Turns an assignment's statement into what a student starts from: a notebook, or a module.

It knows Markdown, questions and their signatures; it runs nothing, and no answer gets into it.
"""

import inspect
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import jupytext
from msgspec import Struct

from grader.assignment import Assignment, AssignmentError, Choice, Item, Question, Text, Variable
from grader.messages import Language, Message, render

_SETUP = """\
# {setup}
try:
    import grader
except ImportError:
    %pip install -q autograd-grader
try:
    import torch
except ImportError:
    from reference_engine import facade

    facade.install()
    import torch
import numpy as np"""

_MODULE_SETUP = """\
import numpy as np
import torch"""

_FENCE = re.compile(r"^(```|~~~)")


class Section(Struct, frozen=True):
    """A part of a statement: its heading without the marks, and its lines, heading included.

    What stands before the first heading of the second level has the heading "".
    """

    heading: str
    text: str


def notebook(assignment: Assignment, language: Language) -> dict[str, Any]:
    """The notebook, format 4.5, that a student starts from.

    Raises AssignmentError where there is no statement.
    """
    found: dict[str, Any] = _read(assignment, language, module=None)
    for number, cell in enumerate(found["cells"], start=1):
        cell["id"] = f"cell-{number}"
        cell["source"] = cell["source"].strip()
    found["nbformat"], found["nbformat_minor"] = 4, 5
    found["metadata"] = {
        "grader": _hint(assignment, language),
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return found


def module(assignment: Assignment, language: Language, *, name: str | None = None) -> str:
    """The same as the text of a Python module, the statement in its comments.

    `name` is the file's, where it is not the assignment's id.
    """
    found = _read(assignment, language, module=name or f"{assignment.id}.py")
    found["metadata"] = {
        "grader": _hint(assignment, language),
        "jupytext": {"notebook_metadata_filter": "grader,-all"},
    }
    return str(jupytext.writes(found, fmt="py:percent"))


def _hint(assignment: Assignment, language: Language) -> dict[str, str]:
    """What a file says that it answers, and in which language."""
    return {"assignment": assignment.id, "language": language}


def sections(statement: str) -> list[Section]:
    """The parts of a statement, in order; marks within fenced code are no headings."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    fenced = False
    for line in statement.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        if line.startswith("## ") and not fenced:
            parts.append((line.removeprefix("## ").strip(), []))
        parts[-1][1].append(line)
    return [Section(heading, "\n".join(lines).strip()) for heading, lines in parts]


def _read(assignment: Assignment, language: Language, *, module: str | None) -> Any:
    parts = list(_parts(assignment, language, module=module))
    return jupytext.reads("\n\n\n".join(parts) + "\n", fmt="md")


def _parts(assignment: Assignment, language: Language, *, module: str | None) -> Iterator[str]:
    """The Markdown of the whole notebook: the statement, and what the grader adds to it."""
    composed = list(_composed(assignment, language))
    title, _, rest = composed[0].text.partition("\n")
    yield title
    yield _code(
        _MODULE_SETUP if module else _SETUP.format(setup=render(Message("start.setup"), language))
    )
    if rest.strip():
        yield rest.strip()
    text = "\n".join(section.text for section in composed)
    defined = set(re.findall(r"^class (\w+)", text, re.MULTILINE))
    for section in composed[1:]:
        yield section.text
        if section.heading in assignment:
            item = assignment[section.heading]
            name = item.called if isinstance(item, Question) else item.id
            if name not in defined:
                defined.add(name)
                yield _code(_stub(item, language))
    check = render(Message("start.check"), language)
    yield f"## {check}"
    if module:
        how = render(Message("start.how_module"), language)
        yield f"{how}\n\n    grader check {module} -a {assignment.id}"
    else:
        yield render(Message("start.how"), language)
        chosen = "" if language == "en" else f" --lang {language}"
        yield _code(f"%reload_ext grader\n%grader check {assignment.id}{chosen}")


def _composed(assignment: Assignment, language: Language) -> Iterator[Section]:
    """The assignment's own sections, then those of included questions that it does not have."""
    own = sections(_statement(assignment, language))
    yield from own
    written = {section.heading for section in own}
    introduced: set[str] = set()
    for item in assignment:
        origin = assignment.origin(item.id)
        if item.id in written or origin is assignment:
            continue
        theirs = sections(_statement(origin, language))
        if origin.id not in introduced:
            introduced.add(origin.id)
            yield from _introduction(theirs, origin)
        yield from (one for one in theirs if one.heading == item.id)


def _introduction(theirs: list[Section], origin: Assignment) -> Iterator[Section]:
    """What stands before the first question of another statement, its headings one level down."""
    for section in takewhile(lambda one: one.heading not in origin, theirs):
        yield Section("", f"#{section.text}")


def _statement(assignment: Assignment, language: Language) -> str:
    file = assignment.statement(language)
    if file is None:
        raise AssignmentError(
            f"{assignment.id} has no statement; write statement.en.md beside its assignment.py"
        )
    return file.read_text(encoding="utf-8")


def _stub(item: Item, language: Language) -> str:
    """What a student fills in: the signature is the question's, so both must agree."""
    points = "start.point" if item.points == 1 else "start.points"
    worth = f"# {render(Message(points, {'points': f'{item.points:g}'}), language)}"
    answer = render(Message("start.answer"), language)
    match item:
        case Question(call=None):
            parameters = ", ".join(inspect.signature(item.reference).parameters)
            return f"{worth}\ndef {item.id}({parameters}):\n    ...  # {answer}"
        case Question():
            return f"{worth}\nclass {item.called}:\n    ...  # {answer}"
        case Variable():
            return f"{worth}\n{item.id} = None  # {answer}"
        case Choice():
            listed = ", ".join(f'"{option}"' for option in item.options)
            options = render(Message("start.options", {"options": listed}), language)
            return f'{worth}\n{item.id} = ""  # {options}'
        case Text():
            return f'{worth}\n{item.id} = """\n\n"""  # {answer}'


def _code(text: str) -> str:
    return f"```python\n{text}\n```"
