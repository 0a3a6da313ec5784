"""Element by element, continued: limits, and the smaller and larger number beside nan."""

from typing import Any

import numpy as np

from reference_engine._derivatives._table import TABLE, row
from reference_engine._promotion import promote


def _is_first(ops: Any, holds: Any, other: Any) -> Any:
    return ops.logical_or(holds, ops.isnan(other))


row(
    "fmax",
    lambda self, other, /: np.fmax(self, other),
    promote=promote,
    self=lambda ops, grad, self, other: ops.where(_is_first(ops, self >= other, other), grad, 0.0),
    other=lambda ops, grad, self, other: ops.where(_is_first(ops, self >= other, other), 0.0, grad),
)
row(
    "fmin",
    lambda self, other, /: np.fmin(self, other),
    promote=promote,
    self=lambda ops, grad, self, other: ops.where(_is_first(ops, self <= other, other), grad, 0.0),
    other=lambda ops, grad, self, other: ops.where(_is_first(ops, self <= other, other), 0.0, grad),
)
row(
    "clamp_min",
    lambda self, min, /: np.maximum(self, min),
    promote=promote,
    self=lambda ops, grad, self, min: ops.where(self >= min, grad, 0.0),
)
row(
    "clamp_max",
    lambda self, max, /: np.minimum(self, max),
    promote=promote,
    self=lambda ops, grad, self, max: ops.where(self <= max, grad, 0.0),
)
row(
    "clamp_min_tensor",
    lambda self, min, /: np.maximum(self, min),
    node="ClampMinBackward1",
    promote=promote,
    self=lambda ops, grad, self, min: ops.where(self >= min, grad, 0.0),
    min=lambda ops, grad, self, min: ops.where(self < min, grad, 0.0),
)
row(
    "clamp_max_tensor",
    lambda self, max, /: np.minimum(self, max),
    node="ClampMaxBackward1",
    promote=promote,
    self=lambda ops, grad, self, max: ops.where(self <= max, grad, 0.0),
    max=lambda ops, grad, self, max: ops.where(self > max, grad, 0.0),
)

row(
    "masked_fill_tensor",
    lambda self, mask, value, /: TABLE["masked_fill"].forward(self, mask, value),
    node="MaskedFillBackward1",
    self=lambda ops, grad, mask: ops.where(mask, 0.0, grad),
    value=lambda ops, grad, mask: ops.where(mask, grad, 0.0),
)
