"""Drafts input specs from the arguments of calls, for an instructor to finish.

It knows values, not where they were found.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from grader.assignment import inputs
from grader.assignment.inputs import SIZES, AssignmentError, fit_example
from grader.authoring.conversion.values import Value, usual
from grader.outcomes import Ndarray

_DIMENSIONS = ("n", "d", "m", "k", "c")


def draft(
    parameters: Sequence[str],
    shown: Sequence[Mapping[str, Value]],
    *,
    hidden: Sequence[Mapping[str, Value]] = (),
) -> tuple[dict[str, str], list[dict[str, Value]]]:
    """The text of a spec for every parameter, and those of the calls shown that fit as examples.

    A parameter of which nothing is known is an array of one named dimension.
    """
    calls = [*shown, *hidden]
    forms = {name: _form([call[name] for call in calls if name in call]) for name in parameters}
    names = _dimension_names(forms, calls)
    specs = {
        name: _spec(form, names.get(name, () if form else ("n",))) for name, form in forms.items()
    }
    made = dict(vars(inputs))
    known = {name: eval(text, made) for name, text in specs.items()}  # noqa: S307 - written above
    examples = []
    for call in shown:
        if call.keys() == known.keys() and all(
            value.is_example and value in forms[name] for name, value in call.items()
        ):
            try:
                fit_example(known, {name: value.data for name, value in call.items()})
            except (AssignmentError, TypeError, ValueError):
                continue
            examples.append(dict(call))
    return specs, examples


def _form(values: Sequence[Value]) -> tuple[Value, ...]:
    """Those of the values that are of the most frequent kind and number of dimensions."""
    if not values:
        return ()
    kinds = Counter("real" if one.kind == "integer" else one.kind for one in values)
    (kind, _), *_ = kinds.most_common()
    alike = [one for one in values if one.kind == kind or (one.kind, kind) == ("integer", "real")]
    (rank, _), *_ = Counter(len(one.shape) for one in alike).most_common()
    return tuple(one for one in alike if len(one.shape) == rank)


def _dimension_names(
    forms: Mapping[str, tuple[Value, ...]], calls: Sequence[Mapping[str, Value]]
) -> dict[str, tuple[str | int, ...]]:
    """A name for each dimension, the same for those that are as large in every call."""
    sizes: dict[tuple[int | None, ...], str] = {}
    found: dict[str, tuple[str | int, ...]] = {}
    for name, form in forms.items():
        if not form or not form[0].shape:
            continue
        dimensions: list[str | int] = []
        for axis in range(len(form[0].shape)):
            seen = tuple(
                call[name].shape[axis] if name in call and call[name] in form else None
                for call in calls
            )
            known = [size for size in seen if size is not None]
            alike = next((one for one in sizes if _agree(one, seen)), None)
            free = [one for one in _DIMENSIONS if one not in sizes.values()]
            if set(known) == {1}:
                dimensions.append(1)
            elif alike is not None:
                dimensions.append(sizes[alike])
            elif free and len(sizes) < len(SIZES):
                sizes[seen] = free[0]
                dimensions.append(free[0])
            else:
                dimensions.append(known[0])
        found[name] = tuple(dimensions)
    return found


def _agree(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two dimensions have the same sizes wherever both are known, and somewhere are."""
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return bool(both) and all(a == b for a, b in both)


def _spec(form: tuple[Value, ...], dimensions: tuple[str | int, ...]) -> str:
    if not form:
        return 'array("n")'
    first = form[0]
    if first.kind == "one_of":
        values = dict.fromkeys(one.data for one in form)
        if all(isinstance(one, bool) for one in values):
            values = {True: None, False: None}
        return f"one_of({', '.join(map(repr, values))})"
    if first.kind == "source":
        texts = dict.fromkeys(repr(one.data) for one in form)
        return f"source({', '.join(texts)})"
    numbers = np.array([n for one in form if one.data is not None for n in np.ravel(one.data)])
    if all(one.kind == "integer" for one in form):
        return f"integer({int(min(2, *numbers, 9))}, {int(max(9, *numbers))})"
    whole = first.dtype.startswith("int")
    low, high = _whole_range(numbers) if whole else _range(numbers)
    if first.kind in ("integer", "real"):
        return f"real({low:g}, {high:g})"
    parts = [f'"{one}"' if isinstance(one, str) else str(one) for one in dimensions]
    if any(one.requires_grad for one in form):
        parts.append("requires_grad=True")
    parts += [f"low={low:g}"] if low != -2 else []
    parts += [f"high={high:g}"] if high != 2 else []
    if first.dtype not in ("", usual(first.kind)):
        parts.append(f'dtype="{first.dtype}"')
    return f"{first.kind}({', '.join(parts)})"


def _range(numbers: Ndarray) -> tuple[float, float]:
    """From -2 to 2, wider where the examples are, and above 0 where all of them are."""
    if numbers.size == 0:
        return -2.0, 2.0
    least, most = float(numbers.min()), float(numbers.max())
    if least > 0:
        return float(f"{least / 2:.1g}"), float(f"{2 * most:.1g}")
    return min(-2.0, math.floor(least)), max(2.0, math.ceil(most))


def _whole_range(numbers: Ndarray) -> tuple[float, float]:
    """What the examples span: whole numbers often count or name something."""
    if numbers.size == 0:
        return 0.0, 9.0
    return float(numbers.min()), float(max(numbers.max(), numbers.min() + 1))
