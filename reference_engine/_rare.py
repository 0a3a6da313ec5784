"""Functions of `torch` that few notebooks name; loaded when they are."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._dispatch import as_array, wrap
from reference_engine._errors import NotCovered
from reference_engine._functions import clone, fill_, transpose
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor

__all__ = ["adjoint", "binomial", "fill", "histogram", "imag", "poisson"]

_Histogram = return_type("histogram", "hist", "bin_edges")


def fill(input: Tensor, value: Any) -> Tensor:
    """A copy with every element `value`."""
    return fill_(clone(input), value)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, as a view."""
    return transpose(input, -2, -1)


def imag(input: Tensor) -> Tensor:
    """Refused: there are no complex numbers."""
    raise RuntimeError(_errors.IMAGINARY)


def histogram(
    input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """(how many elements, or how much weight, lie in each bin; the bins' edges).

    `bins` is a number of equal bins over `range`, or a tensor of edges.
    """
    array = as_array(input)
    edges: Any = as_array(bins) if isinstance(bins, Tensor) else bins
    if range is None and not isinstance(bins, Tensor) and array.size:
        low, high = float(array.min()), float(array.max())
        range = (low, high) if low < high else (low - 0.5, high + 0.5)
    weights = None if weight is None else as_array(weight).ravel()
    counts, found = np.histogram(array.ravel(), edges, range, density=density, weights=weights)
    return _Histogram(*(wrap(one.astype(array.dtype)) for one in (counts, found)))


def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Poisson numbers, one for each rate."""
    return _drawn("poisson", generator)(input)  # type: ignore[no-any-return]


def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """Numbers of successes among `count` trials of probability `prob`."""
    return _drawn("binomial", generator)(count, prob)  # type: ignore[no-any-return]


def _drawn(name: str, generator: Any) -> Any:
    from reference_engine.distributions import _rejection

    if generator is not None:
        raise NotCovered(f"{name} with a generator of its own")
    return getattr(_rejection, name)
