"""Numbers put into tensors of a narrower dtype: which ones PyTorch refuses."""

from typing import Any

import numpy as np

from reference_engine import _errors

_C_NAMES = {
    "int64": "int64_t", "int32": "int", "int16": "int16_t", "int8": "int8_t", "uint8": "uint8_t",
    "float16": "at::Half", "float32": "float", "float64": "double", "bool": "bool",
}  # fmt: skip


def number(value: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A Python number as a 0-d array; refused where an integer dtype has no room for it."""
    if isinstance(value, complex):
        name = _C_NAMES[dtype.name]
        raise RuntimeError(_errors.NUMBER_OVERFLOW.format(type=name))  # noqa: TRY004 - PyTorch's
    found = np.asarray(value)
    if dtype.kind in "iu":
        check(found, dtype, _C_NAMES[dtype.name])
    return found.astype(dtype)


def check(numbers: np.ndarray[Any, Any], dtype: np.dtype[Any], name: str) -> None:
    """Refuse numbers beyond an integer dtype; an unsigned one wraps negative numbers around."""
    limits = np.iinfo(dtype)
    low = -int(limits.max) if dtype.kind == "u" else int(limits.min)
    if numbers.size and not (low <= numbers.min() and numbers.max() <= limits.max):
        raise RuntimeError(_errors.NUMBER_OVERFLOW.format(type=name))
