"""Rearranging: rolled and turned elements, triangles, diagonals, windows, blocks, copies of views.

Each operation that takes elements has its transpose beside it, which puts a gradient into zeros.
"""

from functools import wraps
from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import TABLE, Row, row
from reference_engine._derivatives.indexing import at
from reference_engine._derivatives.shapes import Shape


def in_range(dim: int, ndim: int) -> int:
    """A dimension counted from the front; a 0-d tensor has the dimensions 0 and -1."""
    span = ndim or 1
    if not -span <= dim < span:
        raise IndexError(_errors.DIM_RANGE.format(low=-span, high=span - 1, dim=dim))
    return dim % span


def _roll(self: Any, /, shifts: Any, dims: Any = ()) -> Any:
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if not shifts:
        raise RuntimeError(_errors.ROLL_SHIFTS)
    if not dims and len(shifts) == 1:
        return np.roll(self, shifts[0])
    if len(shifts) != len(dims):
        raise RuntimeError(_errors.ROLL_COUNTS.format(shifts=len(shifts), dims=len(dims)))
    return np.roll(self, shifts, dims)


def _negative(shifts: Any) -> Any:
    return -shifts if isinstance(shifts, int) else tuple(-one for one in shifts)


row(
    "roll",
    _roll,
    self=lambda ops, grad, shifts, dims: ops.roll(grad, _negative(shifts), dims),
)


def _rot90(self: Any, /, k: int = 1, dims: Any = (0, 1)) -> Any:
    if len(dims) != 2:
        raise RuntimeError(
            _errors.ROTATION_DIMS.format(count=len(dims)),
        )
    if self.ndim < 2:
        raise RuntimeError(_errors.ROTATION_INPUT.format(dim=self.ndim))
    first, second = (in_range(one, self.ndim) for one in dims)
    if first == second:
        raise RuntimeError(_errors.ROTATION_SAME.format(first=dims[0], second=dims[1]))
    return np.rot90(self, k, (first, second)).copy()


row("rot90", _rot90, self=lambda ops, grad, k, dims: ops.rot90(grad, -k, dims))


def _triangle(name: str, function: Any) -> Any:
    def forward(self: Any, /, diagonal: int = 0) -> Any:
        if self.ndim < 2:
            raise RuntimeError(_errors.TRIANGLE_DIMS.format(name=name))
        return function(self, diagonal)

    return forward


row(
    "tril",
    _triangle("tril", np.tril),
    self=lambda ops, grad, diagonal: ops.tril(grad, diagonal),
)
row(
    "triu",
    _triangle("triu", np.triu),
    self=lambda ops, grad, diagonal: ops.triu(grad, diagonal),
)

# -- diagonals ------------------------------------------------------------------------------------


