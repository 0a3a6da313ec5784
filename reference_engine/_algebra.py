"""Linear algebra of the `torch` module itself: products, contractions and older names.

They are written over rows and over `torch.linalg`, as PyTorch's are.
"""

import warnings
from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions, linalg
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.rearranging import in_range
from reference_engine._dispatch import dispatch, wrap
from reference_engine._functions import permute, reshape, unsqueeze
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor

_Singular = return_type("svd", "U", "S", "V")
_Triangular = return_type("qr", "Q", "R")
_Determinant = return_type("slogdet", "sign", "logabsdet")

# -- older names ----------------------------------------------------------------------------------


def det(input: Tensor) -> Tensor:
    """The determinant of square matrices."""
    return linalg.det(input)


def inverse(input: Tensor) -> Tensor:
    """The inverse of square matrices."""
    return linalg.inv(input)


matrix_exp, matrix_power = linalg.matrix_exp, linalg.matrix_power


def slogdet(input: Tensor) -> Any:
    """`linalg.slogdet`."""
    return _Determinant(*linalg.slogdet(input))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: nan where that is negative."""
    sign, logarithm = linalg.slogdet(input)
    negative = wrap(sign._array == -1)
    nan = wrap(np.asarray(np.nan, logarithm._array.dtype))
    return dispatch(TABLE["where"], (negative, nan, logarithm))  # type: ignore[no-any-return]


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The triangular factor of a positive definite matrix."""
    return dispatch(TABLE["cholesky"], (input,), (upper,))  # type: ignore[no-any-return]


def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """The solution of a system, from the Cholesky factor of its matrix."""
    return dispatch(TABLE["cholesky_solve"], (input, input2), (upper,))  # type: ignore[no-any-return]


def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverse of a matrix, from its Cholesky factor."""
    return dispatch(TABLE["cholesky_inverse"], (input,), (upper,))  # type: ignore[no-any-return]


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The inverse in the sense of least squares."""
    return linalg.pinv(input, rcond)


def qr(input: Tensor, some: bool = True) -> Any:
    """`linalg.qr`, reduced unless told otherwise."""
    return _Triangular(*linalg.qr(input, "reduced" if some else "complete"))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """`linalg.svd` with the right vectors as columns."""
    left, values, right = linalg.svd(input, not some)
    if not compute_uv:
        rows, columns = input._array.shape[-2:]
        batch = input._array.shape[:-2]
        kind = input._array.dtype
        return _Singular(
            wrap(np.zeros((*batch, rows, rows), kind)),
            values,
            wrap(np.zeros((*batch, columns, columns), kind)),
        )
    return _Singular(left, values, _functions.transpose(right, -2, -1))


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along `dim`, by default the first dimension of size 3."""
    if dim is None:
        if 3 not in input._array.shape:
            raise RuntimeError(_errors.CROSS_NO_DIM)
        warnings.warn(_errors.CROSS_DEPRECATED, UserWarning, stacklevel=3)
        dim = input._array.shape.index(3)
    return linalg.cross(input, other, dim=dim)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """`linalg.multi_dot` of matrices; deprecated."""
    warnings.warn(_errors.CHAIN_DEPRECATED, UserWarning, stacklevel=3)
    return linalg.multi_dot(matrices) if len(matrices) > 1 else matrices[0]


# -- products -------------------------------------------------------------------------------------


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products of vectors in the last dimension of both, added up."""
    if not input._array.ndim or not other._array.ndim:
        return _functions.mul(input, other)
    if input.size(-1) != other.size(-1):
        shapes = list(input._array.shape), list(other._array.shape)
        raise RuntimeError(_errors.INNER_SHAPES.format(first=shapes[0], second=shapes[1]))
    return tensordot(input, other, [[-1], [-1]])


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Every element of one tensor times all of the other, as blocks."""
    ndim = max(input._array.ndim, other._array.ndim)
    first, second = ((1,) * (ndim - one._array.ndim) + one._array.shape for one in (input, other))
    alone = dispatch(
        TABLE["unsafe_view"], (input,), (tuple(n for size in first for n in (size, 1)),)
    )
    inside = dispatch(
        TABLE["unsafe_view"], (other,), (tuple(n for size in second for n in (1, size)),)
    )
    shape = tuple(a * b for a, b in zip(first, second, strict=True))
    return dispatch(TABLE["unsafe_view"], (_functions.mul(alone, inside),), (shape,))  # type: ignore[no-any-return]


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum over pairs of dimensions: the last and first so many, or as two lists say."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        ends = list(range(-dims, 0)), list(range(dims))
    else:
        ends = tuple([one] if isinstance(one, int) else list(one) for one in dims)  # type: ignore[assignment]
    over = [
        [in_range(one, tensor._array.ndim) for one in some]
        for tensor, some in zip((a, b), ends, strict=True)
    ]
    for number, (first, second) in enumerate(zip(*over, strict=True)):
        # a size 1 against another is summed away
        sizes = a.size(first), b.size(second)
        if sizes[0] == 1 != sizes[1]:
            b = _reductions.sum(b, second, keepdim=True)
        elif sizes[1] == 1 != sizes[0]:
            a = _reductions.sum(a, first, keepdim=True)
        elif sizes[0] != sizes[1]:
            raise RuntimeError(
                _errors.CONTRACTED_SIZES.format(
                    first=sizes[0],
                    first_dim=ends[0][number],
                    second=sizes[1],
                    second_dim=ends[1][number],
                )
            )
    free = [
        [one for one in range(tensor._array.ndim) if one not in some]
        for tensor, some in zip((a, b), over, strict=True)
    ]
    shape = [a.size(one) for one in free[0]] + [b.size(one) for one in free[1]]
    inside = prod(a.size(one) for one in over[0])
    left, right = permute(a, free[0] + over[0]), permute(b, over[1] + free[1])
    if not free[0] and not free[1]:
        both = tuple(one if one._array.ndim == 1 else reshape(one, -1) for one in (left, right))
        return reshape(dispatch(TABLE["dot"], both), ())
    matrices = reshape(left, (-1, inside)), reshape(right, (inside, -1))
    return reshape(dispatch(TABLE["mm"], matrices), shape)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The distance, by the norm of order `p`, of each row of one matrix to each of another."""
    return dispatch(TABLE["cdist"], (x1, x2), (float(p),))  # type: ignore[no-any-return]


