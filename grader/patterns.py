"""Relations between a student's numbers and the right ones, and the mistakes that they betray.

It knows numbers and shapes only: a ratio, a sum, a constant. What several mistakes would give is
never called exact.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

import numpy as np

from grader.assignment import Question
from grader.cases import Case
from grader.comparison import Judgement
from grader.findings import Finding, finding
from grader.inputs import RealSpec, TensorSpec, dimension_names
from grader.outcomes import Answered, Ndarray, Outcome, PlainValue
from grader.values import Found, answer_outputs, as_array
from grader.wrong_answers import forward_values

_LARGEST_DENOMINATOR = 12


@dataclass(frozen=True, slots=True)
class _Observation:
    """One case's output: what is right, what was found, and the absolute tolerance."""

    case: Case
    right: PlainValue
    found: Found
    tolerance: float


_Observed: TypeAlias = Sequence[_Observation]
_Arrays: TypeAlias = tuple[Ndarray, Ndarray]


def patterns(
    question: Question, pairs: Sequence[tuple[Case, Outcome]], judgement: Judgement
) -> Iterator[Finding]:
    """Relations between answer and reference that hold in every case."""
    answers = [outcome.value for _, outcome in pairs if isinstance(outcome, Answered)]
    if len(answers) < len(pairs) or question.properties:
        return
    if all(answer is None for answer in answers) and judgement.verdict == "missing":
        several = pairs[0][0].expected.named  # nobody's `.grad` is None in place of a dict
        yield finding("returned_nothing", None, exact=several)
        if question.autograd != "forbidden" and not several:
            yield finding("grad_of_non_leaf", None, exact=False)
            yield finding("requires_grad_missing", None, exact=False)
        return
    explained: list[tuple[str, object]] = []
    if _is_aliased(pairs, judgement):
        yield finding("aliased_gradient", None, exact=False)
    for output in judgement.outputs:
        if output.verdict not in ("wrong_value", "wrong_shape"):
            continue
        value = _forward_value(question, output.name, pairs)
        if value is not None:
            yield value
            continue
        found = _pattern(question, output.name, _observed(output.name, pairs))
        # What went wrong once goes on through all that is computed from it.
        if found and (found.id, found.parameters) not in explained:
            explained.append((found.id, found.parameters))
            yield found


def _is_aliased(pairs: Sequence[tuple[Case, Outcome]], judgement: Judgement) -> bool:
    """Whether entries that should differ are one and the same, in every case."""
    if not any(one.verdict == "wrong_value" for one in judgement.outputs):
        return False
    evidence = False
    for case, outcome in pairs:
        if not isinstance(outcome, Answered):
            return False
        found = _entries(answer_outputs(outcome.value, case.expected))
        right = _entries(case.expected.outputs)
        if len(found) < 2 or len(found) != len(right):
            return False
        if not all(_equal(found[0], other) for other in found[1:]):
            return False
        evidence |= not all(_equal(right[0], other) for other in right[1:])
    return evidence


def _entries(outputs: Mapping[str, Found]) -> list[Ndarray | None]:
    """The arrays of an answer that is several, by name or in one list."""
    values = list(outputs.values())
    if len(values) == 1 and isinstance(values[0], list | tuple):
        values = list(values[0])
    return [as_array(one) for one in values]


def _forward_value(
    question: Question, name: str, pairs: Sequence[tuple[Case, Outcome]]
) -> Finding | None:
    """The finding that an answer is a value of the forward pass, not a gradient."""
    places: set[object] | None = None
    for case, outcome in pairs:
        if not isinstance(outcome, Answered):
            return None
        found = as_array(answer_outputs(outcome.value, case.expected)[name])
        if found is None or found.dtype.kind != "f" or not found.any():
            return None
        values = forward_values(question, case)
        same = _places_of(found, values, case.expected.tolerances[name])
        right = as_array(case.expected.outputs[name])
        if right is None or _places_of(right, values, case.expected.tolerances[name]):
            return None  # it is a value of the forward pass that is asked for
        places = same if places is None else places & same
        if not places:
            return None
    return finding("value_instead_of_gradient", name, exact=False)


