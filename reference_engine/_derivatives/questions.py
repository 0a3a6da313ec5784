"""Element by element, continued: questions about numbers, and functions of whole numbers."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._promotion import dtype_name, promote
from reference_engine._quiet import quiet

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
