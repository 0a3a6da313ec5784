"""Relations between a student's numbers and the right ones, and the mistakes that they betray.

It knows numbers and shapes only: a ratio, a sum, a constant. What several mistakes would give is
never called exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np

from grader.assignment import Question
from grader.cases import Case
from grader.comparison import Judgement
from grader.diagnosis.aliases import is_aliased, is_same_array
from grader.diagnosis.findings import Finding, finding
from grader.diagnosis.mistakes import possible_mistakes
from grader.diagnosis.ratios import Observation, Observed, ratio
from grader.diagnosis.wrong_answers import forward_values
from grader.outcomes import Answered, Ndarray, Outcome, TensorValue
from grader.solving import numbers
from grader.values import Found, answer_outputs, as_array, compare_values, shape_of

DETAILED = frozenset({
    "accumulated_gradient", "gradient_times_learning_rate", "mean_instead_of_sum",
    "missing_factor", "missing_transpose", "regularisation_factor", "sum_instead_of_mean",
    "unreduced_broadcast", "wrong_step_division",
})  # fmt: skip
"""The mistakes of which a pattern knows more than their name: a count, a ratio, shapes."""


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
    if is_aliased(question, pairs, judgement):
        yield finding("aliased_gradient", None, exact=False)
    for output in judgement.outputs:
        if output.verdict == "non_finite" and _overflows(_observed(output.name, pairs)):
            yield finding("overflow_not_stabilised", output.name, exact=False)
        if output.verdict not in ("wrong_value", "wrong_shape"):
            continue
        observed = _observed(output.name, pairs)
        found = _forward_value(question, output.name, observed) or _pattern(
            question, output.name, observed
        )
        if found and found.id in _OF_GRADIENTS and not _asks_for_gradients(question, pairs[0][0]):
            continue
        # What went wrong once goes on through all that is computed from it.
        if found and (found.id, found.parameters) not in explained:
            explained.append((found.id, found.parameters))
            yield found


_OF_GRADIENTS = ("accumulated_gradient", "missing_factor", "value_instead_of_gradient")
"""What numbers say of gradients, and of nothing else."""


def _asks_for_gradients(question: Question, case: Case) -> bool:
    """Whether an answer can be a gradient: not where tensors are asked for and none is tracked."""
    given = [one for one in case.arguments.values() if isinstance(one, TensorValue)]
    return (
        question.autograd == "forbidden"
        or question.call is not None
        or not any(isinstance(one, TensorValue) for one in case.expected.outputs.values())
        or any(one.requires_grad for one in given)
        or any("accumulated_gradient" in one.ids for one in possible_mistakes(question, case))
    )


def _forward_value(question: Question, name: str, observed: Observed) -> Finding | None:
    """The finding that an answer is a value of the forward pass, not a gradient."""
    # In another branch the same operation stands in another place.
    names: set[object] | None = None
    places: set[object] | None = None
    asked: set[object] | None = None
    for one in observed:
        found, right = one.found_array, one.right_array
        if right is None or found is None or found.dtype.kind != "f" or not found.any():
            return None
        same = _places_of(found, _values(question, one.case), one.tolerance)
        due = _places_due(question, one.case, name)
        places, asked = (
            (same, {*due}) if places is None or asked is None else (places & same, asked & due)
        )
        here = {place[0] for place in same if isinstance(place, tuple)}
        names = here if names is None else names & here
        if not places and not names:
            return None
    if asked:
        return None  # it is a value of the forward pass that is asked for
    return finding("value_instead_of_gradient", name, exact=False)


@lru_cache(maxsize=1024)
def _values(question: Question, case: Case) -> Mapping[object, Ndarray]:
    """What the reference's run on a case gave on the way, and what it was given, by its place."""
    given = {(name,): as_array(value) for name, value in case.arguments.items()}
    return {
        **forward_values(question, case),
        **{name: value for name, value in given.items() if value is not None},
    }


@lru_cache(maxsize=1024)
def _places_due(question: Question, case: Case, name: str) -> frozenset[object]:
    """Where in the reference's run the right answer itself was computed."""
    right = as_array(case.expected.outputs[name])
    if right is None:
        return frozenset()
    tolerance = case.expected.tolerances[name]
    return frozenset(_places_of(right, _values(question, case), tolerance))


def _places_of(wanted: Ndarray, values: Mapping[object, Ndarray], tolerance: float) -> set[object]:
    """Where in a run a value was computed."""
    alike = [place for place, value in values.items() if value.shape == wanted.shape]
    if not alike:
        return set()
    room = tolerance + 1e-5 * float(np.abs(wanted).max(initial=0.0))
    return {place for place in alike if bool((np.abs(values[place] - wanted) <= room).all())}


