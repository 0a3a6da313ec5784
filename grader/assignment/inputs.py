"""What the inputs of a question are drawn from: distributions, never fixed numbers.

It knows nothing of questions, references or marks. Drawn values avoid what would hide a mistake:
0 and 1, equal entries, and one size for everything.
"""

import inspect
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from msgspec import Struct

from grader.outcomes import Ndarray, PlainValue, SourceText, TensorValue

if TYPE_CHECKING:
    from grader.messages import Told

SIZES = (2, 3, 5, 7, 11)
"""Sizes of named dimensions. Distinct primes: a product of sizes tells which sizes are in it."""

MOST_NUMBERS = 10**6
"""In one input: every case of every student carries them to a process and back."""

_SPECIAL = (-1.0, 0.0, 1.0)
_MARGIN = 0.06
_INTEGER_KINDS = "iu"
_DTYPES = ("float64", "float32", "int64", "int32")
_TENSOR_DTYPES = ("float32", "float64", "int64")


class AssignmentError(Exception):
    """A mistake in an assignment: one line that says where it is, what it is and what to do."""

    def __init__(self, text: str, *, file: str | None = None, line: int | None = None) -> None:
        place = "" if file is None else file if line is None else f"{file}, line {line}"
        super().__init__(f"{place}: {text}" if place else text)
        self.told: Told = str(self)
        self.file = file
        self.line = line


def mistake(text: str) -> AssignmentError:
    """The error for the line of the assignment file that is being executed now."""
    frame = inspect.currentframe()
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module != "grader" and not module.startswith("grader."):
            return AssignmentError(text, file=frame.f_code.co_filename, line=frame.f_lineno)
        frame = frame.f_back
    return AssignmentError(text)


class ArraySpec(Struct, frozen=True):
    """An ndarray; a dimension is a number, or a name that is drawn per case."""

    shape: tuple[int | str, ...]
    low: float
    high: float
    dtype: str


class TensorSpec(Struct, frozen=True):
    """A torch tensor with the values of an array."""

    values: ArraySpec
    requires_grad: bool


class IntegerSpec(Struct, frozen=True):
    """A Python int between two bounds, both possible."""

    low: int
    high: int


class RealSpec(Struct, frozen=True):
    """A Python float between two bounds."""

    low: float
    high: float


class OneOfSpec(Struct, frozen=True):
    """One of the values listed."""

    values: tuple[PlainValue, ...]


class LabelsSpec(Struct, frozen=True):
    """Class numbers: an int64 array of `count` entries, each below `classes`."""

    count: int | str
    classes: int | str


class SourceSpec(Struct, frozen=True):
    """A callable, given by the text of its expression: one of these."""

    texts: tuple[str, ...]


InputSpec: TypeAlias = (
    ArraySpec | TensorSpec | IntegerSpec | RealSpec | OneOfSpec | LabelsSpec | SourceSpec
)


def array(
    *shape: int | str, low: float = -2.0, high: float = 2.0, dtype: str = "float64"
) -> ArraySpec:
    """An ndarray of `shape` with entries between `low` and `high`; a name in `shape` is drawn."""
    _check_shape(shape)
    _check_bounds(low, high)
    _check_dtype(dtype, _DTYPES)
    _check_integers(low, high, dtype)
    return ArraySpec(shape, low, high, dtype)


def tensor(
    *shape: int | str,
    requires_grad: bool = False,
    low: float = -2.0,
    high: float = 2.0,
    dtype: str = "float32",
) -> TensorSpec:
    """A torch tensor of `shape` with entries between `low` and `high`."""
    _check_shape(shape)
    _check_bounds(low, high)
    _check_dtype(dtype, _TENSOR_DTYPES)
    _check_integers(low, high, dtype)
    if requires_grad and np.dtype(dtype).kind in _INTEGER_KINDS:
        raise mistake(f'a tensor of {dtype} cannot require gradients; use dtype="float32"')
    return TensorSpec(ArraySpec(shape, low, high, dtype), requires_grad)


def integer(low: int, high: int) -> IntegerSpec:
    """An int from `low` to `high`, both possible; 0 and +-1 only where nothing else is left."""
    if not (_is_integer(low) and _is_integer(high)):
        raise mistake(f"integer({low!r}, {high!r}) needs two whole numbers")
    if low > high:
        raise mistake(f"integer({low}, {high}) is empty; put the lower number first")
    return IntegerSpec(low, high)


def real(low: float, high: float) -> RealSpec:
    """A float between `low` and `high`."""
    _check_bounds(low, high)
    return RealSpec(low, high)


def one_of(*values: PlainValue) -> OneOfSpec:
    """One of the values given."""
    if not values:
        raise mistake('one_of() needs at least one value: one_of("sum", "mean")')
    return OneOfSpec(values)


