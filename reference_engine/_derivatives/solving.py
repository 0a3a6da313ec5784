"""Inverses, systems of equations and determinants.

Formulas follow PyTorch's FunctionsManual.cpp, for real numbers.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.matrix import is_vector
from reference_engine._derivatives.shapes import Shape
from reference_engine._promotion import dtype_name
from reference_engine._quiet import quiet


def square(name: str, array: Any) -> None:
    """Refuse what is no batch of square matrices."""
    if array.ndim < 2:
        raise RuntimeError(_errors.MATRIX_DIMS.format(name=name))
    if array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            _errors.MATRIX_SQUARE.format(name=name, rows=array.shape[-2], columns=array.shape[-1])
        )
    if array.dtype.kind != "f":
        raise RuntimeError(_errors.MATRIX_DTYPE.format(name=name, dtype=dtype_name(array)))


def no_trouble(self: Any) -> Any:
    return np.zeros(self.shape[:-2], np.int32)


def singular(name: str, array: Any) -> Exception:
    """PyTorch's error for the first singular matrix of a batch."""
    pivots = [_zero_pivot(one) for one in array.reshape(-1, *array.shape[-2:])]
    number = next((number for number, one in enumerate(pivots) if one), len(pivots) - 1)
    place = _errors.BATCH_ELEMENT.format(number=number) if array.ndim > 2 else ""
    solving = name.startswith("linalg.solve")
    text = _errors.SINGULAR_SOLVE if solving else _errors.SINGULAR_INVERSE
    return _errors.LinAlgError(text.format(name=name, place=place, side=pivots[number]))


def _zero_pivot(matrix: Any) -> int:
    """Where elimination meets a 0 on the diagonal, counted from 1; 0 where it does not."""
    rest = matrix.copy()
    for place in range(len(rest)):
        pivot = place + int(np.argmax(np.abs(rest[place:, place])))
        if rest[pivot, place] == 0:
            return place + 1
        rest[[place, pivot]] = rest[[pivot, place]]
        rest[place + 1 :] -= np.outer(rest[place + 1 :, place] / rest[place, place], rest[place])
    return 0


def _inv_ex(self: Any, /) -> Any:
    square("linalg.inv", self)
    try:
        found = np.ascontiguousarray(np.linalg.inv(self).mT).mT  # by columns, as LAPACK's are
        return found, no_trouble(self)
    except np.linalg.LinAlgError:
        raise singular("linalg.inv", self) from None


row(
    "linalg_inv_ex",
    _inv_ex,
    outputs=("inverse", "info"),
    self=lambda grad, inverse: -(inverse.mT @ (grad @ inverse.mT)),
)


def _solve_ex(self: Any, other: Any, /, left: bool = True) -> Any:
    square("linalg.solve", self)
    if is_vector(self.shape, other.shape):
        found = _solved(self, other[..., None])[..., 0]
    elif left:
        found = _solved(self, other)
    else:
        found = _solved(self.mT, other.mT).mT
    return found, no_trouble(self)


def _solved(self: Any, other: Any) -> Any:
    try:
        return np.linalg.solve(self, other)
    except np.linalg.LinAlgError:
        raise singular("linalg.solve", self) from None


def _solve_other(ops: Any, grad: Any, self: Any, left: bool) -> Any:
    return ops.linalg_solve_ex(self.mT, grad, left)[0]


def _solve_self(ops: Any, grad: Any, self: Any, shape: Shape, result: Any, left: bool) -> Any:
    of_other = _solve_other(ops, grad, self, left)
    if is_vector(tuple(self.shape), shape):
        return -(ops.unsqueeze(of_other, -1) * ops.unsqueeze(result, -2))
    return -(of_other @ result.mT) if left else -(result.mT @ of_other)


row(
    "linalg_solve_ex",
    _solve_ex,
    outputs=("result", "info"),
    self=lambda ops, grad, self, other_shape, result, left: _solve_self(
        ops, grad, self, other_shape, result, left
    ),
    other=lambda ops, grad, self, left: _solve_other(ops, grad, self, left),
)


def half(array: Any, upper: bool, unitriangular: bool) -> Any:
    """The triangle of a matrix that counts, with ones on the diagonal if it is not to be read."""
    found = np.triu(array) if upper else np.tril(array)
    if unitriangular:
        side = np.arange(found.shape[-1])
        found[..., side, side] = 1
    return found


