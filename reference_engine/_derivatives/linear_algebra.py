"""Linear algebra: products with a summand, inverses, determinants and decompositions.

Formulas follow PyTorch's; matrices are the last two dimensions, those before are a batch. What a
decomposition leaves open (the sign of a vector) is as LAPACK chooses it.
"""

from typing import Any

import numpy as np

from reference_engine._derivatives._table import row
from reference_engine._derivatives.pointwise import quiet
from reference_engine._promotion import dtype_name

Shape = tuple[int, ...]

# -- products with a summand ----------------------------------------------------------------------


def _scaled(value: Any, factor: Any) -> Any:
    return value if factor == 1 else value * factor


def _plus(self: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """`beta * self + alpha * product`; at beta 0, what self holds does not count, be it nan."""
    found = _scaled(product, alpha)
    if beta == 0:
        return np.broadcast_to(found, np.broadcast_shapes(self.shape, found.shape)).copy()
    return found + _scaled(self, beta)


def _checked_mm(first: Any, second: Any) -> Any:
    for name, one in (("mat1", first), ("mat2", second)):
        if one.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {one.ndim}-D tensor")
    if first.shape[1] != second.shape[0]:
        a, b = ("x".join(map(str, one.shape)) for one in (first, second))
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a} and {b})")
    return np.matmul(first, second)


row(
    "addmm",
    lambda self, mat1, mat2, /, beta=1, alpha=1: _plus(self, _checked_mm(mat1, mat2), beta, alpha),
    self=lambda grad, beta: _scaled(grad, beta),
    mat1=lambda ops, grad, mat2, alpha: _scaled(ops.mm(grad, ops.t(mat2)), alpha),
    mat2=lambda ops, grad, mat1, alpha: _scaled(ops.mm(ops.t(mat1), grad), alpha),
)
row(
    "addmv",
    lambda self, mat, vec, /, beta=1, alpha=1: _plus(self, np.matmul(mat, vec), beta, alpha),
    self=lambda grad, beta: _scaled(grad, beta),
    mat=lambda ops, grad, vec, alpha: _scaled(ops.unsqueeze(grad, 1) * vec, alpha),
    vec=lambda ops, grad, mat, alpha: _scaled(ops.mv(ops.t(mat), grad), alpha),
)
row(
    "addr",
    lambda self, vec1, vec2, /, beta=1, alpha=1: _plus(self, np.outer(vec1, vec2), beta, alpha),
    self=lambda grad, beta: _scaled(grad, beta),
    vec1=lambda ops, grad, vec2, alpha: _scaled(ops.mv(grad, vec2), alpha),
    vec2=lambda ops, grad, vec1, alpha: _scaled(ops.mv(ops.t(grad), vec1), alpha),
)
row(
    "addbmm",
    lambda self, batch1, batch2, /, beta=1, alpha=1: _plus(
        self, np.matmul(batch1, batch2).sum(0), beta, alpha
    ),
    self=lambda grad, beta: _scaled(grad, beta),
    batch1=lambda grad, batch2, alpha: _scaled(grad @ batch2.mT, alpha),
    batch2=lambda grad, batch1, alpha: _scaled(batch1.mT @ grad, alpha),
)
row(
    "baddbmm",
    lambda self, batch1, batch2, /, beta=1, alpha=1: _plus(
        self, np.matmul(batch1, batch2), beta, alpha
    ),
    self=lambda grad, beta: _scaled(grad, beta),
    batch1=lambda grad, batch2, alpha: _scaled(grad @ batch2.mT, alpha),
    batch2=lambda grad, batch1, alpha: _scaled(batch1.mT @ grad, alpha),
)


def _vdot(self: Any, other: Any, /) -> Any:
    if self.ndim != 1 or other.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {other.ndim}D tensors")
    if self.shape != other.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{self.size}] and src [{other.size}] to "
            f"have the same number of elements, but got {self.size} and {other.size} elements "
            "respectively"
        )
    return np.dot(self, other)


row(
    "vdot",
    _vdot,
    self=lambda grad, other: grad * other,
    other=lambda grad, self: grad * self,
)


def _cross(self: Any, other: Any, /, dim: int = -1) -> Any:
    shape = np.broadcast_shapes(self.shape, other.shape)
    if self.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {self.shape[dim]} and "
            f"{other.shape[dim]}"
        )
    a, b = (np.moveaxis(np.broadcast_to(one, shape), dim, 0) for one in (self, other))
    found = [a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3] for i in range(3)]
    return np.stack(found, dim)


row(
    "linalg_cross",
    _cross,
    self=lambda ops, grad, other, dim: ops.linalg_cross(other, grad, dim),
    other=lambda ops, grad, self, dim: ops.linalg_cross(grad, self, dim),
)

# -- inverses and systems -------------------------------------------------------------------------


def square(name: str, array: Any) -> None:
    """Refuse what is no batch of square matrices."""
    if array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {array.shape[-2]} by "
            f"{array.shape[-1]} matrices"
        )
    if array.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {dtype_name(array)}"
        )


def _no_trouble(self: Any) -> Any:
    return np.zeros(self.shape[:-2], np.int32)


