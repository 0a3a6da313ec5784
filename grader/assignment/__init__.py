"""What an instructor writes: an assignment as reference solutions, and the checks on them.

It knows what is asked, never how answers are drawn, run or compared. A mistake is an
`AssignmentError` that names the line.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, TypeVar, get_args

from msgspec.structs import replace

from grader.assignment import checks
from grader.assignment.inputs import AssignmentError, InputSpec, mistake
from grader.assignment.items import (
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


_Torch = TypeVar("_Torch", bound=str)


class Assignment:
    """What is asked, in order, and what it is worth.

    `feedback` caps what a student is told; without `follow_through` a mistake is charged wherever
    it shows; `late` is the part of the points that a late submission loses. `file` is what it was
    loaded from and `path` the folder of that, `torch` what its reference solutions run on; they are
    set by the catalogue.
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
        self.id = checks.assignment_id(id)
        self.titles = checks.titles(title)
        self.late = checks.part("late", late)
        self.follow_through: bool = checks.one_of("follow_through", follow_through, (True, False))
        self.feedback: FeedbackLevel = checks.one_of("feedback", feedback, get_args(FeedbackLevel))
        self.file: Path | None = None
        self.path: Path | None = None
        self.torch: Literal["engine", "real"] = "engine"
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
        first = next(iter(self.titles.values()))
        return self.titles.get(language, self.titles.get("en", first))

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
        compare: Sequence[Comparable] = checks.ALWAYS_COMPARED,
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
        worth = checks.points(points)
        checks.inputs(inputs)
        checks.tolerances(rtol, atol)
        checks.one_of("autograd", autograd, get_args(Autograd))
        checks.one_of("side_effects", side_effects, get_args(SideEffects))
        checks.one_of("feedback", feedback, (*get_args(FeedbackLevel), None))
        checks.one_of("follow_through", follow_through, (True, False, None))
        checks.cases(cases)
        shares, reasons = checks.weights(weights), checks.texts("unasked", unasked)
        compared = checks.comparables(compare)
        called = _called(call, tuple(inputs))

        def ask(solution: FunctionType | type) -> Question:
            reference = _applied(call, solution) if isinstance(solution, type) else solution
            self._check_name(reference)
            names = check_parameters(reference, tuple(inputs), whose=solution.__name__)
            specs = {name: inputs[name] for name in names}
            question = Question(
                id=solution.__name__,
                points=worth,
                inputs=specs,
                reference=reference,
                autograd=autograd,
                compare=compared,
                cases=cases,
                examples=checks.examples(examples, specs),
                weights=shares,
                rtol=rtol,
                atol=atol,
                accept=checks.solutions(accept, names),
                side_effects=side_effects,
                feedback=feedback,
                follow_through=self.follow_through if follow_through is None else follow_through,
                call=call,
                called=called or solution.__name__,
                unasked=reasons,
            )
            self.add(question)
            return question

        return ask

    def variable(  # noqa: PLR0913 - the contract of an assignment file
        self,
        *,
        points: float,
        compare: Sequence[Comparable] = checks.ALWAYS_COMPARED,
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
        worth = checks.points(points)
        checks.inputs({} if given is None else given, name="given")
        checks.tolerances(rtol, atol)
        checks.one_of("feedback", feedback, (*get_args(FeedbackLevel), None))
        checks.cases(cases)
        compared = checks.comparables(compare)

        def ask(reference: FunctionType) -> Variable:
            self._check_name(reference)
            names = check_parameters(reference, tuple(given or ()), whose=reference.__name__)
            variable = Variable(
                id=reference.__name__,
                points=worth,
                reference=reference,
                compare=compared,
                rtol=rtol,
                atol=atol,
                given={name: given[name] for name in names} if given else {},
                cases=cases if given else 1,
                feedback=feedback,
            )
            self.add(variable)
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
        choice = Choice(
            id=id,
            points=checks.points(points),
            prompt=prompt,
            options=checks.options(id, options, answer),
            answer=answer,
        )
        self.add(choice)
        return choice

    def text(self, id: str, *, points: float, prompt: str = "") -> Text:  # noqa: A002 - as above
        """Ask for a text, which a person marks."""
        text = Text(id=id, points=checks.points(points), prompt=prompt)
        self.add(text)
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
        unknown = [name for name in checks.ids("only", only) if name not in source]
        if unknown:
            asked = ", ".join(item.id for item in source)
            raise mistake(f"{id} does not ask {', '.join(unknown)}; it asks {asked}")
        taken = [item for item in source if not only or item.id in only]
        worth = sum(item.points for item in taken)
        if points is not None:
            checks.points(points)
        for item in taken:
            share = item.points if points is None else item.points * points / worth
            level = item.feedback or (source.feedback if source.feedback != "full" else None)
            self.add(replace(item, points=share, feedback=level))
            self._origins[item.id] = source

    def origin(self, identifier: str) -> "Assignment":
        """The assignment that an item was included from; this one where it is its own."""
        return self._origins.get(identifier, self)

    def kind_of(self, item: Item, torch: _Torch) -> _Torch | Literal["numpy"]:
        """The kind of process that an item is answered in: `torch`, or NumPy's alone.

        A name that is only read takes the process that is there anyway.
        """
        if isinstance(item, Question):
            return "numpy" if item.autograd == "forbidden" else torch
        if isinstance(item, Choice | Text) and all(
            isinstance(one, Question) and one.autograd == "forbidden"
            for one in self.items
            if not isinstance(one, Choice | Text)
        ):
            return "numpy"
        return torch

    def _check_name(self, reference: object) -> None:
        if not isinstance(reference, FunctionType):
            raise mistake(f"a reference solution is a function written with def, not {reference!r}")

    def add(self, item: Item) -> None:
        """Ask an item after those that are asked already; raises AssignmentError for its name."""
        checks.item_id(item.id)
        if item.id in self._items:
            raise mistake(f"{item.id!r} is asked twice; give one of the two another name")
        self._items[item.id] = item


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
    # The reference stands in the file, for all that asks where it does.
    bound = compile(text, frame.f_code.co_filename, "eval")
    apply = eval(call, frame.f_globals)  # noqa: S307 - the instructor's own text
    bind: Callable[..., FunctionType] = eval(bound, frame.f_globals)  # noqa: S307 - as above
    reference = bind(apply, solution)
    reference.__doc__ = solution.__doc__
    return reference