def _solve_triangular(
    self: Any, other: Any, /, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    square("linalg.solve_triangular", self)
    matrix = half(self, upper, unitriangular)
    return _solved(matrix, other) if left else _solved(matrix.mT, other.mT).mT


def _solve_triangular_self(
    ops: Any, grad: Any, self: Any, result: Any, upper: bool, left: bool, unitriangular: bool
) -> Any:
    of_other = ops.linalg_solve_triangular(self.mT, grad, not upper, left, unitriangular)
    found = -(of_other @ result.mT) if left else -(result.mT @ of_other)
    inside = int(unitriangular)
    return ops.triu(found, inside) if upper else ops.tril(found, -inside)


row(
    "linalg_solve_triangular",
    _solve_triangular,
    self=lambda ops, grad, self, result, upper, left, unitriangular: _solve_triangular_self(
        ops, grad, self, result, upper, left, unitriangular
    ),
    other=lambda ops, grad, self, upper, left, unitriangular: ops.linalg_solve_triangular(
        self.mT, grad, not upper, left, unitriangular
    ),
)


# -- determinants ---------------------------------------------------------------------------------


def _factors(matrix: Any) -> tuple[Any, Any, Any, float]:
    """L and U with matrix[order] = L U by partial pivoting, the order, and its sign."""
    side = len(matrix)
    upper, lower, order, sign = matrix.copy(), np.zeros_like(matrix), np.arange(side), 1.0
    for place in range(side):
        pivot = place + int(np.argmax(np.abs(upper[place:, place])))
        if pivot != place:
            for one in (upper, lower, order):
                one[[place, pivot]] = one[[pivot, place]]
            sign = -sign
        if upper[place, place]:
            lower[place + 1 :, place] = upper[place + 1 :, place] / upper[place, place]
            upper[place + 1 :] -= np.outer(lower[place + 1 :, place], upper[place])
    return lower + np.eye(side, dtype=matrix.dtype), np.triu(upper), order, sign


@quiet
def _det(self: Any, /) -> Any:
    found = np.asarray(np.linalg.det(self.mT))
    for place in np.argwhere(found == 0):  # whose sign shows
        _, upper, _, sign = _factors(self[tuple(place)].mT)
        found[tuple(place)] = np.copysign(0, sign * np.prod(np.diagonal(upper)))
    return found


@quiet
def _plain_cofactors(self: Any, result: Any) -> Any:
    """`_cofactors` on arrays, a singular matrix's with its zero pivots taken as just above 0."""
    side = np.eye(self.shape[-1], dtype=self.dtype)
    singular = np.equal(result, 0)[..., np.newaxis, np.newaxis]
    found = np.linalg.inv(np.where(singular, side, self)).mT * result[..., np.newaxis, np.newaxis]
    for place in map(tuple, np.argwhere(result == 0)):
        lower, upper, order, _ = _factors(self[place].mT)
        least = np.where(np.diagonal(upper) == 0, np.finfo(self.dtype).eps, 0)
        scaled = np.diag(np.full(len(side), result[place]))[order]
        found[place] = np.linalg.solve(upper + np.diag(least), np.linalg.solve(lower, scaled))
    return found


def _cofactors(ops: Any, self: Any, result: Any) -> Any:
    """The derivative of a determinant, as PyTorch computes it.

    At a singular matrix it is 0, whatever is true, unless it is to be differentiated again.
    """
    if isinstance(self, np.ndarray):
        return _plain_cofactors(self, result)
    if ops.all(result != 0):
        return result[..., None, None] * ops.linalg_inv_ex(self)[0].mT
    left, values, right = ops.linalg_svd(self, True)
    sign = ops.linalg_det(left) * ops.linalg_det(right)
    count = values.shape[-1]
    others = [
        ops.prod_dim(ops.cat([values[..., :place], values[..., place + 1 :]], -1), -1, False)
        for place in range(count)
    ]
    return sign[..., None, None] * ((left * ops.stack(others, -1)[..., None, :]) @ right)


def _square_checked(name: str, function: Any) -> Any:
    def forward(self: Any, /) -> Any:
        square(name, self)
        return function(self)

    return forward


row(
    "linalg_det",
    _square_checked("linalg.det", _det),
    self=lambda ops, grad, self, result: grad[..., None, None] * _cofactors(ops, self, result),
)
row(
    "linalg_slogdet",
    _square_checked("linalg.slogdet", lambda self: tuple(np.linalg.slogdet(self))),
    outputs=("sign", "logabsdet"),
    self=lambda ops, grads, self: (
        None if grads[1] is None else grads[1][..., None, None] * ops.linalg_inv_ex(self)[0].mT
    ),
)
