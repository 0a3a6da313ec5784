"""Activations of networks.

Formulas follow PyTorch's derivatives.yaml, and at kinks its kernels.
"""

from collections.abc import Callable
from functools import wraps
from math import erf, pi, sqrt
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._table import TABLE, camel, row
from reference_engine._promotion import dtype_name
from reference_engine._quiet import quiet


def _floating(kernel: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward for floating inputs only, which keeps their dtype and has `function`'s signature.

    `kernel` is what PyTorch calls the one that it does not have for other dtypes.
    """

    @wraps(function)
    def forward(*arguments: Any) -> Any:
        dtype = arguments[0].dtype
        if dtype.kind != "f":
            name = dtype_name(arguments[0])
            raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype=name))
        return np.asarray(function(*arguments)).astype(dtype, copy=False)

    return quiet(forward)


def _logistic(x: Any) -> Any:
    return 1 / (1 + elementary.exp(-x))


def log_sigmoid(x: Any) -> Any:
    """The logarithm of the logistic function, without overflow."""
    return np.minimum(x, 0) - elementary.log1p(elementary.exp(-np.abs(x)))


row(
    "leaky_relu",
    _floating(
        "leaky_relu_cpu",
        lambda self, /, negative_slope=0.01: np.where(self > 0, self, self * negative_slope),
    ),
    self=lambda ops, grad, self, negative_slope: ops.leaky_relu_backward(
        grad, self, negative_slope
    ),
)


def _elu(self: Any, /, alpha: Any = 1.0, scale: Any = 1.0, input_scale: Any = 1.0) -> Any:
    return np.where(self <= 0, elementary.expm1(self * input_scale) * alpha * scale, self * scale)


row(
    "elu",
    _floating("elu_cpu", _elu),
    self=lambda ops, grad, self, alpha, scale, input_scale: ops.elu_backward(
        grad, self, alpha, scale, input_scale
    ),
)
row(
    "celu",
    _floating("elu_cpu", lambda self, /, alpha=1.0: _elu(self, alpha, 1.0, 1.0 / alpha)),
    self=lambda ops, grad, self, alpha: ops.elu_backward(
        grad, self, alpha, 1.0, 1.0 / float(np.float32(alpha))
    ),  # PyTorch reads alpha as a float32 here
)

error_function = np.vectorize(erf, otypes=[np.float64])
_TANH_SCALE = sqrt(2 / pi)
_TANH_CUBE = 0.044715


def _gelu(self: Any, /, approximate: str = "none") -> Any:
    if approximate == "tanh":
        inner = _TANH_SCALE * (self + _TANH_CUBE * self * self * self)
        return 0.5 * self * (1 + elementary.tanh(inner))
    return self * 0.5 * (1 + error_function(self / sqrt(2)))


row(
    "gelu",
    _floating("GeluKernelImpl", _gelu),
    self=lambda ops, grad, self, approximate: ops.gelu_backward(grad, self, approximate),
)


def _silu_backward(ops: Any, grad: Any, self: Any) -> Any:
    gate = ops.sigmoid(self)
    return grad * gate * ops.add_number(self * ops.sub(1, gate), 1)


row(
    "silu",
    _floating("silu_cpu", lambda self, /: self / (1 + elementary.exp(-self))),
    self=lambda ops, grad, self: _silu_backward(ops, grad, self),
)


def _mish_backward(ops: Any, grad: Any, self: Any) -> Any:
    gate = ops.tanh(ops.softplus(self))
    return grad * (gate + self * ((1 - gate * gate) * ops.sigmoid(self)))


row(
    "mish",
    _floating(
        "mish_cpu", lambda self, /: self * elementary.tanh(elementary.log1p(elementary.exp(self)))
    ),
    self=lambda ops, grad, self: _mish_backward(ops, grad, self),
)
row(
    "hardtanh",
    lambda self, /, min_val=-1.0, max_val=1.0: np.clip(
        self, self.dtype.type(min_val), self.dtype.type(max_val)
    ),
    self=lambda ops, grad, self, min_val, max_val: ops.hardtanh_backward(
        grad, self, min_val, max_val
    ),
)
ONE_SIXTH = float(np.float32(1 / 6))
"""As PyTorch's kernel has it, whatever the dtype."""

row(
    "hardsigmoid",
    _floating("hardsigmoid_cpu", lambda self, /: np.clip(self + 3, 0, 6) / 6),
    self=lambda ops, grad, self: ops.where(
        ops.logical_and(self > -3, self < 3), grad * ONE_SIXTH, 0.0
    ),
)
row(
    "hardswish",
    _floating("hardswish_cpu", lambda self, /: self * np.clip(self + 3, 0, 6) / 6),
    self=lambda ops, grad, self: ops.hardswish_backward(grad, self),
)
row(
    "hardshrink",
    _floating(
        "hardshrink_cpu",
        lambda self, /, lambd=0.5: np.where((self >= -lambd) & (self <= lambd), 0, self),
    ),
    self=lambda ops, grad, self, lambd: ops.hardshrink_backward(grad, self, lambd),
)
row(
    "softshrink",
    _floating(
        "softshrink_cpu",
        lambda self, /, lambd=0.5: np.where(
            self > lambd, self - lambd, np.where(self < -lambd, self + lambd, self * 0)
        ),
    ),
    self=lambda ops, grad, self, lambd: ops.softshrink_backward(grad, self, lambd),
)
row(
    "threshold",
    lambda self, /, threshold, value: np.where(self <= threshold, self.dtype.type(value), self),
    self=lambda ops, grad, self, threshold: ops.where(self <= threshold, 0.0, grad),
)
row(
    "rrelu_with_noise",
    lambda self, noise, /: self * noise,
    self=lambda grad, noise: grad * noise,
)
row(
    "celu_in_place",
    TABLE["celu"].forward,
    node="CeluBackward1",
    self=lambda ops, grad, self, alpha: ops.where(
        self <= 0, grad * (ops.exp(self * (1.0 / alpha)) * (alpha / float(np.float32(alpha)))), grad
    ),  # taken from the result, in which alpha was no float32
)
for _name in ("leaky_relu", "elu", "threshold", "rrelu_with_noise"):
    row(
        f"{_name}_in_place",
        TABLE[_name].forward,
        node=f"{camel(_name)}Backward1",
        self=TABLE[_name].formulas["self"],
    )
row(
    "prelu_kernel",
    lambda self, weight, /: np.where(self > 0, self, weight * self),
    self=lambda ops, grad, self, weight: ops.where(self > 0, grad, weight * grad),
    weight=lambda ops, grad, self: ops.where(self > 0, 0.0, self * grad),
)
row(
    "log_sigmoid",
    _floating("log_sigmoid_cpu", lambda self, /: log_sigmoid(self)),
    self=lambda ops, grad, self: ops.log_sigmoid_backward(grad, self),
)


def _halves(ops: Any, self: Any, dim: int) -> tuple[Any, Any]:
    half = self.shape[dim] // 2
    return ops.narrow(self, dim, 0, half), ops.narrow(self, dim, half, half)


def _glu(self: Any, /, dim: int = -1) -> Any:
    if not self.ndim:
        raise RuntimeError(_errors.GLU_SCALAR)
    if self.shape[dim] % 2:
        raise RuntimeError(_errors.GLU_ODD.format(dim=dim % self.ndim, size=self.shape[dim]))
    first, second = np.split(self, 2, axis=dim)
    return first * _logistic(second)


def _glu_backward(ops: Any, grad: Any, self: Any, dim: int) -> Any:
    first, second = _halves(ops, self, dim)
    gate = ops.sigmoid(second)
    return ops.cat([grad * gate, grad * first * (gate * (1 - gate))], dim)


row(
    "glu",
    _floating("glu_cpu", _glu),
    self=lambda ops, grad, self, dim: _glu_backward(ops, grad, self, dim),
)