# -- einsum ---------------------------------------------------------------------------------------


def einsum(equation: str, *operands: Any) -> Tensor:
    """Products of tensors summed over the indices that the equation leaves out of the result."""
    if not operands:
        raise ValueError(_errors.EINSUM_OPERANDS)
    given = list(operands[0]) if isinstance(operands[0], (list, tuple)) else list(operands)
    subscripts, result = _parsed(equation, given)
    _check_sizes(given, subscripts)
    kept = list(result) + sorted({one for names in subscripts for one in names} - set(result))
    prepared = [
        _arranged(tensor, names, kept) for tensor, names in zip(given, subscripts, strict=True)
    ]
    found = prepared[0]
    for place, one in enumerate(prepared[1:], 1):
        later = {name for names in subscripts[place + 1 :] for name in names} | set(result)
        over = [
            number for number, name in enumerate(kept)
            if name not in later and (found.size(number) != 1 or one.size(number) != 1)
        ]  # fmt: skip
        found = _multiplied(found, one, over)
    rest = tuple(number for number in range(len(result), len(kept)) if found.size(number) != 1)
    if rest or (len(given) == 1 and len(kept) > len(result)):
        return _reductions.sum(found, tuple(range(len(result), len(kept))))
    return found if len(kept) == len(result) else reshape(found, found._array.shape[: len(result)])