def _observed(name: str, pairs: Sequence[tuple[Case, Outcome]]) -> list[Observation]:
    return [
        Observation(
            case,
            case.expected.outputs[name],
            answer_outputs(outcome.value, case.expected)[name],
            case.expected.tolerances[name],
        )
        for case, outcome in pairs
        if isinstance(outcome, Answered)
    ]


_LARGEST_EXPONENT = 700.0
"""exp() of what is much larger than this is no number in double precision."""


def _overflows(observed: Observed) -> bool:
    """Whether the answer is right but where a number that goes in is too large for exp()."""
    large = [
        max(float(np.abs(numbers(one)).max(initial=0.0)) for one in case.arguments.values())
        > _LARGEST_EXPONENT
        for case in (one.case for one in observed)
    ]
    return any(large) and all(
        is_large or compare_values(one.right, one.found, one.tolerance) is None  # type: ignore[arg-type]
        for one, is_large in zip(observed, large, strict=True)
    )


def _pattern(question: Question, name: str, observed: Observed) -> Finding | None:
    if len(observed) > 1 and all(map(_is_tracked_otherwise, observed)):
        lost = any(
            isinstance(one.right, TensorValue) and one.right.requires_grad for one in observed
        )
        return finding("requires_grad_lost" if lost else "not_frozen", name, exact=False)
    if all(one.right is None for one in observed):
        zeros = all(_is_zero(one.found) for one in observed)
        return finding("zeroed_instead_of_frozen", name, exact=False) if zeros else None
    for identifier, holds in (
        ("hard_coded", _is_constant),
        ("integer_truncation", _is_truncated),
        ("wrong_sign", _has_lost_signs),
        ("off_by_one_iteration", _is_one_round_off),
        ("reduced_all_axes", _is_summed_up),
    ):
        if len(observed) > 1 and holds(observed):
            return finding(identifier, name, exact=False)
    if _is_unreduced(observed):
        return _unreduced_broadcast(name, observed)
    if _is_transposed(observed):
        due, found = shape_of(observed[0].right), shape_of(observed[0].found)
        return finding("missing_transpose", name, exact=False, expected=str(due), found=str(found))
    return ratio(question, name, observed)


def _is_tracked_otherwise(one: Observation) -> bool:
    """Whether a tensor has the right numbers, and is tracked where it should not be, or is not."""
    found, right = one.found, one.right
    if not isinstance(found, TensorValue) or not isinstance(right, TensorValue):
        return False
    return found.requires_grad != right.requires_grad and _is_near(one.tolerance, found, right)


def _is_zero(value: Found) -> bool:
    array = None if value is None else as_array(value)
    return array is not None and array.size > 0 and not array.any()


def _is_constant(observed: Observed) -> bool:
    """Whether every drawn case got the same answer, though the reference gives others.

    The same answer is the same array, or one number in every entry, or the same words.
    """
    words = [(_words(one.found), _words(one.right)) for one in observed]
    if all(found and right for found, right in words):
        return len({found for found, _ in words}) == 1 < len({right for _, right in words})
    drawn = [one for one in observed if one.case.kind == "drawn"]
    found = [array for one in drawn if (array := one.found_array) is not None and array.any()]
    right = [array for one in drawn if (array := one.right_array) is not None]
    if len(drawn) < 2 or len(found) < len(drawn) or len(right) < len(drawn):
        return False
    if len({one.flat[0] for one in found}) > 1 or any(
        is_same_array(right[0], one) for one in right[1:]
    ):
        return False
    if all(one.min() == one.max() for one in found):
        return len({number for one in right for number in one.flat}) > 1
    return all(is_same_array(found[0], one) for one in found[1:])


def _words(value: Found) -> tuple[object, ...]:
    """The words that a list holds, such as the names of nodes, and what is true or false."""
    if isinstance(value, bool):
        return (value,)
    if not isinstance(value, list | tuple) or not any(isinstance(one, str | bool) for one in value):
        return ()
    return tuple(map(str, value))


def _has_lost_signs(observed: Observed) -> bool:
    """Whether every number is right but for its sign, which is wrong in some of them."""
    turned = 0
    for one in observed:
        right, found = one.right_array, one.found_array
        if right is None or found is None or found.size != right.size or right.dtype.kind == "b":
            return False
        off = np.abs(found.ravel() - right.ravel()) > one.tolerance
        if np.any(off & (np.abs(found.ravel() + right.ravel()) > one.tolerance)):
            return False
        turned += int(off.any())
    return turned > 1