def labels(count: int | str, classes: int | str) -> LabelsSpec:
    """An int64 array of `count` classes from 0 to `classes` - 1, at least two of them different."""
    _check_shape((count, classes))
    if 1 in (count, classes):
        raise mistake("labels need at least two entries and two classes")
    return LabelsSpec(count, classes)


def source(*texts: str) -> SourceSpec:
    """A callable built from an expression such as `"lambda v: (v ** 3).sum()"`, on both sides.

    Of several texts, one is drawn for every case.
    """
    if not texts or not all(isinstance(text, str) for text in texts):
        raise mistake('source() needs an expression: source("lambda v: (v ** 3).sum()")')
    for text in texts:
        try:
            compile(text, "<source>", "eval")
        except SyntaxError as error:
            raise mistake(
                f"source({text!r}) is no expression ({error.msg}); write one that gives a callable"
            ) from None
    return SourceSpec(texts)


def dimensions(spec: InputSpec) -> tuple[int | str, ...]:
    """The dimensions that a spec speaks of, named or fixed."""
    match spec:
        case ArraySpec():
            return spec.shape
        case TensorSpec():
            return spec.values.shape
        case LabelsSpec():
            return (spec.count, spec.classes)
        case _:
            return ()


def dimension_names(specs: Iterable[InputSpec]) -> tuple[str, ...]:
    """The named dimensions of some inputs, each once, in order of appearance."""
    names = (name for spec in specs for name in dimensions(spec) if isinstance(name, str))
    return tuple(dict.fromkeys(names))


def draw_sizes(
    specs: Mapping[str, InputSpec], generator: np.random.Generator, number: int
) -> dict[str, int]:
    """The size of every named dimension in case `number`.

    Called with equal generators, consecutive numbers give every name other sizes: one permutation
    of the sizes is rotated, so no two names share a size within a case.
    """
    order = [int(size) for size in generator.permutation(SIZES)]
    return {
        name: order[(number + place) % len(order)]
        for place, name in enumerate(dimension_names(specs.values()))
    }


def draw_inputs(
    specs: Mapping[str, InputSpec],
    generator: np.random.Generator,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, PlainValue]:
    """One value for every input; `sizes` fixes the named dimensions, else they are drawn too."""
    if sizes is None:
        sizes = draw_sizes(specs, generator, 0)
    return {name: _draw(spec, generator, sizes) for name, spec in specs.items()}


