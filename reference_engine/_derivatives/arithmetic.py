"""Element by element, continued: functions of several operands, and operands that are numbers.

Formulas follow PyTorch's derivatives.yaml.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.matrix import c_name
from reference_engine._derivatives.special import LN2
from reference_engine._promotion import OF_TENSORS, dtype_name, promote, promote_to_float
from reference_engine._quiet import quiet

row(
    "add_number",
    lambda self, /, other: self + other,
    node="AddBackward1",
    self=lambda grad: grad,
)
row(
    "sub_number",
    lambda self, /, other: self - other,
    node="SubBackward1",
    self=lambda grad: grad,
)
row(
    "mul_number",
    lambda self, /, other: self * other,
    node="MulBackward1",
    self=lambda grad, other: grad * other,
)
row(
    "div_number",
    lambda self, /, other: np.divide(self, other),
    node="DivBackward1",
    self=lambda grad, other: grad / other,
)


def _along_circle(ops: Any, part: Any, self: Any, other: Any) -> Any:
    """A part of the gradient of the angle of a point: 0 at the origin, as PyTorch has it."""
    square = self * self + other * other
    return ops.where(square == 0, 0.0, part / ops.where(square == 0, 1.0, square))


row(
    "atan2",
    lambda self, other, /: np.arctan2(self, other),
    promote=promote_to_float,
    self=lambda ops, grad, self, other: grad * _along_circle(ops, other, self, other),
    other=lambda ops, grad, self, other: grad * -_along_circle(ops, self, self, other),
)


@quiet
def _hypot(self: Any, other: Any, /) -> Any:
    kind = np.result_type(self, other)
    if kind.kind != "f":
        name = dtype_name(np.zeros(0, kind))
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name="hypot_cpu", dtype=name))
    return np.hypot(self, other)


row(
    "hypot",
    _hypot,
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
        found = np.where(np.equal(self, 0) & ~np.isnan(other), np.zeros_like(product), product)
        # The logarithm of a number is a float64, whatever the tensor is.
        tensors = [one for one in (self, other) if isinstance(one, OF_TENSORS)]
        return found.astype(np.result_type(*tensors))

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


def _between(self: Any, end: Any, weight: Any, /) -> Any:
    """A point between two, computed from the nearer one."""
    of_tensor = isinstance(weight, (np.ndarray, np.generic))
    for name, one in (("end", end), *((("weight", weight),) if of_tensor else ())):
        if one.dtype != self.dtype:
            names = {"expected": c_name(self), "name": name, "found": c_name(one)}
            raise RuntimeError(_errors.LERP_DTYPE.format(**names))
    if self.dtype.kind != "f":
        kernel = f"lerp_kernel_{'tensor' if of_tensor else 'scalar'}"
        dtype = dtype_name(self)
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype=dtype))
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
