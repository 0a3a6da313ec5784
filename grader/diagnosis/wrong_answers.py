"""What wrong solutions return, and the reference under the engine's faults; remembered for a class.

It knows a question's solutions and cases, never a student's answer.
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from msgspec.structs import replace

from grader.assignment import Question, Solution
from grader.cases import FLOOR, Case, Expected, generator_of, scale_of
from grader.outcomes import Ndarray, PlainValue, TensorValue
from grader.solving import Precision, alone, numbers, outputs_of, solve, torch_of

if TYPE_CHECKING:
    from reference_engine.faults import Fault

Wrong: TypeAlias = "Solution | tuple[Fault, ...]"
"""A wrong solution, or the faults under which the reference gives wrong answers."""


@lru_cache(maxsize=16384)
def wrong_answer(question: Question, wrong: Wrong, case: Case) -> Expected | None:
    """What a wrong solution, or the reference under faults, returns for a case.

    None where it raises or has other outputs. Its tolerance is the case's, in proportion where its
    numbers are larger. Remembered, since a whole class is asked the same cases.
    """
    if question.recorded is not None:
        recorded = question.recorded.answers.get((wrong, case))
        if recorded is None:
            return None
        named = case.expected.named
        return with_tolerances(case, recorded.outputs, named=named, typed=recorded.typed)
    try:
        value = _solve_wrongly(question, wrong, case, floating=np.float64)
        typed = _solve_wrongly(question, wrong, case) if "dtype" in question.compare else None
    except Exception:  # noqa: BLE001 - a wrong solution may fail in any way
        return None
    outputs = outputs_of(question, value)
    if outputs.keys() != case.expected.outputs.keys():
        return None
    own = None if typed is None else outputs_of(question, typed)
    return with_tolerances(case, outputs, named=isinstance(value, dict), typed=own)


def with_tolerances(
    case: Case,
    outputs: Mapping[str, PlainValue],
    *,
    named: bool,
    typed: Mapping[str, PlainValue] | None,
) -> Expected:
    """A wrong answer to a case, and how near a student's must come to be the same."""
    due, tolerances = _scales_due(case), {}
    for name, output in outputs.items():
        scale = scale_of(numbers(output))
        ratio = scale / (due[name] or 1.0)
        # Where None is right there is nothing to be in proportion to: the floor of its own scale.
        tolerances[name] = max(case.expected.tolerances[name] * max(1.0, ratio), FLOOR * scale)
    return Expected(outputs, tolerances, named=named, typed=typed)


@lru_cache(maxsize=256)
def _scales_due(case: Case) -> dict[str, float]:
    """The largest magnitude in each output of the right answer."""
    return {name: scale_of(numbers(value)) for name, value in case.expected.outputs.items()}


@lru_cache(maxsize=256)
def possible_faults(question: Question, case: Case) -> tuple["Fault", ...]:
    """The faults that the reference's run on a case makes possible.

    There are none where the reference runs on another engine than ours, or computes without one,
    or where what is recorded are single mistakes.
    """
    if not _is_our_own(question):
        return ()
    from reference_engine import faults

    with alone, _quietly():
        return faults.enumerate_faults(_reference(question, case, np.float64))


@lru_cache(maxsize=256)
def operations_of(question: Question, case: Case) -> int:
    """How many operations our engine sees of the reference's run on a case.

    Where mistakes are recorded, which run no more, more than any budget.
    """
    if question.recorded is not None:
        return sys.maxsize
    if not _is_our_own(question):
        return 0
    from reference_engine import faults

    with alone, _quietly():
        return faults.count_operations(_reference(question, case, np.float64))


@lru_cache(maxsize=1024)
def forward_values(question: Question, case: Case) -> Mapping[Any, Ndarray]:
    """What each operation of the reference's run on a case gave, by its place in the run."""
    if question.recorded is not None:
        return question.recorded.forward.get(case, {})
    if not _is_our_own(question):
        return {}
    from reference_engine import faults

    with alone, _quietly():
        return faults.forward_values(_reference(question, case, np.float64))


@lru_cache(maxsize=256)
def reference_trace(question: Question, case: Case) -> tuple[Mapping[str, Any], ...]:
    """What our engine sees of the reference's run on a case; nothing where it runs on another."""
    if not _is_our_own(question):
        return ()
    from reference_engine import tracing

    def run() -> PlainValue:
        return solve(question, question.reference, case.arguments)

    with alone, _quietly():
        return tuple(tracing.record(run))


def disagrees(question: Question, case: Case, name: str) -> bool:
    """Whether a gradient that the reference takes is not what differences of its values say.

    They are taken along one direction of the input `name`. Only our own engine can be asked, and
    only where that input is of floating-point numbers.
    """
    moved = case.arguments[name]
    data = moved.data if isinstance(moved, TensorValue) else moved
    if not _is_our_own(question) or not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        return False
    from reference_engine import differences

    direction = generator_of("direction", question.id, name).standard_normal(data.shape)

    def run(step: float) -> PlainValue:
        values = data.astype(np.float64) + step * direction
        value = replace(moved, data=values) if isinstance(moved, TensorValue) else values
        arguments = {**case.arguments, name: value}
        return solve(question, question.reference, arguments, floating=np.float64)

    with alone, _quietly():
        return bool(differences.disagreement(run))


def _is_our_own(question: Question) -> bool:
    """Whether the reference computes with our engine, which alone can be wrong on purpose."""
    return question.recorded is None and bool(torch_of(question).__name__ == "reference_engine")


def _solve_wrongly(
    question: Question, wrong: Wrong, case: Case, *, floating: Precision = None
) -> PlainValue:
    if callable(wrong):
        with alone, _quietly():
            return solve(question, wrong, case.arguments, floating=floating)
    from reference_engine import faults

    run = _reference(question, case, floating)
    operations = operations_of(question, case)
    with alone, _quietly():
        return cast("PlainValue", faults.inject(run, *wrong, operations=operations))


def _reference(question: Question, case: Case, floating: Precision) -> Callable[[], PlainValue]:
    """The reference's run on a case, anew whenever it is called."""
    return lambda: solve(question, question.reference, case.arguments, floating=floating)


@contextmanager
def _quietly() -> Iterator[None]:
    """Nobody is there to be warned of what a wrong computation does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
