"""Python's operators on tensors: plain, reflected and augmented, each from its row."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _indexing, _products
from reference_engine._creation import from_numpy
from reference_engine._derivatives import TABLE
from reference_engine._derivatives._table import Row
from reference_engine._dispatch import dispatch, dispatch_in_place, dispatch_one, operator_of
from reference_engine._tensor import Tensor

OPERATORS = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

_PLAIN = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
"""Forwards of the rows that are Python's own operators on floating arrays."""

_OPERAND = (Tensor, int, float, np.generic)


def bind_operators() -> None:
    for symbol, name in OPERATORS.items():
        row = TABLE[name]
        options = row.defaults
        plain = operator_of(row, _OPERAND, _PLAIN.get(name, row.forward))
        setattr(Tensor, f"__{symbol}__", plain)
        commutes = name in {"add", "mul", "bitwise_and", "bitwise_or", "bitwise_xor"}
        reflected = _guarded(plain) if commutes else _reflected(row, options)
        setattr(Tensor, f"__r{symbol}__", reflected)
        setattr(Tensor, f"__i{symbol}__", _augmented(row, options))
    for name in COMPARISONS:
        setattr(Tensor, f"__{name}__", _comparison(TABLE[name]))
    negative, absolute = TABLE["neg"], TABLE["abs"]
    special: dict[str, Any] = {
        "__rsub__": _guarded(_functions.rsub),
        "__rtruediv__": _guarded(_functions.rdiv),
        "__pow__": _power,
        "__rpow__": _guarded(lambda self, other: _functions.pow(other, self)),
        "__mod__": _guarded(_functions.remainder),
        "__rmod__": _guarded(lambda self, other: _functions.remainder(other, self)),
        "__ipow__": lambda self, other: dispatch_in_place(TABLE["pow_number"], self, (), (other,)),
        "__matmul__": _matmul,
        "__rmatmul__": lambda self, other: (
            _matmul(other, self) if isinstance(other, Tensor) else NotImplemented
        ),
        "__neg__": lambda self: dispatch_one(negative, self),
        "__pos__": lambda self: self,
        "__abs__": lambda self: dispatch_one(absolute, self),
        "__invert__": _inverted,
        "__getitem__": _indexing.get_item,
        "__setitem__": _indexing.set_item,
    }
    for name, function in special.items():
        setattr(Tensor, name, function)


_POWER = TABLE["pow_number"]


def _power(self: Tensor, other: Any) -> Any:
    if type(other) is int or type(other) is float:
        return dispatch_one(_POWER, self, (other,))
    return _functions.pow(self, other) if isinstance(other, _OPERAND) else NotImplemented


def _reflected(row: Row, options: tuple[Any, ...]) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if isinstance(other, _OPERAND):
            return dispatch(row, (other, self), options)
        return NotImplemented

    return operator


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """An operator that leaves other operands than tensors and numbers to the other side."""

    def operator(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, _OPERAND) else NotImplemented

    return operator


def _augmented(row: Row, options: tuple[Any, ...]) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERAND):
            return NotImplemented
        return dispatch_in_place(row, self, (other,), options)

    return operator


def _inverted(self: Tensor) -> Any:
    if self._array.dtype.kind == "f":
        raise TypeError(_errors.INVERT_DTYPE)
    return dispatch(TABLE["bitwise_not"], (self,))


def _matmul(self: Tensor, other: Any) -> Any:
    return _products.matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def _comparison(row: Row) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if isinstance(other, np.ndarray) and row.name == "eq":
            return dispatch(row, (self, from_numpy(other)))
        if not isinstance(other, _OPERAND):
            return NotImplemented
        return dispatch(row, (self, other))

    return operator
