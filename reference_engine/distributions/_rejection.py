"""Draws that throw some numbers away: gamma, Dirichlet, Poisson and binomial ones.

Each takes from the generator what PyTorch takes, in the same order, so that seeded draws agree.
Gradients do not pass through them.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_engine import _random
from reference_engine._dispatch import wrap
from reference_engine._errors import NotCovered
from reference_engine._modes import state


def _uniform() -> float:
    return float(_random.default_generator.uniform((), np.float64))


def _normal() -> float:
    return float(_random.default_generator.normal((), np.float64))


def _drawn(draw: Callable[..., float], *parameters: Any) -> Any:
    """One draw for each element of the parameters, which have the same shape."""
    first = parameters[0]
    columns = [np.asarray(one._array, np.float64).ravel().tolist() for one in parameters]
    found = [draw(*one) for one in zip(*columns, strict=True)]
    kind = first._array.dtype
    return wrap(np.array(found, np.float64).astype(kind).reshape(first._array.shape))


def _gamma(concentration: float) -> float:
    """Marsaglia and Tsang's method."""
    scale = 1.0
    if concentration < 1.0:
        if concentration == 0.0:
            return 0.0
        scale = (1 - _uniform()) ** (1.0 / concentration)
        concentration += 1.0
    d = concentration - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x, y = 0.0, 0.0
        while y <= 0:
            x = _normal()
            y = 1.0 + c * x
        v = y * y * y
        u = 1 - _uniform()
        square = x * x
        if u < 1.0 - 0.0331 * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return scale * d * v


def _poisson(rate: float) -> float:
    if rate == 0:
        return 0.0
    if rate < 10:  # by multiplication
        least, product, count = math.exp(-rate), 1.0, 0
        while True:
            product *= _uniform()
            if product <= least:
                return float(count)
            count += 1
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    box = 0.9277 - 3.6224 / (b - 2)
    while True:  # Hörmann's transformed rejection
        u, v = _uniform() - 0.5, _uniform()
        edge = 0.5 - abs(u)
        k = math.floor((2 * a / edge + b) * u + rate + 0.43)
        if edge >= 0.07 and v <= box:
            return float(k)
        if k < 0 or (edge < 0.013 and v > edge):
            continue
        seen = math.log(v) + math.log(inverse) - math.log(a / (edge * edge) + b)
        if seen <= -rate + k * math.log(rate) - math.lgamma(k + 1):
            return float(k)


def _binomial(count: float, chance: float) -> float:
    if count <= 0 or chance <= 0:
        return 0.0
    if chance >= 1:
        return count
    if chance > 0.5:
        return count - _few_or_many(count, 1 - chance)
    return _few_or_many(count, chance)


def _few_or_many(count: float, chance: float) -> float:
    if count * chance >= 10:
        return _transformed(count, chance)
    tries, found = 0.0, 0
    while True:  # by the gaps between successes
        tries += math.ceil(math.log(_uniform()) / math.log1p(-chance))
        if tries > count:
            return float(found)
        found += 1


def _transformed(count: float, chance: float) -> float:
    """Hörmann's transformed rejection."""
    spread = math.sqrt(count * chance * (1 - chance))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * chance
    odds = chance / (1 - chance)
    alpha = (2.83 + 5.1 / b) * spread
    top = math.floor((count + 1) * chance)
    while True:
        u, v = _uniform() - 0.5, _uniform()
        edge = 0.5 - abs(u)
        k = math.floor((2 * a / edge + b) * u + count * chance + 0.5)
        if k < 0 or k > count:
            continue
        if edge >= 0.07 and v <= 0.92 - 4.2 / b:
            return float(k)
        bound = (
            (top + 0.5) * math.log((top + 1) / (odds * (count - top + 1)))
            + (count + 1) * math.log((count - top + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _tail(top)
            + _tail(count - top)
            - _tail(k)
            - _tail(count - k)
        )
        if math.log(v * alpha / (a / (edge * edge) + b)) <= bound:
            return float(k)


def _tail(k: float) -> float:
    """What Stirling's formula leaves out of the logarithm of a factorial."""
    exact = math.lgamma(k + 1)
    return exact - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))


def _refuse_gradient(parameter: Any, name: str) -> None:
    if parameter.requires_grad and state.grad_enabled:
        raise NotCovered(f"distributions.{name}.rsample with parameters that require grad")


def standard_gamma(concentration: Any) -> Any:
    """Gamma numbers of rate 1, one for each concentration."""
    _refuse_gradient(concentration, "Gamma")
    return _drawn(_gamma, concentration)


def dirichlet(concentration: Any) -> Any:
    """Shares of 1 along the last dimension."""
    _refuse_gradient(concentration, "Dirichlet")
    drawn = np.asarray(_drawn(_gamma, concentration.double())._array)
    shares = drawn / drawn.sum(-1, keepdims=True)
    return wrap(shares.astype(concentration._array.dtype))


def poisson(rate: Any) -> Any:
    """Poisson numbers, one for each rate."""
    return _drawn(_poisson, rate)


def binomial(count: Any, chance: Any) -> Any:
    """Numbers of successes, one for each pair of trials and probability."""
    return _drawn(_binomial, count, chance)
