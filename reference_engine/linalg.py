"""`torch.linalg`: inverses, systems, determinants, decompositions and norms of matrices.

What does not fit one row is written over others, as PyTorch does it.
"""

from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.matrix import is_vector
from reference_engine._derivatives.rearranging import in_range
from reference_engine._dispatch import dispatch, wrap
from reference_engine._functions import permute, reshape, unsqueeze
from reference_engine._products import matmul
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor

_NOT_COVERED = frozenset(
    (
        "eig", "eigvals", "householder_product", "ldl_factor", "ldl_factor_ex", "ldl_solve",
        "lu", "lu_factor", "lu_factor_ex", "lu_solve",
    )
)  # fmt: skip
"""PyTorch's names that have no counterpart here."""


def __getattr__(name: str) -> Any:
    raise _errors.missing("linalg", name, _NOT_COVERED)


LinAlgError = _errors.LinAlgError

_Inverse = return_type("linalg_inv_ex", "inverse", "info")
_Solution = return_type("linalg_solve_ex", "result", "info")
_Factor = return_type("linalg_cholesky_ex", "L", "info")
_LeastSquares = return_type(
    "linalg_lstsq", "solution", "residuals", "rank", "singular_values"
)  # fmt: skip
_Determinant = return_type("linalg_slogdet", "sign", "logabsdet")
_Eigen = return_type("linalg_eigh", "eigenvalues", "eigenvectors")
_Singular = return_type("linalg_svd", "U", "S", "Vh")
_Triangular = return_type("linalg_qr", "Q", "R")


def _run(name: str, *inputs: Tensor, options: tuple[Any, ...] = ()) -> Any:
    return dispatch(TABLE[name], inputs, options)


# -- inverses and systems -------------------------------------------------------------------------


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and 0 for every matrix that has one."""
    return _Inverse(*_run("linalg_inv_ex", A))


def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices."""
    return inv_ex(A).inverse  # type: ignore[no-any-return]


def solve_ex(
    A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False
) -> Any:  # fmt: skip
    """`solve`, and 0 for every system that has a solution."""
    vector = is_vector(A._array.shape, B._array.shape)
    if not vector:
        batch = np.broadcast_shapes(A._array.shape[:-2], B._array.shape[:-2])
        A = _stretched(A, batch)
        B = _stretched(B, batch)
    return _Solution(*_run("linalg_solve_ex", A, B, options=(left,)))


def _stretched(matrix: Tensor, batch: tuple[int, ...]) -> Tensor:
    shape = (*batch, *matrix._array.shape[-2:])
    return matrix if matrix._array.shape == shape else _functions.expand(matrix, shape)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution X of A X = B, or of X A = B."""
    return solve_ex(A, B, left=left).result  # type: ignore[no-any-return]


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:  # fmt: skip
    """`solve` with a triangular matrix, of which only that triangle is read."""
    return _run("linalg_solve_triangular", A, B, options=(upper, left, unitriangular))  # type: ignore[no-any-return]


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse for `tensordot` over the first `ind` dimensions."""
    shape = A._array.shape
    side = int(np.prod(shape[ind:]))
    return reshape(inv(reshape(A, (-1, side))), (*shape[ind:], *shape[:ind]))


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """The solution X of tensordot(A, X) = B."""
    if dims is not None:
        last = [in_range(one, A._array.ndim) for one in dims]
        rest = [one for one in range(A._array.ndim) if one not in last]
        A = permute(A, [*rest, *last])
    shape = A._array.shape[B._array.ndim :]
    found = solve(reshape(A, (B._array.size, -1)), reshape(B, -1))
    return reshape(found, shape)


def pinv(
    A: Tensor, rtol: Any = None, *, atol: Any = None, hermitian: bool = False
) -> Tensor:  # fmt: skip
    """The inverse in the sense of least squares."""
    limits = [one._array if isinstance(one, Tensor) else one for one in (rtol, atol)]
    return _run("linalg_pinv", A, options=(limits[0], hermitian, limits[1]))  # type: ignore[no-any-return]


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> Any:
    """(what comes nearest to solving `A @ X = B`, residuals, rank, singular values).

    Residuals and singular values are empty, as PyTorch leaves them by default.
    """
    solution = matmul(pinv(A, rcond), B)
    nothing = wrap(np.zeros(0, A._array.dtype))
    return _LeastSquares(solution, nothing, matrix_rank(A), nothing)


