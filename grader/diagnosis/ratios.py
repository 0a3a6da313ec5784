"""What it means that an answer is the right one times something: a size, a rate, a count.

It knows numbers and shapes only, case by case. What several mistakes would give is never exact.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, compress
from typing import TypeAlias

import numpy as np

from grader.assignment import Question
from grader.assignment.inputs import ArraySpec, RealSpec, TensorSpec, dimension_names
from grader.cases import Case
from grader.diagnosis.findings import Finding, finding
from grader.outcomes import Ndarray, PlainValue
from grader.values import Found, as_array, shape_of

_LARGEST_DENOMINATOR = 12


@dataclass(frozen=True, slots=True)
class Observation:
    """One case's output: what is right, what was found, and the absolute tolerance."""

    case: Case
    right: PlainValue
    found: Found
    tolerance: float


Observed: TypeAlias = Sequence[Observation]
_Arrays: TypeAlias = tuple[Ndarray, Ndarray]


def _align(one: Observation) -> tuple[Ndarray, Ndarray] | None:
    """Reference and answer as arrays of one shape, entry by entry; None where they are not."""
    right, found = as_array(one.right), as_array(one.found)
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


def _meaning(
    question: Question, name: str, observed: Observed, arrays: Sequence[_Arrays]
) -> Finding | None:
    """What a constant stands for: a size, an input, or a number of its own."""
    # The largest number of every case rules most constants out, without the others.
    largest = [
        (one.tolerance, float(right.flat[at]), float(found.flat[at]))
        for one, (right, found) in zip(observed, arrays, strict=True)
        for at in ([np.argmax(np.abs(right))] if right.size else [])
    ]
    sized = [bool(right.size) for right, _ in arrays]

    def holds(ratios: Sequence[float]) -> bool:
        return all(
            abs(found - ratio * right) <= tolerance * max(1.0, abs(ratio))
            for (tolerance, right, found), ratio in zip(
                largest, compress(ratios, sized), strict=True
            )
        ) and all(
            bool(np.all(np.abs(found - ratio * right) <= one.tolerance * max(1.0, abs(ratio))))
            for one, (right, found), ratio in zip(observed, arrays, ratios, strict=True)
        )

    for identifier, count, powers in _averages(question, observed):
        if holds(powers):
            return finding(identifier, name, exact=False, count=count)
    for argument, numbers in _scalars(question, observed).items():
        for identifier, ratios in _scaled_by(argument, numbers):
            if holds(ratios):
                return finding(identifier, name, exact=False, ratio=argument)
    for identifier, count, powers in _averages(question, observed):
        factor = float(_first_ratio(arrays, powers).limit_denominator(_LARGEST_DENOMINATOR))
        if factor and holds([factor * power for power in powers]):
            return finding(identifier, name, exact=False, count=count)
    first = _first_ratio(arrays).limit_denominator(_LARGEST_DENOMINATOR)
    if not holds([float(first)] * len(arrays)):
        return None
    return _constant(name, first, by_hand=question.autograd == "forbidden")


def has_penalty(question: Question) -> bool:
    """Whether a number among the inputs can be a penalty's weight: beside arrays, and no rate."""
    kinds = {type(spec) for spec in question.inputs.values()}
    return bool(kinds & {ArraySpec, TensorSpec}) and any(
        isinstance(spec, RealSpec) and name not in (*_RATES, *_STEPS)
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
    ratio = np.vdot(right, found) / np.vdot(right, right)
    room = one.tolerance * max(1.0, abs(ratio)) * math.sqrt(right.size)
    return bool(np.linalg.norm(found - ratio * right) <= 2 * room)


_RATES = ("lr", "learning_rate", "eta", "alpha", "rate", "taxa", "tasa")
_STEPS = ("eps", "epsilon", "h", "step", "delta")


def _scalars(question: Question, observed: Observed) -> dict[str, list[float]]:
    """The real numbers among the inputs, in every case."""
    return {
        name: [float(one.case.arguments[name]) for one in observed]  # type: ignore[arg-type]
        for name, spec in question.inputs.items()
        if isinstance(spec, RealSpec)
    }


def _scaled_by(argument: str, numbers: Sequence[float]) -> Iterator[tuple[str, list[float]]]:
    """What it means that an answer is off by an input: a rate, or the step of a difference."""
    if argument in _RATES:
        yield "gradient_times_learning_rate", list(numbers)
        yield "gradient_times_learning_rate", [-one for one in numbers]
    if argument in _STEPS:
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


def _first_ratio(arrays: Sequence[_Arrays], powers: Sequence[float] | None = None) -> Fraction:
    """What the first answer is of the right one, beside what it is of it in any case."""
    at = next(at for at, (right, _) in enumerate(arrays) if right.any())
    right, found = arrays[at]
    ratio = float(np.vdot(right, found) / np.vdot(right, right))
    return Fraction(ratio if powers is None else ratio / powers[at])


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


def _averages(question: Question, observed: Observed) -> Iterator[tuple[str, str, Sequence[float]]]:
    """What an answer is of the right one where an average is none, or is one too many."""
    for count, sizes in _counts(question, observed).items():
        yield "sum_instead_of_mean", count, sizes
        yield "mean_instead_of_sum", count, [1 / size for size in sizes]


def _counts(question: Question, observed: Observed) -> dict[str, list[float]]:
    """What an average may run over, in every case: sizes of inputs, and products of two of them.

    Only what differs between cases: a constant could as well be something else.
    """
    lengths: dict[str, list[float]] = {}
    sizes: dict[str, list[float]] = {}
    for name, spec in question.inputs.items():
        shapes = [shape_of(one.case.arguments[name]) or () for one in observed]
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
