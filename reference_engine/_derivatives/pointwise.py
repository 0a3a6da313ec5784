"""Element by element: arithmetic, powers, elementary functions.

Formulas follow PyTorch's derivatives.yaml, whose conventions they take at kinks: the derivative of
abs at 0 is 0.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._row_nodes import NOT_IMPLEMENTED
from reference_engine._derivatives._table import row
from reference_engine._promotion import promote, promote_to_float
from reference_engine._quiet import quiet
from reference_engine._types import Defaults


def is_integer(value: Any) -> bool:
    """Whether an operand is of an integer (or bool) dtype."""
    return np.result_type(value).kind in "biu"


# -- arithmetic -----------------------------------------------------------------------------------


def _promote_difference(arrays: list[Any]) -> None:
    """Promote, but refuse to subtract bools: they would become integers before they are seen."""
    first, second = map(_is_bool, arrays)
    if first or second:
        raise RuntimeError(
            _errors.BOOL_SUBTRACT_TWO if first and second else _errors.BOOL_SUBTRACT_ONE
        )
    promote(arrays)


def _is_bool(value: Any) -> bool:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind == "b"
    return isinstance(value, bool)


def _refuse_bool(name: str, array: Any) -> Any:
    """An array, unless its dtype is bool: `name` is what PyTorch calls the missing kernel."""
    if array.dtype.kind == "b":
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=name, dtype="Bool"))
    return array


def _scale(value: Any, alpha: Any) -> Any:
    return value if alpha == 1 else alpha * value


def _times(alpha: Any, value: Any, beside: Any) -> Any:
    """What is added to (or taken from) another operand."""
    if isinstance(alpha, float) and is_integer(beside):
        raise RuntimeError(_errors.ALPHA_DTYPE)
    if isinstance(alpha, bool) and np.result_type(beside).kind != "b":
        raise RuntimeError(_errors.BOOL_ALPHA)
    return bool(alpha) & value if np.result_type(value).kind == "b" else alpha * value


row(
    "add",
    lambda self, other, /, alpha=1: self + (other if alpha == 1 else _times(alpha, other, self)),
    promote=promote,
    self=lambda grad: grad,
    other=lambda grad, alpha: grad if alpha == 1 else grad * alpha,
)
row(
    "sub",
    lambda self, other, /, alpha=1: self - (other if alpha == 1 else _times(alpha, other, self)),
    promote=_promote_difference,
    self=lambda grad: grad,
    other=lambda grad, alpha: _scale(-grad, alpha),
)
row(
    "rsub",
    lambda self, other, /, alpha=1: other - (self if alpha == 1 else _times(alpha, self, other)),
    promote=_promote_difference,
    self=lambda grad, alpha: _scale(-grad, alpha),
    other=lambda grad: grad,
)
row(
    "rsub_number",
    lambda self, other, /, alpha=1: other - (self if alpha == 1 else _times(alpha, self, other)),
    node="RsubBackward1",
    promote=_promote_difference,
    self=lambda grad, alpha: _scale(-grad, alpha),
)
row(
    "mul",
    lambda self, other, /: self * other,
    promote=promote,
    self=lambda grad, other: grad * other,
    other=lambda grad, self: grad * self,
)
row(
    "div",
    quiet(lambda self, other, /: np.divide(self, other)),
    promote=promote_to_float,
    self=lambda grad, other: grad / other,
    other=lambda grad, self, other: -grad * ((self / other) / other),
)


def refuse_gradient(name: str) -> None:
    """Raise PyTorch's error for an operation whose gradient it does not have."""
    raise RuntimeError(_errors.NOT_DIFFERENTIABLE.format(name=name))


def _integer_checked(kernel: str, function: Any) -> Any:
    """A division of whole numbers: not of bools, and integers not by 0."""

    @quiet
    def forward(self: Any, other: Any, /) -> Any:
        if not is_integer(self) or not is_integer(other):
            return function(self, other)
        if np.result_type(self, other).kind == "b":
            raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype="Bool"))
        if np.any(np.equal(other, 0)):
            raise RuntimeError(_errors.INTEGER_DIVISION_BY_ZERO)
        return function(self, other)

    return forward


