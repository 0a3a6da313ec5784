"""Element by element, continued: further elementary and special functions, numbers and bits.

Formulas follow PyTorch's derivatives.yaml; the functions that NumPy lacks are computed in
`_special_values`.
"""

import math
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _special_values as values
from reference_engine._derivatives._table import TABLE, row
from reference_engine._derivatives.pointwise import is_integer, quiet
from reference_engine._promotion import dtype_name, promote, promote_to_float

LN2 = math.log(2)
_ERF_SLOPE = 2 / math.sqrt(math.pi)
"""The slope of erf at 0."""


def not_implemented(name: str) -> None:
    """Raise PyTorch's error for an operation whose gradient it does not have."""
    raise RuntimeError(_errors.NOT_DIFFERENTIABLE.format(name=name))


def _applied(function: Any) -> Any:
    return quiet(lambda self, /: function(self))


# -- elementary functions -------------------------------------------------------------------------

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
    within = ops.logical_and(self >= low, self <= 1 - low)
    return ops.where(within, grad / (self * (1 - self)), outside)


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

# -- functions of two operands --------------------------------------------------------------------

row(
    "atan2",
    lambda self, other, /: np.arctan2(self, other),
    promote=promote_to_float,
    self=lambda grad, self, other: grad * (other / (self * self + other * other)),
    other=lambda grad, self, other: grad * (-self / (self * self + other * other)),
)
row(
    "hypot",
    quiet(lambda self, other, /: np.hypot(self, other)),
    promote=promote,
    self=lambda grad, self, result: grad * (self / result),
    other=lambda grad, other, result: grad * (other / result),
)
row(
    "logaddexp",
    quiet(lambda self, other, /: np.logaddexp(self, other)),
    promote=promote_to_float,
    self=lambda ops, grad, self, other: grad / (1 + ops.exp(other - self)),
    other=lambda ops, grad, self, other: grad / (1 + ops.exp(self - other)),
)
row(
    "logaddexp2",
    quiet(lambda self, other, /: np.logaddexp2(self, other)),
    promote=promote_to_float,
    self=lambda ops, grad, self, other: grad / (1 + ops.exp2(other - self)),
    other=lambda ops, grad, self, other: grad / (1 + ops.exp2(self - other)),
)
row(
    "ldexp",
    quiet(lambda self, other, /: self * np.exp2(other)),
    promote=promote_to_float,
    self=lambda ops, grad, other: grad * ops.exp2(other),
    other=lambda grad, result: grad * (result * LN2),
)


def _times_log(logarithm: Any) -> Any:
    @quiet
    def forward(self: Any, other: Any, /) -> Any:
        product = self * logarithm(other)
        return np.where(np.equal(self, 0) & ~np.isnan(other), np.zeros_like(product), product)

    return forward


def _add_times_log(name: str, node: str, logarithm: Any, start: int) -> None:
    """Add the rows of `self * logarithm(other)`, a logarithm that is -inf at `-start`."""
    forward = _times_log(logarithm)

    def backward(ops: Any, grad: Any, self: Any, other: Any) -> Any:
        """The logarithm, but 0 where self is 0 and the logarithm is not finite."""
        found = getattr(ops, name)(grad, other)
        if isinstance(other, (int, float)):
            return found if other > -start else ops.where(self == 0, 0.0, found)
        return ops.where(ops.logical_and(self == 0, other <= -start), 0.0, found)

    def of_other(grad: Any, self: Any, other: Any) -> Any:
        return grad * (self / (other + start))

    row(name, forward, node=f"{node}0", promote=promote_to_float, self=backward, other=of_other)
    row(f"{name}_of_number", forward, node=f"{node}1", promote=promote_to_float, other=of_other)
    row(f"{name}_number", forward, node=f"{node}2", promote=promote_to_float, self=backward)


_add_times_log("xlogy", "XlogyBackward", np.log, 0)
_add_times_log("special_xlog1py", "SpecialXlog1PyBackward", np.log1p, 1)

# -- rounding, signs and neighbours ---------------------------------------------------------------


def _truncated(ops: Any, self: Any, other: Any) -> Any:
    return ops.trunc(self / other)


def _rounded(self: Any, other: Any, rounding_mode: str) -> Any:
    """A quotient rounded towards zero ("trunc") or down ("floor")."""
    if rounding_mode not in {"trunc", "floor"}:
        raise RuntimeError(_errors.ROUNDING_MODE.format(mode=rounding_mode))
    if not is_integer(self) or not is_integer(other):
        if rounding_mode == "floor":
            return np.floor_divide(self, other)
        return np.trunc(np.divide(self, other))
    if np.any(np.equal(other, 0)):
        raise RuntimeError(_errors.INTEGER_DIVISION_BY_ZERO)
    down = np.floor_divide(self, other)
    if rounding_mode == "floor":
        return down
    return down + ((np.remainder(self, other) != 0) & (np.less(self, 0) != np.less(other, 0)))


