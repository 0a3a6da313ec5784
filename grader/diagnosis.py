"""Says why an answer is wrong: which misconception gives the student's numbers, or their error.

It knows relations between numbers and the texts of exceptions, not how the code ran. What it does
not recognise it leaves alone, and `exact` is said only of what nothing else explains.
"""

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

import numpy as np

from grader.assignment import Item, Misconception, Question
from grader.cases import Case, wrong_answer
from grader.comparison import Judgement
from grader.inputs import TensorSpec, dimension_names
from grader.messages import Message, explanation
from grader.outcomes import (
    Answered,
    Ndarray,
    Outcome,
    PlainValue,
    Raised,
    Undefined,
)
from grader.values import Found, answer_outputs, as_array, first_mismatch

_LARGEST_DENOMINATOR = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """A misconception: where it shows first, what is known of it, and how to explain it.

    `where` is an output's name, None for the whole answer. `hints` go from the idea to the rule.
    """

    id: str
    where: str | None
    parameters: Mapping[str, object]
    exact: bool
    hints: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Observation:
    """One case's output: what is right, what was found, and the absolute tolerance."""

    case: Case
    right: PlainValue
    found: Found
    tolerance: float


_Observed: TypeAlias = Sequence[_Observation]
_Arrays: TypeAlias = tuple[Ndarray, Ndarray]


def diagnose(
    item: Item, cases: Sequence[Case], outcomes: Sequence[Outcome], judgement: Judgement
) -> tuple[Finding, ...]:
    """What explains a judgement: declared misconceptions, else patterns, and errors.

    Empty where everything is right, and where nothing is recognised.
    """
    if judgement.verdict in ("correct", "needs_human"):
        return ()
    pairs = list(zip(cases, outcomes, strict=False))
    findings: list[Finding] = []
    if isinstance(item, Question):
        patterns = list(_patterns(item, pairs, judgement))
        findings += list(_declared(item, pairs, judgement, patterns)) or patterns
        findings += _facts(judgement)
    findings += _errors(outcomes)
    once: dict[str, Finding] = {}
    for finding in findings:
        once.setdefault(finding.id, finding)
    return tuple(once.values())


def _finding(identifier: str, where: str | None, *, exact: bool, **details: object) -> Finding:
    known = {name: value for name, value in details.items() if value is not None}
    told: dict[str, object] = dict(known)
    if where is not None:
        told["where"] = where
    if "line" in known:
        line = {"number": known["line"], "source": known.get("source")}
        told["line"] = Message("line" if "source" in known else "line_alone", line)
    if "nearest" in known:
        told["nearest"] = Message("nearest", {"name": known["nearest"]})
    return Finding(identifier, where, known, exact, explanation(identifier, told))


# -- declared wrong solutions -------------------------------------------------------------------


def _declared(
    question: Question,
    pairs: Sequence[tuple[Case, Outcome]],
    judgement: Judgement,
    patterns: Sequence[Finding],
) -> Iterator[Finding]:
    """The declared misconceptions whose wrong solution gives the student's answers."""
    matching = {one.id: one for one in question.misconceptions if _reproduces(question, one, pairs)}
    where = next((one.name for one in judgement.outputs if one.verdict != "correct"), None)
    details = {finding.id: finding.parameters for finding in patterns}
    for one in matching.values():
        exact = len(matching) == 1
        if one.message is None:
            yield _finding(one.id, where, exact=exact, **details.get(one.id, {}))
        else:
            hints = (Message("declared", {"text": one.message}),)
            yield Finding(one.id, where, {}, exact, hints)


def _reproduces(
    question: Question, misconception: Misconception, pairs: Sequence[tuple[Case, Outcome]]
) -> bool:
    """Whether the wrong solution gives what came back in every case, and is wrong in one."""
    differs = False
    for case, outcome in pairs:
        if not isinstance(outcome, Answered):
            return False
        wrong = wrong_answer(question, misconception.solution, case)
        if wrong is None:
            return False
        for name in wrong.outputs:
            if first_mismatch(name, wrong, outcome.value, question.compare):
                return False
            own = dict(wrong.outputs) if case.expected.named else wrong.outputs[name]
            differs |= first_mismatch(name, case.expected, own, question.compare) is not None
    return differs


# -- patterns -----------------------------------------------------------------------------------


