"""Elementary functions as PyTorch rounds them.

In single precision NumPy's own are often one unit in the last place beside PyTorch's; computed in
double precision and rounded once, they rarely are, and a seeded loss prints the same digits.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def _rounded_once(function: np.ufunc) -> Callable[[Any], Any]:
    def rounded(values: Any, /) -> Any:
        if values.dtype.char == "f":
            return function(values, dtype=np.float64).astype(np.float32)
        return function(values)

    return rounded


exp = _rounded_once(np.exp)
expm1 = _rounded_once(np.expm1)
log = _rounded_once(np.log)
log1p = _rounded_once(np.log1p)
log2 = _rounded_once(np.log2)
log10 = _rounded_once(np.log10)
sin = _rounded_once(np.sin)
cos = _rounded_once(np.cos)
tanh = _rounded_once(np.tanh)
