"""What an instructor writes: an assignment as reference solutions, and the checks on them.

It knows what is asked, never how answers are drawn, run or compared. A mistake is an
`AssignmentError` that names the line.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, get_args

from grader.inputs import (
    SIZES,
    AssignmentError,
    InputSpec,
    dimension_names,
    fit_example,
    mistake,
)
from grader.items import (
    Autograd,
    Choice,
    Comparable,
    FeedbackLevel,
    Item,
    Misconception,
    Property,
    Question,
    SideEffects,
    Solution,
    Text,
    Variable,
    check_parameters,
)

__all__ = [
    "Assignment",
    "AssignmentError",
    "Choice",
    "Comparable",
    "FeedbackLevel",
    "Item",
    "Misconception",
    "Property",
    "Question",
    "Solution",
    "Text",
    "Variable",
]

_ALWAYS_COMPARED: tuple[Comparable, ...] = ("value", "shape")


class Assignment:
    """What is asked, in order, and what it is worth.

    `feedback` caps what a student is told; without `follow_through` a mistake is charged wherever
    it shows; `late` is the part of the points that a late submission loses. `path` is the folder of
    the file that it was loaded from, `torch` what its reference solutions run on; both are set by
    the catalogue.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the word that results use, too
        *,
        title: str | Mapping[str, str],
        feedback: FeedbackLevel = "full",
        follow_through: bool = True,
        late: float = 0.0,
    ) -> None:
        if not id.replace("-", "_").isidentifier():
            raise mistake(f"the assignment's id {id!r} is no name; use letters, digits and _")
        if not title:
            raise mistake(f'{id} needs a title: title="..." or title={{"en": "..."}}')
        if not 0 <= late <= 1:
            raise mistake(f"late={late!r}: the part of the points that lateness costs, 0 to 1")
        self.id = id
        self.late = late
        self.follow_through = follow_through
        self.feedback: FeedbackLevel = _one_of("feedback", feedback, get_args(FeedbackLevel))
        self.path: Path | None = None
        self.torch: Literal["engine", "real"] = "engine"
        self._titles = {"en": title} if isinstance(title, str) else dict(title)
        self._items: dict[str, Item] = {}
        self._origins: dict[str, Assignment] = {}

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

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._items

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
        follow_through: bool | None = None,
        call: str | None = None,
        unasked: Mapping[str, str] | None = None,
    ) -> Callable[[FunctionType | type], Question]:
        """Ask for a function; what is decorated is its reference solution.

        `weights` and `accept` belong to its outputs and other right solutions; `feedback` and
        `follow_through` None are the assignment's. With `call`, such as
        "lambda Value, a, b: (Value(a) * Value(b)).data", students define what its first parameter
        names. What is decorated is then either a class of that kind, or a function of the inputs
        that computes what is right in another way. `unasked` says for places of the computation,
        as `grader validate` names them, why no output shows a mistake there.
        """
        _check_points(points)
        _check_inputs(inputs)
        _check_tolerances(rtol, atol)
        _one_of("autograd", autograd, get_args(Autograd))
        _one_of("side_effects", side_effects, get_args(SideEffects))
        if feedback is not None:
            _one_of("feedback", feedback, get_args(FeedbackLevel))
        _check_cases(cases)
        if any(not weight > 0 for weight in (weights or {}).values()):
            raise mistake("every weight must be above 0; leave weights out for equal shares")
        compared = _comparables(compare)
        called = _called(call, tuple(inputs))

        def ask(solution: FunctionType | type) -> Question:
            reference = _applied(call, solution) if isinstance(solution, type) else solution
            self._check_name(reference)
            names = check_parameters(reference, tuple(inputs), whose=solution.__name__)
            for other in accept:
                check_parameters(other, names, whose="a solution in accept")
            specs = {name: inputs[name] for name in names}
            question = Question(
                id=solution.__name__,
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
                follow_through=self.follow_through if follow_through is None else follow_through,
                call=call,
                called=called or solution.__name__,
                unasked=dict(unasked or {}),
            )
            self._add(question)
            return question

        return ask

    def variable(  # noqa: PLR0913 - the contract of an assignment file
        self,
        *,
        points: float,
        compare: Sequence[Comparable] = _ALWAYS_COMPARED,
        rtol: float | None = None,
        atol: float | None = None,
        given: Mapping[str, InputSpec] | None = None,
        cases: int = 3,
        feedback: FeedbackLevel | None = None,
    ) -> Callable[[FunctionType], Variable]:
        """Ask for a name that the notebook leaves behind; the reference returns its value.

        `given` names what the notebook assigns at its top level and is drawn instead, `cases`
        times; the reference takes it. Without it the answer could be written down as a number.
        """
        _check_points(points)
        _check_inputs(given or {})
        _check_tolerances(rtol, atol)
        _check_cases(cases)
        compared = _comparables(compare)

        def ask(reference: FunctionType) -> Variable:
            self._check_name(reference)
            names = check_parameters(reference, tuple(given or ()), whose=reference.__name__)
            variable = Variable(
                id=reference.__name__,
                points=float(points),
                reference=reference,
                compare=compared,
                rtol=rtol,
                atol=atol,
                given={name: given[name] for name in names} if given else {},
                cases=cases if given else 1,
                feedback=feedback,
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

    def include(
        self,
        id: str,  # noqa: A002 - as above
        *,
        only: Sequence[str] = (),
        points: float | None = None,
    ) -> None:
        """Ask what a bundled assignment asks, in its order: all of it, or `only` these ids.

        `points` is what they are worth together, in their own proportions.
        """
        from grader.catalogue import bundled, load, torch_of  # noqa: PLC0415 - it imports us

        if id not in bundled():
            raise mistake(f"there is no bundled assignment {id!r}; 'grader list' shows them")
        source = load(id, torch=torch_of(sys._getframe(1)))  # noqa: SLF001 - whose file asks
        unknown = [name for name in only if name not in source]
        if unknown:
            asked = ", ".join(item.id for item in source)
            raise mistake(f"{id} does not ask {', '.join(unknown)}; it asks {asked}")
        taken = [item for item in source if not only or item.id in only]
        worth = sum(item.points for item in taken)
        if points is not None:
            _check_points(points)
        for item in taken:
            share = item.points if points is None else item.points * points / worth
            level = item.feedback or (source.feedback if source.feedback != "full" else None)
            self._add(replace(item, points=share, feedback=level))
            self._origins[item.id] = source

    def origin(self, identifier: str) -> "Assignment":
        """The assignment that an item was included from; this one where it is its own."""
        return self._origins.get(identifier, self)

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


def _check_cases(cases: int) -> None:
    if isinstance(cases, bool) or not isinstance(cases, int) or cases < 1:
        raise mistake(f"cases={cases!r}: at least one case is needed, five are usual")


def _called(call: str | None, inputs: tuple[str, ...]) -> str | None:
    """The name that students define: the first parameter of `call`, before the inputs."""
    if call is None:
        return None
    try:
        function = eval(call, {})  # noqa: S307 - the instructor's own file
        name, *rest = inspect.signature(function).parameters
    except (SyntaxError, TypeError, ValueError, NameError) as error:
        raise mistake(f"call={call!r} is no function of the student's object ({error})") from None
    if set(rest) != set(inputs):
        raise mistake(
            f"call takes ({', '.join([name, *rest])}); after {name} it takes the inputs "
            f"({', '.join(inputs)})"
        )
    return str(name)


def _applied(call: str | None, solution: type) -> FunctionType:
    """A reference that applies `call` to a class, with the globals of the class's own file."""
    if call is None:
        raise mistake(f'a class needs call="lambda {solution.__name__}, ...: ..."')
    frame = sys._getframe(2)  # noqa: SLF001 - the assignment file, which is being executed
    names = ", ".join(list(inspect.signature(eval(call, {})).parameters)[1:])  # noqa: S307
    text = f"lambda apply, solution: lambda {names}: apply(solution, {names})"
    apply = eval(call, frame.f_globals)  # noqa: S307 - the instructor's own text
    bind: Callable[..., FunctionType] = eval(text, frame.f_globals)  # noqa: S307 - as above
    reference = bind(apply, solution)
    reference.__doc__ = solution.__doc__
    return reference


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