def _diagonal(self: Any, /, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    first, second = in_range(dim1, self.ndim), in_range(dim2, self.ndim)
    if first == second:
        raise RuntimeError(_errors.DIAGONAL_SAME.format(first=dim1, second=dim2))
    found = np.diagonal(self, offset, first, second)
    if self.flags.writeable:
        found.flags.writeable = True
    return found


def _diagonal_transposed(self: Any, /, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    zeros = np.zeros(shape, np.asarray(self).dtype)
    _diagonal(zeros, offset, dim1, dim2)[...] = self
    return zeros


def _diag_embed(self: Any, /, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    self = np.asarray(self)
    side = self.shape[-1] + abs(offset)
    ndim = self.ndim + 1
    first, second = in_range(dim1, ndim), in_range(dim2, ndim)
    if first == second:
        raise RuntimeError(_errors.DIAGONAL_SAME.format(first=dim1, second=dim2))
    shape = list(self.shape[:-1])
    for place in sorted((first, second)):
        shape.insert(place, side)
    return _diagonal_transposed(self, tuple(shape), offset, first, second)


def _diagonal_scatter(self: Any, src: Any, /, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    result = self.copy()
    target = _diagonal(result, offset, dim1, dim2)
    _check_slice("src", src, target)
    target[...] = src
    return result


def _check_slice(name: str, src: Any, target: Any) -> None:
    if np.ndim(src) and src.shape != target.shape:
        raise RuntimeError(
            _errors.SLICE_SIZE.format(name=name, found=list(src.shape), expected=list(target.shape))
        )


row(
    "diagonal",
    _diagonal,
    is_view=True,
    self=lambda ops, grad, self_shape, offset, dim1, dim2: ops.diagonal_transposed(
        grad, self_shape, offset, dim1, dim2
    ),
)
row(
    "diagonal_transposed",
    _diagonal_transposed,
    node="DiagonalBackwardBackward0",
    self=lambda ops, grad, offset, dim1, dim2: ops.diagonal(grad, offset, dim1, dim2),
)
row(
    "diag_embed",
    _diag_embed,
    self=lambda ops, grad, offset, dim1, dim2: ops.diagonal(grad, offset, dim1, dim2),
)
row(
    "diagonal_scatter",
    _diagonal_scatter,
    self=lambda ops, grad, offset, dim1, dim2: ops.diagonal_scatter(grad, 0.0, offset, dim1, dim2),
    src=lambda ops, grad, offset, dim1, dim2: ops.diagonal(grad, offset, dim1, dim2),
)


def _trace(self: Any, /) -> Any:
    if self.ndim != 2:
        raise RuntimeError(_errors.TRACE_DIMS.format(dim=self.ndim))
    return np.trace(self, dtype=None if self.dtype.kind == "f" else np.int64)


row(
    "trace",
    _trace,
    self=lambda ops, grad, self_shape: ops.diagonal_transposed(
        ops.expand(grad, (min(self_shape),)), self_shape, 0, 0, 1
    ),
)

# -- a part replaced ------------------------------------------------------------------------------


def _select_scatter(self: Any, src: Any, /, dim: int, index: int) -> Any:
    dim = in_range(dim, self.ndim)
    result = self.copy()
    target = result[(*at(dim, index), ...)]
    _check_slice("src", src, target)
    target[...] = src
    return result


row(
    "select_scatter",
    _select_scatter,
    self=lambda ops, grad, dim, index: ops.select_scatter(grad, 0.0, dim, index),
    src=lambda ops, grad, dim, index: ops.select(grad, dim, index),
)


def _slice_scatter(
    self: Any, src: Any, /, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    result = self.copy()
    target = result[at(in_range(dim, self.ndim), slice(start, end, step))]
    _check_slice("src", src, target)
    target[...] = src
    return result


row(
    "slice_scatter",
    _slice_scatter,
    self=lambda ops, grad, dim, start, end, step: ops.slice_scatter(
        grad, 0.0, dim, start, end, step
    ),
    src=lambda ops, grad, dim, start, end, step: ops.basic_index(
        grad, at(dim % len(grad.shape), slice(start, end, step))
    ),
)

# -- windows and strides --------------------------------------------------------------------------


def _unfold(self: Any, /, dimension: int, size: int, step: int) -> Any:
    dimension = in_range(dimension, self.ndim)
    length = self.shape[dimension] if self.ndim else 1
    if size > length:
        raise RuntimeError(_errors.UNFOLD_SIZE.format(dim=dimension, length=length, size=size))
    if step <= 0:
        raise RuntimeError(_errors.UNFOLD_STEP.format(step=step))
    if not self.ndim:
        return np.reshape(self, (size,))
    if not size:
        count = length // step + 1
        return np.empty((*self.shape[:dimension], count, *self.shape[dimension + 1 :], 0))
    windows = np.lib.stride_tricks.sliding_window_view(self, size, dimension, writeable=True)
    return windows[at(dimension, slice(None, None, step))]


def _unfold_transposed(self: Any, /, shape: Shape, dimension: int, size: int, step: int) -> Any:
    if not shape:
        return np.asarray(self).sum()
    dimension %= len(shape)
    zeros = np.zeros(shape, self.dtype)
    count = self.shape[dimension]
    for offset in range(size):
        places = slice(offset, offset + step * (count - 1) + 1, step)
        zeros[at(dimension, places)] += self[..., offset]
    return zeros


row(
    "unfold",
    _unfold,
    is_view=True,
    self=lambda ops, grad, self_shape, dimension, size, step: ops.unfold_transposed(
        grad, self_shape, dimension, size, step
    ),
)
row(
    "unfold_transposed",
    _unfold_transposed,
    self=lambda ops, grad, dimension, size, step: ops.unfold(grad, dimension, size, step),
)


def _strided(self: Any, /, array: Any, positions: Any) -> Any:
    """The view `array` of the input's storage, which was made before."""
    return array


def _strided_backward(ops: Any, grad: Any, shape: Shape, positions: Any) -> Any:
    """The gradient at the elements that were seen; those seen outside the input (-1) are lost."""
    count = prod(shape)
    inside = np.where(positions < 0, count, positions)
    sums = ops.as_strided_transposed(grad, (count + 1,), inside)
    return ops.reshape(ops.narrow(sums, 0, 0, count), shape)


row(
    "strided",
    _strided,
    node="AsStridedBackward0",
    is_view=True,
    self=lambda ops, grad, self_shape, positions: _strided_backward(
        ops, grad, self_shape, positions
    ),
)
row(
    "as_strided_copy",
    lambda self, /, array, positions: np.array(array),
    node="AsStridedBackward0_copy",
    self=lambda ops, grad, self_shape, positions: _strided_backward(
        ops, grad, self_shape, positions
    ),
)

# -- blocks ---------------------------------------------------------------------------------------


def _block_sides(shape: Shape) -> Shape:
    if len(shape) > 2:
        raise RuntimeError(_errors.BLOCK_DIMS.format(dim=len(shape)))
    return (1, 1, *shape)[-2:]


def _block_diag(tensors: Any, /) -> Any:
    sides = [_block_sides(one.shape) for one in tensors]
    result = np.zeros(
        (sum(one[0] for one in sides), sum(one[1] for one in sides)), np.result_type(*tensors)
    )
    for one, key in zip(tensors, _blocks(sides), strict=True):
        result[key] = one
    return result


def _blocks(sides: list[Shape]) -> list[tuple[slice, slice]]:
    """Where each block of these sides lies."""
    keys = []
    top = left = 0
    for height, width in sides:
        keys.append((slice(top, top + height), slice(left, left + width)))
        top, left = top + height, left + width
    return keys


row(
    "block_diag",
    _block_diag,
    tensors=lambda ops, grad, shapes: [
        ops.reshape(ops.basic_index(grad, key), shape)
        for shape, key in zip(shapes, _blocks([_block_sides(one) for one in shapes]), strict=True)
    ],
)

# -- copies of what else are views ----------------------------------------------------------------


def _copying(view: Row, name: str, node: str) -> Row:
    """The row of a view's variant that copies."""
    found = view.forward
    if view.outputs is None:

        @wraps(found)
        def forward(*arguments: Any) -> Any:
            return np.array(found(*arguments))

    else:

        @wraps(found)
        def forward(*arguments: Any) -> Any:
            return tuple(np.array(one) for one in found(*arguments))

    formulas: dict[str, Any] = view.formulas
    return row(name, forward, node=node, outputs=view.outputs, **formulas)


for _name in (
    "alias", "diagonal", "expand", "permute", "select", "slice", "split_with_sizes", "squeeze",
    "squeeze_dim", "squeeze_dims", "t", "transpose", "unbind", "unfold", "unsqueeze", "view",
):  # fmt: skip
    _copying(TABLE[_name], f"{_name}_copy", f"{TABLE[_name].node_name}_copy")
_copying(TABLE["narrow"], "narrow_copy", "NarrowCopyBackward0")
_copying(TABLE["split"], "unsafe_split", "UnsafeSplitBackward0")
_copying(TABLE["split_with_sizes"], "unsafe_split_with_sizes", "UnsafeSplitWithSizesBackward0")
