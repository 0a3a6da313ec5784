"""How likely labels are without a given alignment: connectionist temporal classification.

After Graves et al. (2006). A path through the labels, blanks between them, may stay, go on, or
leave out a blank between two different labels. The gradient is PyTorch's, which takes each step's
probabilities to add up to 1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._row_nodes import NOT_IMPLEMENTED
from reference_engine._derivatives._table import row
from reference_engine._derivatives.pointwise import refuse_gradient
from reference_engine._promotion import dtype_name
from reference_engine._quiet import quiet


def _with_blanks(labels: Any, blank: int) -> Any:
    found = np.full(2 * len(labels) + 1, blank)
    found[1::2] = labels
    return found


def _paths(steps: Any, path: Any, blank: int) -> Any:
    """The logarithm of how likely all ways to each place of a path are, after each step."""
    count = len(path)
    leaps = np.zeros(count, bool)
    leaps[2:] = (path[2:] != blank) & (path[2:] != path[:-2])
    found = np.full((len(steps), count), -np.inf)
    found[0, :2] = steps[0, path[:2]]
    for place in range(1, len(steps)):
        former = found[place - 1]
        one, two = (np.concatenate([np.full(by, -np.inf), former])[:count] for by in (1, 2))
        ways = np.logaddexp(np.logaddexp(former, one), np.where(leaps, two, -np.inf))
        found[place] = ways + steps[place, path]
    return found


def _likelihood(paths: Any) -> Any:
    return np.logaddexp.reduce(paths[-1, -2:])


@quiet
def _ctc_loss(
    self: Any, /, targets: Sequence[Any], lengths: Sequence[int], blank: int, zero_infinity: bool
) -> Any:
    if self.dtype.kind != "f":
        name = dtype_name(self)
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="ctc_loss_cpu", dtype=name))
    found = np.zeros(self.shape[1], self.dtype)
    for number, (labels, length) in enumerate(zip(targets, lengths, strict=True)):
        if length:
            path = _with_blanks(labels, blank)
            found[number] = -_likelihood(_paths(self[:length, number], path, blank))
        else:
            found[number] = np.inf if len(labels) else 0
    return found


@quiet
def _ctc_loss_backward(
    grad_output: Any, self: Any, /,
    targets: Sequence[Any], lengths: Sequence[int], blank: int, zero_infinity: bool,
) -> Any:  # fmt: skip
    found = np.zeros_like(self)
    for number, (labels, length) in enumerate(zip(targets, lengths, strict=True)):
        if not length:
            continue
        steps, path = self[:length, number], _with_blanks(labels, blank)
        forwards = _paths(steps, path, blank)
        backwards = _paths(steps[::-1], path[::-1], blank)[::-1, ::-1]
        likelihood = _likelihood(forwards)
        if zero_infinity and likelihood == -np.inf:
            continue
        through = np.full_like(steps, -np.inf)
        for place, label in enumerate(path):
            ways = forwards[:, place] + backwards[:, place]
            through[:, label] = np.logaddexp(through[:, label], ways)
        share = np.exp(through - likelihood - steps)
        found[:length, number] = (np.exp(steps) - share) * grad_output[number]
    return found


row(
    "ctc_loss",
    _ctc_loss,
    self=lambda ops, grad, self, targets, lengths, blank, zero_infinity: ops.ctc_loss_backward(
        grad, self, targets, lengths, blank, zero_infinity
    ),
)
row(
    "ctc_loss_backward",
    _ctc_loss_backward,
    node=NOT_IMPLEMENTED,
    grad_output=lambda: refuse_gradient("_ctc_loss_backward"),
    self=lambda: refuse_gradient("_ctc_loss_backward"),
)
