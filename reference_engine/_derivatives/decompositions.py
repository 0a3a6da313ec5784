"""Matrices taken apart: Cholesky, eigenvalues, singular values, QR.

Formulas follow PyTorch's FunctionsManual.cpp, for real numbers.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.solving import half, no_trouble, square
from reference_engine._dispatch import wrap


def _cholesky_ex(self: Any, /, upper: bool = False) -> Any:
    square("linalg.cholesky", self)
    try:
        found = np.linalg.cholesky(self.mT if upper else self)
    except np.linalg.LinAlgError:
        raise _not_positive_definite(self) from None
    return (found.mT if upper else found), no_trouble(self)


def _not_positive_definite(matrices: Any) -> Exception:
    """PyTorch's error for the first matrix of a batch that has no Cholesky factor."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    orders = [_first_bad_minor(one) for one in flat]
    number = next((number for number, one in enumerate(orders) if one), len(orders) - 1)
    place = _errors.BATCH_ELEMENT.format(number=number) if matrices.ndim > 2 else ""
    text = _errors.NOT_POSITIVE_DEFINITE.format(place=place, order=orders[number])
    return _errors.LinAlgError(text)


def _first_bad_minor(matrix: Any) -> int:
    """The order of the first leading minor that is not positive definite; 0 where all are."""
    for order in range(1, len(matrix) + 1):
        try:
            np.linalg.cholesky(matrix[:order, :order])
        except np.linalg.LinAlgError:
            return order
    return 0


def _halved_diagonal(ops: Any, matrix: Any) -> Any:
    """The lower triangle, of the diagonal a half."""
    return (ops.tril(matrix, 0) + ops.tril(matrix, -1)) * 0.5


def _cholesky_backward(ops: Any, grad: Any, factor: Any, upper: bool) -> Any:
    if upper:
        grad, factor = grad.mT, factor.mT
    inner = _halved_diagonal(ops, factor.mT @ grad)
    solve = ops.linalg_solve_triangular
    found = solve(factor, solve(factor.mT, inner + inner.mT, True, True), False, False)
    return found * 0.5


row(
    "linalg_cholesky_ex",
    _cholesky_ex,
    outputs=("result", "info"),
    self=lambda ops, grad, result, upper: _cholesky_backward(ops, grad, result, upper),
)
row(
    "cholesky",
    lambda self, /, upper=False: _cholesky_ex(self, upper)[0],
    self=lambda ops, grad, result, upper: _cholesky_backward(ops, grad, result, upper),
)


def _from_factor(self: Any, upper: bool) -> Any:
    factor = half(self, upper, unitriangular=False)
    return factor.mT @ factor if upper else factor @ factor.mT


def _factor_backward(common: Any, factor: Any, upper: bool) -> Any:
    """The gradient of a factor, from what is that of the product it makes, not yet symmetric."""
    both = common + common.mT
    return -(factor @ both) if upper else -(both @ factor)


row(
    "cholesky_solve",
    lambda self, input2, /, upper=False: np.linalg.solve(_from_factor(input2, upper), self),
    self=lambda ops, grad, input2, upper: ops.cholesky_solve(grad, input2, upper),
    input2=lambda ops, grad, input2, result, upper: _factor_backward(
        ops.cholesky_solve(grad, input2, upper) @ result.mT, input2, upper
    ),
)
row(
    "cholesky_inverse",
    lambda self, /, upper=False: np.linalg.inv(_from_factor(self, upper)),
    self=lambda grad, self, result, upper: _factor_backward(result @ grad @ result, self, upper),
)


def _eigh(self: Any, /, UPLO: Any = "L") -> Any:
    square("linalg.eigh", self)
    return tuple(np.linalg.eigh(self, UPLO))


def _gaps(values: Any) -> Any:
    """The differences of every two values, with ones on the diagonal."""
    ones: Any = np.eye(values.shape[-1])
    if not isinstance(values, np.ndarray):
        ones = wrap(ones)
    return values[..., None, :] - values[..., :, None] + ones


def _diagonal(ops: Any, vector: Any) -> Any:
    return ops.diag_embed(vector, 0, -2, -1)


