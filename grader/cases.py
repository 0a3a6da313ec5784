"""Draws the cases of a question and runs its reference on them: what is right, and how exactly.

It knows references and declared wrong solutions, never a student's answer.
"""

import copy
import hashlib
import math
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from grader.assignment import AssignmentError, Item, Question, Solution, Variable
from grader.inputs import draw_inputs, draw_sizes, raised
from grader.outcomes import Ndarray, PlainValue, SourceText, TensorValue, Uncrossable

FLOOR = 1e-5
"""No tolerance is below this part of an output's scale: single precision, and room for its sums."""
CAP = 1e-3
"""Nor above this one: a draw whose own rounding would need more is drawn again."""
VARIABLE_FLOOR = 1e-4
"""A name left behind has no inputs whose rounding could be measured."""
SAFETY = 32
"""How many times the reference's own rounding another order of operations may lose."""
ATTEMPTS = 20

if TYPE_CHECKING:
    from reference_engine.faults import Fault

_NUMBERS = "biuf"

Kind: TypeAlias = Literal["drawn", "repeated", "example"]
Precision: TypeAlias = type[np.float32] | type[np.float64] | None
"""What floating-point inputs are cast to; None leaves them as they are."""


Wrong: TypeAlias = "Solution | tuple[Fault, ...]"
"""A wrong solution, or the faults under which the reference gives wrong answers."""

_alone = threading.RLock()
"""Held by whoever computes with the engine here: faults are injected into the whole process."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a solution returns: outputs by name, in the order of the computation.

    `tolerances` are absolute, one an output. `named` is false where the solution returned no dict:
    the one output then has the question's id. `typed` holds the outputs for inputs in their own
    precision, where the question compares dtypes. `flat` holds a wrong answer's numbers, so that
    what is far from a student's is told at a glance.
    """

    outputs: Mapping[str, PlainValue]
    tolerances: Mapping[str, float]
    named: bool
    typed: Mapping[str, PlainValue] | None = None
    flat: Mapping[str, Ndarray] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One call: its arguments, what is right, and what else is accepted, solution by solution."""

    arguments: dict[str, PlainValue]
    expected: Expected
    accepted: tuple[Expected, ...] = ()
    kind: Kind = "drawn"


def draw_cases(item: Item, seed: str) -> tuple[Case, ...]:
    """The cases of a question: those drawn, the first once more, then its examples.

    A variable has a case for every draw of what is given, one without arguments where nothing is;
    a choice or a text has none. Raises AssignmentError where the reference fails.
    """
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


@lru_cache(maxsize=16384)
def wrong_answer(question: Question, wrong: Wrong, case: Case) -> Expected | None:
    """What a wrong solution, or the reference under faults, returns for a case.

    None where it raises or has other outputs. Its tolerance is the case's, in proportion where its
    numbers are larger. Remembered, since a whole class is asked the same cases.
    """
    try:
        value = _solve_wrongly(question, wrong, case, floating=np.float64)
        typed = _solve_wrongly(question, wrong, case) if "dtype" in question.compare else None
    except Exception:  # noqa: BLE001 - a wrong solution may fail in any way
        return None
    outputs = _outputs(question, value)
    if outputs.keys() != case.expected.outputs.keys():
        return None
    tolerances = {}
    for name, output in outputs.items():
        ratio = _scale(numbers(output)) / (_scale(numbers(case.expected.outputs[name])) or 1.0)
        # Where None is right there is nothing to be in proportion to: the floor of its own scale.
        floor = FLOOR * _scale(numbers(output))
        tolerances[name] = max(case.expected.tolerances[name] * max(1.0, ratio), floor)
    own = None if typed is None else _outputs(question, typed)
    flat = {name: numbers(output) for name, output in outputs.items()}
    return Expected(outputs, tolerances, named=isinstance(value, dict), typed=own, flat=flat)


@lru_cache(maxsize=256)
def possible_faults(question: Question, case: Case) -> tuple[tuple["Fault", ...], int]:
    """The faults that the reference's run on a case makes possible, and its operations' number.

    There are none where the reference runs on another engine than ours, or computes without one.
    """
    if _torch(question).__name__ != "reference_engine":
        return (), 0
    from reference_engine import faults

    def run() -> PlainValue:
        return _solve(question, question.reference, case.arguments, floating=np.float64)

    with _alone, _quiet():
        return faults.enumerate_faults(run), faults.count_operations(run)


@lru_cache(maxsize=1024)
def forward_values(question: Question, case: Case) -> Mapping[Any, Ndarray]:
    """What each operation of the reference's run on a case gave, by its place in the run."""
    if _torch(question).__name__ != "reference_engine":
        return {}
    from reference_engine import faults

    def run() -> PlainValue:
        return _solve(question, question.reference, case.arguments, floating=np.float64)

    with _alone, _quiet():
        return faults.forward_values(run)


