"""Window functions: weights that rise from the ends to the middle, for pieces of a signal."""

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_engine._creation import tensor
from reference_engine._tensor import Tensor
from reference_engine._types import Defaults


def _made(
    name: str, length: int, shape: Callable[[int], Any], *, periodic: bool, options: dict[str, Any]
) -> Tensor:
    """A window of `length` weights; a periodic one is a symmetric one without its last weight."""
    if length < 0:
        raise RuntimeError(
            f"{name}_window requires non-negative window_length, got window_length={length}"
        )
    kind = options.pop("dtype", None) or Defaults.dtype
    points = length + 1 if periodic and length > 1 else length
    weights = np.ones(points) if points < 2 else shape(points)
    return tensor(weights[:length], dtype=kind, **options)


def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A cosine from 0 to 1 and back."""
    return _made("hann", window_length, np.hanning, periodic=periodic, options=options)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46,
    **options: Any,
) -> Tensor:  # fmt: skip
    """`alpha - beta * cos(...)`: a cosine that does not come down to 0."""

    def shape(points: int) -> Any:
        return alpha - beta * np.cos(2 * np.pi * np.arange(points) / (points - 1))

    return _made("hamming", window_length, shape, periodic=periodic, options=options)


def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A triangle."""
    return _made("bartlett", window_length, np.bartlett, periodic=periodic, options=options)


def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A sum of two cosines."""
    return _made("blackman", window_length, np.blackman, periodic=periodic, options=options)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any
) -> Tensor:
    """A Bessel function of how far a weight is from the middle."""

    def shape(points: int) -> Any:
        return np.kaiser(points, beta)

    return _made("kaiser", window_length, shape, periodic=periodic, options=options)
