"""Element by element, with a choice: comparisons, logic, activations, bounds, copies.

At kinks and ties the formulas take PyTorch's conventions: the derivative of relu at 0 is 0, equal
operands of maximum share the gradient, bounds belong to what they bound.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._table import row
from reference_engine._derivatives.matrix import c_name
from reference_engine._numpy_errors import broadcast_mismatch
from reference_engine._promotion import dtype_name, promote, promote_to_float
from reference_engine._quiet import quiet
from reference_engine._types import Defaults

# -- comparisons and logic ------------------------------------------------------------------------

row("eq", lambda self, other, /: np.equal(self, other), promote=promote)
row("ne", lambda self, other, /: np.not_equal(self, other), promote=promote)
row("lt", lambda self, other, /: np.less(self, other), promote=promote)
row("le", lambda self, other, /: np.less_equal(self, other), promote=promote)
row("gt", lambda self, other, /: np.greater(self, other), promote=promote)
row("ge", lambda self, other, /: np.greater_equal(self, other), promote=promote)
row("logical_and", lambda self, other, /: np.logical_and(self, other))
row("logical_or", lambda self, other, /: np.logical_or(self, other))
row("logical_xor", lambda self, other, /: np.logical_xor(self, other))
row("logical_not", lambda self, /: np.logical_not(self))
row("isnan", lambda self, /: np.isnan(self))
row("isinf", lambda self, /: np.isinf(self))
row("isfinite", lambda self, /: np.isfinite(self))


def _bitwise(name: str, function: Any) -> Any:
    def forward(self: Any, other: Any, /) -> Any:
        for one in (self, other):
            if isinstance(one, (np.ndarray, np.generic)) and one.dtype.kind == "f":
                raise NotImplementedError(
                    _errors.NOT_IMPLEMENTED.format(name=f"{name}_cpu", dtype=dtype_name(one))
                )
        return function(self, other)

    return forward


row("bitwise_and", _bitwise("bitwise_and", np.bitwise_and), promote=promote)
row("bitwise_or", _bitwise("bitwise_or", np.bitwise_or), promote=promote)
row("bitwise_xor", _bitwise("bitwise_xor", np.bitwise_xor), promote=promote)


def _bitwise_not(self: Any, /) -> Any:
    if self.dtype.kind == "f":
        name = dtype_name(self)
        raise NotImplementedError(
            _errors.NOT_IMPLEMENTED.format(name="bitwise_not_cpu", dtype=name)
        )
    return np.invert(self)


row("bitwise_not", _bitwise_not)

# -- activations ----------------------------------------------------------------------------------


@quiet
def _sigmoid(self: Any, /) -> Any:
    return np.reciprocal(1 + elementary.exp(-self))


row(
    "sigmoid",
    _sigmoid,
    promote=promote_to_float,
    self=lambda ops, grad, result: ops.sigmoid_backward(grad, result),
)
row(
    "sigmoid_backward",
    lambda grad_output, output, /: grad_output * ((1 - output) * output),
    node="SigmoidBackwardBackward0",
    grad_output=lambda ops, grad, output: ops.sigmoid_backward(grad, output),
    output=lambda grad, grad_output, output: grad * grad_output * (1 - 2 * output),
)


def _relu(self: Any, /) -> Any:
    if self.dtype.kind == "b":
        raise RuntimeError(_errors.RELU_BOOL)
    return np.where(self < 0, self.dtype.type(0), self)


row("relu", _relu, self=lambda ops, grad, result: ops.threshold_backward(grad, result))
row(  # an operation of its own: what it gives depends on `self`, if only by zeros
    "threshold_backward",
    lambda received, self, /: np.where(self <= 0, received.dtype.type(0), received),
    node="ThresholdBackwardBackward0",
    received=lambda ops, grad, self: ops.threshold_backward(grad, self),
    self=lambda ops, grad: ops.zero(grad),
)


row(
    "softplus",
    quiet(
        lambda self, /, beta=1.0, threshold=20.0: np.where(
            self * beta > threshold, self, elementary.log1p(elementary.exp(self * beta)) / beta
        ).astype(self.dtype)
    ),
    promote=promote_to_float,
    self=lambda ops, grad, self, beta, threshold: ops.softplus_backward(
        grad, self, beta, threshold
    ),
)

# -- choices --------------------------------------------------------------------------------------


def _share_at_ties(ops: Any, grad: Any, mine: Any, others: Any) -> Any:
    """The gradient where `mine` is chosen: half of it where both are equal."""
    return ops.where(mine == others, grad / 2, grad)


row(
    "maximum",
    lambda self, other, /: np.maximum(self, other),
    promote=promote,
    self=lambda ops, grad, self, other: ops.where(
        self < other, 0.0, _share_at_ties(ops, grad, self, other)
    ),
    other=lambda ops, grad, self, other: ops.where(
        self > other, 0.0, _share_at_ties(ops, grad, self, other)
    ),
)
row(
    "minimum",
    lambda self, other, /: np.minimum(self, other),
    promote=promote,
    self=lambda ops, grad, self, other: ops.where(
        self > other, 0.0, _share_at_ties(ops, grad, self, other)
    ),
    other=lambda ops, grad, self, other: ops.where(
        self < other, 0.0, _share_at_ties(ops, grad, self, other)
    ),
)


def _promote_branches(arrays: list[Any]) -> None:
    """Promote the two values of `where`; the condition stays bool."""
    condition = arrays[0]
    if condition.dtype != np.bool_:
        raise RuntimeError(_errors.WHERE_CONDITION.format(dtype=dtype_name(condition)))
    branches = arrays[1:]
    promote(branches)
    if not any(isinstance(one, (np.ndarray, np.generic)) for one in branches):
        kind = Defaults.dtype.numpy if any(isinstance(one, float) for one in branches) else None
        branches = [np.asarray(one, kind) for one in branches]
    arrays[1:] = branches


row(
    "where",
    lambda condition, self, other, /: np.where(condition, self, other),
    promote=_promote_branches,
    self=lambda ops, grad, condition: ops.where(condition, grad, 0.0),
    other=lambda ops, grad, condition: ops.where(condition, 0.0, grad),
)


def _clamp(self: Any, min: Any, max: Any, /) -> Any:
    if min is None and max is None:
        raise RuntimeError(_errors.CLAMP_WITHOUT_BOUNDS)
    found = self if min is None else np.maximum(self, min)
    return found if max is None else np.minimum(found, max)


def _within(ops: Any, self: Any, low: Any, high: Any) -> Any:
    """Where a value lies between the bounds, which count as inside."""
    if low is None:
        return self <= high
    return self >= low if high is None else ops.logical_and(self >= low, self <= high)


def _below(ops: Any, self: Any, low: Any, high: Any) -> Any:
    """Where the lower bound is the result."""
    return self < low if high is None else ops.logical_and(self < low, low < high)


def _above(ops: Any, self: Any, low: Any, high: Any) -> Any:
    """Where the upper bound is the result, which it also is where the bounds are crossed."""
    return self > high if low is None else ops.logical_or(self > high, high < low)


row(
    "clamp",
    _clamp,
    node="ClampBackward1",
    promote=promote,
    self=lambda ops, grad, self, min, max: ops.where(_within(ops, self, min, max), grad, 0.0),
)
row(
    "clamp_tensor",
    _clamp,
    node="ClampBackward0",
    promote=promote,
    self=lambda ops, grad, self, min, max: ops.where(_within(ops, self, min, max), grad, 0.0),
    min=lambda ops, grad, self, min, max: ops.where(_below(ops, self, min, max), grad, 0.0),
    max=lambda ops, grad, self, min, max: ops.where(_above(ops, self, min, max), grad, 0.0),
)


def _masked_fill(self: Any, mask: Any, /, value: Any) -> Any:
    if mask.dtype != np.bool_:
        raise RuntimeError(_errors.MASK_DTYPE.format(dtype=c_name(mask)))
    mismatch = broadcast_mismatch(mask.shape, self.shape)
    if mismatch is not None:
        raise RuntimeError(mismatch)
    return np.where(mask, self.dtype.type(value), self)


row(
    "masked_fill",
    _masked_fill,
    self=lambda ops, grad, mask: ops.where(mask, 0.0, grad),
)

# -- copies ---------------------------------------------------------------------------------------

row("clone", lambda self, /, order="K": np.array(self, order=order), self=lambda grad: grad)
row(
    "copy",
    lambda self, src, /: np.copy(src),
    node="torch::autograd::CopyBackwards",
    self=lambda grad: grad * 0,
    src=lambda grad: grad,
)
row("to_copy", lambda self, /, dtype: self.astype(dtype), self=lambda grad: grad)
row("zero", lambda self, /: np.zeros_like(self), self=lambda grad: grad * 0)


def _fill(self: Any, value: Any, /) -> Any:
    if np.ndim(value):
        raise RuntimeError(_errors.FILL_DIMS.format(dim=np.ndim(value)))
    return np.full_like(self, value)


row(
    "fill",
    lambda self, /, value: np.full_like(self, value),
    node="FillBackward2",
    self=lambda grad: grad * 0,
)
row(
    "fill_tensor",
    _fill,
    node="FillBackward3",
    self=lambda grad: grad * 0,
    value=lambda grad: grad,
)
row(
    "copy_from",
    lambda self, src, /: np.array(np.broadcast_to(src, self.shape), self.dtype),
    node="torch::autograd::CopyBackwards",
    self=lambda grad: grad * 0,
    src=lambda grad: grad,
)
