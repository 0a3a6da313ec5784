"""The matrix product by PyTorch's rules, which no single row is."""

from math import prod as product

import numpy as np

from reference_engine import _errors, _numpy_errors
from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import dispatch
from reference_engine._functions import (
    contiguous,
    expand,
    mul,
    refusal,
    reshape,
    squeeze,
    transpose,
    unsqueeze,
)
from reference_engine._tensor import Tensor

BOTH = ("matmul", "outer")
"""Functions that are methods too."""


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product, by NumPy's and PyTorch's common rules for 1-d and batched operands."""
    if not isinstance(other, Tensor):
        raise refusal("matmul", other, name="other", position=2)
    dims = (input._array.ndim, other._array.ndim)
    if 0 in dims:
        raise RuntimeError(_errors.MATMUL_SCALAR.format(a=dims[0], b=dims[1]))
    simple = {(1, 1): "dot", (2, 1): "mv", (2, 2): "mm"}.get(dims)
    if simple is not None:
        return dispatch(TABLE[simple], (input, other))  # type: ignore[no-any-return]
    if dims == (1, 2):
        found = dispatch(TABLE["mm"], (unsqueeze(input, 0), other))
        return dispatch(TABLE["squeezed"], (found,), (0,))  # type: ignore[no-any-return]
    if dims[1] <= 2 and _is_folded(input, other):
        return _folded_matmul(input, other)
    if dims[0] == 1 and _is_folded(transpose(other, -2, -1), input):
        return _folded_matmul(transpose(other, -2, -1), input)
    if dims[0] == 2 and input._requires_grad:
        turned = _folded_matmul(transpose(other, -2, -1), dispatch(TABLE["t"], (input,)))
        return contiguous(transpose(turned, -2, -1))
    return _batched_matmul(input, other)


def _is_folded(batch: Tensor, single: Tensor) -> bool:
    """Whether a batch of matrices is multiplied as one tall matrix, as PyTorch decides it.

    It is where the single matrix or vector needs a gradient, which would else be stretched to the
    batch's size, or where the batch's memory lies like that.
    """
    array = batch._array
    if single._requires_grad or not array.size:
        return True
    return all(
        array.strides[dim] == array.strides[dim + 1] * array.shape[dim + 1]
        for dim in range(array.ndim - 2)
    )


def _folded_matmul(batch: Tensor, single: Tensor) -> Tensor:
    """A batch of matrices times one matrix or vector: the rows of all, times that."""
    *outer, inner = batch._array.shape
    folded = reshape(batch, (product(outer), inner))
    row = TABLE["mm" if single._array.ndim == 2 else "mv"]
    shape = (*outer, *single._array.shape[1:])
    return dispatch(TABLE["unsafe_view"], (dispatch(row, (folded, single)),), (shape,))  # type: ignore[no-any-return]


def _batched_matmul(input: Tensor, other: Tensor) -> Tensor:
    a, b = input._array.shape, other._array.shape
    if len(a) == len(b) == 3 and a[0] != b[0]:
        if a[0] == 1 and input._requires_grad:
            return matmul(squeeze(input, 0), other)
        if b[0] == 1 and other._requires_grad:
            return matmul(input, squeeze(other, 0))
    mismatch = _numpy_errors.broadcast_mismatch(a[:-2], b[:-2])
    if mismatch is not None:
        raise RuntimeError(mismatch)
    batch = np.broadcast_shapes(a[:-2], b[:-2])
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    first = reshape(
        expand(input, (*batch, *(rows or (1,)), a[-1])), (product(batch), *(rows or (1,)), a[-1])
    )
    second = expand(other, (*batch, *b[-2:]))
    if columns:
        second = reshape(second, (product(batch), *b[-2:]))
        found = dispatch(TABLE["bmm"], (first, second))
    else:
        second = unsqueeze(reshape(second, (product(batch), b[-1])), 2)
        found = squeeze(dispatch(TABLE["bmm"], (first, second)), -1)
    return dispatch(TABLE["unsafe_view"], (found,), ((*batch, *rows, *columns),))  # type: ignore[no-any-return]


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The products of every element of one vector with every element of another."""
    for name, one in (("self", input), ("vec2", vec2)):
        if one._array.ndim != 1:
            raise RuntimeError(_errors.OUTER_DIMS.format(name=name, dim=one._array.ndim))
    return mul(dispatch(TABLE["view"], (input,), ((-1, 1),)), vec2)
