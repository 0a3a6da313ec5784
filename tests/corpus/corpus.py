"""Reads the corpus: answers as students write them, and what is known of each.

It knows the files and how to run a module of theirs in this process, not how an answer is judged
or its mistake recognised. `README.md` beside it says how the files are written.
"""

import builtins
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import reference_engine
from grader.assignment import Question
from grader.cases import Case
from grader.catalogue import bundled, load
from grader.outcomes import Answered, Outcome, PlainValue, Raised, Undefined
from grader.sandbox.protocol.control import Kind
from grader.sandbox.values import from_protocol, to_protocol, to_raised
from grader.sandbox.worker.failures import cell_name, describe
from grader.sandbox.worker.values import build_value, pack_value

FOLDER = Path(__file__).parent

_ANSWER = re.compile(
    r"## (?P<name>[\w-]+)\n\n(?P<head>(?:- [^\n]+\n)+)\n```py\n(?P<source>.*?)```\n", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One student's module for one question.

    `wrong` names the outputs that must not be judged right, `*` all of them, none a right answer.
    `explanations` are the diagnoses that would be true: each is a set of misconceptions that
    together give these numbers, and any one of them will do. A wrong answer without any has a
    mistake that nobody has a name for.
    """

    name: str
    question: str
    wrong: tuple[str, ...]
    explanations: tuple[frozenset[str], ...]
    source: str

    @property
    def is_right(self) -> bool:
        """Whether every output is right."""
        return not self.wrong

    def is_wrong_in(self, output: str) -> bool:
        """Whether an output must not be judged right."""
        return output in self.wrong or "*" in self.wrong

    @property
    def labels(self) -> frozenset[str]:
        """Every misconception in any of the explanations."""
        return frozenset().union(*self.explanations)


@cache
def answers() -> tuple[Answer, ...]:
    """The whole corpus; raises ValueError where a file is not written as it should be."""
    return tuple(one for file in sorted(FOLDER.glob("answers/*.md")) for one in _read(file))


@cache
def questions() -> dict[str, Question]:
    """Every question that could be answered, by id: the bundled ones, and those of the corpus."""
    # The corpus's come last: where a bundled assignment asks the same, its answers stay with these.
    assignments = [*map(load, bundled()), load(FOLDER)]
    found = (item for one in assignments for item in one if isinstance(item, Question))
    return {item.id: item for item in found}


def outcomes(answer: Answer, question: Question, cases: Sequence[Case]) -> list[Outcome]:
    """What the student's function answers, case by case, until one fails.

    The values take the way that they take out of a sandbox; the engine stands for PyTorch, and
    nothing global changes.
    """
    names: dict[str, Any] = {
        "__name__": "submission",
        "__builtins__": {**vars(builtins), "__import__": _import, "print": _ignore},
    }
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            exec(compile(answer.source, cell_name(0), "exec", dont_inherit=True), names)
        except Exception as error:  # noqa: BLE001 - students' code raises anything
            return [Undefined(because=_raised(answer, question, error))]
        if answer.question not in names:
            return [Undefined()]
        return list(_call(answer, question, cases, names[answer.question]))


def _call(
    answer: Answer, question: Question, cases: Sequence[Case], function: Any
) -> Iterator[Outcome]:
    torch = _torch_of(question)
    for case in cases:
        arguments = {
            name: build_value(to_protocol(value), torch) for name, value in case.arguments.items()
        }
        try:
            value = function(**arguments)
        except Exception as error:  # noqa: BLE001 - as above
            yield _raised(answer, question, error)
            return
        after = {name: _plain(argument, torch) for name, argument in arguments.items()}
        yield Answered(_plain(value, torch), after)


def _kind_of(question: Question) -> Kind:
    return "numpy" if question.autograd == "forbidden" else "facade"


def _torch_of(question: Question) -> ModuleType | None:
    return None if _kind_of(question) == "numpy" else reference_engine


def _plain(value: object, torch: ModuleType | None) -> PlainValue:
    return from_protocol(pack_value(value, torch))


def _raised(answer: Answer, question: Question, error: Exception) -> Raised:
    kind = _kind_of(question)
    return to_raised(describe(error, {0: answer.source}, kind=kind), kind)


def _import(name: str, *rest: Any, **more: Any) -> ModuleType:
    """`__import__` for a student's module: the engine answers for PyTorch."""
    package, dot, submodule = name.partition(".")
    if package != "torch":
        return builtins.__import__(name, *rest, **more)
    return builtins.__import__(f"reference_engine{dot}{submodule}", *rest, **more)


def _ignore(*values: object, **options: object) -> None:
    """`print`, for a student whose words nobody reads."""


def _read(file: Path) -> Iterator[Answer]:
    text = file.read_text(encoding="utf-8")
    heading, *_ = text.split("\n", 1)
    if heading != f"# {file.stem}":
        raise ValueError(f"{file.name} opens with {heading!r}; expected '# {file.stem}'")
    found = list(_ANSWER.finditer(text))
    headings = re.findall(r"^## .*$", text, re.MULTILINE)
    if len(found) < len(headings):
        lost = {line.removeprefix("## ") for line in headings} - {one["name"] for one in found}
        raise ValueError(f"{file.name}: {sorted(lost)} is not written as README.md says")
    for one in found:
        wrong, explanations = _head(one["head"], f"{file.name}, {one['name']}")
        yield Answer(one["name"], file.stem, wrong, explanations, one["source"])


def _head(text: str, place: str) -> tuple[tuple[str, ...], tuple[frozenset[str], ...]]:
    """The outputs that are wrong, and what would explain them."""
    if text == "- right\n":
        return (), ()
    known = re.fullmatch(r"- wrong: (.+)\n- because: (.+)\n", text)
    if known is None:
        raise ValueError(f"{place}: expected '- right', or '- wrong: ...' and '- because: ...'")
    wrong, because = known.groups()
    explanations = () if because == "nothing with a name" else because.split(" or ")
    together = tuple(frozenset(one.split(" + ")) for one in explanations)
    return tuple(wrong.split(", ")), together
