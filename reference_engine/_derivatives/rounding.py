"""Element by element, continued: rounding, signs and neighbouring numbers.

Formulas follow PyTorch's derivatives.yaml.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.pointwise import is_integer, refuse_gradient
from reference_engine._promotion import dtype_name, promote, promote_to_float
from reference_engine._quiet import quiet


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


@quiet
def _fmod(self: Any, other: Any, /) -> Any:
    if np.result_type(self, other).kind == "b":
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="fmod_cpu", dtype="Bool"))
    if is_integer(self) and is_integer(other) and np.any(np.equal(other, 0)):
        raise RuntimeError(_errors.INTEGER_DIVISION_BY_ZERO)
    return np.fmod(self, other)


@quiet
def _frac(self: Any, /) -> Any:
    if self.dtype.kind != "f":
        dtype = dtype_name(self)
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="frac_cpu", dtype=dtype))
    return self - np.trunc(self)


row(
    "fmod",
    _fmod,
    node="FmodBackward1",
    promote=promote,
    self=lambda grad: grad,
    other=lambda ops, grad, self, other: -grad * _truncated(ops, self, other),
)
row(
    "fmod_number",
    _fmod,
    node="FmodBackward0",
    promote=promote,
    self=lambda grad: grad,
)


def _trunc(self: Any, /) -> Any:
    if self.dtype.kind == "b":
        name = "trunc_vml_cpu"
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=name, dtype="Bool"))
    return np.trunc(self).astype(self.dtype)


row("trunc", _trunc, self=lambda grad: grad * 0)
row("frac", _frac, self=lambda grad: grad)
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
    self=lambda: refuse_gradient("heaviside"),
    other=lambda: refuse_gradient("heaviside"),
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
