"""The order in memory of a gradient's elements: that of its leaf's data, as in PyTorch."""

from typing import Any

import numpy as np


def lies_as(gradient: np.ndarray[Any, Any], data: np.ndarray[Any, Any]) -> bool:
    """Whether a gradient has its leaf's order in memory; C's, where the leaf has gaps there."""
    if data.flags.c_contiguous or not _gives_order(data, gradient):
        return gradient.flags.c_contiguous
    steps = zip(gradient.strides, data.strides, data.shape, strict=True)
    return all(one == other or size == 1 for one, other, size in steps)


def laid_as(gradient: np.ndarray[Any, Any], data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy of a gradient that lies as its leaf's data."""
    if not _gives_order(data, gradient):
        return gradient.copy()
    found = np.empty_like(data, gradient.dtype)
    found[...] = gradient
    return found


def _gives_order(data: np.ndarray[Any, Any], gradient: np.ndarray[Any, Any]) -> bool:
    """Whether a leaf's elements, in some order of its dimensions, neither miss nor share memory."""
    if gradient.shape != data.shape:  # as with a fault that an engine is given on purpose
        return False
    expected = data.itemsize
    for step, size in sorted(zip(data.strides, data.shape, strict=True)):
        if size != 1 and step != expected:
            return False
        expected *= size
    return True
