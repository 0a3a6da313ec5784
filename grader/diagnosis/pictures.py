"""What is drawn of a wrong answer: where its graph differs, which entries and steps are wrong.

Nothing in a picture tells what would be right.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from grader.assignment import Item, Question
from grader.cases import Case, Expected, scale_of
from grader.comparison import Judgement
from grader.diagnosis.graphs import compared
from grader.diagnosis.traces import Event
from grader.diagnosis.wrong_answers import reference_trace
from grader.outcomes import Answered, Ndarray, Outcome, PlainValue
from grader.results import EntriesPicture, Picture, StepsPicture
from grader.solving import numbers
from grader.values import answer_outputs, as_array, compare_values

MOST_ENTRIES = 256
MOST_STEPS = 64
_MOST_PICTURES = 3
_NEAR = 0.01
"""A wrong entry is near where it is off by less than this part of the largest magnitude."""


def pictures(
    item: Item,
    cases: Sequence[Case],
    *,
    outcomes: Sequence[Outcome],
    judgement: Judgement,
    seen: Sequence[Event],
) -> tuple[Picture, ...]:
    """The graph where it differs from the reference's, and outputs of which a part is right.

    `seen` is the trace of the student's run on the first case. What is wrong throughout needs no
    picture: a sentence says it.
    """
    graph = None
    if seen and isinstance(item, Question):
        graph = compared(seen, reference_trace(item, cases[0]))
    parts = tuple(_parts(cases, outcomes, judgement))[:_MOST_PICTURES]
    return parts if graph is None else (graph, *parts)


def _parts(
    cases: Sequence[Case], outcomes: Sequence[Outcome], judgement: Judgement
) -> Iterator[Picture]:
    for output in judgement.outputs:
        if output.verdict not in ("wrong_value", "non_finite") or output.case is None:
            continue
        expected, outcome = cases[output.case].expected, outcomes[output.case]
        if output.name not in expected.outputs or not isinstance(outcome, Answered):
            continue
        found = answer_outputs(outcome.value, expected)[output.name]
        due = expected.outputs[output.name]
        picture: Picture | None
        if isinstance(due, list | tuple) and isinstance(found, list | tuple):
            picture = _steps(output.name, due, found, tolerance=expected.tolerances[output.name])
        else:
            picture = _entries(output.name, expected, as_array(found))
        if picture is not None:
            yield picture


def _steps(
    name: str, due: Sequence[PlainValue], found: Sequence[PlainValue], *, tolerance: float
) -> StepsPicture | None:
    if len(due) != len(found) or not 2 < len(due) <= MOST_STEPS:
        return None
    scale = scale_of(numbers(list(due))) or 1.0
    steps = tuple(
        _step(right, entry, tolerance=tolerance, scale=scale)
        for right, entry in zip(due, found, strict=True)
    )
    return StepsPicture(output=name, deviations=steps) if any(steps) else None


def _step(due: PlainValue, found: PlainValue, *, tolerance: float, scale: float) -> float | None:
    """How far a step is from the right one, to one digit, so that nobody can go back from it."""
    if compare_values(due, found, tolerance) is None:
        return 0.0
    right, array = as_array(due), as_array(found)
    if right is None or array is None or right.size != array.size:
        return None
    with np.errstate(all="ignore"):
        distance = np.abs(array.ravel().astype(np.float64) - right.ravel())
        part = float(np.max(distance, initial=0.0)) / scale
    return float(f"{part:.0e}") if math.isfinite(part) else None


def _entries(name: str, expected: Expected, found: Ndarray | None) -> EntriesPicture | None:
    due = as_array(expected.outputs[name])
    if due is None or found is None or due.shape != found.shape:
        return None
    if not 1 < due.size <= MOST_ENTRIES or due.dtype.kind != "f":
        return None
    right, entries = due.ravel(), found.ravel().astype(np.float64)
    with np.errstate(all="ignore"):
        distance = np.abs(entries - right)
    same = (distance <= expected.tolerances[name]) | ~np.isfinite(right)
    near = _NEAR * scale_of(right)
    pattern = "".join(
        "=" if is_same else "?" if not math.isfinite(entry) else "~" if off <= near else "x"
        for is_same, entry, off in zip(same, entries, distance, strict=True)
    )
    if "=" not in pattern or set(pattern) == {"="}:
        return None
    return EntriesPicture(output=name, shape=due.shape, pattern=pattern)
