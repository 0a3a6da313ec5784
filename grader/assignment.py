"""What an instructor writes: an assignment as reference solutions, and the checks on them.

It knows what is asked, never how answers are drawn, run or compared. A mistake is an
`AssignmentError` that names the line.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, TypeAlias, get_args

from grader.inputs import (
    SIZES,
    AssignmentError,
    InputSpec,
    dimension_names,
    fit_example,
    mistake,
)
from grader.messages import explains

__all__ = [
    "Assignment",
    "AssignmentError",
    "Choice",
    "Item",
    "Misconception",
    "Question",
    "Text",
    "Variable",
]

Autograd: TypeAlias = Literal["forbidden", "allowed", "required"]
SideEffects: TypeAlias = Literal["forbidden", "allowed"]
FeedbackLevel: TypeAlias = Literal["verdict", "hint", "full"]
Comparable: TypeAlias = Literal["value", "shape", "dtype", "requires_grad", "is_leaf", "grad_fn"]
Solution: TypeAlias = Callable[..., Any]

_ALWAYS_COMPARED: tuple[Comparable, ...] = ("value", "shape")


@dataclass(frozen=True, slots=True)
class Misconception:
    """A wrong solution that stands for a way of thinking; `message` is the instructor's text."""

    id: str
    solution: Solution
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """A function that the student defines; its name is the id, its parameters are the inputs."""

    id: str
    points: float
    inputs: Mapping[str, InputSpec]
    reference: FunctionType
    autograd: Autograd
    compare: tuple[Comparable, ...]
    cases: int
    examples: tuple[Mapping[str, Any], ...]
    weights: Mapping[str, float]
    rtol: float | None
    atol: float | None
    accept: tuple[Solution, ...]
    side_effects: SideEffects
    feedback: FeedbackLevel | None
    misconceptions: list[Misconception] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The reference's docstring."""
        return inspect.getdoc(self.reference) or ""

    def misconception(
        self, identifier: str, *, message: str | None = None
    ) -> Callable[[Solution], Solution]:
        """Declare a wrong solution: a function of the same parameters as the reference.

        Whoever hands in its numbers is told the text of `identifier`, or `message`. Several wrong
        solutions may share an id, and one may stand for several.
        """
        if message is None and not explains(identifier):
            raise mistake(f"there is no text for {identifier!r} yet; add message=...")

        def declare(solution: Solution) -> Solution:
            _check_parameters(solution, tuple(self.inputs), whose=f"the misconception {identifier}")
            self.misconceptions.append(Misconception(identifier, solution, message))
            return solution

        return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A name that the notebook leaves behind; the reference takes no arguments."""

    id: str
    points: float
    reference: FunctionType
    compare: tuple[Comparable, ...]
    rtol: float | None
    atol: float | None

    @property
    def summary(self) -> str:
        """The reference's docstring."""
        return inspect.getdoc(self.reference) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several options, assigned as a string to the name `id`."""

    id: str
    points: float
    prompt: str
    options: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that a person marks, assigned as a string to the name `id`."""

    id: str
    points: float
    prompt: str


Item: TypeAlias = Question | Variable | Choice | Text