# -- determinants, powers, products ---------------------------------------------------------------


def det(A: Tensor) -> Tensor:
    """The determinant of square matrices."""
    return _run("linalg_det", A)  # type: ignore[no-any-return]


def slogdet(A: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    return _Determinant(*_run("linalg_slogdet", A))


def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of square matrices."""
    return _run("linalg_matrix_exp", input)  # type: ignore[no-any-return]


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A square matrix multiplied with itself; its inverse, for a negative `n`."""
    if not n:
        ones = wrap(np.broadcast_to(np.eye(A._array.shape[-1]), A._array.shape))
        return _functions.copy_(_functions.clone(A), ones)
    base = inv(A) if n < 0 else A
    count = abs(n)
    if count == 3:
        return matmul(matmul(base, base), base)
    found = None
    while count:
        if count % 2:
            found = base if found is None else matmul(found, base)
        count //= 2
        base = matmul(base, base) if count else base
    assert found is not None  # noqa: S101 - a number that is not 0 has a bit
    return _functions.clone(found) if found is A else found


def multi_dot(tensors: Any) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications."""
    given = list(tensors)
    first, last = given[0]._array.ndim == 1, given[-1]._array.ndim == 1
    shape: list[int] = []
    if first:
        given[0] = unsqueeze(given[0], 0)
    else:
        shape.append(given[0].size(0))
    if last:
        given[-1] = unsqueeze(given[-1], -1)
    else:
        shape.append(given[-1].size(1))
    sides = [one.size(0) for one in given] + [given[-1].size(1)]
    return _functions.view(_chained(given, _best_splits(sides), 0, len(given) - 1), shape)


def _best_splits(sides: list[int]) -> dict[tuple[int, int], int]:
    """For each stretch of a chain of matrices, where to cut it."""
    count = len(sides) - 1
    costs = {(place, place): 0 for place in range(count)}
    splits = {}
    for length in range(1, count):
        for start in range(count - length):
            end = start + length
            options = [
                costs[start, cut]
                + costs[cut + 1, end]
                + sides[start] * sides[cut + 1] * sides[end + 1]
                for cut in range(start, end)
            ]
            best = int(np.argmin(options))
            if count == length + 1 == 3 and options[0] == options[1]:
                best = 1  # of three matrices, the first two: PyTorch's way to break the tie
            costs[start, end], splits[start, end] = options[best], start + best
    return splits


def _chained(
    given: list[Tensor], splits: dict[tuple[int, int], int], start: int, end: int
) -> Tensor:
    if start == end:
        return given[start]
    cut = splits[start, end]
    parts = _chained(given, splits, start, cut), _chained(given, splits, cut + 1, end)
    return _run("mm", *parts)  # type: ignore[no-any-return]


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product of vectors of length 3."""
    return _run("linalg_cross", input, other, options=(dim,))  # type: ignore[no-any-return]


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The products of vectors along a dimension, added up."""
    if x._array.ndim == 1 and y._array.ndim == 1:
        return _run("vdot", x, y)  # type: ignore[no-any-return]
    return _reductions.sum(_functions.mul(x, y), dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a view."""
    return _run("diagonal", A, options=(offset, dim1, dim2))  # type: ignore[no-any-return]


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """The powers 0 to N-1 of each element, as rows."""
    count = x._array.shape[-1] if N is None else N
    column = unsqueeze(x if x._array.ndim else unsqueeze(x, -1), -1)
    ones = wrap(np.ones_like(column._array))
    if count == 1:
        return ones
    repeated = _functions.expand(column, (*column._array.shape[:-1], count - 1))
    return _functions.cat([ones, _run("cumprod", repeated, options=(-1,))], -1)


# -- decompositions -------------------------------------------------------------------------------


def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """`cholesky`, and 0 for every matrix that has such a factor."""
    return _Factor(*_run("linalg_cholesky_ex", input, options=(upper,)))


def cholesky(input: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with L L' = A, or the upper U with U' U = A."""
    return cholesky_ex(input, upper=upper).L  # type: ignore[no-any-return]


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues, ascending, and eigenvectors of symmetric matrices."""
    return _Eigen(*_run("linalg_eigh", A, options=(UPLO.upper(),)))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, ascending."""
    return eigh(A, UPLO).eigenvalues  # type: ignore[no-any-return]


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """U, the singular values (descending) and V' with A = U diag(S) V'."""
    return _Singular(*_run("linalg_svd", A, options=(full_matrices,)))


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, descending."""
    return svd(A, False).S  # type: ignore[no-any-return]


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and the upper triangular R with A = Q R."""
    return _Triangular(*_run("linalg_qr", A, options=(mode,)))


# -- norms ----------------------------------------------------------------------------------------


def vector_norm(
    x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of all elements taken as one vector, or of vectors along `dim`."""
    dims = tuple(dim) or None if isinstance(dim, (list, tuple)) else dim
    given = x if dtype is None else _functions.to(x, dtype)
    return _run("linalg_vector_norm", given, options=(ord, dims, keepdim))  # type: ignore[no-any-return]


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *,
    dtype: Any = None,
) -> Tensor:  # fmt: skip
    """The norm of matrices in two dimensions: "fro", "nuc", 1, 2, inf or one of these negative."""
    given = A if dtype is None else _functions.to(A, dtype)
    ndim = given._array.ndim
    if isinstance(ord, str) and ord not in {"fro", "nuc"}:
        raise RuntimeError(_errors.MATRIX_NORM_ORDER.format(order=ord))
    if ndim < 2:
        raise RuntimeError(_errors.MATRIX_NORM_DIMS)
    if isinstance(dim, int):
        raise RuntimeError(_errors.MATRIX_NORM_PAIR.format(dim=dim))  # noqa: TRY004 - PyTorch's
    rows, columns = (in_range(one, ndim) for one in dim)
    if ord == "fro":
        return vector_norm(given, 2, (rows, columns), keepdim)
    if ord != "nuc" and abs(ord) in {1, np.inf}:
        over, rest = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = vector_norm(given, 1, over, keepdim)
        if not keepdim and rest > over:
            rest -= 1
        return _run("amax" if ord > 0 else "amin", sums, options=(rest, keepdim))  # type: ignore[no-any-return]
    if ord != "nuc" and abs(ord) != 2:
        raise RuntimeError(_errors.MATRIX_NORM_ORDER.format(order=ord))
    order = [one for one in range(ndim) if one not in (rows, columns)] + [rows, columns]
    values = svdvals(permute(given, order))
    if ord == "nuc":
        found = _reductions.sum(values, -1, keepdim)
    else:
        found = _run("amax" if ord > 0 else "amin", values, options=(-1, keepdim))
    if not keepdim:
        return found
    return permute(unsqueeze(found, -1), [order.index(one) for one in range(ndim)])


def norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:  # fmt: skip
    """A norm of vectors or of matrices, as many dimensions as `dim` says."""
    given = A if dtype is None else _functions.to(A, dtype)
    dims = (dim,) if isinstance(dim, int) else dim
    if ord is None:
        return vector_norm(given, 2, dims, keepdim)
    if isinstance(ord, str) or (len(dims) if dims else given._array.ndim) == 2:
        return matrix_norm(given, ord, (-2, -1) if dims is None else dims, keepdim)
    return vector_norm(given, ord, dims, keepdim)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """How much a system with these matrices magnifies errors, by a norm."""
    if p is None or p in {2, -2}:
        values = svdvals(A)
        ends = [_run("narrow", values, options=(-1, at, 1)) for at in (0, values.size(-1) - 1)]
        largest, smallest = ends if p != -2 else ends[::-1]
        return _functions.squeeze(_run("div", largest, smallest), -1)
    return _functions.mul(matrix_norm(A, p), matrix_norm(inv(A), p))


def matrix_rank(A: Tensor, *, hermitian: bool = False) -> Tensor:
    """The number of singular values that are not as good as 0."""
    if 0 in A.shape[-2:]:
        return wrap(np.zeros(A.shape[:-2], np.int64))
    return wrap(np.asarray(np.linalg.matrix_rank(A._array, hermitian=hermitian)))