def _places_of(wanted: Ndarray, values: Mapping[object, Ndarray], tolerance: float) -> set[object]:
    """Where in a run a value was computed."""
    room = tolerance + 1e-5 * float(np.abs(wanted).max(initial=0.0))
    return {
        place
        for place, value in values.items()
        if value.shape == wanted.shape and bool(np.all(np.abs(value - wanted) <= room))
    }


def _observed(name: str, pairs: Sequence[tuple[Case, Outcome]]) -> list[_Observation]:
    return [
        _Observation(
            case,
            case.expected.outputs[name],
            answer_outputs(outcome.value, case.expected)[name],
            case.expected.tolerances[name],
        )
        for case, outcome in pairs
        if isinstance(outcome, Answered)
    ]


def _pattern(question: Question, name: str, observed: _Observed) -> Finding | None:
    if all(one.right is None for one in observed):
        zeros = all(_is_zero(one.found) for one in observed)
        return finding("zeroed_instead_of_frozen", name, exact=False) if zeros else None
    if _is_constant(observed):
        return finding("hard_coded", name, exact=False)
    if _is_unreduced(observed):
        return _unreduced_broadcast(name, observed)
    aligned = [_align(one) for one in observed]
    arrays = [one for one in aligned if one is not None]
    if len(arrays) < len(aligned) or not _is_evidence(observed, arrays):
        return None
    return _ratio(question, name, observed, arrays)


def _is_zero(value: Found) -> bool:
    array = None if value is None else as_array(value)
    return array is not None and array.size > 0 and not array.any()


def _is_constant(observed: _Observed) -> bool:
    """Whether every drawn case got the same answer, though the reference gives others."""
    drawn = [one for one in observed if one.case.kind == "drawn"]
    found = [as_array(one.found) for one in drawn]
    right = [as_array(one.right) for one in drawn]
    if len(drawn) < 2 or any(one is None or not one.any() for one in found):
        return False
    same = all(_equal(found[0], other) for other in found[1:])
    return same and not any(_equal(right[0], other) for other in right[1:])


def _equal(one: Ndarray | None, other: Ndarray | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)


def _is_unreduced(observed: _Observed) -> bool:
    """Whether every answer is too large by broadcast axes, and right when summed over them."""
    return len(observed) > 1 and all(_is_right_when_summed(one) for one in observed)


def _is_right_when_summed(one: _Observation) -> bool:
    right, found = as_array(one.right), as_array(one.found)
    if right is None or found is None or found.size <= right.size:
        return False
    extra = found.ndim - right.ndim
    if extra < 0:
        return False
    summed = found.sum(axis=tuple(range(extra)))
    axes = [axis for axis, size in enumerate(right.shape) if size == 1]
    summed = summed.sum(axis=tuple(axes), keepdims=True)
    room = one.tolerance * found.size / max(1, right.size)
    return summed.shape == right.shape and bool(np.all(np.abs(summed - right) <= room))


def _unreduced_broadcast(name: str, observed: _Observed) -> Finding:
    due, found = _shape(observed[0].right), _shape(observed[0].found)
    # A gradient has the shape of what it belongs to. Without such an input, the answer may just as
    # well be a value whose last sum was left out.
    arguments = observed[0].case.arguments.values()
    belongs = bool(due) and any(_shape(value) == due for value in arguments)
    return finding("unreduced_broadcast", name, exact=belongs, expected=str(due), found=str(found))


def _shape(value: Found) -> tuple[int, ...] | None:
    array = as_array(value)
    return None if array is None else array.shape


# -- ratios -------------------------------------------------------------------------------------


def _align(one: _Observation) -> tuple[Ndarray, Ndarray] | None:
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