class Assignment:
    """What is asked, in order, and what it is worth.

    `path` is the folder of the file that it was loaded from, `torch` what its reference solutions
    run on; both are set by the catalogue.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the word that results use, too
        *,
        title: str | Mapping[str, str],
        feedback: FeedbackLevel = "full",
    ) -> None:
        if not id.replace("-", "_").isidentifier():
            raise mistake(f"the assignment's id {id!r} is no name; use letters, digits and _")
        if not title:
            raise mistake(f'{id} needs a title: title="..." or title={{"en": "..."}}')
        self.id = id
        self.feedback: FeedbackLevel = _one_of("feedback", feedback, get_args(FeedbackLevel))
        self.path: Path | None = None
        self.torch: Literal["engine", "real"] = "engine"
        self._titles = {"en": title} if isinstance(title, str) else dict(title)
        self._items: dict[str, Item] = {}

    @property
    def title(self) -> str:
        """The title in English, or in the first language there is."""
        return self.title_in("en")

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that is asked, in order."""
        return tuple(self._items.values())

    @property
    def max_score(self) -> float:
        """The points of all items."""
        return sum(item.points for item in self.items)

    def __getitem__(self, identifier: str) -> Item:
        if identifier not in self._items:
            raise KeyError(f"{self.id} asks no {identifier!r}; it asks {', '.join(self._items)}")
        return self._items[identifier]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Assignment({self.id!r}, {len(self)} items, {self.max_score:g} points)"

    def title_in(self, language: str) -> str:
        """The title in a language, else in English, else in the first language there is."""
        first = next(iter(self._titles.values()))
        return self._titles.get(language, self._titles.get("en", first))

    def statement(self, language: str = "en") -> Path | None:
        """The file `statement.<language>.md` beside the assignment, else the English one."""
        if self.path is None:
            return None
        files = (self.path / f"statement.{name}.md" for name in (language, "en"))
        return next((file for file in files if file.is_file()), None)

    def question(  # noqa: PLR0913 - the contract of an assignment file
        self,
        *,
        points: float,
        inputs: Mapping[str, InputSpec],
        autograd: Autograd = "allowed",
        compare: Sequence[Comparable] = _ALWAYS_COMPARED,
        cases: int = 5,
        examples: Sequence[Mapping[str, Any]] = (),
        weights: Mapping[str, float] | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        accept: Sequence[Solution] = (),
        side_effects: SideEffects = "forbidden",
        feedback: FeedbackLevel | None = None,
    ) -> Callable[[FunctionType], Question]:
        """Ask for a function; what is decorated is its reference solution.

        `weights` and `accept` belong to its outputs and other right solutions; `feedback` None
        is the assignment's.
        """
        _check_points(points)
        _check_inputs(inputs)
        _check_tolerances(rtol, atol)
        _one_of("autograd", autograd, get_args(Autograd))
        _one_of("side_effects", side_effects, get_args(SideEffects))
        if feedback is not None:
            _one_of("feedback", feedback, get_args(FeedbackLevel))
        if isinstance(cases, bool) or not isinstance(cases, int) or cases < 1:
            raise mistake(f"cases={cases!r}: at least one case is needed, five are usual")
        if any(not weight > 0 for weight in (weights or {}).values()):
            raise mistake("every weight must be above 0; leave weights out for equal shares")
        compared = _comparables(compare)

        def ask(reference: FunctionType) -> Question:
            self._check_name(reference)
            names = _check_parameters(reference, tuple(inputs), whose=reference.__name__)
            for other in accept:
                _check_parameters(other, names, whose="a solution in accept")
            specs = {name: inputs[name] for name in names}
            question = Question(
                id=reference.__name__,
                points=float(points),
                inputs=specs,
                reference=reference,
                autograd=autograd,
                compare=compared,
                cases=cases,
                examples=tuple(_example(example, specs) for example in examples),
                weights=dict(weights or {}),
                rtol=rtol,
                atol=atol,
                accept=tuple(accept),
                side_effects=side_effects,
                feedback=feedback,
            )
            self._add(question)
            return question

        return ask

    def variable(
        self,
        *,
        points: float,
        compare: Sequence[Comparable] = _ALWAYS_COMPARED,
        rtol: float | None = None,
        atol: float | None = None,
    ) -> Callable[[FunctionType], Variable]:
        """Ask for a name that the notebook leaves behind; the reference returns its value."""
        _check_points(points)
        _check_tolerances(rtol, atol)
        compared = _comparables(compare)

        def ask(reference: FunctionType) -> Variable:
            self._check_name(reference)
            _check_parameters(reference, (), whose=reference.__name__)
            variable = Variable(
                id=reference.__name__,
                points=float(points),
                reference=reference,
                compare=compared,
                rtol=rtol,
                atol=atol,
            )
            self._add(variable)
            return variable

        return ask

    def choice(
        self,
        id: str,  # noqa: A002 - as above
        *,
        points: float,
        options: Sequence[str],
        answer: str,
        prompt: str = "",
    ) -> Choice:
        """Ask which of `options` is right; letter case and spaces around them do not matter."""
        _check_points(points)
        plain = [option.strip().casefold() for option in options]
        if len(plain) < 2 or len(set(plain)) != len(plain):
            raise mistake(f"{id}: options must be two or more different strings")
        if answer.strip().casefold() not in plain:
            raise mistake(f"{id}: the answer {answer!r} is not among the options {list(options)}")
        choice = Choice(
            id=id, points=float(points), prompt=prompt, options=tuple(options), answer=answer
        )
        self._add(choice)
        return choice

    def text(self, id: str, *, points: float, prompt: str = "") -> Text:  # noqa: A002 - as above
        """Ask for a text, which a person marks."""
        _check_points(points)
        text = Text(id=id, points=float(points), prompt=prompt)
        self._add(text)
        return text

    def _check_name(self, reference: object) -> None:
        if not isinstance(reference, FunctionType):
            raise mistake(f"a reference solution is a plain function, not {reference!r}")

    def _add(self, item: Item) -> None:
        if not item.id.isidentifier():
            raise mistake(f"{item.id!r} is no Python name; students assign to it")
        if item.id in self._items:
            raise mistake(f"{item.id!r} is asked twice; every id must be another")
        self._items[item.id] = item