def disagrees(question: Question, case: Case, name: str) -> bool:
    """Whether a gradient that the reference takes is not what differences of its values say.

    They are taken along one direction of the input `name`. Only our own engine can be asked, and
    only where that input is of floating-point numbers.
    """
    moved = case.arguments[name]
    data = moved.data if isinstance(moved, TensorValue) else moved
    if (
        _torch(question).__name__ != "reference_engine"
        or not isinstance(data, np.ndarray)
        or data.dtype.kind != "f"
    ):
        return False
    from reference_engine import differences

    direction = _generator("direction", question.id, name).standard_normal(data.shape)

    def run(step: float) -> PlainValue:
        values = data.astype(np.float64) + step * direction
        value = replace(moved, data=values) if isinstance(moved, TensorValue) else values
        arguments = {**case.arguments, name: value}
        return _solve(question, question.reference, arguments, floating=np.float64)

    with _alone, _quiet():
        return bool(differences.disagreement(run))


def _solve_wrongly(
    question: Question, wrong: Wrong, case: Case, *, floating: Precision = None
) -> PlainValue:
    if callable(wrong):
        return _solve(question, wrong, case.arguments, floating=floating)
    from reference_engine import faults

    def run() -> PlainValue:
        return _solve(question, question.reference, case.arguments, floating=floating)

    _, operations = possible_faults(question, case)
    with _alone, _quiet():
        return cast("PlainValue", faults.inject(run, *wrong, operations=operations))


@contextmanager
def _quiet() -> Iterator[None]:
    """Nobody is there to be warned of what a wrong computation does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def numbers(value: PlainValue) -> Ndarray:
    """All floating-point numbers within a value, in order, as a flat float64 array."""
    found = [np.zeros(0)]
    for leaf in leaves(value):
        data = leaf.data if isinstance(leaf, TensorValue) else leaf
        if isinstance(data, float) or (isinstance(data, np.ndarray) and data.dtype.kind == "f"):
            found.append(np.asarray(data, dtype=np.float64).ravel())
    return np.concatenate(found)


def leaves(value: PlainValue) -> Iterator[PlainValue]:
    """Every value within a value that is no list, tuple or dict, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for entry in value:
            yield from leaves(entry)
    else:
        yield value


# -- drawing ------------------------------------------------------------------------------------


def _draw_case(question: Question, seed: str, number: int) -> Case:
    sizes = draw_sizes(question.inputs, _generator(seed, question.id, "sizes"), number)
    for attempt in range(ATTEMPTS):
        generator = _generator(seed, question.id, number, attempt)
        arguments = draw_inputs(question.inputs, generator, sizes)
        case, well_conditioned = _case(question, arguments, name=f"case {number}")
        if well_conditioned:
            break
    return case


def _draw_variable(variable: Variable, seed: str, number: int) -> Case:
    sizes = draw_sizes(variable.given, _generator(seed, variable.id, "sizes"), number)
    given = draw_inputs(variable.given, _generator(seed, variable.id, number, 0), sizes)
    return Case(given, _expect_variable(variable, given, name=f"case {number}"))


def _generator(*parts: object) -> np.random.Generator:
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
            value = _solve(question, solution, arguments, floating=floating, nudge=nudge)
        except Exception as error:
            raise _failed(question, error, name) from error
        _check_crosses(question, value, name)
        return value

    precise = run(np.float64)
    # Twice, since one rounding error may be small by luck: as drawn, and every input moved by one
    # unit in its last place.
    singles = (run(np.float32), run(np.float32, nudge=True))
    magnitude = _scale(numbers(arguments)) or 1.0
    outputs = _outputs(question, precise)
    tolerances, well_conditioned = {}, True
    for output, value in outputs.items():
        losses = [_loss(value, _outputs(question, single).get(output)) for single in singles]
        scale = max(_scale(numbers(value)), 1e-3 * magnitude)
        tolerances[output], fits = _tolerance(question, scale, max(losses))
        well_conditioned = well_conditioned and fits
    typed = _outputs(question, run(None)) if "dtype" in question.compare else None
    named = isinstance(precise, dict)
    return Expected(outputs, tolerances, named=named, typed=typed), well_conditioned