row(
    "floor_divide",
    _integer_checked("div_floor_cpu", np.floor_divide),
    node=NOT_IMPLEMENTED,
    promote=promote,
    self=lambda: refuse_gradient("floor_divide"),
    other=lambda: refuse_gradient("floor_divide"),
)
row(
    "remainder",
    _integer_checked("remainder_cpu", np.remainder),
    node="RemainderBackward1",
    promote=promote,
    self=lambda grad: grad,
    other=lambda ops, grad, self, other: -grad * ops.floor(self / other),
)
row(
    "remainder_of_number",
    _integer_checked("remainder_cpu", np.remainder),
    node=NOT_IMPLEMENTED,
    promote=promote,
    other=lambda: refuse_gradient("remainder"),
)
row(
    "remainder_number",
    _integer_checked("remainder_cpu", np.remainder),
    node="RemainderBackward0",
    promote=promote,
    self=lambda grad: grad,
)


def _negative(self: Any, /) -> Any:
    if self.dtype == np.bool_:
        raise RuntimeError(_errors.BOOL_NEGATIVE)
    return np.negative(self)


row("neg", _negative, self=lambda grad: -grad)
row(
    "reciprocal",
    quiet(lambda self, /: np.reciprocal(self)),
    promote=promote_to_float,
    self=lambda grad, result: -grad * (result * result),
)


@quiet
def _power(self: Any, exponent: Any, /) -> Any:
    if np.result_type(self, exponent).kind == "b":
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="pow", dtype="Bool"))
    if is_integer(self) and is_integer(exponent) and np.any(np.less(exponent, 0)):
        if not np.ndim(exponent):
            raise RuntimeError(_errors.NEGATIVE_INTEGER_POWER)
        return _integer_power(np.asarray(self), exponent)
    if isinstance(exponent, float) and exponent == -0.5:
        return 1 / np.sqrt(self)  # minus infinity at -0.0, which a power is not
    return np.power(self, exponent)


def _integer_power(self: Any, exponent: Any) -> Any:
    """Whole powers of whole numbers, of which negative ones are cut off to 0, 1 or -1."""
    found = np.power(self, np.maximum(exponent, 0))
    cut = np.where(self == 1, 1, np.where(self == -1, 1 - 2 * (exponent % 2), 0))
    return np.where(exponent < 0, cut, found).astype(np.result_type(self, exponent))


_BOOL = np.dtype(bool)


def _power_of_number(self: Any, /, exponent: Any) -> Any:
    if exponent in (2, 3) and self.dtype is not _BOOL:
        square = self * self
        return square if exponent == 2 else square * self
    if isinstance(exponent, float) and self.dtype.kind != "f":
        self = self.astype(Defaults.dtype.numpy)
    if exponent is True and self.dtype.kind == "b":
        return self.copy()
    if exponent == -2 and self.dtype.kind == "f":
        return _inverse_square(self)
    return _power(self, exponent)


@quiet
def _inverse_square(self: Any) -> Any:
    return 1 / (self * self)


def _power_backward(ops: Any, grad: Any, self: Any, exponent: Any) -> Any:
    """The gradient of self**exponent for a number: nothing at exponent 0, also where self is 0."""
    if exponent == 0:
        return grad * 0
    if exponent == 1:
        return grad
    if exponent == 2:
        return grad * (self + self)
    return grad * ops.mul_number(ops.pow_number(self, exponent - 1), exponent)


def _power_backward_self(ops: Any, grad: Any, self: Any, exponent: Any) -> Any:
    return ops.where(exponent == 0, 0.0, grad * (exponent * ops.pow(self, exponent - 1)))


def _power_backward_exponent(ops: Any, grad: Any, self: Any, exponent: Any, result: Any) -> Any:
    """The gradient of the exponent: 0 at 0**exponent for an exponent that is not negative."""
    logarithm = ops.log(self) if not isinstance(self, (int, float)) else _log_of_number(self)
    if isinstance(self, (int, float)):
        flat = exponent >= 0 if self == 0 else exponent < exponent  # noqa: PLR0124 - nowhere
    else:
        flat = ops.logical_and(self == 0, exponent >= 0)
    return grad * ops.where(flat, 0.0, result * logarithm)


