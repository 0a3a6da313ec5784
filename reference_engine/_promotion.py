"""Which dtype an operation computes in: PyTorch's rules, on the arrays and numbers it was given."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine._types import Defaults, of_numpy

PYTHON_NUMBERS = frozenset({float, int, bool})
_NUMPY_FLOATS = frozenset({np.float16, np.float32, np.float64})
OF_TENSORS = (np.ndarray, np.generic)
"""What tensors hold: a 0-d one may hold a scalar (a student's own was made a number before)."""


def promote(arrays: list[Any]) -> None:
    """Bring the operands to one dtype by PyTorch's rules, in place.

    Tensors with dimensions outrank 0-d tensors, which outrank Python numbers; a lower rank counts
    only if its category (bool, integer, floating) is higher.
    """
    first = None
    for value in arrays:
        kind = type(value)
        if kind is np.ndarray or kind in _NUMPY_FLOATS:
            if first is None:
                first = value.dtype
            elif value.dtype is not first:
                break
        elif kind not in PYTHON_NUMBERS and value is not None:
            break
    else:
        if first is not None and first.kind == "f":
            return
    _promote_slowly(arrays)


def promote_to_float(arrays: list[Any]) -> None:
    """As `promote`, then integers and bools to the default floating dtype."""
    promote(arrays)
    for position, value in enumerate(arrays):
        if isinstance(value, OF_TENSORS) and value.dtype.kind != "f":
            arrays[position] = value.astype(Defaults.dtype.numpy)


def _promote_slowly(arrays: list[Any]) -> None:
    target = result_type(arrays)
    for position, value in enumerate(arrays):
        if isinstance(value, OF_TENSORS):
            if value.dtype != target:
                arrays[position] = value.astype(target)
        elif (
            type(value) is int and target.kind in "iu" and value.bit_length() >= 8 * target.itemsize
        ):
            arrays[position] = np.asarray(value).astype(target)  # it wraps around


def as_operand(value: Any) -> Any:
    """What a student put in a tensor's place, as an operation can compute with it.

    NumPy's scalars become Python numbers, which do not decide a dtype.
    """
    if value is None:
        return None
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isinstance(value, (bool, int, float)):
        return value
    raise TypeError(
        f"an operation takes tensors and numbers, not {type(value).__name__}; convert it with "
        "torch.tensor(...)"
    )


CATEGORY = {"b": 0, "i": 1, "u": 1, "f": 2}


def result_type(operands: Sequence[Any]) -> np.dtype[Any]:
    """The dtype that operands (ndarrays, Python numbers, None) are brought to."""
    ranked: list[np.dtype[Any] | None] = [None, None, None]
    for value in operands:
        if value is None:
            continue
        if isinstance(value, OF_TENSORS):
            rank, kind = (0 if value.ndim else 1), value.dtype
        else:
            rank, kind = 2, _dtype_of_number(value)
        former = ranked[rank]
        ranked[rank] = kind if former is None else promote_types(former, kind)
    target = None
    for kind in ranked:
        if kind is not None and (target is None or CATEGORY[kind.kind] > CATEGORY[target.kind]):
            target = kind
    assert target is not None  # noqa: S101 - an operation has an operand
    return target


def promote_types(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype for two tensors': the higher category's, or the wider of one category."""
    if CATEGORY[a.kind] != CATEGORY[b.kind]:
        return a if CATEGORY[a.kind] > CATEGORY[b.kind] else b
    return np.promote_types(a, b)


def _dtype_of_number(value: Any) -> np.dtype[Any]:
    if isinstance(value, bool):
        return np.dtype(np.bool_)
    return np.dtype(np.int64) if isinstance(value, int) else Defaults.dtype.numpy


def dtype_name(array: "np.ndarray[Any, Any] | np.generic") -> str:
    """PyTorch's older name of an array's dtype, as its messages have it ("Float", "Long")."""
    return of_numpy(array.dtype).legacy