def fit_example(specs: Mapping[str, InputSpec], example: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an example in the types that its inputs are drawn in.

    Raises ValueError or TypeError where a value does not fit.
    """
    fitted = {name: _fit(spec, example[name]) for name, spec in specs.items()}
    sizes: dict[str, int] = {}
    for name, spec in specs.items():
        _check_shape_of(name, spec, fitted[name], sizes)
    return fitted


def _check_shape_of(name: str, spec: InputSpec, value: Any, sizes: dict[str, int]) -> None:
    """Raises ValueError where an example has other dimensions than its spec; notes their sizes."""
    match spec:
        case ArraySpec() | TensorSpec():
            due = dimensions(spec)
            found = (value.data if isinstance(value, TensorValue) else value).shape
        case LabelsSpec():
            due, found = (spec.count,), value.shape
        case _:
            return
    if len(due) != len(found) or any(
        size != (sizes.setdefault(one, size) if isinstance(one, str) else one)
        for one, size in zip(due, found, strict=True)
    ):
        wanted = ", ".join(str(sizes.get(str(one), one)) for one in due)
        raise ValueError(f"{name} has the shape {found}, not ({wanted})")


def _fit(spec: InputSpec, value: Any) -> Any:
    match spec:
        case ArraySpec(dtype=dtype):
            return np.array(value, dtype=dtype)
        case TensorSpec(values=values, requires_grad=requires_grad):
            return TensorValue(_fit(values, value), requires_grad=requires_grad)
        case LabelsSpec():
            return np.array(value, dtype=np.int64)
        case IntegerSpec() | RealSpec():
            return int(value) if isinstance(spec, IntegerSpec) else float(value)
        case SourceSpec():
            return SourceText(str(value))
        case OneOfSpec():
            return value


def _draw(spec: InputSpec, generator: np.random.Generator, sizes: Mapping[str, int]) -> PlainValue:
    match spec:
        case ArraySpec() | LabelsSpec():
            return _draw_array(spec, generator, sizes)
        case TensorSpec(values=values, requires_grad=requires_grad):
            data = _draw_array(values, generator, sizes)
            return TensorValue(data, requires_grad=requires_grad)
        case IntegerSpec():
            return int(generator.choice(_integers(spec.low, spec.high)))
        case RealSpec():
            return float(_draw_reals(1, spec.low, spec.high, generator=generator)[0])
        case OneOfSpec():
            return spec.values[int(generator.integers(len(spec.values)))]
        case SourceSpec():
            return SourceText(spec.texts[int(generator.integers(len(spec.texts)))])


def _size(dimension: int | str, sizes: Mapping[str, int]) -> int:
    return sizes[dimension] if isinstance(dimension, str) else dimension


def _draw_array(
    spec: ArraySpec | LabelsSpec, generator: np.random.Generator, sizes: Mapping[str, int]
) -> Ndarray:
    if isinstance(spec, LabelsSpec):
        return _draw_labels(_size(spec.count, sizes), _size(spec.classes, sizes), generator)
    shape = tuple(_size(dimension, sizes) for dimension in spec.shape)
    count = math.prod(shape)
    if np.dtype(spec.dtype).kind in _INTEGER_KINDS:
        values = _draw_integers(count, _integers(spec.low, spec.high), generator)
    else:
        values = _draw_reals(count, spec.low, spec.high, generator=generator)
    return values.astype(spec.dtype).reshape(shape)


def _draw_reals(count: int, low: float, high: float, *, generator: np.random.Generator) -> Ndarray:
    """`count` different numbers, one from each of as many equal parts of what is allowed.

    The parts keep entries apart and, where the range holds both signs, mix the signs. Rounded to
    few decimals, so that a case can be typed in and tried by hand; at least a hundred steps fit in
    a part, which rounding therefore cannot leave.
    """
    segments = list(_allowed(low, high))
    part = sum(end - start for start, end in segments) / count
    places = (generator.permutation(count) + generator.uniform(0.1, 0.9, size=count)) * part
    decimals = max(3, 2 - math.floor(math.log10(part)))
    return np.round([_place(segments, float(place)) for place in places], decimals)


def _allowed(low: float, high: float) -> Iterator[tuple[float, float]]:
    """The range without the neighbourhoods of -1, 0 and 1, in order."""
    # A narrow range, such as that of a learning rate, would vanish under a fixed margin.
    margin = min(_MARGIN, (high - low) / 20)
    start = low
    for special in _SPECIAL:
        end = min(high, special - margin)
        if start < end:
            yield start, end
        start = max(start, special + margin)
    if start < high:
        yield start, high


def _place(segments: list[tuple[float, float]], distance: float) -> float:
    for start, end in segments:
        if distance < end - start:
            return start + distance
        distance -= end - start
    return segments[-1][1]


def _integers(low: float, high: float) -> Ndarray:
    """The whole numbers in a range, without 0 and +-1 where others are left."""
    pool = np.arange(math.ceil(low), math.floor(high) + 1)
    plain = pool[np.abs(pool) > 1]
    return plain if plain.size > 1 else pool


def _draw_integers(count: int, pool: Ndarray, generator: np.random.Generator) -> Ndarray:
    if count <= pool.size:
        return generator.choice(pool, size=count, replace=False)
    rounds = [generator.permutation(pool) for _ in range(math.ceil(count / pool.size))]
    return generator.permutation(np.concatenate(rounds)[:count])


def _draw_labels(count: int, classes: int, generator: np.random.Generator) -> Ndarray:
    drawn = generator.integers(classes, size=count)
    if np.all(drawn == drawn[0]):
        drawn[-1] = (drawn[0] + generator.integers(1, classes)) % classes
    return drawn.astype(np.int64)


def _check_shape(shape: tuple[int | str, ...]) -> None:
    if math.prod(one for one in shape if isinstance(one, int)) > MOST_NUMBERS:
        raise mistake(f"the shape {shape} holds more than {MOST_NUMBERS} numbers; make it smaller")
    for dimension in shape:
        named = isinstance(dimension, str) and dimension.isidentifier()
        if not named and not (_is_integer(dimension) and int(dimension) >= 1):
            raise mistake(
                f"the dimension {dimension!r} is neither a name nor a number from 1 on; "
                'write "n" to have a size drawn'
            )


def _check_bounds(low: float, high: float) -> None:
    for bound in (low, high):
        if not isinstance(bound, int | float) or not math.isfinite(bound):
            raise mistake(f"low={low!r}, high={high!r}: the bounds are numbers")
    if not low < high:
        raise mistake(f"there is nothing between low={low!r} and high={high!r}; low must be less")


def _check_dtype(dtype: str, allowed: tuple[str, ...]) -> None:
    if dtype not in allowed:
        raise mistake(f"dtype {dtype!r} is not one of {', '.join(allowed)}")


def _check_integers(low: float, high: float, dtype: str) -> None:
    if np.dtype(dtype).kind in _INTEGER_KINDS and _integers(low, high).size < 2:
        raise mistake(f"{dtype} needs two whole numbers between {low} and {high}; widen the range")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