def _check_points(points: float) -> None:
    if isinstance(points, bool) or not isinstance(points, int | float) or not points > 0:
        raise mistake(f"points={points!r}: points must be a number above 0")


def _check_inputs(inputs: Mapping[str, InputSpec]) -> None:
    for name, spec in inputs.items():
        if not isinstance(spec, InputSpec):
            raise mistake(
                f"the input {name!r} is {spec!r}; describe it by array(...), tensor(...), "
                "integer(...), real(...), one_of(...), labels(...) or source(...)"
            )
    names = dimension_names(inputs.values())
    if len(names) > len(SIZES):
        raise mistake(f"{len(names)} named dimensions are too many; there are {len(SIZES)} sizes")


def _check_tolerances(rtol: float | None, atol: float | None) -> None:
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value is not None and not value >= 0:
            raise mistake(f"{name}={value!r}: a tolerance is a number from 0 on")


def _comparables(compare: Sequence[Comparable]) -> tuple[Comparable, ...]:
    words: tuple[Comparable, ...] = tuple(compare)
    for word in words:
        _one_of("compare", word, get_args(Comparable))
    if not set(_ALWAYS_COMPARED) <= set(words):
        raise mistake('compare must hold "value" and "shape"; add to them what else counts')
    return words


def _check_parameters(
    solution: Solution, inputs: tuple[str, ...], *, whose: str
) -> tuple[str, ...]:
    """The solution's parameters; raises where they are not the inputs."""
    parameters = inspect.signature(solution).parameters.values()
    names = tuple(parameter.name for parameter in parameters)
    if set(names) == set(inputs) and all(
        parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters
    ):
        return names
    code = inspect.unwrap(solution).__code__ if inspect.isfunction(solution) else None
    raise AssignmentError(
        f"{whose} takes ({', '.join(names)}), but the inputs are ({', '.join(inputs)}); "
        "give both the same names",
        file=code.co_filename if code else None,
        line=code.co_firstlineno if code else None,
    )


def _example(example: Mapping[str, Any], specs: Mapping[str, InputSpec]) -> Mapping[str, Any]:
    if set(example) != set(specs):
        raise mistake(f"an example gives ({', '.join(example)}), expected ({', '.join(specs)})")
    try:
        return fit_example(specs, example)
    except (TypeError, ValueError) as error:
        raise mistake(f"an example does not fit its inputs: {error}") from None


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise mistake(f"{name}={value!r} is not one of {', '.join(allowed)}")
    return value