def _is_truncated(observed: Observed) -> bool:
    """Whether every answer is the right one without what stands behind the decimal point."""
    some = False
    for one in observed:
        right, found = one.right_array, one.found_array
        if right is None or found is None or "b" in (right.dtype.kind, found.dtype.kind):
            return False
        if right.shape != found.shape or not np.array_equal(np.trunc(right), found):
            return False
        some = some or bool(found.any() and np.any(np.abs(found - right) > one.tolerance))
    return some


def _is_one_round_off(observed: Observed) -> bool:
    """Whether every list lacks an entry, has one more, or is moved by one, each in the same way."""
    if all(map(_counts, observed)):
        return {_difference(one) for one in observed} in ({1.0}, {-1.0})
    shifts = list(_SHIFTS)
    for one in observed:
        array = one.found_array
        entries = [*array] if array is not None and array.ndim else one.found
        if not isinstance(one.right, list | tuple) or not isinstance(entries, list | tuple):
            return False
        shifts = [
            (mine, due)
            for mine, due in shifts
            if _agree(entries[mine], one.right[due], one.tolerance)
        ]
    return bool(shifts)


_ALL, _LAST, _FIRST = slice(None), slice(1, None), slice(-1)
_SHIFTS = ((_ALL, _FIRST), (_ALL, _LAST), (_FIRST, _ALL), (_LAST, _FIRST), (_FIRST, _LAST))
"""Which entries of a list are which of the right one's, where a loop is one round off."""


def _counts(one: Observation) -> bool:
    """Whether what is right is an integer, or an array of integers."""
    right = None if isinstance(one.right, list | tuple) else one.right_array
    return right is not None and right.dtype.kind == "i"


def _difference(one: Observation) -> float | None:
    """By how much a number is off, or each one of an array."""
    found, right = one.found_array, one.right_array
    if found is None or right is None or found.size != right.size or found.dtype.kind == "b":
        return None
    off = np.unique(found.ravel() - right.ravel())
    return float(off[0]) if off.size == 1 else None


def _agree(found: Sequence[Found], right: Sequence[Found], tolerance: float) -> bool:
    """Whether two lists hold the same, entry by entry, and more than one."""
    return len(found) == len(right) > 1 and all(map(partial(_is_near, tolerance), found, right))


def _is_near(tolerance: float, found: Found, right: Found) -> bool:
    one, other = as_array(found), as_array(right)
    if one is None or other is None:
        return one is other and found == right
    return one.shape == other.shape and np.allclose(one, other, rtol=0.0, atol=tolerance)


def _is_summed_up(observed: Observed) -> bool:
    """Whether every answer is the right one's sum, over all axes or over one of them."""
    over: set[int | None] | None = None
    for one in observed:
        right, found = one.right_array, one.found_array
        if right is None or found is None or found.size >= right.size:
            return False
        room = one.tolerance * right.size
        axes = [None, *range(right.ndim if right.ndim > 1 else 0)]
        sums = {axis: right.sum(axis=axis) for axis in axes}
        here = {
            axis
            for axis, total in sums.items()
            if total.size == found.size and np.all(np.abs(total.ravel() - found.ravel()) <= room)
        }
        over = here if over is None else over & here
        if not over:
            return False
    return True


def _is_unreduced(observed: Observed) -> bool:
    """Whether every answer is too large by broadcast axes, and right when summed over them."""
    return len(observed) > 1 and all(_is_right_when_summed(one) for one in observed)


def _is_right_when_summed(one: Observation) -> bool:
    right, found = one.right_array, one.found_array
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


def _unreduced_broadcast(name: str, observed: Observed) -> Finding:
    due, found = shape_of(observed[0].right), shape_of(observed[0].found)
    # A gradient has the shape of what it belongs to. Without such an input, the answer may just as
    # well be a value whose last sum was left out.
    arguments = observed[0].case.arguments.values()
    belongs = bool(due) and any(shape_of(value) == due for value in arguments)
    return finding("unreduced_broadcast", name, exact=belongs, expected=str(due), found=str(found))


def _is_transposed(observed: Observed) -> bool:
    """Whether every answer is the right one, its rows and columns exchanged."""
    for one in observed:
        right, found = one.right_array, one.found_array
        if right is None or found is None or right.ndim != 2 or found.shape != right.T.shape:
            return False
        if np.any(np.abs(found.T - right) > one.tolerance):
            return False
    return True
