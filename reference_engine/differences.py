"""The gradients of a computation beside differences of its own values.

Nothing is known of the computation but that it can be run again on inputs moved a little.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference_engine import autograd
from reference_engine._dispatch import as_array, observe
from reference_engine._observer import Observer
from reference_engine._tensor import Tensor

TOLERANCE = 1e-3
"""How far gradient and difference may be apart, as a part of the larger one."""


@dataclass(slots=True)
class _Passes(Observer):
    """Watches a run: what every backward pass starts from, and what the graph does not see."""

    values: list[Any] = field(default_factory=list)
    cotangents: list[Any] = field(default_factory=list)
    gradients: list[list[Any]] = field(default_factory=list)
    leaves: list[Tensor] = field(default_factory=list)
    contents: list[list[Any]] = field(default_factory=list)
    untracked: list[Any] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def operation(self, row: Any, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        for one in inputs:
            if isinstance(one, Tensor) and one._requires_grad:
                if one._grad_fn is None and all(one is not leaf for leaf in self.leaves):
                    self.leaves.append(one)
            elif isinstance(one, Tensor | float):
                self.untracked.append(np.array(as_array(one)))

    def backward_pass(
        self, roots: Sequence[Tensor], cotangents: list[Tensor]
    ) -> list[Tensor] | None:
        with observe(Observer()):
            found = autograd.grad(
                roots, self.leaves, cotangents, retain_graph=True, allow_unused=True
            )
        self.values.append([np.array(one._array) for one in roots])
        self.cotangents.append([np.array(one._array) for one in cotangents])
        self.gradients.append([None if one is None else np.array(one._array) for one in found])
        self.seen.append(len(self.untracked))
        self.contents.append([np.array(one._array) for one in self.leaves])
        return None


def disagreement(run: Callable[[float], object]) -> bool | None:
    """Whether a gradient is not what the values say; None where they say nothing.

    `run(step)` computes with its inputs moved by `step` along one direction, float64 throughout.
    Nothing can be said where no backward pass is run, where what is moved also enters as something
    that the graph does not see (a constant, a detached tensor), or where it moves no leaf.
    """
    step = 1e-6
    here, above, below = (_watched(run, by) for by in (0.0, step, -step))
    moves = False
    for number, gradients in enumerate(here.gradients):
        if not _are_alike(here, above, below, number=number):
            break
        slopes = [
            _sum(cotangent, (high - low) / (2 * step))
            for cotangent, high, low in zip(
                here.cotangents[number], above.values[number], below.values[number], strict=True
            )
        ]
        due = [
            _sum(gradient, (high - low) / (2 * step))
            for gradient, high, low in zip(
                gradients, above.contents[number], below.contents[number], strict=True
            )
            if gradient is not None
        ]
        size = max(abs(sum(slopes)), abs(sum(due)))
        scale = max(1.0, *(float(np.abs(one).max(initial=0.0)) for one in here.values[number]))
        moves |= size > 1e-6 * scale
        # Below this, a difference of values holds nothing but their rounding.
        if abs(sum(slopes) - sum(due)) > max(TOLERANCE * size, 1e-6 * scale):
            return True
    return False if moves else None


def _watched(run: Callable[[float], object], step: float) -> _Passes:
    watching = _Passes()
    with observe(watching):
        run(step)
    return watching


def _are_alike(here: _Passes, *moved: _Passes, number: int) -> bool:
    """Whether the runs went the same way up to a pass, on the same of what the graph misses."""
    before = slice(here.seen[number])
    return all(
        len(other.seen) > number
        and other.seen[number] == here.seen[number]
        and _shapes(other.values[number]) == _shapes(here.values[number])
        and _shapes(other.contents[number]) == _shapes(here.contents[number])
        and all(map(np.array_equal, here.untracked[before], other.untracked[before]))
        for other in moved
    )


def _shapes(arrays: Sequence[Any]) -> list[tuple[int, ...]]:
    return [one.shape for one in arrays]


def _sum(one: Any, other: Any) -> float:
    return float(np.sum(one * other))