row(
    "div_rounded",
    quiet(lambda self, other, /, rounding_mode: _rounded(self, other, rounding_mode)),
    node="DivBackward2",
    promote=promote,
    self=lambda grad: grad * 0,
    other=lambda grad: grad * 0,
)
row(
    "fmod",
    quiet(lambda self, other, /: np.fmod(self, other)),
    node="FmodBackward1",
    promote=promote,
    self=lambda grad: grad,
    other=lambda ops, grad, self, other: -grad * _truncated(ops, self, other),
)
row(
    "fmod_number",
    quiet(lambda self, other, /: np.fmod(self, other)),
    node="FmodBackward0",
    promote=promote,
    self=lambda grad: grad,
)
row("trunc", lambda self, /: np.trunc(self).astype(self.dtype), self=lambda grad: grad * 0)
row("frac", quiet(lambda self, /: self - np.trunc(self)), self=lambda grad: grad)
row(
    "round_decimals",
    lambda self, /, decimals=0: np.round(self * 10.0**decimals) / 10.0**decimals,
    node="RoundBackward1",
    self=lambda grad: grad * 0,
)
row(
    "sgn",
    lambda self, /: np.subtract(self > 0, self < 0, dtype=np.int8).astype(self.dtype),
    self=lambda grad: grad * 0,
)
row("signbit", lambda self, /: np.signbit(self) if self.dtype.kind == "f" else self < 0)


def _ratio(ops: Any, self: Any, result: Any) -> Any:
    return ops.where(self == 0, 0.0, result / self)


row(
    "copysign",
    lambda self, other, /: np.copysign(self, other),
    promote=promote_to_float,
    self=lambda ops, grad, self, result: grad * _ratio(ops, self, result),
    other=lambda grad: grad * 0,
)
row(
    "copysign_number",
    lambda self, other, /: np.copysign(self, other),
    node="CopysignBackward1",
    promote=promote_to_float,
    self=lambda ops, grad, self, result: grad * _ratio(ops, self, result),
)
row(
    "nextafter",
    lambda self, other, /: np.nextafter(self, other),
    promote=promote,
    self=lambda ops, grad, self, other: ops.where(self == other, 0.0, grad),
    other=lambda grad: grad * 0,
)
row(
    "heaviside",
    lambda self, other, /: np.heaviside(self, other).astype(np.result_type(self, other)),
    node="torch::autograd::NotImplemented",
    promote=promote,
    self=lambda: not_implemented("heaviside"),
    other=lambda: not_implemented("heaviside"),
)
row(
    "frexp",
    lambda self, /: np.frexp(self),
    outputs=("mantissa", "exponent"),
    self=lambda ops, grad, exponent: grad / ops.exp2(exponent),
)


def _nan_to_num(self: Any, /, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    return np.nan_to_num(self, nan=nan or 0.0, posinf=posinf, neginf=neginf)


row(
    "nan_to_num",
    _nan_to_num,
    self=lambda ops, grad, self: ops.where(ops.isfinite(self), grad, 0.0),
)

row(
    "add_number",
    lambda self, /, other: self + other,
    node="AddBackward1",
    self=lambda grad: grad,
)

# -- choices and combinations ---------------------------------------------------------------------


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


def _between(self: Any, end: Any, weight: Any, /) -> Any:
    """A point between two, computed from the nearer one."""
    step = end - self
    return np.where(np.abs(weight) < 0.5, self + weight * step, end - step * (1 - weight))


row(
    "lerp",
    quiet(lambda self, end, /, weight: _between(self, end, weight).astype(self.dtype)),
    self=lambda grad, weight: grad * (1 - weight),
    end=lambda grad, weight: grad * weight,
)
row(
    "lerp_tensor",
    quiet(lambda self, end, weight, /: _between(self, end, weight).astype(self.dtype)),
    node="LerpBackward1",
    self=lambda grad, weight: grad * (1 - weight),
    end=lambda grad, weight: grad * weight,
    weight=lambda grad, self, end: grad * (end - self),
)
row(
    "addcmul",
    lambda self, tensor1, tensor2, /, value=1: self + value * tensor1 * tensor2,
    promote=promote,
    self=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * (tensor2 * value),
    tensor2=lambda grad, tensor1, value: grad * (tensor1 * value),
)
row(
    "addcdiv",
    quiet(lambda self, tensor1, tensor2, /, value=1: self + value * tensor1 / tensor2),
    promote=promote,
    self=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * (value / tensor2),
    tensor2=lambda grad, tensor1, tensor2, value: -grad * (value * tensor1 / (tensor2 * tensor2)),
)

# -- questions and bits ---------------------------------------------------------------------------

row("isposinf", lambda self, /: np.isposinf(self))
row("isneginf", lambda self, /: np.isneginf(self))
row("isreal", lambda self, /: np.ones(self.shape, np.bool_))
row(
    "isclose",
    quiet(
        lambda self, other, /, rtol=1e-05, atol=1e-08, equal_nan=False: np.isclose(
            self, other, rtol, atol, equal_nan
        )
    ),
)


def _on_integers(name: str, function: Any) -> Any:
    def forward(self: Any, other: Any, /) -> Any:
        for one in (self, other):
            if isinstance(one, (np.ndarray, np.generic)) and one.dtype.kind == "f":
                raise NotImplementedError(
                    _errors.NOT_IMPLEMENTED.format(name=name, dtype=dtype_name(one))
                )
        return function(self, other)

    return forward


row("gcd", _on_integers("gcd_cpu", np.gcd), promote=promote)
row(
    "lcm", _on_integers("lcm_cpu", lambda self, other: np.abs(np.lcm(self, other))), promote=promote
)
row("bitwise_left_shift", _on_integers("lshift_cpu", np.left_shift), promote=promote)
row("bitwise_right_shift", _on_integers("rshift_cpu", np.right_shift), promote=promote)
