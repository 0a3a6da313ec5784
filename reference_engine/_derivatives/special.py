"""Element by element, continued: trigonometric and special functions.

Formulas follow PyTorch's derivatives.yaml; the functions that NumPy lacks are computed in
`_special_values`.
"""

import math
from typing import Any

import numpy as np

from reference_engine._derivatives import _special_values as values
from reference_engine._derivatives._table import row
from reference_engine._promotion import promote_to_float
from reference_engine._quiet import quiet

_ERF_SLOPE = 2 / math.sqrt(math.pi)
"""The slope of erf at 0."""


LN2 = math.log(2)


def _applied(function: Any) -> Any:
    return quiet(lambda self, /: function(self))


for _name, _forward, _formula in (
    ("acos", np.arccos, lambda ops, grad, self: grad * -ops.rsqrt(1 - self * self)),
    ("asin", np.arcsin, lambda ops, grad, self: grad * ops.rsqrt(1 - self * self)),
    ("acosh", np.arccosh, lambda ops, grad, self: grad * ops.rsqrt(self * self - 1)),
    ("asinh", np.arcsinh, lambda ops, grad, self: grad * ops.rsqrt(self * self + 1)),
    ("atanh", np.arctanh, lambda grad, self: grad / (1 - self * self)),
    ("sinh", np.sinh, lambda ops, grad, self: grad * ops.cosh(self)),
    ("cosh", np.cosh, lambda ops, grad, self: grad * ops.sinh(self)),
    ("exp2", np.exp2, lambda grad, result: grad * (result * LN2)),
    ("erf", values.erf, lambda ops, grad, self: grad * (ops.exp(-self * self) * _ERF_SLOPE)),
    ("erfc", values.erfc, lambda ops, grad, self: grad * (ops.exp(-self * self) * -_ERF_SLOPE)),
    ("erfinv", values.erfinv, lambda ops, grad, result: (
        grad * (ops.exp(result * result) / _ERF_SLOPE)
    )),
    ("lgamma", values.lgamma, lambda ops, grad, self: grad * ops.digamma(self)),
    ("digamma", values.digamma, lambda ops, grad, self: grad * ops.polygamma(self, 1)),
    ("i0", values.i0, lambda ops, grad, self: grad * ops.special_i1(self)),
    ("special_erfcx", values.erfcx, lambda grad, self, result: (
        grad * (2 * self * result - _ERF_SLOPE)
    )),
    ("special_ndtri", values.ndtri, lambda ops, grad, result: (
        grad * (ops.exp(result * result / 2) * math.sqrt(2 * math.pi))
    )),
    ("special_log_ndtr", values.log_ndtr, lambda ops, grad, self: (
        grad / ops.special_erfcx(self * -math.sqrt(0.5)) * math.sqrt(2 / math.pi)
    )),
):  # fmt: skip
    row(_name, _applied(_forward), promote=promote_to_float, self=_formula)


def _away_from_zero(ops: Any, self: Any) -> tuple[Any, Any]:
    """Where a number is not tiny, and the numbers with the tiny ones replaced."""
    smallest = np.finfo(self.dtype if isinstance(self.dtype, np.dtype) else self.dtype.numpy).eps
    is_large = ops.abs(self) > smallest.item()
    return is_large, ops.where(is_large, self, smallest.item())


def _i1_slope(ops: Any, self: Any, result: Any) -> Any:
    is_large, safe = _away_from_zero(ops, self)
    return ops.where(is_large, ops.i0(safe) - result / safe, 0.5)


def _i1e_slope(ops: Any, self: Any, result: Any) -> Any:
    is_large, safe = _away_from_zero(ops, self)
    slope = ops.special_i0e(safe) - result * (ops.sign(safe) + 1 / safe)
    return ops.where(is_large, slope, 0.5)


row(
    "special_i0e",
    _applied(values.i0e),
    node="SpecialI0EBackward0",
    promote=promote_to_float,
    self=lambda ops, grad, self, result: grad * (ops.special_i1e(self) - ops.sign(self) * result),
)
row(
    "special_i1",
    _applied(values.i1),
    promote=promote_to_float,
    self=lambda ops, grad, self, result: grad * _i1_slope(ops, self, result),
)
row(
    "special_i1e",
    _applied(values.i1e),
    node="SpecialI1EBackward0",
    promote=promote_to_float,
    self=lambda ops, grad, self, result: grad * _i1e_slope(ops, self, result),
)
row(
    "deg2rad",
    lambda self, /: self * (math.pi / 180),
    node="Deg2RadBackward0",
    promote=promote_to_float,
    self=lambda grad: grad * (math.pi / 180),
)
row(
    "rad2deg",
    lambda self, /: self * (180 / math.pi),
    node="Rad2DegBackward0",
    promote=promote_to_float,
    self=lambda grad: grad * (180 / math.pi),
)


def _sinc_backward(ops: Any, grad: Any, self: Any) -> Any:
    angle = self * math.pi
    slope = (angle * ops.cos(angle) - ops.sin(angle)) / (angle * self)
    return ops.where(self == 0, 0.0, grad * slope)


row(
    "sinc",
    quiet(lambda self, /: np.sinc(self)),
    promote=promote_to_float,
    self=lambda ops, grad, self: _sinc_backward(ops, grad, self),
)


@quiet
def _logit(self: Any, /, eps: Any = None) -> Any:
    inner = self if eps is None else np.clip(self, eps, 1 - eps)
    return np.log(inner / (1 - inner))


def _logit_backward(ops: Any, grad: Any, self: Any, eps: Any) -> Any:
    """The gradient of logit: nan outside [0, 1], or 0 where `eps` limits the value."""
    low, outside = (0.0, math.nan) if eps is None else (eps, 0.0)
    beyond = ops.logical_or(self < low, self > 1 - low)
    return ops.where(beyond, outside, grad / (self * (1 - self)))


row(
    "logit",
    _logit,
    promote=promote_to_float,
    self=lambda ops, grad, self, eps: _logit_backward(ops, grad, self, eps),
)


@quiet
def _entropy(self: Any, /) -> Any:
    inside = np.where(self == 0, 0, -self * np.log(self))
    return np.where(self < 0, -np.inf, inside).astype(self.dtype)


row(
    "special_entr",
    _entropy,
    promote=promote_to_float,
    self=lambda ops, grad, self: grad * -(1 + ops.log(self)),
)
row(
    "polygamma",
    quiet(lambda self, /, n: values.polygamma(self, n)),
    promote=promote_to_float,
    self=lambda ops, grad, self, n: grad * ops.polygamma(self, n + 1),
)


def _log_gammas(self: Any, /, p: int) -> Any:
    total = sum(values.lgamma(self - place / 2) for place in range(p))
    return (total + p * (p - 1) / 4 * math.log(math.pi)).astype(self.dtype)


def _digammas(ops: Any, self: Any, p: int) -> Any:
    total = ops.digamma(self)
    for place in range(1, p):
        total = total + ops.digamma(self - place / 2)
    return total


row(
    "mvlgamma",
    _log_gammas,
    promote=promote_to_float,
    self=lambda ops, grad, self, p: grad * _digammas(ops, self, p),
)
