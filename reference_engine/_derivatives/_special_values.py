"""The special functions that NumPy lacks, on arrays of floats; they know nothing of derivatives.

Each gives the dtype that it was given. Values are good to about 1e-13 in float64.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""The Bernoulli numbers of index 2, 4, ...: the corrections of the Euler-Maclaurin formula."""


def _each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of one float as a function of arrays."""

    def apply(values: Any) -> Any:
        found = [function(one) for one in values.ravel().tolist()]
        return np.array(found, values.dtype).reshape(values.shape)

    return apply


def _log_gamma(value: float) -> float:
    if math.isinf(value) or (value <= 0 and value == math.floor(value)):
        return math.inf
    return math.lgamma(value)


def _normal_quantile(probability: float) -> float:
    if 0 < probability < 1:
        from statistics import NormalDist  # only here: it loads much

        return NormalDist().inv_cdf(probability)
    return {0.0: -math.inf, 1.0: math.inf}.get(probability, math.nan)


def _error_inverse(value: float) -> float:
    if not -1 < value < 1:
        return math.copysign(math.inf, value) if abs(value) == 1 else math.nan
    guess = _normal_quantile((1 - abs(value)) / 2) / -math.sqrt(2)
    slope = 2 / math.sqrt(math.pi) * math.exp(-guess * guess)
    return math.copysign(guess - (math.erf(guess) - abs(value)) / slope, value)


def _scaled_complement(value: float) -> float:
    """exp(value**2) * erfc(value), which is about 1 / (value * sqrt(pi)) where erfc is tiny."""
    if value < -26.7:
        return math.inf
    if value < 10:
        return math.exp(value * value) * math.erfc(value)
    terms = [1.0]
    for number in range(1, 9):
        terms.append(-terms[-1] * (2 * number - 1) / (2 * value * value))
    return sum(terms) / (value * math.sqrt(math.pi))


def _log_normal(value: float) -> float:
    if value == -math.inf:
        return value
    if value < -1:
        scaled = _scaled_complement(-value / math.sqrt(2))
        return math.log(scaled / 2) - value * value / 2
    return math.log1p(-math.erfc(value / math.sqrt(2)) / 2)


erf = _each(math.erf)
erfc = _each(math.erfc)
erfinv = _each(_error_inverse)
erfcx = _each(_scaled_complement)
lgamma = _each(_log_gamma)
ndtri = _each(_normal_quantile)
log_ndtr = _each(_log_normal)


def _digamma(value: float) -> float:
    if value == 0:
        return math.copysign(math.inf, -value)
    if not math.isfinite(value):
        return value if value > 0 else math.nan
    if value < 0:
        part = math.fmod(value, 1)
        return _digamma(1 - value) - math.pi / math.tan(math.pi * part) if part else math.nan
    found = 0.0
    while value < 10:
        found -= 1 / value
        value += 1
    square = 1 / (value * value)
    series = sum(number * square**place / (2 * place) for place, number in enumerate(_BERNOULLI, 1))
    return found + math.log(value) - 0.5 / value - series


digamma = _each(_digamma)


def zeta(order: Any, start: Any) -> Any:
    """The sum of (start + k)**-order over k = 0, 1, ..., for orders above 1.

    The first terms are added one by one, the rest by the Euler-Maclaurin formula.
    """
    order, start = np.broadcast_arrays(order, start)
    lowest = np.min(start, initial=0.0, where=np.isfinite(start))
    total = np.zeros_like(start)
    for _ in range(10 + math.ceil(-lowest)):
        total = total + start ** (-order)
        start = start + 1
    total = total + start ** (1 - order) / (order - 1) + start**-order / 2
    factor = order * start ** (-order - 1)
    for place, number in enumerate(_BERNOULLI, 1):
        total = total + factor * number / math.factorial(2 * place)
        factor = factor * (order + 2 * place - 1) * (order + 2 * place) / (start * start)
    return total


def _trigamma(values: Any) -> Any:
    """The derivative of digamma, with PyTorch's number of terms: good to 1e-9 only."""
    reflected = values < 0.5
    sines = np.sin(np.pi * values)
    start = np.where(reflected, 1 - values, values)
    total = np.where(reflected, -np.pi * np.pi / (sines * sines), 0.0)
    for _ in range(6):
        total = total + 1 / (start * start)
        start = start + 1
    inverse = 1 / (start * start)
    series = inverse * (1 / 6 - inverse * (1 / 30 - inverse / 42))
    total = total + (1 + 1 / (2 * start) + series) / start
    return np.where(reflected, -total, total).astype(values.dtype)


def polygamma(values: Any, n: int) -> Any:
    """The n-th derivative of digamma."""
    if n < 2:
        return _trigamma(values) if n else digamma(values)
    found = (-1) ** (n + 1) * math.factorial(n) * zeta(float(n + 1), values.astype(np.float64))
    return found.astype(values.dtype)


def _bessel(weight: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """exp(-|x|) times a mean over angles of exp(x cos(angle)) * weight(angle).

    Equally spaced angles integrate a periodic function with an error that vanishes exponentially.
    """
    angles = (np.arange(1024) + 0.5) * (math.pi / 1024)
    exponents, weights = np.cos(angles) - 1, weight(angles)

    def apply(values: Any) -> Any:
        sizes = np.abs(values).astype(np.float64)
        means = np.exp(sizes[..., None] * exponents) @ weights / len(angles)
        return means.astype(values.dtype)

    return apply


i0e = _bessel(np.ones_like)
_i1e_over_x = _bessel(lambda angles: np.sin(angles) ** 2)


def i1e(values: Any) -> Any:
    """exp(-|x|) times the modified Bessel function of order 1."""
    return np.where(np.isinf(values), np.copysign(0, values), values * _i1e_over_x(values))


def i0(values: Any) -> Any:
    """The modified Bessel function of order 0."""
    return np.exp(np.abs(values)) * i0e(values)


def i1(values: Any) -> Any:
    """The modified Bessel function of order 1."""
    return np.exp(np.abs(values)) * i1e(values)