def _patterns(
    question: Question, pairs: Sequence[tuple[Case, Outcome]], judgement: Judgement
) -> Iterator[Finding]:
    """Relations between answer and reference that hold in every case."""
    answers = [outcome.value for _, outcome in pairs if isinstance(outcome, Answered)]
    if len(answers) < len(pairs):
        return
    if all(answer is None for answer in answers) and judgement.verdict == "missing":
        yield _finding("returned_nothing", None, exact=True)
        return
    explained: list[tuple[str, object]] = []
    for output in judgement.outputs:
        if output.verdict not in ("wrong_value", "wrong_shape"):
            continue
        finding = _pattern(question, output.name, _observed(output.name, pairs))
        # What went wrong once goes on through all that is computed from it.
        if finding and (finding.id, finding.parameters) not in explained:
            explained.append((finding.id, finding.parameters))
            yield finding


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
        return _finding("zeroed_instead_of_frozen", name, exact=False) if zeros else None
    if _is_constant(observed):
        return _finding("hard_coded", name, exact=False)
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
    return _finding("unreduced_broadcast", name, exact=belongs, expected=str(due), found=str(found))


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
        return _finding("accumulated_gradient", name, exact=False, k=k)
    for count, sizes in _counts(question, observed).items():
        if holds(sizes):
            return _finding("sum_instead_of_mean", name, exact=False, count=count)
        if holds([1 / size for size in sizes]):
            return _finding("mean_instead_of_sum", name, exact=False, count=count)
    ratio = _first_ratio(arrays).limit_denominator(_LARGEST_DENOMINATOR)
    return _constant(name, ratio) if holds([float(ratio)] * len(arrays)) else None


def _constant(name: str, ratio: Fraction) -> Finding | None:
    """What a ratio means that is the same everywhere."""
    if ratio == -1:
        return _finding("wrong_sign", name, exact=False)
    if ratio.denominator == 1 and ratio >= 2:
        return _finding("accumulated_gradient", name, exact=False, k=int(ratio))
    if ratio > 0 and ratio.denominator > 1:
        return _finding("missing_factor", name, exact=False, ratio=str(ratio))
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


# -- facts and errors ---------------------------------------------------------------------------


def _facts(judgement: Judgement) -> Iterator[Finding]:
    if judgement.changed:
        yield _finding("mutated_input", None, exact=True, argument=judgement.changed[0])
    if judgement.remembers:
        yield _finding("state_between_calls", None, exact=True)


_ERRORS = (
    ("update_without_no_grad", "RuntimeError", "leaf Variable that requires grad .*in-place"),
    ("graph_freed", "RuntimeError", "Trying to backward through the graph a second time"),
    ("backward_on_non_scalar", "RuntimeError", "grad can be implicitly created only for scalar"),
    ("requires_grad_missing", "RuntimeError", "does not require grad and does not have a grad_fn"),
    ("integer_requires_grad", "RuntimeError", "nly Tensors of floating point .*require gradients"),
    ("saved_tensor_modified", "RuntimeError", "modified by an inplace operation"),
    ("unknown_name", "AttributeError", r"'Tensor' object has no attribute '(\w+)'"),
    ("unknown_name", "AttributeError", r"module '[\w.]+' has no attribute '(\w+)'"),
    ("unknown_name", "TypeError", r"^Tensor\.\w+\(\) got an unexpected keyword argument '(\w+)'"),
    ("name_before_definition", "NameError", r"name '(\w+)' is not defined"),
)
"""Misconception, type of the exception, its text; a group of the text is the name at fault."""

_SHARED_TEXTS = frozenset({"requires_grad_missing"})
"""Told by a text that has other causes as well: tracking was lost, or switched off."""

_RENAMED = {"creator": "grad_fn", "grad_output": "gradient"}
_TENSOR_NAMES = (
    "backward", "clone", "data", "detach", "dtype", "grad", "grad_fn", "is_leaf", "item", "mean",
    "numpy", "requires_grad", "requires_grad_", "reshape", "retain_grad", "shape", "sum", "zero_",
)  # fmt: skip


def _errors(outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    """What the first exception tells."""
    causes = (one.because if isinstance(one, Undefined) else one for one in outcomes)
    error = next((one for one in causes if isinstance(one, Raised)), None)
    if error is None or error.unsupported or error.forbidden:
        return
    place = {"line": error.line, "source": error.source_line}
    for identifier, kind, text in _ERRORS:
        match = re.search(text, error.text, re.DOTALL)
        if kind == error.type and match:
            details = {"name": match[1], "nearest": _nearest(match[1])} if match.groups() else {}
            exact = identifier not in _SHARED_TEXTS
            yield _finding(identifier, None, exact=exact, **details, **place)
            return
    if "NoneType" in error.text and re.search(r"\.grad\b", error.source_line or ""):
        yield _finding("grad_of_non_leaf", None, exact=False, **place)


def _nearest(name: str) -> str | None:
    """The name that was probably meant, if that is plain."""
    close = difflib.get_close_matches(name, _TENSOR_NAMES, n=1, cutoff=0.75)
    return _RENAMED.get(name) or next(iter(close), None)
