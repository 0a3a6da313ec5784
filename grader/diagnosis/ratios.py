"""What it means that an answer is the right one times something: a size, a rate, a count.

It knows numbers and shapes only, case by case. What several mistakes would give is never exact.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations
from typing import NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct

from grader.assignment import Question
from grader.assignment.inputs import ArraySpec, RealSpec, TensorSpec, dimension_names
from grader.cases import Case
from grader.diagnosis.findings import Finding, finding
from grader.outcomes import Ndarray, PlainValue
from grader.values import Found, as_array, shape_of

_LARGEST_DENOMINATOR = 12


class Observation(Struct, frozen=True, dict=True):
    """One case's output: what is right, what was found, and the absolute tolerance."""

    case: Case
    right: PlainValue
    found: Found
    tolerance: float

    @cached_property
    def right_array(self) -> Ndarray | None:
        """What is right as one array; None where it is none."""
        return as_array(self.right)

    @cached_property
    def found_array(self) -> Ndarray | None:
        """What was found as one array; None where it is none."""
        return as_array(self.found)


Observed: TypeAlias = Sequence[Observation]
_Arrays: TypeAlias = tuple[Ndarray, Ndarray]


def _align(one: Observation) -> tuple[Ndarray, Ndarray] | None:
    """Reference and answer as arrays of one shape, entry by entry; None where they are not."""
    right, found = one.right_array, one.found_array
    if right is None or found is None or "b" in (right.dtype.kind, found.dtype.kind):
        return None
    listed = isinstance(one.right, list | tuple) and right.size == len(one.right)
    if found.size == right.size and (listed or right.size == 1):
        found = found.reshape(right.shape)
    if found.shape != right.shape or not (np.isfinite(right).all() and np.isfinite(found).all()):
        return None
    return right.astype(np.float64), found.astype(np.float64)


def _is_evidence(observed: Observed, arrays: Sequence[_Arrays]) -> bool:
    """Whether two different cases, and two different numbers, speak at all."""
    numbers: set[float] = set()
    cases = 0
    for one, (right, _) in zip(observed, arrays, strict=True):
        if one.case.kind != "repeated" and right.any():
            cases += 1
            numbers.update(right[right != 0].tolist())
    return cases >= 2 and len(numbers) >= 2


def ratio(question: Question, name: str, observed: Observed) -> Finding | None:
    """What the constant between answer and reference is, if there is one and it has a meaning."""
    aligned = [_align(one) for one in observed]
    arrays = [one for one in aligned if one is not None]
    if len(arrays) < len(aligned) or not _is_evidence(observed, arrays):
        return None
    if _sums_up(observed, arrays):
        k = max(len(right) for right, _ in arrays)
        return finding("accumulated_gradient", name, exact=False, k=k)
    if not all(map(_is_proportional, observed, arrays)):
        return _beside(question, name, observed, arrays)
    return _meaning(question, name, observed, arrays)


class _Reading(NamedTuple):
    """What a constant may stand for: a mistake, what is known of it, and its ratio case by case."""

    id: str
    known: Mapping[str, str]
    ratios: Sequence[float]


def _meaning(
    question: Question, name: str, observed: Observed, arrays: Sequence[_Arrays]
) -> Finding | None:
    """What a constant stands for: a size, an input, or a number of its own."""
    cases = tuple(one.case for one in observed)
    averages, at = _averages(question, cases), _first_that_speaks(arrays)
    first = _quotient(arrays[at])
    beside = _simple(np.array([first / one.ratios[at] for one in averages]))
    for readings in (
        [*averages, *_scaled(question, cases)],
        [
            one._replace(ratios=[factor * ratio for ratio in one.ratios])
            for one, factor in zip(averages, beside.tolist(), strict=True)
            if factor
        ],
    ):
        row = _first_that_holds([one.ratios for one in readings], observed, arrays)
        if row is not None:
            return finding(readings[row].id, name, exact=False, **readings[row].known)  # type: ignore[arg-type]
    alone = Fraction(first).limit_denominator(_LARGEST_DENOMINATOR)
    if _first_that_holds([[float(alone)] * len(arrays)], observed, arrays) is None:
        return None
    return _constant(name, alone, by_hand=question.autograd == "forbidden")


