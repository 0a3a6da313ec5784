"""Compares a student's value with the right one: type, shape, kind of number, finite, value.

It knows plain values and tolerances, neither questions nor points. Nothing that it says of a
mismatch gives the right value away.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct

from grader.assignment import Comparable
from grader.cases import Expected
from grader.messages import Message
from grader.outcomes import Ndarray, PlainValue, SourceText, TensorValue, Uncrossable
from grader.results import Verdict

_SUMMARY_LENGTH = 80
_SHOWN = 6
_NUMBERS_LENGTH = 46
"""So much of the numbers, and a summary has room for the type, the shape and both brackets."""
_NEAR = 0.85
_MOST_COMPARED = 1_000
_NUMBERS = frozenset({bool, int, float})
_STATES: tuple[Comparable, ...] = ("requires_grad", "is_leaf", "grad_fn")
_WITHOUT_STATE = ("value", "shape")
"""What is compared where nothing else is asked for."""


class _Absent:
    """Stands for an entry that an answer does not have."""


ABSENT: Final = _Absent()
Found: TypeAlias = PlainValue | _Absent


class Mismatch(Struct, frozen=True):
    """What is wrong with one value."""

    verdict: Verdict
    message: Message


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
    found = _output(name, expected, value)
    if isinstance(found, _Absent):
        return _absent(name, expected, value)
    mismatch = compare_values(due, found, expected.tolerances[name])
    if mismatch is not None or compare == _WITHOUT_STATE:
        return mismatch
    typed = due if expected.typed is None else expected.typed[name]
    return next(_state_mismatches(due, typed, found, compare), None)


def _output(name: str, expected: Expected, value: PlainValue) -> Found:
    if expected.named and isinstance(value, dict):
        return value.get(name, ABSENT)
    return answer_outputs(value, expected)[name]


def compare_values(  # noqa: PLR0911 - a table, a row a type
    due: PlainValue, found: PlainValue, tolerance: float
) -> Mismatch | None:
    """What is wrong with a value; None where it is right within the absolute tolerance."""
    if isinstance(due, np.ndarray) and isinstance(found, np.ndarray) and is_identical(due, found):
        return None
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
        if {*map(type, value)} <= _NUMBERS:
            return np.array(value, dtype=None if value else np.float64)
        arrays: list[Ndarray] = []
        for entry in value:
            array = as_array(entry)
            if array is None or (arrays and array.shape != arrays[0].shape):
                return None
            arrays.append(array)
        data = np.stack(arrays)
    else:
        return None
    return data if data.dtype.kind in "biuf" else None


def is_identical(one: Ndarray, other: Ndarray) -> bool:
    """Whether two arrays are alike to the last bit, as most right answers are: soon told."""
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def shape_of(value: Found) -> tuple[int, ...] | None:
    """The shape of what is a number, array, tensor or list of them; None of anything else."""
    array = as_array(value)
    return None if array is None else array.shape


def describe(value: Found) -> str:
    """A value in at most 80 characters: its type and shape, and its beginning."""
    match value:
        case _Absent():
            text = "nothing"
        case Uncrossable():
            text = ": ".join(part for part in (value.type, value.reason) if part)
        case SourceText():
            text = value.text
        case TensorValue():
            text = _outline("tensor", value.data)
        case np.ndarray():
            text = _outline("array", value)
        case dict():
            text = f"dict ({', '.join(value)})"
        case list() | tuple():
            array = as_array(_first_of(value))
            beginning = "" if array is None else _beginning(array)
            text = f"{type(value).__name__} ({len(value)}) {beginning}"
        case _:
            text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= _SUMMARY_LENGTH else f"{text[: _SUMMARY_LENGTH - 1]}…"


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
            return _entry_missing(name, due, found)
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
    if right.ndim == 1 and array.size == right.size and _lists_arrays(found):
        array = array.reshape(-1)  # a loop over entries appends arrays of one number each
    if right.shape != array.shape:
        return _wrong_shape(right, found)
    if (right.dtype.kind == "b") != (array.dtype.kind == "b"):
        return _wrong_type(due, found)
    return _compare_arrays(right, array, tolerance, found=found)


def _compare_arrays(
    right: Ndarray, array: Ndarray, tolerance: float, *, found: PlainValue
) -> Mismatch | None:
    """Arrays of one shape and kind of number; exact unless the reference is floating-point."""
    if is_identical(right, array) or _is_near(right, array, tolerance):
        return None
    finite = np.isfinite(right)
    whole = bool(finite.all())
    due, due_found = (right, array) if whole else (right[finite], array[finite])
    if not np.isfinite(due_found).all():
        return Mismatch("non_finite", Message("non_finite", {"found": describe(found)}))
    if right.dtype.kind == "f":
        with np.errstate(over="ignore"):
            same = bool((np.abs(due_found.astype(np.float64) - due) <= tolerance).all())
    else:
        same = bool(np.array_equal(array, right))
    if same and (whole or np.array_equal(array[~finite], right[~finite], equal_nan=True)):
        return None
    return Mismatch("wrong_value", Message("wrong_value", {"found": describe(found)}))


def _is_near(right: Ndarray, array: Ndarray, tolerance: float) -> bool:
    """Whether floating-point numbers, all of them finite, are right: what most comparisons ask."""
    if right.dtype.kind != "f":
        return False
    with np.errstate(all="ignore"):
        near = np.abs(np.subtract(array, right, dtype=np.float64)) <= tolerance
    return bool(near.all())


def _lists_arrays(value: PlainValue) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(entry, np.ndarray | TensorValue) for entry in value
    )


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


def _first_of(value: PlainValue) -> PlainValue:
    """The first entries of a list and of the lists in it: enough for its beginning."""
    if isinstance(value, list | tuple):
        return [_first_of(entry) for entry in value[: _SHOWN + 1]]
    return value


def _beginning(array: Ndarray) -> str:
    pattern = "{:.6g}" if array.dtype.kind == "f" else "{}"
    entries = [pattern.format(entry) for entry in array.ravel()[:_SHOWN].tolist()]
    if array.ndim == 0:
        return entries[0]
    while len(", ".join(entries)) > _NUMBERS_LENGTH:
        entries.pop()
    return f"[{', '.join(entries)}{', …' if array.size > len(entries) else ''}]"


def _outline(kind: str, array: Ndarray) -> str:
    shape = array.shape if array.ndim else ""
    return f"{kind}{shape} {array.dtype} {_beginning(array)}"


def _absent(name: str, expected: Expected, value: PlainValue) -> Mismatch:
    if value is None:
        return Mismatch("missing", Message("returned_none"))
    if isinstance(value, dict):
        return _entry_missing(name, expected.outputs, value)
    parameters = {"expected": ", ".join(expected.outputs), "found": describe(value)}
    return Mismatch("wrong_type", Message("entries_expected", parameters))


def _entry_missing(
    name: str, due: Mapping[str, PlainValue], found: dict[str, PlainValue]
) -> Mismatch:
    parameters = {"name": name, "found": describe(found)}
    near = nearly_called(name, (one for one in found if one not in due))
    if near is None:
        return Mismatch("missing", Message("entry_missing", parameters))
    return Mismatch("missing", Message("entry_missing_near", {**parameters, "near": near}))


def nearly_called(name: str, others: Iterable[str]) -> str | None:
    """The name that differs from this one by a letter or two, by case or by underscores."""
    # Comparing takes time by length and number, and these names may be anything.
    short = (one for one in others if len(one) <= 2 * len(name))
    known = {_plain(one): one for one in islice(short, _MOST_COMPARED)}
    import difflib  # noqa: PLC0415 - only where there is no such name

    near = difflib.get_close_matches(_plain(name), known, n=1, cutoff=_NEAR)
    return known[near[0]] if near else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


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
    parameters = {"state": state, "found": str(found)}
    if state == "grad_fn":  # its name is the answer itself; the others are yes or no, or a type
        return Mismatch("wrong_value", Message("state_found", parameters))
    parameters["expected"] = str(right)
    return Mismatch("wrong_value", Message("state_expected", parameters))
