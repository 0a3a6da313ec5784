"""Functions of whole matrices: the pseudo-inverse and the exponential.

Formulas follow PyTorch's FunctionsManual.cpp, for real numbers.
"""

from typing import Any

import numpy as np

from reference_engine._derivatives._table import row
from reference_engine._derivatives.solving import square
from reference_engine._quiet import quiet


def _pinv(self: Any, /, rtol: Any = None, hermitian: bool = False, atol: Any = None) -> Any:
    """The singular values up to `max(atol, rtol * largest)` count as 0."""
    if atol is None or not np.any(atol):
        return np.linalg.pinv(self, rtol=rtol, hermitian=hermitian)
    largest = np.linalg.norm(self, 2, (-2, -1)) if self.size else np.ones(self.shape[:-2])
    relative = atol / np.where(largest == 0, 1, largest)
    limit = relative if rtol is None else np.maximum(relative, rtol)
    return np.linalg.pinv(self, rtol=limit, hermitian=hermitian)


def _pinv_backward(grad: Any, self: Any, result: Any) -> Any:
    turned = grad.mT
    rows, columns = tuple(self.shape)[-2:]
    if rows <= columns:
        inner = turned @ result
        outer = inner @ result.mT
        return (
            -(result @ inner).mT
            + outer
            - (self @ result) @ outer
            + (result.mT @ result) @ (turned - inner @ self)
        )
    inner = result @ turned
    outer = result.mT @ inner
    return (
        -(inner @ result).mT
        + (turned - self @ inner) @ result @ result.mT
        + outer
        - (outer @ result) @ self
    )


row(
    "linalg_pinv",
    _pinv,
    self=lambda grad, self, result: _pinv_backward(grad, self, result),
)


@quiet
def _matrix_exp(self: Any, /) -> Any:
    """The exponential, by its series at a small part of the matrix, squared up again."""
    square("linalg.matrix_exp", self)
    size = np.max(np.sum(np.abs(self), -1), initial=0.0)
    squarings = max(0, int(np.ceil(np.log2(size))) + 3) if size > 0 and np.isfinite(size) else 0
    small = self / 2.0**squarings
    term = found = np.broadcast_to(np.eye(self.shape[-1], dtype=self.dtype), self.shape)
    for power in range(1, 19):
        term = term @ small / power
        found = found + term
    for _ in range(squarings):
        found = found @ found
    return found.astype(self.dtype)


def _matrix_exp_backward(ops: Any, grad: Any, self: Any) -> Any:
    """The derivative: the upper right block of the exponential of [[A', grad], [0, A']]."""
    turned = self.mT
    upper = ops.cat([turned, grad], -1)
    lower = ops.cat([turned * 0.0, turned], -1)
    side = self.shape[-1]
    return ops.linalg_matrix_exp(ops.cat([upper, lower], -2))[..., :side, side:]


row(
    "linalg_matrix_exp",
    _matrix_exp,
    self=lambda ops, grad, self: _matrix_exp_backward(ops, grad, self),
)