def _is_evidence(observed: _Observed, arrays: Sequence[_Arrays]) -> bool:
    """Whether two different cases, and two different numbers, speak at all."""
    numbers: set[float] = set()
    cases = 0
    for one, (right, _) in zip(observed, arrays, strict=True):
        if one.case.kind != "repeated" and right.any():
            cases += 1
            numbers.update(right[right != 0].tolist())
    return cases >= 2 and len(numbers) >= 2


def _ratio(
    question: Question, name: str, observed: _Observed, arrays: Sequence[_Arrays]
) -> Finding | None:
    """What the constant between answer and reference is, if there is one and it has a meaning."""

    def holds(ratios: Sequence[float]) -> bool:
        return all(
            bool(np.all(np.abs(found - ratio * right) <= one.tolerance * max(1.0, abs(ratio))))
            for one, (right, found), ratio in zip(observed, arrays, ratios, strict=True)
        )

    if _sums_up(observed, arrays):
        k = max(len(right) for right, _ in arrays)
        return finding("accumulated_gradient", name, exact=False, k=k)
    if not all(map(_is_proportional, observed, arrays)):
        return None
    for count, sizes in _counts(question, observed).items():
        if holds(sizes):
            return finding("sum_instead_of_mean", name, exact=False, count=count)
        if holds([1 / size for size in sizes]):
            return finding("mean_instead_of_sum", name, exact=False, count=count)
    for argument, numbers in _scalars(question, observed).items():
        for identifier, ratios in _scaled_by(argument, numbers):
            if holds(ratios):
                return finding(identifier, name, exact=False, ratio=argument)
    ratio = _first_ratio(arrays).limit_denominator(_LARGEST_DENOMINATOR)
    if not holds([float(ratio)] * len(arrays)):
        return None
    return _constant(name, ratio, by_hand=question.autograd == "forbidden")


def _is_proportional(one: _Observation, arrays: _Arrays) -> bool:
    """Whether some constant can lead from the reference to the answer, by least squares."""
    right, found = arrays
    if not right.any():
        return True
    ratio = np.vdot(right, found) / np.vdot(right, right)
    room = one.tolerance * max(1.0, abs(ratio)) * math.sqrt(right.size)
    return bool(np.linalg.norm(found - ratio * right) <= 2 * room)


_RATES = ("lr", "learning_rate", "eta", "alpha", "rate", "taxa", "tasa")
_STEPS = ("eps", "epsilon", "h", "step", "delta")


def _scalars(question: Question, observed: _Observed) -> dict[str, list[float]]:
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


def _constant(name: str, ratio: Fraction, *, by_hand: bool) -> Finding | None:
    """What a ratio means that is the same everywhere."""
    if ratio == -1:
        return finding("wrong_sign", name, exact=False)
    if ratio.denominator == 1 and ratio >= 2 and not by_hand:  # nothing adds up by itself there
        return finding("accumulated_gradient", name, exact=False, k=int(ratio))
    if ratio > 0 and ratio.denominator > 1:
        return finding("missing_factor", name, exact=False, ratio=str(ratio))
    return None


def _first_ratio(arrays: Sequence[_Arrays]) -> Fraction:
    right, found = next((right, found) for right, found in arrays if right.any())
    return Fraction(float(np.vdot(right, found) / np.vdot(right, right)))


def _sums_up(observed: _Observed, arrays: Sequence[_Arrays]) -> bool:
    """Whether entry k of every list is the sum of the first k entries of the reference's."""
    for one, (right, found) in zip(observed, arrays, strict=True):
        if not isinstance(one.right, list | tuple) or len(right) < 2:
            return False
        room = one.tolerance * len(right)
        if np.any(np.abs(found - np.cumsum(right, axis=0)) > room):
            return False
    return True


def _counts(question: Question, observed: _Observed) -> dict[str, list[float]]:
    """What an average may run over, in every case: sizes of inputs, and products of two of them.

    Only what differs between cases: a constant could as well be something else.
    """
    lengths: dict[str, list[float]] = {}
    sizes: dict[str, list[float]] = {}
    for name, spec in question.inputs.items():
        shapes = [_shape(one.case.arguments[name]) or () for one in observed]
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