def _first_that_holds(
    rows: Sequence[Sequence[float]], observed: Observed, arrays: Sequence[_Arrays]
) -> int | None:
    """The first of these rows, a ratio a case, that leads from what is right to what was found."""
    if not rows:
        return None
    # The largest number of every case rules most of them out, without the others.
    right, found = np.array([_largest(pair) for pair in arrays]).T
    room = np.array([one.tolerance for one in observed])
    ratios = np.array(rows)
    near = np.abs(found - ratios * right) <= room * np.maximum(1.0, np.abs(ratios))
    likely = np.flatnonzero(near.all(axis=1)).tolist()
    return next((row for row in likely if all(map(_is_times, observed, arrays, rows[row]))), None)


def _largest(arrays: _Arrays) -> tuple[float, float]:
    """The right answer's largest number, and what was found in its place."""
    right, found = arrays
    if not right.size:
        return 0.0, 0.0
    place = np.argmax(np.abs(right))
    return float(right.flat[place]), float(found.flat[place])


def _is_times(one: Observation, arrays: _Arrays, ratio: float) -> bool:
    right, found = arrays
    return bool(np.all(np.abs(found - ratio * right) <= one.tolerance * max(1.0, abs(ratio))))


def has_penalty(question: Question) -> bool:
    """Whether a number among the inputs can be a penalty's weight: beside arrays, and no rate."""
    kinds = {type(spec) for spec in question.inputs.values()}
    return bool(kinds & {ArraySpec, TensorSpec}) and any(
        isinstance(spec, RealSpec) and name not in (*_RATES, *STEPS)
        for name, spec in question.inputs.items()
    )


def _beside(
    question: Question, name: str, observed: Observed, arrays: Sequence[_Arrays]
) -> Finding | None:
    """Whether an answer is off by an input times a number: a penalty is derived otherwise.

    Nothing where no input can be the weight of a penalty.
    """
    if not has_penalty(question):
        return None
    for argument in question.inputs:
        inputs = [as_array(one.case.arguments[argument]) for one in observed]
        given = [one.astype(np.float64) for one in inputs if one is not None]
        if len(given) == len(observed) and all(map(_is_off_by, observed, arrays, given)):
            return finding("regularisation_factor", name, exact=False, input=argument)
    return None


def _is_off_by(one: Observation, arrays: _Arrays, given: Ndarray) -> bool:
    """Whether an answer is the right one and some multiple of this, of more than one entry."""
    right, found = arrays
    if given.shape != right.shape or right.size < 2 or not given.any():
        return False
    off = found - right
    multiple = np.vdot(given, off) / np.vdot(given, given)
    room = 2 * one.tolerance * math.sqrt(right.size)
    return bool(abs(multiple) > room and np.linalg.norm(off - multiple * given) <= room)


def _is_proportional(one: Observation, arrays: _Arrays) -> bool:
    """Whether some constant can lead from the reference to the answer, by least squares."""
    right, found = arrays
    if not right.any():
        return True
    ratio = _quotient(arrays)
    room = one.tolerance * max(1.0, abs(ratio)) * math.sqrt(right.size)
    return bool(np.linalg.norm(found - ratio * right) <= 2 * room)


_RATES = ("lr", "learning_rate", "eta", "alpha", "rate", "taxa", "tasa")
STEPS = ("eps", "epsilon", "h", "step", "delta")


@lru_cache(maxsize=256)
def _scaled(question: Question, cases: tuple[Case, ...]) -> tuple[_Reading, ...]:
    """What it means that an answer is off by a real number among the inputs."""
    return tuple(
        _Reading(identifier, {"ratio": name}, ratios)
        for name, spec in question.inputs.items()
        if isinstance(spec, RealSpec)
        for identifier, ratios in _scaled_by(name, [float(one.arguments[name]) for one in cases])  # type: ignore[arg-type]
    )