@quiet
def _log_of_number(value: float) -> float:
    return float(np.log(float(value)))


row(
    "pow_number",
    _power_of_number,
    node="PowBackward0",
    self=_power_backward,
)
row(
    "pow",
    _power,
    node="PowBackward1",
    promote=promote,
    self=lambda ops, grad, self, exponent: _power_backward_self(ops, grad, self, exponent),
    exponent=lambda ops, grad, self, exponent, result: _power_backward_exponent(
        ops, grad, self, exponent, result
    ),
)
row(
    "pow_of_number",
    _power,
    node="PowBackward2",
    promote=promote,
    exponent=lambda ops, grad, self, exponent, result: _power_backward_exponent(
        ops, grad, self, exponent, result
    ),
)

# -- elementary functions -------------------------------------------------------------------------

row(
    "exp",
    quiet(lambda self, /: elementary.exp(self)),
    promote=promote_to_float,
    self=lambda grad, result: grad * result,
)
row(
    "expm1",
    quiet(lambda self, /: elementary.expm1(self)),
    promote=promote_to_float,
    self=lambda grad, result: grad * (result + 1),
)
row(
    "log",
    quiet(lambda self, /: elementary.log(self)),
    promote=promote_to_float,
    self=lambda grad, self: grad / self,
)
row(
    "log1p",
    quiet(lambda self, /: elementary.log1p(self)),
    node="Log1PBackward0",
    promote=promote_to_float,
    self=lambda grad, self: grad / (self + 1),
)
row(
    "log2",
    quiet(lambda self, /: elementary.log2(self)),
    promote=promote_to_float,
    self=lambda grad, self: grad / (self * 0.6931471805599453),
)
row(
    "log10",
    quiet(lambda self, /: elementary.log10(self)),
    promote=promote_to_float,
    self=lambda grad, self: grad / (self * 2.3025850929940456),
)
row(
    "sqrt",
    quiet(lambda self, /: np.sqrt(self)),
    promote=promote_to_float,
    self=lambda ops, grad, result: grad / ops.mul_number(result, 2),
)
row(
    "rsqrt",
    quiet(lambda self, /: 1 / np.sqrt(self)),
    promote=promote_to_float,
    self=lambda grad, result: -0.5 * grad * (result * result * result),
)
row(
    "sin",
    quiet(lambda self, /: elementary.sin(self)),
    promote=promote_to_float,
    self=lambda ops, grad, self: grad * ops.cos(self),
)
row(
    "cos",
    quiet(lambda self, /: elementary.cos(self)),
    promote=promote_to_float,
    self=lambda ops, grad, self: grad * -ops.sin(self),
)
row(
    "tan",
    quiet(lambda self, /: np.tan(self)),
    promote=promote_to_float,
    self=lambda grad, result: grad * (1 + result * result),
)
row(
    "tanh",
    lambda self, /: elementary.tanh(self),
    promote=promote_to_float,
    self=lambda ops, grad, result: ops.tanh_backward(grad, result),
)
row(
    "tanh_backward",
    lambda grad_output, output, /: grad_output * (1 - output * output),
    node="TanhBackwardBackward0",
    grad_output=lambda ops, grad, output: ops.tanh_backward(grad, output),
    output=lambda grad, grad_output, output: grad * (-2 * output * grad_output),
)
row(
    "atan",
    lambda self, /: np.arctan(self),
    promote=promote_to_float,
    self=lambda grad, self: grad / (self * self + 1),
)


def _rounding(name: str, function: Any) -> Any:
    return lambda self, /: function(_refuse_bool(f"{name}_vml_cpu", self))


row(
    "abs",
    lambda self, /: np.abs(_refuse_bool("abs_cpu", self)),
    self=lambda ops, grad, self: grad * ops.sign(self),
)
row(
    "sign",
    lambda self, /: np.subtract(self > 0, self < 0, dtype=np.int8).astype(self.dtype),
    self=lambda grad: grad * 0,
)
for _name, _numpy in (("floor", np.floor), ("ceil", np.ceil), ("round", np.round)):
    row(_name, _rounding(_name, _numpy), self=lambda grad: grad * 0)