def _expect_variable(variable: Variable, given: dict[str, PlainValue], *, name: str) -> Expected:
    try:
        value = _solve(variable, variable.reference, given)
    except Exception as error:
        raise _failed(variable, error, name) from error
    _check_crosses(variable, value, name)
    outputs = _outputs(variable, value)
    scales = {name: _scale(numbers(output)) or 1.0 for name, output in outputs.items()}
    exact = variable.rtol is None and variable.atol is None
    tolerances = {
        name: VARIABLE_FLOOR * scale if exact else _override(variable, scale)
        for name, scale in scales.items()
    }
    typed = outputs if "dtype" in variable.compare else None
    return Expected(outputs, tolerances, named=isinstance(value, dict), typed=typed)


def _solve(
    question: Question | Variable,
    solution: Solution,
    arguments: Mapping[str, PlainValue],
    *,
    floating: Precision = None,
    nudge: bool = False,
) -> PlainValue:
    """What a solution returns for fresh copies of the arguments, cast to a precision.

    With `nudge` they are moved by one unit in the last place of that precision.
    """

    def data(values: Ndarray) -> Ndarray:
        if values.dtype.kind != "f" or floating is None:
            return values.copy()
        cast = values.astype(floating)
        return np.nextafter(cast, cast.dtype.type(np.inf)) if nudge else cast

    torch = _torch(question)
    with _alone:
        return _solve_alone(solution, arguments, data, torch)


def _solve_alone(
    solution: Solution,
    arguments: Mapping[str, PlainValue],
    data: Callable[[Ndarray], Ndarray],
    torch: Any,
) -> PlainValue:
    built = {name: _build(value, data, torch) for name, value in arguments.items()}
    with np.errstate(all="ignore"):
        return _plain(solution(**built), torch)


def _build(value: PlainValue, data: Callable[[Ndarray], Ndarray], torch: Any) -> Any:
    match value:
        case TensorValue():
            return torch.tensor(data(value.data), requires_grad=value.requires_grad)
        case SourceText():
            return eval(value.text, {"np": np, "torch": torch})  # noqa: S307 - the instructor's own
        case np.ndarray():
            return data(value)
        case _:
            return copy.deepcopy(value)


def _torch(item: Question | Variable) -> Any:
    """What the assignment's file gets when it imports the engine: that, or the real PyTorch."""
    reference: Any = item.reference
    own_builtins = reference.__builtins__
    return own_builtins["__import__"]("reference_engine")


def _plain(value: Any, torch: Any) -> PlainValue:
    """What a solution returned as plain data; Uncrossable where it is something else."""
    if value is None or type(value) in (bool, int, float, str):
        return cast("PlainValue", value)
    if isinstance(value, np.ndarray | np.generic):
        data = np.array(value)
        return data if data.dtype.kind in _NUMBERS else Uncrossable(f"array of {data.dtype}")
    if isinstance(value, dict):
        return {str(key): _plain(entry, torch) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        entries = [_plain(entry, torch) for entry in value]
        return entries if isinstance(value, list) else tuple(entries)
    if isinstance(value, torch.Tensor):
        return _plain_tensor(value)
    return Uncrossable(type(value).__name__)


def _plain_tensor(tensor: Any) -> TensorValue:
    # Asking for the gradient of any other tensor is a warning in PyTorch.
    keeps_gradient = tensor.is_leaf or tensor.retains_grad
    gradient = tensor.grad if keeps_gradient else None
    return TensorValue(
        np.array(tensor.detach().numpy()),
        requires_grad=tensor.requires_grad,
        is_leaf=tensor.is_leaf,
        grad_fn=None if tensor.grad_fn is None else tensor.grad_fn.name(),
        grad=None if gradient is None else np.array(gradient.detach().numpy()),
    )


def _outputs(item: Question | Variable, value: PlainValue) -> dict[str, PlainValue]:
    return value if isinstance(value, dict) else {item.id: value}


# -- tolerances ---------------------------------------------------------------------------------


def _scale(values: Ndarray) -> float:
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


def _failed(item: Question | Variable, error: Exception, name: str) -> AssignmentError:
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
            f"but the reference returns {', '.join(names)}",
        )
