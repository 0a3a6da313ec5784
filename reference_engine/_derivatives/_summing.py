"""Sums in the order in which PyTorch adds, where the order shows: in single precision.

Its kernels for processors with AVX2 keep eight lanes of four accumulators. A sum over everything
or over the last dimension is added up here in their order, so that a loss prints the same digits.
"""

from math import prod
from typing import Any

import numpy as np

_SINGLE = np.dtype(np.float32)
_LANES = 8
_ACCUMULATORS = 4
_STEP = 16
"""After so many additions an accumulator is emptied into the next level."""
_SEQUENTIAL = 4
"""Up to so many elements every order is the same one."""
_IN_ONE_LANE = {
    size: np.array([0, *range(_ACCUMULATORS, size), *range(1, _ACCUMULATORS)])
    for size in range(_SEQUENTIAL + 1, _LANES)
}
"""The order of the additions where there are too few elements for a second lane."""
_TOO_MANY = 32_768
"""From here on PyTorch divides the work among threads, and its order depends on the machine."""


def total(values: Any, axis: Any = None, dtype: Any = None, keepdim: bool = False) -> Any:
    """`np.add.reduce`, for float32 in PyTorch's order; elements are added up in `dtype`."""
    rows = _rows(values, axis) if dtype is None and values.dtype is _SINGLE else None
    if rows is None:
        return np.add.reduce(values, axis, dtype, None, keepdim)
    sums = _added_up(rows)
    if axis is None and not keepdim:
        return sums[()]
    if keepdim:
        places = _places(values, axis)
        return sums.reshape([1 if place in places else n for place, n in enumerate(values.shape)])
    return sums if rows is values else sums.reshape(_kept(values, axis))[()]


def _places(values: Any, axis: Any) -> set[int]:
    """The dimensions that are added up."""
    if axis is None:
        return set(range(values.ndim))
    return {one % values.ndim for one in (axis if isinstance(axis, tuple) else (axis,))}


def _kept(values: Any, axis: Any) -> list[int]:
    if axis is None:
        return []
    places = _places(values, axis)
    return [size for place, size in enumerate(values.shape) if place not in places]


def _rows(values: Any, axis: Any) -> Any:
    """What is added up, along the last dimension; None where NumPy's order will do."""
    if values.size <= _SEQUENTIAL:
        return None
    if axis is None:
        return values.ravel("K") if values.size < _TOO_MANY else None
    places = _places(values, axis)
    count = prod(values.shape[one] for one in places)
    if not _SEQUENTIAL < count < _TOO_MANY:
        return None
    if count == values.size:
        return values.ravel("K")
    last = places == {values.ndim - 1} and values.flags.c_contiguous
    return values if last else None


def _added_up(rows: Any) -> Any:
    """The sums over the last dimension: what its lanes come to, and before them what is left."""
    count = rows.shape[-1] // _LANES
    if not count:  # one lane: what is left when each accumulator has one goes to the first
        return np.add.reduce(rows.take(_IN_ONE_LANE[rows.shape[-1]], -1), -1)
    lanes = rows[..., : count * _LANES].reshape(*rows.shape[:-1], count, _LANES)
    parts = _accumulated(lanes)
    if rows.shape[-1] % _LANES:
        parts = np.concatenate((rows[..., count * _LANES :], parts), -1)
    # One after another, which a reduction of so many would not keep to.
    return np.add.accumulate(parts, -1)[..., -1]


def _accumulated(rows: Any) -> Any:
    """The sums over the last dimension but one, in four accumulators that are added at the end."""
    count = rows.shape[-2] // _ACCUMULATORS
    if not count:
        return np.add.reduce(rows, -2, None, None, False, 0)  # from 0, which turns -0 into it
    whole = rows[..., : count * _ACCUMULATORS, :]
    fours = whole.reshape(*rows.shape[:-2], count, _ACCUMULATORS, rows.shape[-1])
    sums = _in_levels(fours)
    for place in range(count * _ACCUMULATORS, rows.shape[-2]):
        sums[..., 0, :] += rows[..., place, :]
    return np.add.reduce(sums, -2)


def _in_levels(fours: Any) -> Any:
    """The sums over the last dimension but two, sixteen at a time."""
    sums = None
    while True:
        count = fours.shape[-3] // _STEP
        left = np.add.reduce(fours[..., count * _STEP :, :, :], -3)
        sums = left if sums is None else sums + left
        if not count:
            return sums
        steps = fours[..., : count * _STEP, :, :]
        steps = steps.reshape(*fours.shape[:-3], count, _STEP, *fours.shape[-2:])
        fours = np.add.reduce(steps, -3)
