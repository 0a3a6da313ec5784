"""torch.testing: whether values are close enough, and PyTorch's words where they are not.

It compares what is given, entry by entry through containers; it knows nothing of gradients.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from reference_engine._creation import as_tensor
from reference_engine._errors import NotCovered
from reference_engine._tensor import Tensor
from reference_engine._types import float16, float32, float64

TOLERANCES = {float16: (0.001, 1e-5), float32: (1.3e-6, 1e-5), float64: (1e-7, 1e-7)}
"""The relative and the absolute tolerance of each dtype; others must be equal."""

ONE_TOLERANCE = "Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
ATTRIBUTE = "The values for attribute '{name}' do not match: {actual} != {expected}."
NONE = "None mismatch: {actual} is not {expected}"
BOOLEANS = "Booleans mismatch: {actual} is not {expected}"
NUMBER_TYPES = "The (d)types do not match: {actual} != {expected}."
LENGTHS = "The length of the sequences mismatch: {actual} != {expected}"
KEYS = (
    "The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
    "Additional keys in the actual mapping: {additional}"
)
NO_PAIR = "No comparison pair was able to handle inputs of type {actual} and {expected}."

_NUMBERS = (int, float, complex, np.number)


class _Options:
    """What a comparison was asked for."""

    def __init__(
        self,
        rtol: float | None,
        atol: float | None,
        *,
        allow_subclasses: bool,
        equal_nan: bool,
        check_dtype: bool,
        check_stride: bool,
        msg: str | Callable[[str], str] | None,
    ) -> None:
        self.rtol = rtol
        self.atol = atol
        self.allow_subclasses = allow_subclasses
        self.equal_nan = equal_nan
        self.check_dtype = check_dtype
        self.check_stride = check_stride
        self.msg = msg

    def fail(self, place: str, text: str, kind: type[Exception] = AssertionError) -> NoReturn:
        """Raise with PyTorch's text, or with what the caller makes of it."""
        if place:
            text = f"{text}\n\nThe failure occurred for item {place}"
        if kind is AssertionError and self.msg is not None:
            text = self.msg(text) if callable(self.msg) else self.msg
        raise kind(text)

    def tolerances(self, *kinds: Any) -> tuple[float, float]:
        """The relative and the absolute tolerance for values of these dtypes."""
        if (self.rtol is None) != (self.atol is None):
            missing = "rtol" if self.rtol is None else "atol"
            raise ValueError(ONE_TOLERANCE.format(missing=missing))
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        known = [TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds]
        return max(rtol for rtol, _ in known), max(atol for _, atol in known)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol * |expected|, entry by entry.

    Takes tensors, arrays, numbers, and sequences and mappings of them; shapes and dtypes must be
    equal too. Raises TypeError for values that cannot be compared, ValueError for one tolerance.
    """
    options = _Options(
        rtol,
        atol,
        allow_subclasses=allow_subclasses,
        equal_nan=equal_nan,
        check_dtype=check_dtype,
        check_stride=check_stride,
        msg=msg,
    )
    _compare(actual, expected, options, "")


def _compare(actual: Any, expected: Any, options: _Options, place: str) -> None:
    if _both(Sequence, actual, expected) and not _any(str, actual, expected):
        if len(actual) != len(expected):
            text = LENGTHS.format(actual=len(actual), expected=len(expected))
            options.fail(place, text)
        for index, pair in enumerate(zip(actual, expected, strict=True)):
            _compare(*pair, options, f"{place}[{index!r}]")
    elif _both(Mapping, actual, expected):
        _compare_mappings(actual, expected, options, place)
    elif actual is None or expected is None:
        if actual is not expected:
            options.fail(place, NONE.format(actual=actual, expected=expected))
    elif _both((bool, np.bool_), actual, expected):
        if bool(actual) is not bool(expected):
            text = BOOLEANS.format(actual=bool(actual), expected=bool(expected))
            options.fail(place, text)
    elif _both(_NUMBERS, actual, expected):
        _compare_numbers(_plain(actual), _plain(expected), options, place)
    else:
        _compare_tensors(actual, expected, options, place)


def _plain(number: Any) -> Any:
    return number.item() if isinstance(number, np.number) else number


def _both(kind: Any, *values: Any) -> bool:
    return all(isinstance(one, kind) for one in values)


def _any(kind: Any, *values: Any) -> bool:
    return any(isinstance(one, kind) for one in values)


def _compare_mappings(
    actual: Mapping[Any, Any], expected: Mapping[Any, Any], options: _Options, place: str
) -> None:
    if set(actual) != set(expected):
        missing = sorted(set(expected) - set(actual), key=str)
        additional = sorted(set(actual) - set(expected), key=str)
        options.fail(place, KEYS.format(missing=missing, additional=additional))
    for key in actual:
        _compare(actual[key], expected[key], options, f"{place}[{key!r}]")


def _compare_numbers(actual: Any, expected: Any, options: _Options, place: str) -> None:
    kinds = [float64 if isinstance(one, float) else None for one in (actual, expected)]
    rtol, atol = options.tolerances(*kinds)
    if options.check_dtype and type(actual) is not type(expected):
        text = NUMBER_TYPES.format(actual=type(actual), expected=type(expected))
        options.fail(place, text)
    if actual == expected:
        return
    if options.equal_nan and actual != actual and expected != expected:  # noqa: PLR0124 - nan
        return
    difference = abs(actual - expected)
    if math.isfinite(difference) and difference <= atol + rtol * abs(expected):
        return
    options.fail(place, _scalars(actual, expected, rtol, atol))


def _compare_tensors(actual: Any, expected: Any, options: _Options, place: str) -> None:
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    same = type(actual) is type(expected)
    if not related or not (same or options.allow_subclasses):
        _refuse(actual, expected, options, place)
    try:
        first, second = (one if isinstance(one, Tensor) else as_tensor(one)
                         for one in (actual, expected))  # fmt: skip
    except (TypeError, ValueError, RuntimeError):
        _refuse(actual, expected, options, place)
    rtol, atol = options.tolerances(first.dtype, second.dtype)
    checks: list[tuple[str, Any, Any]] = [("shape", first.shape, second.shape)]
    if options.check_stride:
        checks.append(("stride()", first.stride(), second.stride()))
    if options.check_dtype:
        checks.append(("dtype", first.dtype, second.dtype))
    for name, one, other in checks:
        if one != other:
            options.fail(place, ATTRIBUTE.format(name=name, actual=one, expected=other))
    arrays = (one.detach().numpy() for one in (first, second))
    text = _mismatch(*arrays, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if text is not None:
        options.fail(place, text)


def _refuse(actual: Any, expected: Any, options: _Options, place: str) -> NoReturn:
    text = NO_PAIR.format(actual=type(actual), expected=type(expected))
    text = text.replace("reference_engine._tensor", "torch")
    options.fail(place, text, TypeError)


def _mismatch(
    actual: np.ndarray[Any, Any],
    expected: np.ndarray[Any, Any],
    *,
    rtol: float,
    atol: float,
    equal_nan: bool,
) -> str | None:
    """What is wrong with the entries of `actual`, or None."""
    kind = np.promote_types(actual.dtype, expected.dtype)
    if kind.kind in "biu":
        kind = np.dtype(np.int64)
    actual, expected = actual.astype(kind), expected.astype(kind)
    with np.errstate(all="ignore"):
        difference = np.abs(actual - expected)
        near = np.isfinite(difference) & (difference <= atol + rtol * np.abs(expected))
        matches = (actual == expected) | near
        if equal_nan:
            matches |= (actual != actual) & (expected != expected)  # noqa: PLR0124 - nan
        if matches.all():
            return None
        if not matches.shape:
            return _scalars(actual.item(), expected.item(), rtol, atol)
        difference[matches] = 0
        quotient = difference if kind.kind == "f" else difference.astype(np.float32)
        relative = quotient / np.abs(expected).astype(quotient.dtype)
        relative[matches] = 0
    wrong = matches.size - int(matches.sum())
    share = f"{wrong / matches.size:.1%}"
    text = f"Tensor-likes are not {_closeness(rtol, atol)}!\n\n"
    text += f"Mismatched elements: {wrong} / {matches.size} ({share})\n"
    for name, values, tolerance in (("absolute", difference, atol), ("relative", relative, rtol)):
        flat = int(np.argmax(values))  # the first nan, if any, as PyTorch's maximum is nan then
        place = tuple(int(one) for one in np.unravel_index(flat, values.shape))
        found = values.reshape(-1)[flat].item()
        text += f"Greatest {name} difference: {found} at index {place}"
        text += "\n" if rtol == atol == 0 else f" (up to {tolerance} allowed)\n"
    return text.strip()


def _scalars(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    difference = abs(actual - expected)
    relative = math.inf if expected == 0 else difference / abs(expected)
    text = f"Scalars are not {_closeness(rtol, atol)}!\n\n"
    text += f"Expected {expected} but got {actual}.\n"
    for name, found, tolerance in (("Absolute", difference, atol), ("Relative", relative, rtol)):
        text += f"{name} difference: {found}"
        text += "\n" if rtol == atol == 0 else f" (up to {tolerance} allowed)\n"
    return text.strip()


def _closeness(rtol: float, atol: float) -> str:
    return "equal" if rtol == atol == 0 else "close"


def __getattr__(name: str) -> Any:
    if name == "make_tensor":
        raise NotCovered(f"testing.{name}")
    raise AttributeError(f"module 'torch.testing' has no attribute '{name}'")
