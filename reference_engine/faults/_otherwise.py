"""Operations computed otherwise than they were called: over another axis, twice, on every pair.

What follows takes the other value for the right one, and its derivative too: whoever errs in the
forward pass goes on consistently. Nothing here knows where in a computation it is used.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from reference_engine import _dispatch
from reference_engine._derivatives._table import TABLE, Row
from reference_engine._dispatch import observe
from reference_engine._observer import Observer
from reference_engine._tensor import Tensor

ALONG_AXES = frozenset({"softmax", "log_softmax"})
OVER_AXES = frozenset({"sum_dim", "mean_dim", "logsumexp", "var", "std"})
"""Rows that give one value along an axis for each entry, and one for all of it."""

REDUCTIONS = frozenset({"sum", "mean", "max", "min", "linalg_vector_norm"})
"""Rows that make one number of a tensor."""

SIZES: dict[str, Callable[[Any], Any]] = {
    "sum": np.sum,
    "size of the sum": lambda values: np.abs(np.sum(values)),
    "largest": lambda values: np.max(np.abs(values)),
    "squares": lambda values: np.sum(values * values),
    "absolutes": lambda values: np.sum(np.abs(values)),
    "norm": lambda values: np.sqrt(np.sum(values * values)),
    "mean": np.mean,
    "maximum": np.max,
}
"""What may be taken for the size of a tensor."""


def axis_of(row: Row, inputs: Sequence[Any], result: Any) -> int | None:
    """The axis that a row was run along, found by what it gave; None where it was not just one."""
    found = _options(row, inputs, result)
    return None if found is None else found["dim"]


def over_another_axis(
    row: Row, inputs: Sequence[Any], result: Any, axis: int | None
) -> Tensor | None:
    """What a row gives over another axis, or over all of them for None.

    None where it was not run along just one axis, or where the other is that one.
    """
    options = _options(row, inputs, result)
    if options is None or options["dim"] == axis:
        return None
    (tensor,) = inputs
    if axis is None and row.name in ALONG_AXES:
        flat = _run("reshape", tensor, (-1,))
        return _run("reshape", _run(row.name, flat, 0), tensor._array.shape)
    options["dim"] = (0, 1) if axis is None else axis
    if "keepdim" in options:
        # One value for each row goes with the rows only where it keeps its place.
        options["keepdim"] = options["keepdim"] or axis == 1
    return _run(row.name, tensor, *options.values())


def softmax_first(row: Row, inputs: Sequence[Any], result: Any) -> Tensor | None:
    """What a row gives for the softmax of its input in place of the input."""
    axis = axis_of(row, inputs, result)
    return None if axis is None else _run(row.name, _run("softmax", inputs[0], axis), axis)


def every_pair(inputs: Sequence[Any]) -> Tensor:
    """The difference of each entry of the first vector and each of the second."""
    first, second = inputs
    column = _run("reshape", first, (-1, 1))
    with observe(Observer()):
        return _dispatch.dispatch(TABLE["sub"], (column, second), (1,))  # type: ignore[no-any-return]


def branches_exchanged(inputs: Sequence[Any]) -> Tensor:
    """What `where` gives if the condition is taken for its opposite."""
    condition, *branches = inputs
    opposite = _run("logical_not", condition)
    with observe(Observer()):
        return _dispatch.dispatch(TABLE["where"], (opposite, *branches), ())  # type: ignore[no-any-return]


def _run(name: str, tensor: Any, *options: Any) -> Tensor:
    with observe(Observer()):
        return _dispatch.dispatch(TABLE[name], (tensor,), options)  # type: ignore[no-any-return]


def _options(row: Row, inputs: Sequence[Any], result: Any) -> dict[str, Any] | None:
    """The options that give this result, since an observer is not told them."""
    array = _dispatch.as_array(inputs[0])
    if np.ndim(array) != 2 or array.dtype.kind != "f":
        return None
    for options in _possible_options(row):
        value = row.forward(array, *options.values())
        if np.shape(value) == np.shape(result) and np.array_equal(value, result):
            return options
    return None


def _possible_options(row: Row) -> Iterator[dict[str, Any]]:
    known = {"dim": (1, 0), "keepdim": (False, True), "correction": (1, 0)}
    for values in product(*(known[name] for name in row.options)):
        yield dict(zip(row.options, values, strict=True))