def singular(name: str, array: Any) -> Exception:
    """PyTorch's error for the first singular matrix of a batch."""
    place = ""
    if array.ndim > 2:
        flat = array.reshape(-1, *array.shape[-2:])
        first = next(
            number for number, one in enumerate(flat) if np.linalg.matrix_rank(one) < len(one)
        )
        place = f"(Batch element {first}): "
    problem = (
        "The diagonal element {0} is zero, the inversion could not be completed because the input "
        "matrix is singular."
    )
    if name.startswith("linalg.solve"):
        return np.linalg.LinAlgError(
            f"{name}: {place}The solver failed because the input matrix is singular."
        )
    return np.linalg.LinAlgError(f"{name}: {place}" + problem.format(array.shape[-1]))


def _inv_ex(self: Any, /) -> Any:
    square("linalg.inv", self)
    try:
        found = np.ascontiguousarray(np.linalg.inv(self).mT).mT  # by columns, as LAPACK's are
        return found, _no_trouble(self)
    except np.linalg.LinAlgError:
        raise singular("linalg.inv", self) from None


row(
    "linalg_inv_ex",
    _inv_ex,
    outputs=("inverse", "info"),
    self=lambda grad, inverse: -(inverse.mT @ (grad @ inverse.mT)),
)


def is_vector(shape: Shape, other: Shape) -> bool:
    """Whether the right side of a system (of matrices of `shape`) is a batch of vectors."""
    return len(other) == 1 or (len(shape) - 1 == len(other) and other == shape[:-1])


def _solve_ex(self: Any, other: Any, /, left: bool = True) -> Any:
    square("linalg.solve", self)
    if is_vector(self.shape, other.shape):
        found = _solved(self, other[..., None])[..., 0]
    elif left:
        found = _solved(self, other)
    else:
        found = _solved(self.mT, other.mT).mT
    return found, _no_trouble(self)


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


def _half(array: Any, upper: bool, unitriangular: bool) -> Any:
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
    matrix = _half(self, upper, unitriangular)
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


def _cofactors(ops: Any, self: Any, result: Any) -> Any:
    """The derivative of a determinant, by the inverse, or where that fails by singular values."""
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
    _square_checked("linalg.det", np.linalg.det),
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

# -- decompositions -------------------------------------------------------------------------------


def _cholesky_ex(self: Any, /, upper: bool = False) -> Any:
    square("linalg.cholesky", self)
    try:
        found = np.linalg.cholesky(self.mT if upper else self)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(
            "linalg.cholesky: The factorization could not be completed because the input is not "
            "positive-definite."
        ) from None
    return (found.mT if upper else found), _no_trouble(self)


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
    factor = _half(self, upper, unitriangular=False)
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
    return values[..., None, :] - values[..., :, None] + np.eye(values.shape[-1])


def _diagonal(ops: Any, vector: Any) -> Any:
    return ops.diag_embed(vector, 0, -2, -1)


def _eigh_backward(ops: Any, grads: Any, values: Any, vectors: Any) -> Any:
    inner = None
    if grads[1] is not None:
        inner = (vectors.mT @ grads[1]) / _gaps(values) * (1 - np.eye(values.shape[-1]))
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
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. "
            "Please use linalg.qr(A, mode='reduced') if you are going to require gradients for A."
        )
    if mode == "complete" and rows > columns:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
        )
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

# -- functions of matrices ------------------------------------------------------------------------


def _pinv(self: Any, /, rtol: Any = None, hermitian: bool = False) -> Any:
    return np.linalg.pinv(self, rtol=rtol, hermitian=hermitian)


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

# -- distances ------------------------------------------------------------------------------------


def _differences(ops: Any, x1: Any, x2: Any) -> Any:
    return ops.unsqueeze(x1, -2) - ops.unsqueeze(x2, -3)


def _cdist(x1: Any, x2: Any, /, p: float = 2.0) -> Any:
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    apart = np.abs(x1[..., :, None, :] - x2[..., None, :, :])
    if p == 0:
        return np.sum(apart != 0, -1, dtype=apart.dtype)
    if np.isinf(p):
        return np.max(apart, -1, initial=0.0)
    return np.sum(apart**p, -1) ** (1 / p)


def _pulls(ops: Any, grad: Any, x1: Any, x2: Any, result: Any, p: float) -> Any:
    """The gradient of every difference of two points; nothing between points that coincide."""
    apart = _differences(ops, x1, x2)
    if p == 0:
        return apart * 0.0
    signs, grad, result = ops.sign(apart), ops.unsqueeze(grad, -1), ops.unsqueeze(result, -1)
    if p == 1:
        return grad * signs
    if np.isinf(p):
        return ops.where(ops.abs(apart) == result, grad * signs, 0.0)
    safe = ops.where(result == 0, 1.0, result)
    sizes = ops.where(apart == 0, 1.0, ops.abs(apart))
    share = signs * ops.pow_number(sizes, p - 1) / ops.pow_number(safe, p - 1)
    return ops.where(result == 0, 0.0, grad * share)


row(
    "cdist",
    quiet(_cdist),
    x1=lambda ops, grad, x1, x2, result, p: ops.sum_dim(
        _pulls(ops, grad, x1, x2, result, p), (-2,), False
    ),
    x2=lambda ops, grad, x1, x2, result, p: (
        -ops.sum_dim(_pulls(ops, grad, x1, x2, result, p), (-3,), False)
    ),
)
