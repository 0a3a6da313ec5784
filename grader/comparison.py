"""Judges what came back against what is right: verdicts and points, output by output.

It knows neither where an answer comes from nor why it is wrong. Checks go in one order: type,
shape, kind of number, finite, value. Nothing that it says of a case gives an answer away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from grader.assignment import Choice, Comparable, Item, Question, Text, Variable
from grader.cases import Case, Expected
from grader.messages import Message
from grader.outcomes import (
    Answered,
    Ndarray,
    Outcome,
    PlainValue,
    Raised,
    Stopped,
    TensorValue,
    Uncrossable,
    Undefined,
)
from grader.results import VERDICTS, Verdict

_SUMMARY_LENGTH = 80
_TEXT_LENGTH = 300
_STATES: tuple[Comparable, ...] = ("requires_grad", "is_leaf", "grad_fn")


class _Absent:
    """Stands for an entry that an answer does not have."""


ABSENT: Final = _Absent()
Found: TypeAlias = PlainValue | _Absent


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What is wrong with one value."""

    verdict: Verdict
    message: Message


@dataclass(frozen=True, slots=True)
class OutputJudgement:
    """One output; `case` is the number of the first case that shows its verdict."""

    name: str
    verdict: Verdict
    score: float | None
    max_score: float
    message: Message
    case: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One item, and what its diagnosis needs to know beside the outcomes.

    `score` is None where nothing could be judged. `changed` names the arguments that a call has
    changed; `remembers` tells that the same arguments gave another answer the second time.
    """

    item: str
    verdict: Verdict
    score: float | None
    max_score: float
    message: Message
    outputs: tuple[OutputJudgement, ...] = ()
    changed: tuple[str, ...] = ()
    remembers: bool = False


def judge(item: Item, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Judgement:
    """The judgement of an item.

    `outcomes` go with `cases` in order, and end early where nothing more could be called; the last
    one then speaks for the rest. Choices and texts have one outcome and no cases. Raises ValueError
    without an outcome.
    """
    if not outcomes:
        raise ValueError(f"{item.id} has no outcome to be judged")
    match item:
        case Choice() | Text():
            return _judge_word(item, outcomes[0])
        case Variable():
            return _judge_outputs(item, cases, outcomes)
        case Question():
            judgement = _judge_outputs(item, cases, outcomes)
            for number in range(len(item.accept)):
                if judgement.verdict == "correct":
                    break
                others = [replace(one, expected=one.accepted[number]) for one in cases]
                other = _judge_outputs(item, others, outcomes)
                judgement = other if other.verdict == "correct" else judgement
            return judgement


def answer_outputs(value: PlainValue, expected: Expected) -> Mapping[str, Found]:
    """An answer taken apart into the outputs that are expected.

    A dict is read by its names; a list or tuple of as many entries in the expected order; and
    where one output is due, any other value is it.
    """
    names = tuple(expected.outputs)
    if not expected.named:
        return {names[0]: value}
    if isinstance(value, dict):
        return {name: value.get(name, ABSENT) for name in names}
    if len(names) == 1:
        return {names[0]: value}
    if isinstance(value, list | tuple) and len(value) == len(names):
        return dict(zip(names, value, strict=True))
    return dict.fromkeys(names, ABSENT)


def first_mismatch(
    name: str, expected: Expected, value: PlainValue, compare: Sequence[Comparable]
) -> Mismatch | None:
    """What is wrong with the output `name` of an answer; None where it is right."""
    due = expected.outputs[name]
    found = answer_outputs(value, expected)[name]
    if isinstance(found, _Absent):
        return _absent(name, expected, value)
    mismatch = compare_values(due, found, expected.tolerances[name])
    if mismatch is not None:
        return mismatch
    typed = due if expected.typed is None else expected.typed[name]
    return next(_state_mismatches(due, typed, found, compare), None)


def compare_values(due: PlainValue, found: PlainValue, tolerance: float) -> Mismatch | None:
    """What is wrong with a value; None where it is right within the absolute tolerance."""
    if isinstance(found, Uncrossable):
        return _wrong_type(due, found)
    if due is None or found is None:
        return _compare_none(due, found)
    if isinstance(due, str):
        return _compare_strings(due, found)
    if isinstance(due, dict):
        return _compare_dicts(due, found, tolerance)
    if isinstance(due, list | tuple):
        return _compare_sequences(due, found, tolerance)
    return _compare_numbers(due, found, tolerance)


def as_array(value: Found) -> Ndarray | None:
    """A number, array, tensor or nested list of them as one array; None where it is none."""
    if isinstance(value, TensorValue):
        return value.data
    if isinstance(value, bool | int | float | np.ndarray):
        data = np.asarray(value)
    elif isinstance(value, list | tuple):
        entries = [as_array(entry) for entry in value]
        arrays = [entry for entry in entries if entry is not None]
        if len(arrays) < len(entries) or len({entry.shape for entry in arrays}) > 1:
            return None
        data = np.stack(arrays) if arrays else np.zeros(0)
    else:
        return None
    return data if data.dtype.kind in "biuf" else None


def describe(value: Found) -> str:
    """A value in at most 80 characters: its type and shape, and its beginning."""
    match value:
        case _Absent():
            text = "nothing"
        case Uncrossable():
            text = " ".join(part for part in (value.type, value.reason) if part)
        case TensorValue():
            text = _outline("tensor", value.data)
        case np.ndarray():
            text = _outline("array", value)
        case dict():
            text = f"dict ({', '.join(value)})"
        case list() | tuple():
            array = as_array(value)
            beginning = "" if array is None else _beginning(array)
            text = f"{type(value).__name__} ({len(value)}) {beginning}"
        case _:
            text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= _SUMMARY_LENGTH else f"{text[: _SUMMARY_LENGTH - 1]}…"


# -- values -------------------------------------------------------------------------------------


def _compare_none(due: PlainValue, found: PlainValue) -> Mismatch | None:
    if due is None and found is None:
        return None
    if found is None:
        return Mismatch("missing", Message("none_instead_of_value"))
    return Mismatch("wrong_value", Message("value_instead_of_none", {"found": describe(found)}))


def _compare_strings(due: str, found: PlainValue) -> Mismatch | None:
    if not isinstance(found, str):
        return _wrong_type(due, found)
    if found.strip() != due.strip():
        return Mismatch("wrong_value", Message("wrong_value", {"found": describe(found)}))
    return None


def _compare_dicts(
    due: Mapping[str, PlainValue], found: PlainValue, tolerance: float
) -> Mismatch | None:
    if not isinstance(found, dict):
        return _wrong_type(dict(due), found)
    for name, value in due.items():
        if name not in found:
            parameters = {"name": name, "found": describe(found)}
            return Mismatch("missing", Message("entry_missing", parameters))
        mismatch = compare_values(value, found[name], tolerance)
        if mismatch is not None:
            return _within(name, mismatch)
    return None


def _compare_sequences(
    due: Sequence[PlainValue], found: PlainValue, tolerance: float
) -> Mismatch | None:
    entries = _entries(found)
    if entries is None:
        return _wrong_type(list(due), found)
    if len(entries) != len(due):
        parameters = {"expected": len(due), "found": len(entries)}
        return Mismatch("wrong_shape", Message("wrong_length", parameters))
    for number, (value, entry) in enumerate(zip(due, entries, strict=True)):
        mismatch = compare_values(value, entry, tolerance)
        if mismatch is not None:
            return _within(number, mismatch)
    return None


def _entries(found: PlainValue) -> Sequence[PlainValue] | None:
    """The entries of a list, or the rows of an array that stands for one."""
    if isinstance(found, list | tuple):
        return found
    array = found.data if isinstance(found, TensorValue) else found
    if isinstance(array, np.ndarray) and array.ndim:
        return [np.asarray(row) for row in array]
    return None


def _within(entry: str | int, mismatch: Mismatch) -> Mismatch:
    inner = mismatch.message
    parameters = {**inner.parameters, "entry": entry, "inner": inner}
    return Mismatch(mismatch.verdict, Message("entry", parameters))


def _compare_numbers(due: PlainValue, found: PlainValue, tolerance: float) -> Mismatch | None:
    right, array = as_array(due), as_array(found)
    if right is None:
        raise TypeError(f"a reference cannot be {describe(due)}")
    if array is None:
        ragged = isinstance(found, list | tuple) and _is_numeric(found)
        return _wrong_shape(right, found) if ragged else _wrong_type(due, found)
    if right.size == array.size == 1:
        right, array = right.reshape(()), array.reshape(())
    if right.shape != array.shape:
        return _wrong_shape(right, found)
    if (right.dtype.kind == "b") != (array.dtype.kind == "b"):
        return _wrong_type(due, found)
    return _compare_arrays(right, array, tolerance, found=found)


def _compare_arrays(
    right: Ndarray, array: Ndarray, tolerance: float, *, found: PlainValue
) -> Mismatch | None:
    """Arrays of one shape and kind of number; exact unless the reference is floating-point."""
    finite = np.isfinite(right)
    if not np.isfinite(array[finite]).all():
        return Mismatch("non_finite", Message("non_finite", {"found": describe(found)}))
    if right.dtype.kind == "f":
        with np.errstate(over="ignore"):
            distance = np.abs(array[finite].astype(np.float64) - right[finite])
        same = bool(np.all(distance <= tolerance))
    else:
        same = bool(np.array_equal(array, right))
    if same and np.array_equal(array[~finite], right[~finite], equal_nan=True):
        return None
    return Mismatch("wrong_value", Message("wrong_value", {"found": describe(found)}))


def _is_numeric(value: PlainValue) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_numeric(entry) for entry in value)
    return as_array(value) is not None


def _wrong_type(due: PlainValue, found: PlainValue) -> Mismatch:
    parameters = {"expected": _form(due), "found": describe(found)}
    return Mismatch("wrong_type", Message("wrong_type", parameters))


def _wrong_shape(right: Ndarray, found: PlainValue) -> Mismatch:
    array = as_array(found)
    shape = describe(found) if array is None else str(array.shape)
    parameters = {"expected": str(right.shape), "found": shape}
    return Mismatch("wrong_shape", Message("wrong_shape", parameters))


def _form(due: PlainValue) -> str:
    """The form of what is due, without its content."""
    if isinstance(due, list | tuple):
        return f"{type(due).__name__} ({len(due)})"
    array = as_array(due)
    if array is None:
        return type(due).__name__
    kind = {"b": "bool", "f": "float"}.get(array.dtype.kind, "int")
    return f"{kind}{array.shape}" if array.ndim else kind


def _beginning(array: Ndarray) -> str:
    pattern = "{:.6g}" if array.dtype.kind == "f" else "{}"
    entries = [pattern.format(entry) for entry in array.ravel()[:6].tolist()]
    if array.ndim == 0:
        return entries[0]
    return f"[{', '.join(entries)}{', …' if array.size > 6 else ''}]"


def _outline(kind: str, array: Ndarray) -> str:
    shape = array.shape if array.ndim else ""
    return f"{kind}{shape} {array.dtype} {_beginning(array)}"


def _absent(name: str, expected: Expected, value: PlainValue) -> Mismatch:
    found = describe(value)
    if value is None:
        return Mismatch("missing", Message("returned_none"))
    if isinstance(value, dict):
        parameters = {"name": name, "found": found}
        return Mismatch("missing", Message("entry_missing", parameters))
    parameters = {"expected": ", ".join(expected.outputs), "found": found}
    return Mismatch("wrong_type", Message("entries_expected", parameters))


def _state_mismatches(
    due: PlainValue, typed: PlainValue, found: PlainValue, compare: Sequence[Comparable]
) -> Iterator[Mismatch]:
    """What differs in the state of tensors whose values are right."""
    states = [state for state in _STATES if state in compare]
    for right, entry in _leaf_pairs(due, found):
        if isinstance(right, TensorValue) and not isinstance(entry, TensorValue):
            if states or "dtype" in compare:
                parameters = {"expected": "tensor", "found": describe(entry)}
                yield Mismatch("wrong_type", Message("tensor_expected", parameters))
        elif isinstance(right, TensorValue) and isinstance(entry, TensorValue):
            for state in states:
                if getattr(right, state) != getattr(entry, state):
                    yield _wrong_state(state, getattr(right, state), getattr(entry, state))
    if "dtype" in compare:
        for right, entry in _leaf_pairs(typed, found):
            right_array, array = as_array(right), as_array(entry)
            if right_array is None or array is None or right_array.dtype == array.dtype:
                continue
            yield _wrong_state("dtype", right_array.dtype, array.dtype)


def _leaf_pairs(due: PlainValue, found: PlainValue) -> Iterator[tuple[PlainValue, PlainValue]]:
    if isinstance(due, dict) and isinstance(found, dict):
        for name, value in due.items():
            yield from _leaf_pairs(value, found[name])
    elif isinstance(due, list | tuple):
        for value, entry in zip(due, _entries(found) or (), strict=True):
            yield from _leaf_pairs(value, entry)
    else:
        yield due, found


def _wrong_state(state: str, right: object, found: object) -> Mismatch:
    # The name of the operation is the answer itself; the others are yes or no, or a type.
    told = state != "grad_fn"
    parameters = {"state": state, "found": str(found)} | ({"expected": str(right)} if told else {})
    return Mismatch("wrong_value", Message("state_expected" if told else "state_found", parameters))


# -- items --------------------------------------------------------------------------------------


def _judge_outputs(
    item: Question | Variable, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> Judgement:
    # Where calls ended early there are fewer outcomes than cases.
    pairs = list(zip(cases, outcomes, strict=False))
    changed: tuple[str, ...] = ()
    if isinstance(item, Question) and item.side_effects == "forbidden":
        names = (name for case, outcome in pairs for name in _changed(case, outcome))
        changed = tuple(dict.fromkeys(names))
    shares = _shares(item, tuple(cases[0].expected.outputs))
    outputs = tuple(
        _judge_output(item, name, share, pairs=pairs, changed=changed)
        for name, share in shares.items()
    )
    worst = max(outputs, key=lambda one: VERDICTS.index(one.verdict))
    message = worst.message
    if any(one.message != message for one in outputs):
        message = Message("output", {**message.parameters, "name": worst.name, "inner": message})
    scores = [one.score for one in outputs if one.score is not None]
    score = None if len(scores) < len(outputs) else sum(scores)
    return Judgement(
        item=item.id,
        verdict=worst.verdict,
        score=item.points if worst.verdict == "correct" else score,
        max_score=item.points,
        message=message,
        outputs=outputs,
        changed=changed,
        remembers=_remembers(pairs),
    )


def _shares(item: Question | Variable, names: tuple[str, ...]) -> dict[str, float]:
    weights = item.weights if isinstance(item, Question) else {}
    total = sum(weights.get(name, 1.0) for name in names)
    return {name: item.points * weights.get(name, 1.0) / total for name in names}


def _judge_output(
    item: Question | Variable,
    name: str,
    share: float,
    *,
    pairs: Sequence[tuple[Case, Outcome]],
    changed: tuple[str, ...],
) -> OutputJudgement:
    worst, number = Mismatch("correct", Message("correct")), None
    if changed:
        worst = Mismatch("side_effect", Message("side_effect", {"argument": changed[0]}))
    for case_number, (case, outcome) in enumerate(pairs):
        mismatch = _mismatch(item, name, case=case, outcome=outcome)
        if mismatch and VERDICTS.index(mismatch.verdict) > VERDICTS.index(worst.verdict):
            worst, number = mismatch, case_number
    score = None if worst.verdict == "unsupported" else share * (worst.verdict == "correct")
    return OutputJudgement(
        name=name,
        verdict=worst.verdict,
        score=score,
        max_score=share,
        message=worst.message,
        case=number,
    )


def _mismatch(
    item: Question | Variable, name: str, *, case: Case, outcome: Outcome
) -> Mismatch | None:
    if isinstance(outcome, Answered):
        return first_mismatch(name, case.expected, outcome.value, item.compare)
    return _failure(item.id, outcome)


def _failure(name: str, outcome: Raised | Stopped | Undefined) -> Mismatch:
    match outcome:
        case Undefined(because=None):
            return Mismatch("missing", Message("name_missing", {"name": name}))
        case Undefined(because=Raised() | Stopped() as because):
            inner = _failure(name, because)
            parameters = {**inner.message.parameters, "name": name, "inner": inner.message}
            return Mismatch(inner.verdict, Message("name_missing_because", parameters))
        case Stopped(reason=reason, detail=detail):
            return Mismatch(reason, Message(reason, {"detail": detail}))
        case Raised():
            return _raised(outcome)
    raise TypeError(f"{outcome!r} is no failure")


def _raised(error: Raised) -> Mismatch:
    place = {"line": error.line, "cell": error.cell, "source": error.source_line}
    if error.unsupported is not None:
        parameters = {"name": error.unsupported, **place}
        return Mismatch("unsupported", Message("unsupported", parameters))
    if error.forbidden is not None:
        return Mismatch("forbidden", Message("forbidden", {"name": error.forbidden, **place}))
    if error.type == "MemoryError":
        return Mismatch("memory", Message("memory_error", place))
    parameters = {"type": error.type, "text": error.text[:_TEXT_LENGTH], **place}
    return Mismatch("error", Message("raised" if error.line is None else "raised_at", parameters))


def _changed(case: Case, outcome: Outcome) -> Iterator[str]:
    """The arguments whose data is not what was passed; one that did not come back is changed."""
    if not isinstance(outcome, Answered):
        return
    for name, before in case.arguments.items():
        if not isinstance(before, np.ndarray | TensorValue | list | dict):
            continue
        after = outcome.arguments.get(name)
        if not _same_data(before, after):
            yield name


def _same_data(before: PlainValue, after: PlainValue) -> bool:
    if isinstance(before, np.ndarray | TensorValue | float):
        old, new = as_array(before), as_array(after)
        if old is None or new is None:
            return False
        return np.array_equal(old, new, equal_nan=True)
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(
            _same_data(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return len(before) == len(after) and all(map(_same_data, before, after))
    return type(before) is type(after) and before == after


def _remembers(pairs: Sequence[tuple[Case, Outcome]]) -> bool:
    """Whether the repeated first case was answered differently."""
    first = pairs[0][1]
    for case, outcome in pairs:
        if (
            case.kind == "repeated"
            and isinstance(first, Answered)
            and isinstance(outcome, Answered)
        ):
            return not _same_data(first.value, outcome.value)
    return False


def _judge_word(item: Choice | Text, outcome: Outcome) -> Judgement:
    """A choice, or a text: a word that was assigned to a name."""
    if not isinstance(outcome, Answered):
        mismatch = _failure(item.id, outcome)
    elif isinstance(item, Choice):
        mismatch = _judge_choice(item, outcome.value)
    elif outcome.value is None or str(outcome.value).strip() == "":
        mismatch = Mismatch("missing", Message("text_missing", {"name": item.id}))
    else:
        mismatch = Mismatch("needs_human", Message("text_waiting"))
    verdict = mismatch.verdict
    unjudged = verdict in ("needs_human", "unsupported")
    return Judgement(
        item=item.id,
        verdict=verdict,
        score=None if unjudged else item.points * (verdict == "correct"),
        max_score=item.points,
        message=mismatch.message,
    )


def _judge_choice(item: Choice, value: PlainValue) -> Mismatch:
    array = None if isinstance(value, list | tuple) else as_array(value)
    if array is not None and array.size == 1 and array.dtype.kind != "b":
        value = f"{array.item():g}" if array.dtype.kind == "f" else str(array.item())
    if value is None or (isinstance(value, str) and not value.strip()):
        return Mismatch("missing", Message("name_missing", {"name": item.id}))
    if not isinstance(value, str):
        parameters = {"expected": "str", "found": describe(value)}
        return Mismatch("wrong_type", Message("wrong_type", parameters))
    chosen = value.strip().casefold()
    if chosen == item.answer.strip().casefold():
        return Mismatch("correct", Message("correct"))
    if chosen in (option.strip().casefold() for option in item.options):
        return Mismatch("wrong_value", Message("wrong_option", {"found": describe(value)}))
    parameters = {"expected": ", ".join(item.options), "found": describe(value)}
    return Mismatch("wrong_value", Message("not_an_option", parameters))