def _scaled_by(argument: str, numbers: Sequence[float]) -> Iterator[tuple[str, list[float]]]:
    """What it means that an answer is off by an input: a rate, or the step of a difference."""
    if argument in _RATES:
        yield "gradient_times_learning_rate", list(numbers)
        yield "gradient_times_learning_rate", [-one for one in numbers]
    if argument in STEPS:
        for factor in (1.0, 2.0, 0.5):
            for power in (1, 2, -1):
                yield "wrong_step_division", [factor * one**power for one in numbers]
            if factor != 1.0:
                yield "wrong_step_division", [factor] * len(numbers)


def _constant(name: str, ratio: Fraction, *, by_hand: bool) -> Finding | None:
    """What a ratio means that is the same everywhere."""
    if ratio == -1:
        return finding("wrong_sign", name, exact=False)
    if ratio.denominator == 1 and ratio >= 2 and not by_hand:  # nothing adds up by itself there
        return finding("accumulated_gradient", name, exact=False, k=int(ratio))
    if ratio > 0 and ratio != 1:
        return finding("missing_factor", name, exact=False, ratio=str(ratio))
    return None


def _first_that_speaks(arrays: Sequence[_Arrays]) -> int:
    """The first case in which the right answer is not zero."""
    return next(at for at, (right, _) in enumerate(arrays) if right.any())


def _quotient(arrays: _Arrays) -> float:
    """What an answer is of the right one, by least squares."""
    right, found = arrays
    return float(np.vdot(right, found) / np.vdot(right, right))


def _simple(numbers: Ndarray) -> Ndarray:
    """The nearest fractions of small denominators."""
    denominators = np.arange(1, _LARGEST_DENOMINATOR + 1)
    near = np.round(np.outer(numbers, denominators)) / denominators
    best = np.argmin(np.abs(near - numbers[:, None]), axis=1)
    nearest: Ndarray = near[np.arange(len(numbers)), best]
    return nearest


def _sums_up(observed: Observed, arrays: Sequence[_Arrays]) -> bool:
    """Whether entry k of every list, or row k, is the sum of the reference's up to there."""
    for one, (right, found) in zip(observed, arrays, strict=True):
        several = isinstance(one.right, list | tuple) or right.ndim > 1
        if not several or len(right) < 2:
            return False
        room = one.tolerance * len(right)
        if np.any(np.abs(found - np.cumsum(right, axis=0)) > room):
            return False
    return True


@lru_cache(maxsize=256)
def _averages(question: Question, cases: tuple[Case, ...]) -> tuple[_Reading, ...]:
    """What an answer is of the right one where an average is none, or is one too many."""
    return tuple(
        _Reading(identifier, {"count": count}, ratios)
        for count, sizes in _counts(question, cases).items()
        for identifier, ratios in (
            ("sum_instead_of_mean", sizes),
            ("mean_instead_of_sum", [1 / size for size in sizes]),
        )
    )


def _counts(question: Question, cases: Sequence[Case]) -> dict[str, list[float]]:
    """What an average may run over, in every case: sizes of inputs, and products of two of them.

    Only what differs between cases: a constant could as well be something else.
    """
    lengths: dict[str, list[float]] = {}
    sizes: dict[str, list[float]] = {}
    for name, spec in question.inputs.items():
        shapes = [shape_of(one.arguments[name]) or () for one in cases]
        if not dimension_names([spec]) or len({len(shape) for shape in shapes}) > 1:
            continue
        for axis in range(len(shapes[0])):
            label = f"{name}.shape[{axis}]" if axis else f"len({name})"
            lengths[label] = [float(shape[axis]) for shape in shapes]
        label = f"{name}.numel()" if isinstance(spec, TensorSpec) else f"{name}.size"
        sizes[label] = [float(math.prod(shape)) for shape in shapes]
    products = {
        f"{one} * {other}": [a * b for a, b in zip(lengths[one], lengths[other], strict=True)]
        for one, other in combinations(lengths, 2)
    }
    return {
        label: counts
        for label, counts in {**lengths, **sizes, **products}.items()
        if len(set(counts)) > 1
    }
