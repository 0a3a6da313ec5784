"""Windows over the last dimensions of arrays: what convolutions and pools look at."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from reference_engine._derivatives.shapes import Shape


def windows_of(padded: Any, kernel: Shape, stride: Shape, dilation: Shape) -> Any:
    """All windows of the last dimensions: their places, then what is in them."""
    count = len(kernel)
    spans = tuple(step * (size - 1) + 1 for step, size in zip(dilation, kernel, strict=True))
    dims: Any = tuple(range(-count, 0))
    found: Any = sliding_window_view(padded, spans, dims)
    steps = tuple(slice(None, None, step) for step in stride)
    inner = tuple(slice(None, None, step) for step in dilation)
    return found[(..., *steps, *inner)]


def add_windows(values: Any, shape: Shape, stride: Shape, dilation: Shape) -> Any:
    """The transpose of `windows_of`: every window added at its place into zeros of `shape`."""
    count = len(stride)
    places, kernel = values.shape[-2 * count : -count], values.shape[-count:]
    total: Any = np.zeros((*values.shape[: -2 * count], *shape), values.dtype)
    for inner in np.ndindex(*kernel):
        key = tuple(
            slice(place * step, place * step + size * jump, jump)
            for place, step, size, jump in zip(inner, dilation, places, stride, strict=True)
        )
        total[(..., *key)] += values[(..., *inner)]
    return total


def with_padding(array: Any, padding: Shape, value: Any = 0) -> Any:
    if not any(padding):
        return array
    width = [(0, 0)] * (array.ndim - len(padding)) + [(size, size) for size in padding]
    return np.pad(array, width, constant_values=value)


def without_padding(array: Any, padding: Shape) -> Any:
    """The array without its padding."""
    key = tuple(
        slice(size, total - size)
        for size, total in zip(padding, array.shape[-len(padding) :], strict=True)
    )
    return array[(..., *key)]
