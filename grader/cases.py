"""Draws the cases of a question and runs its reference on them: what is right, and how exactly.

It knows references, never a student's answer.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.assignment import AssignmentError, Item, Question, Solution, Variable
from grader.assignment.inputs import draw_inputs, draw_sizes
from grader.assignment.remedies import raised
from grader.outcomes import Ndarray, PlainValue, Uncrossable
from grader.solving import Precision, leaves, numbers, outputs_of, solve

FLOOR = 1e-5
"""No tolerance is below this part of an output's scale: single precision, and room for its sums."""
CAP = 1e-3
"""Nor above this one: a draw whose own rounding would need more is drawn again."""
VARIABLE_FLOOR = 1e-4
"""A name left behind has no inputs whose rounding could be measured."""
SAFETY = 32
"""How many times the reference's own rounding another order of operations may lose."""
ATTEMPTS = 20
PUBLIC_SEED = "public"
"""What `check` draws its cases from: the same for everyone, and never that of a grading run."""

Kind: TypeAlias = Literal["drawn", "repeated", "example"]


class Expected(Struct, frozen=True):
    """What a solution returns: outputs by name, in the order of the computation.

    `tolerances` are absolute, one an output. `named` is false where the solution returned no dict:
    the one output then has the question's id. `typed` holds the outputs for inputs in their own
    precision, where the question compares dtypes.
    """

    outputs: Mapping[str, PlainValue]
    tolerances: Mapping[str, float]
    named: bool
    typed: Mapping[str, PlainValue] | None = None


class Case(Struct, frozen=True, eq=False):
    """One call: its arguments, what is right, and what else is accepted, solution by solution."""

    arguments: dict[str, PlainValue]
    expected: Expected
    accepted: tuple[Expected, ...] = ()
    kind: Kind = "drawn"


def draw_cases(item: Item, seed: str) -> tuple[Case, ...]:
    """The cases of a question: those drawn, the first once more, then its examples; or recorded.

    A variable has a case for every draw of what is given, one without arguments where nothing is;
    a choice or a text has none. Raises AssignmentError where the reference fails.
    """
    if isinstance(item, Question | Variable) and item.recorded is not None:
        return item.recorded.cases
    if isinstance(item, Variable):
        return tuple(_draw_variable(item, seed, number) for number in range(item.cases))
    if not isinstance(item, Question):
        return ()
    drawn = [_draw_case(item, seed, number) for number in range(item.cases if item.inputs else 1)]
    examples: list[Case] = [
        replace(_case(item, dict(example), name=f"example {number}")[0], kind="example")
        for number, example in enumerate(item.examples)
    ]
    cases = (*drawn, replace(drawn[0], kind="repeated"), *examples)
    _check_outputs(item, cases)
    return cases


# -- drawing ------------------------------------------------------------------------------------


def _draw_case(question: Question, seed: str, number: int) -> Case:
    sizes = draw_sizes(question.inputs, generator_of(seed, question.id, "sizes"), number)
    for attempt in range(ATTEMPTS):
        generator = generator_of(seed, question.id, number, attempt)
        arguments = draw_inputs(question.inputs, generator, sizes)
        case, well_conditioned = _case(question, arguments, name=f"case {number}")
        if well_conditioned:
            break
    return case


def _draw_variable(variable: Variable, seed: str, number: int) -> Case:
    sizes = draw_sizes(variable.given, generator_of(seed, variable.id, "sizes"), number)
    given = draw_inputs(variable.given, generator_of(seed, variable.id, number, 0), sizes)
    return Case(given, _expect_variable(variable, given, name=f"case {number}"))


def generator_of(*parts: object) -> np.random.Generator:
    """A generator of its own for these words: no case depends on another, or on their order."""
    text = "\0".join(str(part) for part in parts)
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()))


def _case(question: Question, arguments: dict[str, PlainValue], *, name: str) -> tuple[Case, bool]:
    """A case, and whether its numbers can be told apart at the tolerance that it needs."""
    solutions: tuple[Solution, ...] = (question.reference, *question.accept)
    expectations = [_expect(question, one, arguments, name=name) for one in solutions]
    (expected, well_conditioned), *others = expectations
    return Case(arguments, expected, tuple(other for other, _ in others)), well_conditioned


# -- running a solution -------------------------------------------------------------------------