def _parsed(equation: str, given: list[Tensor]) -> tuple[list[list[str]], list[str]]:
    """The indices of each operand and of the result; those behind an ellipsis are digits."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(given):
        kind = "fewer" if len(parts) > len(given) else "more"
        raise RuntimeError(_errors.EINSUM_COUNT.format(kind=kind))
    for place, one in enumerate(equation.replace("->", "  ")):
        if not (one in ",. " or (one.isascii() and one.isalpha())):
            raise RuntimeError(_errors.EINSUM_SUBSCRIPT.format(place=place))
    for one in right.replace(".", ""):
        if one not in left:
            raise RuntimeError(_errors.EINSUM_RESULT.format(name=one))
    hidden = 0
    subscripts: list[list[str]] = []
    for part, tensor in zip(parts, given, strict=True):
        count = tensor._array.ndim - len(part.replace("...", ""))
        if count < 0 or ("..." not in part and count):
            raise RuntimeError(
                _errors.EINSUM_DIMS.format(
                    subscripts=len(part), dim=tensor._array.ndim, operand=len(subscripts)
                )
            )
        hidden = max(hidden, count)
        subscripts.append(_names(part, count))
    if arrow:
        return subscripts, _names(right, hidden)
    every = [one for names in subscripts for one in names]
    single = sorted(one for one in set(every) if not one.isdigit() and every.count(one) == 1)
    return subscripts, [*(str(one) for one in range(hidden, 0, -1)), *single]


def _check_sizes(given: list[Tensor], subscripts: list[list[str]]) -> None:
    """Each index has one size everywhere, but for sizes of 1."""
    seen: dict[str, int] = {}
    for operand, (tensor, names) in enumerate(zip(given, subscripts, strict=True)):
        own: dict[str, int] = {}
        hidden = sum(name.isdigit() for name in names)
        for name, size in zip(names, tensor._array.shape, strict=True):
            if own.setdefault(name, size) != size:
                text, former = _errors.EINSUM_REPEATED, own[name]
            elif size != 1 and seen.get(name, 1) not in {1, size}:
                text = _errors.EINSUM_ELLIPSIS if name.isdigit() else _errors.EINSUM_SIZES
                former = seen[name]
            else:
                seen[name] = size if size != 1 else seen.get(name, 1)
                continue
            dim = hidden - int(name) if name.isdigit() else 0
            raise RuntimeError(
                text.format(name=name, dim=dim, operand=operand, found=size, former=former)
            )


def _names(part: str, hidden: int) -> list[str]:
    before, dots, after = part.partition("...")
    digits = [str(one) for one in range(hidden, 0, -1)] if dots else []
    return [*before, *digits, *after]


def _arranged(tensor: Tensor, names: list[str], kept: list[str]) -> Tensor:
    """An operand with one dimension for each index, in order; repeated ones become diagonals."""
    names = list(names)
    for name in [one for one in dict.fromkeys(names) if names.count(one) > 1]:
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            tensor = dispatch(TABLE["diagonal"], (tensor,), (0, first, second))
            names = [one for place, one in enumerate(names) if place not in (first, second)]
            names.append(name)
        tensor = permute(tensor, list(range(tensor._array.ndim)))
    for name in kept:
        if name not in names:
            tensor = unsqueeze(tensor, -1)
            names.append(name)
    return permute(tensor, [names.index(name) for name in kept])


def _multiplied(a: Tensor, b: Tensor, over: list[int]) -> Tensor:
    """The product of two operands of the same dimensions, summed over some (which stay, at 1)."""
    if not over:
        return _functions.mul(a, b)
    ndim = a._array.ndim
    summed_a = [one for one in over if b.size(one) == 1]
    summed_b = [one for one in over if a.size(one) == 1]
    a = _reductions.sum(a, tuple(summed_a), keepdim=True) if summed_a else a
    b = _reductions.sum(b, tuple(summed_b), keepdim=True) if summed_b else b
    over = [one for one in over if one not in summed_a and one not in summed_b]
    if not over:
        return _functions.mul(a, b)
    free = [one for one in range(ndim) if one not in over]
    batch = [one for one in free if a.size(one) != 1 and b.size(one) != 1]
    of_a = [one for one in free if one not in batch and b.size(one) == 1]
    of_b = [one for one in free if one not in batch and one not in of_a]
    sizes = [prod(a.size(one) for one in some) for some in (batch, of_a, over)]
    columns = prod(b.size(one) for one in of_b)
    left = reshape(permute(a, [*batch, *of_a, *over, *of_b]), tuple(sizes))
    right = reshape(permute(b, [*batch, *over, *of_b, *of_a]), (sizes[0], sizes[2], columns))
    found = dispatch(TABLE["bmm"], (left, right))
    shape = [a.size(one) for one in (*batch, *of_a)] + [b.size(one) for one in of_b]
    order = [*batch, *of_a, *of_b, *over]
    found = reshape(found, (*shape, *[1] * len(over)))
    return permute(found, [order.index(one) for one in range(ndim)])


BOTH = (
    "det", "slogdet", "logdet", "inverse", "matrix_exp", "matrix_power", "pinverse", "qr", "svd",
    "cross", "inner", "kron", "cholesky", "cholesky_solve", "cholesky_inverse",
)  # fmt: skip
"""What is a function of `torch` and a method of Tensor."""

FUNCTIONS = ("chain_matmul", "tensordot", "einsum", "cdist")
