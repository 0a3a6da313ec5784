"""What reaches the input of an activation or a loss, as operations of their own.

PyTorch records each of these as one node where a gradient is itself recorded. They are linear in
the gradient that arrives; by the input they have the function's second derivative, which where it
is 0 everywhere still lets the gradient depend on the input, if only by zeros.
"""

from collections.abc import Callable
from math import pi, prod, sqrt
from typing import Any

import numpy as np

from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._row_nodes import NOT_IMPLEMENTED
from reference_engine._derivatives._table import camel, row
from reference_engine._derivatives.activations import ONE_SIXTH, error_function
from reference_engine._derivatives.losses import LEAST_SPREAD
from reference_engine._derivatives.pointwise import refuse_gradient
from reference_engine._quiet import quiet

# -- straight lines between kinks -----------------------------------------------------------------


def _bent(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
    """The slope of a function of straight pieces; `backward` is its own, by the gradient."""
    row(
        f"{name}_backward",
        forward,
        node=f"{camel(name)}BackwardBackward0",
        grad_output=backward,
        self=lambda ops, grad: ops.zero(grad),
    )


_bent(
    "leaky_relu",
    lambda grad_output, self, /, negative_slope: np.where(
        self > 0, grad_output, grad_output * negative_slope
    ),
    lambda ops, grad, self, negative_slope: ops.leaky_relu_backward(grad, self, negative_slope),
)
_bent(
    "hardtanh",
    lambda grad_output, self, /, min_val, max_val: np.where(
        (self <= min_val) | (self >= max_val), grad_output.dtype.type(0), grad_output
    ),
    lambda ops, grad, self, min_val, max_val: ops.hardtanh_backward(grad, self, min_val, max_val),
)
_bent(
    "hardshrink",
    lambda grad_output, self, /, lambd: np.where(
        (self >= -lambd) & (self <= lambd), grad_output.dtype.type(0), grad_output
    ),
    lambda ops, grad, self, lambd: ops.hardshrink_backward(grad, self, lambd),
)
_bent(
    "softshrink",
    lambda grad_output, self, /, lambd: np.where(
        (self >= -lambd) & (self <= lambd), grad_output.dtype.type(0), grad_output
    ),
    lambda ops, grad, self, lambd: ops.softshrink_backward(grad, self, lambd),
)

row(
    "hardsigmoid_backward",
    lambda grad_output, self, /: np.where(
        (self > -3) & (self < 3), grad_output * ONE_SIXTH, 0
    ).astype(self.dtype),
    node=NOT_IMPLEMENTED,
    grad_output=lambda: refuse_gradient("hardsigmoid_backward"),
    self=lambda: refuse_gradient("hardsigmoid_backward"),
)

# -- curves ---------------------------------------------------------------------------------------


def _curved(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    second: Callable[..., Any],
) -> None:
    """The slope of a curve; `second` is the gradient of the input, of what arrives and arrived."""
    row(
        f"{name}_backward",
        quiet(forward),
        node=f"{camel(name)}BackwardBackward0",
        grad_output=backward,
        self=second,
    )


_curved(
    "elu",
    lambda grad_output, self, /, alpha, scale, input_scale: np.where(
        self <= 0,
        grad_output * (elementary.exp(self * input_scale) * (alpha * scale * input_scale)),
        grad_output * scale,
    ).astype(self.dtype),
    lambda ops, grad, self, alpha, scale, input_scale: ops.elu_backward(
        grad, self, alpha, scale, input_scale
    ),
    lambda ops, grad, grad_output, self, alpha, scale, input_scale: ops.where(
        self <= 0,
        grad
        * grad_output
        * ops.exp(self * input_scale)
        * (alpha * scale * input_scale * input_scale),
        0.0,
    ),
)
_curved(
    "softplus",
    lambda grad_output, self, /, beta, threshold: np.where(
        self * beta > threshold, grad_output, grad_output / (1 + elementary.exp(self * -beta))
    ).astype(self.dtype),
    lambda ops, grad, self, beta, threshold: ops.softplus_backward(grad, self, beta, threshold),
    lambda ops, grad, grad_output, self, beta, threshold: ops.where(
        self * beta > threshold,
        0.0,
        grad * grad_output * ops.sigmoid(self * beta) * ops.sigmoid(self * -beta) * beta,
    ),
)
_curved(
    "log_sigmoid",
    lambda grad_output, self, /: grad_output * (1 / (1 + elementary.exp(self))),
    lambda ops, grad, self: ops.log_sigmoid_backward(grad, self),
    lambda ops, grad, grad_output, self: (
        -grad * grad_output * ops.sigmoid(self) * ops.sigmoid(-self)
    ),
)
_curved(
    "hardswish",
    lambda grad_output, self, /: np.where(
        self <= -3, 0, np.where(self < 3, grad_output * (self / 3 + 0.5), grad_output)
    ).astype(self.dtype),
    lambda ops, grad, self: ops.hardswish_backward(grad, self),
    lambda ops, grad, grad_output, self: ops.where(
        ops.logical_and(self > -3, self < 3), grad * grad_output / 3, 0.0
    ),
)

_DENSITY_AT_ZERO = 1 / sqrt(2 * pi)
_TANH_SCALE = sqrt(2 / pi)
_TANH_CUBE = 0.044715


def _gelu_backward(grad_output: Any, self: Any, /, approximate: str) -> Any:
    square = self * self
    if approximate == "tanh":
        hyperbolic = elementary.tanh((self + square * self * _TANH_CUBE) * _TANH_SCALE)
        inner_slope = (square * (3 * _TANH_CUBE) + 1) * _TANH_SCALE
        slope = (1 + hyperbolic) * 0.5 + self * 0.5 * (1 - hyperbolic * hyperbolic) * inner_slope
    else:
        share = 0.5 * (1 + error_function(self / sqrt(2)))
        slope = share + self * (elementary.exp(square * -0.5) * _DENSITY_AT_ZERO)
    return (grad_output * slope).astype(self.dtype, copy=False)


def _gelu_second(ops: Any, grad: Any, grad_output: Any, self: Any, approximate: str) -> Any:
    square = self * self
    if approximate != "tanh":
        return grad * grad_output * (ops.exp(square * -0.5) * (2 - square) * _DENSITY_AT_ZERO)
    hyperbolic = ops.tanh((self + square * self * _TANH_CUBE) * _TANH_SCALE)
    inner_slope = (square * (3 * _TANH_CUBE) + 1) * _TANH_SCALE
    bend = self * (6 * _TANH_CUBE * _TANH_SCALE) - 2 * hyperbolic * inner_slope * inner_slope
    fall = 1 - hyperbolic * hyperbolic
    return grad * grad_output * (fall * (inner_slope + self * 0.5 * bend))


_curved(
    "gelu",
    _gelu_backward,
    lambda ops, grad, self, approximate: ops.gelu_backward(grad, self, approximate),
    lambda ops, grad, grad_output, self, approximate: _gelu_second(
        ops, grad, grad_output, self, approximate
    ),
)

# -- losses ---------------------------------------------------------------------------------------


def _share(grad: Any, shape: Any, reduction: str) -> Any:
    """The gradient that each loss of `shape` receives."""
    return grad / prod(shape) if reduction == "mean" else grad


def _of_difference(name: str, slope: Callable[..., Any], bends: Callable[..., Any]) -> None:
    """The slope of a loss of the difference; `bends` gives where its second derivative is what."""

    def forward(grad_output: Any, self: Any, target: Any, /, reduction: str, beta: float) -> Any:
        difference = self - target
        found = slope(difference, beta) * _share(grad_output, difference.shape, reduction)
        return found.astype(difference.dtype, copy=False)

    def by_gradient(
        ops: Any, grad: Any, self: Any, target: Any, reduction: str, beta: float
    ) -> Any:
        unshared = getattr(ops, f"{name}_backward")(grad, self, target, "sum", beta)
        return _share(unshared, self.shape, reduction)

    def by_difference(
        ops: Any, grad: Any, grad_output: Any, self: Any, target: Any, reduction: str, beta: float
    ) -> Any:
        received = grad * _share(grad_output, self.shape, reduction)
        return bends(ops, received, self - target, beta)

    row(
        f"{name}_backward",
        quiet(forward),
        node=f"{camel(name)}BackwardBackward0",
        grad_output=lambda ops, grad, self, target, reduction, beta: by_gradient(
            ops, grad, self, target, reduction, beta
        ),
        self=lambda ops, grad, grad_output, self, target, reduction, beta: by_difference(
            ops, grad, grad_output, self, target, reduction, beta
        ),
        target=lambda ops, grad, grad_output, self, target, reduction, beta: (
            -by_difference(ops, grad, grad_output, self, target, reduction, beta)
        ),
    )


_of_difference(
    "mse_loss",
    lambda difference, beta: difference * 2,
    lambda ops, received, difference, beta: received * 2,
)
_of_difference(
    "smooth_l1_loss",
    lambda difference, beta: np.where(
        np.abs(difference) < beta, difference / beta, np.sign(difference)
    ),
    lambda ops, received, difference, beta: ops.where(
        ops.abs(difference) < beta, received / beta, 0.0
    ),
)
_of_difference(
    "huber_loss",
    lambda difference, beta: np.where(
        np.abs(difference) <= beta, difference, np.sign(difference) * beta
    ),
    lambda ops, received, difference, beta: ops.where(ops.abs(difference) <= beta, received, 0.0),
)


def _weighted(values: Any, weight: Any) -> Any:
    return values if weight is None else values * weight


@quiet
def _binary_cross_entropy_backward(
    grad_output: Any, self: Any, target: Any, weight: Any, /, reduction: str
) -> Any:
    spread = np.maximum((1 - self) * self, LEAST_SPREAD)
    slope = _weighted((self - target) / spread, weight)
    return (slope * _share(grad_output, self.shape, reduction)).astype(self.dtype, copy=False)


def _binary_cross_entropy_by_gradient(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, reduction: str
) -> Any:
    found = ops.binary_cross_entropy_backward(grad, self, target, weight, "sum")
    return _share(found, self.shape, reduction)


def _binary_cross_entropy_second(
    ops: Any, grad: Any, grad_output: Any, self: Any, target: Any, weight: Any, reduction: str
) -> Any:
    spread = ops.clamp((1 - self) * self, LEAST_SPREAD, None)
    bend = (self * self - 2 * self * target + target) / (spread * spread)
    return grad * _weighted(bend, weight) * _share(grad_output, self.shape, reduction)


def _binary_cross_entropy_by_target(
    ops: Any, grad: Any, grad_output: Any, self: Any, weight: Any, reduction: str
) -> Any:
    spread = ops.clamp((1 - self) * self, LEAST_SPREAD, None)
    received = _weighted(grad, weight) * _share(grad_output, self.shape, reduction)
    return -received / spread


row(
    "binary_cross_entropy_backward",
    _binary_cross_entropy_backward,
    node="BinaryCrossEntropyBackwardBackward0",
    grad_output=lambda ops, grad, self, target, weight, reduction: (
        _binary_cross_entropy_by_gradient(ops, grad, self, target, weight, reduction)
    ),
    self=lambda ops, grad, grad_output, self, target, weight, reduction: (
        _binary_cross_entropy_second(ops, grad, grad_output, self, target, weight, reduction)
    ),
    target=lambda ops, grad, grad_output, self, weight, reduction: _binary_cross_entropy_by_target(
        ops, grad, grad_output, self, weight, reduction
    ),
)


def _nll_loss_backward(grad_output: Any, self: Any, dense: Any, /, reduction: str) -> Any:
    if reduction == "none":
        grad_output = np.expand_dims(grad_output, 1 if self.ndim > 1 else 0)
    return dense * grad_output


def _nll_loss_by_gradient(ops: Any, grad: Any, dense: Any, shape: Any, reduction: str) -> Any:
    if reduction == "none":
        return ops.sum_dim(grad * dense, (1 if len(shape) > 1 else 0,), False)
    return ops.sum(grad * dense)


for _name, _node in (
    ("nll_loss", "NllLossBackwardBackward0"), ("nll_loss2d", "NllLoss2DBackwardBackward0"),
):  # fmt: skip
    row(
        f"{_name}_backward",
        _nll_loss_backward,
        node=_node,
        grad_output=lambda ops, grad, dense, self_shape, reduction: _nll_loss_by_gradient(
            ops, grad, dense, self_shape, reduction
        ),
        self=lambda ops, grad: ops.zero(grad),
    )
