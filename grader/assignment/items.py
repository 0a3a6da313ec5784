"""What can be asked: functions, names that a notebook leaves behind, choices and texts.

It knows what each asks and what is right, never how answers are drawn, run or compared.
"""

import builtins
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, field

from grader.assignment.inputs import AssignmentError, InputSpec, mistake
from grader.messages import explains

if TYPE_CHECKING:
    from grader.bundle.recorded import Recorded

Autograd: TypeAlias = Literal["forbidden", "allowed", "required"]
SideEffects: TypeAlias = Literal["forbidden", "allowed"]
FeedbackLevel: TypeAlias = Literal["verdict", "hint", "full"]
Comparable: TypeAlias = Literal["value", "shape", "dtype", "requires_grad", "is_leaf", "grad_fn"]
Solution: TypeAlias = Callable[..., Any]
Predicate: TypeAlias = Callable[..., bool]

ANSWER = "answer"
"""The parameter by which a property is given the student's answer."""


class Misconception(Struct, frozen=True):
    """A wrong solution that stands for a way of thinking; `message` is the instructor's text."""

    id: str
    solution: Solution
    message: str | None


class Property(Struct, frozen=True):
    """Something that every right answer has; `message` says what, in the instructor's words."""

    id: str
    holds: Predicate
    message: str


class Question(Struct, frozen=True, kw_only=True, eq=False):
    """A function that the student defines; its name is the id, its parameters are the inputs.

    With `call` the student defines `called` instead, usually a class: `call` is the source of a
    function that is given what they defined, and then the inputs. With `properties` these decide
    what is right, and the reference is but one right answer. Where the solutions are not at hand,
    `recorded` is what they gave.
    """

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
    follow_through: bool = True
    call: str | None = None
    called: str
    unasked: Mapping[str, str] = field(default_factory=dict)
    misconceptions: list[Misconception] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    recorded: "Recorded | None" = None

    @builtins.property  # the plain name is a method's, below
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
        if not isinstance(identifier, str):
            raise mistake(f'a misconception needs an id: write @{self.id}.misconception("...")')
        if message is None and not explains(identifier):
            raise mistake(f"there is no text for {identifier!r} yet; add message=...")

        def declare(solution: Solution) -> Solution:
            check_parameters(solution, tuple(self.inputs), whose=f"the misconception {identifier}")
            self.misconceptions.append(Misconception(identifier, solution, message))
            return solution

        return declare

    def property(self, holds: Predicate) -> Predicate:
        """Demand a property of the answer, in place of the reference's own value.

        A predicate over some of the inputs and `answer`, all of them NumPy arrays and plain values;
        its docstring's first line is what a student is told whose answer lacks it. A question with
        several properties is worth an equal share for each.
        """
        if not callable(holds):
            raise mistake(f"a property is a function of {ANSWER!r}, not {holds!r}")
        name = getattr(holds, "__name__", "property")
        parameters = tuple(inspect.signature(holds).parameters)
        unknown = [one for one in parameters if one != ANSWER and one not in self.inputs]
        if ANSWER not in parameters or unknown:
            raise mistake(
                f"the property {name} takes ({', '.join(parameters)}); it needs {ANSWER!r} and may "
                f"take the inputs ({', '.join(self.inputs)})"
            )
        if any(one.id == name for one in self.properties):
            raise mistake(f"{self.id} has two properties of the name {name}; give one another name")
        text = inspect.getdoc(holds)
        if not text:
            raise mistake(f"the property {name} needs a docstring: it is what the student is told")
        self.properties.append(Property(name, holds, text.splitlines()[0]))
        return holds


class Variable(Struct, frozen=True, kw_only=True):
    """A name that the notebook leaves behind; the reference's parameters are what is `given`.

    With `given` the notebook is run once for every case, each of those names assigned drawn values
    where the notebook assigns its own. `recorded` is what the reference gave where it is not here.
    """

    id: str
    points: float
    reference: FunctionType
    compare: tuple[Comparable, ...]
    rtol: float | None
    atol: float | None
    given: Mapping[str, InputSpec] = field(default_factory=dict)
    cases: int = 1
    feedback: FeedbackLevel | None = None
    recorded: "Recorded | None" = None

    @property
    def summary(self) -> str:
        """The reference's docstring."""
        return inspect.getdoc(self.reference) or ""


class Choice(Struct, frozen=True, kw_only=True):
    """One of several options, assigned as a string to the name `id`; `answer` None is withheld."""

    id: str
    points: float
    prompt: str
    options: tuple[str, ...]
    answer: str | None
    feedback: FeedbackLevel | None = None


class Text(Struct, frozen=True, kw_only=True):
    """A text that a person marks, assigned as a string to the name `id`."""

    id: str
    points: float
    prompt: str
    feedback: FeedbackLevel | None = None


Item: TypeAlias = Question | Variable | Choice | Text


def check_parameters(solution: Solution, inputs: tuple[str, ...], *, whose: str) -> tuple[str, ...]:
    """The solution's parameters; raises AssignmentError where they are not the inputs."""
    if not callable(solution):
        raise mistake(f"{whose} is {solution!r}; write a function of ({', '.join(inputs)})")
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