def _expect(
    question: Question, solution: Solution, arguments: dict[str, PlainValue], *, name: str
) -> tuple[Expected, bool]:
    """What a right solution returns, and whether its own rounding leaves room for a tolerance."""

    def run(floating: Precision, *, nudge: bool = False) -> PlainValue:
        try:
            value = solve(question, solution, arguments, floating=floating, nudge=nudge)
        except (Exception, SystemExit) as error:
            raise _failed(question, error, name) from error
        _check_crosses(question, value, name)
        return value

    precise = run(np.float64)
    # Twice, since one rounding error may be small by luck: as drawn, and every input moved by one
    # unit in its last place.
    singles = (run(np.float32), run(np.float32, nudge=True))
    magnitude = scale_of(numbers(arguments)) or 1.0
    outputs = outputs_of(question, precise)
    tolerances, well_conditioned = {}, True
    for output, value in outputs.items():
        losses = [_loss(value, outputs_of(question, single).get(output)) for single in singles]
        scale = max(scale_of(numbers(value)), 1e-3 * magnitude)
        tolerances[output], fits = _tolerance(question, scale, max(losses))
        well_conditioned = well_conditioned and fits
    typed = outputs_of(question, run(None)) if "dtype" in question.compare else None
    named = isinstance(precise, dict)
    return Expected(outputs, tolerances, named=named, typed=typed), well_conditioned


def _expect_variable(variable: Variable, given: dict[str, PlainValue], *, name: str) -> Expected:
    try:
        value = solve(variable, variable.reference, given)
    except (Exception, SystemExit) as error:
        raise _failed(variable, error, name) from error
    _check_crosses(variable, value, name)
    outputs = outputs_of(variable, value)
    scales = {name: scale_of(numbers(output)) or 1.0 for name, output in outputs.items()}
    exact = variable.rtol is None and variable.atol is None
    tolerances = {
        name: VARIABLE_FLOOR * scale if exact else _override(variable, scale)
        for name, scale in scales.items()
    }
    typed = outputs if "dtype" in variable.compare else None
    return Expected(outputs, tolerances, named=isinstance(value, dict), typed=typed)


# -- tolerances ---------------------------------------------------------------------------------


def scale_of(values: Ndarray) -> float:
    """The largest finite magnitude; 0 where there is none."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def _loss(precise: PlainValue, single: PlainValue) -> float:
    """The largest difference that single precision makes; infinite where it changes the form."""
    exact, rounded = numbers(precise), numbers(single)
    if exact.shape != rounded.shape or not np.isfinite(exact).all():
        return math.inf
    difference = float(np.max(np.abs(exact - rounded), initial=0.0))
    return difference if math.isfinite(difference) else math.inf


def _tolerance(question: Question, scale: float, loss: float) -> tuple[float, bool]:
    """The absolute tolerance, and whether it was not capped."""
    if question.rtol is not None or question.atol is not None:
        return _override(question, scale), True
    needed = max(FLOOR * scale, SAFETY * loss)
    return min(needed, CAP * scale), needed <= CAP * scale


def _override(item: Question | Variable, scale: float) -> float:
    return (item.atol or 0.0) + (item.rtol or 0.0) * scale


# -- an instructor's mistakes -------------------------------------------------------------------


def _failed(item: Question | Variable, error: BaseException, name: str) -> AssignmentError:
    during = f"{item.id}, {name}: the reference raised "
    return raised(error, item.reference.__code__.co_filename, during=during)


def _mistake(item: Question | Variable, text: str) -> AssignmentError:
    code = item.reference.__code__
    return AssignmentError(text, file=code.co_filename, line=code.co_firstlineno)


def _check_crosses(item: Question | Variable, value: PlainValue, name: str) -> None:
    for leaf in leaves(value):
        if isinstance(leaf, Uncrossable):
            raise _mistake(
                item,
                f"{item.id}, {name}: the reference returns {leaf.type}; return numbers, strings, "
                "arrays, tensors, None, or lists and dicts of them",
            )


def _check_outputs(question: Question, cases: tuple[Case, ...]) -> None:
    names = list(cases[0].expected.outputs)
    for number, case in enumerate(cases):
        if not names or list(case.expected.outputs) != names:
            raise _mistake(
                question,
                f"{question.id}, case {number}: the reference returns the entries "
                f"{list(case.expected.outputs)}, in the first case {names}; "
                "every case needs the same ones, and at least one",
            )
    unknown = question.weights.keys() - set(names)
    if unknown:
        raise _mistake(
            question,
            f"{question.id}: weights name {', '.join(sorted(unknown))}, "
            f"but the reference returns {', '.join(names)}; name these, or leave weights out",
        )