def _eigh_backward(ops: Any, grads: Any, values: Any, vectors: Any) -> Any:
    inner = None
    if grads[1] is not None:
        product = vectors.mT @ grads[1]
        on_diagonal = _diagonal(ops, ops.diagonal(product, 0, -2, -1))
        inner = (product - on_diagonal) / _gaps(values)
    if grads[0] is not None:
        straight = _diagonal(ops, grads[0])
        inner = straight if inner is None else inner + straight
    found = vectors @ inner @ vectors.mT
    return found if grads[1] is None else (found + found.mT) * 0.5


row(
    "linalg_eigh",
    _eigh,
    outputs=("eigenvalues", "eigenvectors"),
    self=lambda ops, grads, eigenvalues, eigenvectors: _eigh_backward(
        ops, grads, eigenvalues, eigenvectors
    ),
)


def _skew(matrix: Any) -> Any:
    return matrix - matrix.mT


def _svd_backward(ops: Any, grads: Any, left: Any, values: Any, right: Any) -> Any:
    """The gradient by PyTorch's formula; `right` holds its vectors as rows."""
    count = values.shape[-1]
    of_left, of_values, of_right = grads
    left, right = left[..., :, :count], right[..., :count, :]
    gaps = _gaps(values * values)
    inner = 0.0
    if of_left is not None:
        of_left = of_left[..., :, :count]
        inner = (_skew(left.mT @ of_left) / gaps) * values[..., None, :]
    if of_right is not None:
        of_right = of_right[..., :count, :]
        inner = inner + values[..., :, None] * (_skew(right @ of_right.mT) / gaps)
    if of_values is not None:
        inner = inner + _diagonal(ops, of_values)
    if of_left is not None and left.shape[-2] > count:
        inner = left @ inner + (of_left - left @ (left.mT @ of_left)) / values[..., None, :]
        found = inner @ right
    else:
        found = left @ inner @ right
    if of_right is not None and right.shape[-1] > count:
        found = found + left @ ((of_right - (of_right @ right.mT) @ right) / values[..., :, None])
    return found


def _svd(self: Any, /, full_matrices: bool = True) -> Any:
    return tuple(np.linalg.svd(self, full_matrices))


row(
    "linalg_svd",
    _svd,
    outputs=("left", "values", "right"),
    self=lambda ops, grads, left, values, right: _svd_backward(ops, grads, left, values, right),
)


def _qr(self: Any, /, mode: Any = "reduced") -> Any:
    if mode == "r":
        return np.zeros(0, self.dtype), np.linalg.qr(self, "r")
    return tuple(np.linalg.qr(self, mode))


def _symmetric(ops: Any, matrix: Any) -> Any:
    """The upper triangle and its mirror image, the diagonal once."""
    return ops.triu(matrix, 0) + ops.triu(matrix, 1).mT


def _tall_qr_backward(ops: Any, of_q: Any, of_r: Any, q: Any, r: Any) -> Any:
    inner = 0.0 if of_r is None else of_r @ r.mT
    outer = 0.0
    if of_q is not None:
        inner = inner - q.mT @ of_q
        outer = of_q
    found = outer + q @ _symmetric(ops, inner)
    return ops.linalg_solve_triangular(r.mT, found, False, False)


def _qr_backward(ops: Any, grads: Any, self: Any, q: Any, r: Any, mode: str) -> Any:
    rows, columns = tuple(self.shape)[-2:]
    if mode == "r":
        raise RuntimeError(_errors.QR_WITHOUT_Q)
    if mode == "complete" and rows > columns:
        raise RuntimeError(_errors.QR_COMPLETE)
    of_q, of_r = grads
    if rows >= columns:
        return _tall_qr_backward(ops, of_q, of_r, q, r)
    of_rest: Any = None
    if of_r is not None:
        of_rest = of_r[..., rows:]
        through = self[..., rows:] @ of_rest.mT
        of_q = through if of_q is None else of_q + through
        of_r = of_r[..., :rows]
    found = _tall_qr_backward(ops, of_q, of_r, q, r[..., :rows])
    rest = self[..., rows:] * 0.0 if of_rest is None else q @ of_rest
    return ops.cat([found, rest], -1)


row(
    "linalg_qr",
    _qr,
    outputs=("q", "r"),
    self=lambda ops, grads, self, q, r, mode: _qr_backward(ops, grads, self, q, r, mode),
)
