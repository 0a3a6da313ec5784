"""Shapes: views of the same elements in another arrangement, joining and taking apart.

What NumPy gives as a view is a view here too. Gradients go the same way back.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._promotion import dtype_name

Shape = tuple[int, ...]


def _reshape(self: Any, /, shape: Shape) -> Any:
    if shape.count(-1) > 1:
        raise RuntimeError(_errors.TWO_INFERRED)
    for place, size in enumerate(shape):
        if size < -1:
            text = _errors.VIEW_DIMENSION.format(size=size, place=place, shape=list(shape))
            raise RuntimeError(text)
    try:
        return np.reshape(self, shape)
    except ValueError:
        text = _errors.VIEW_SIZE
        if not np.size(self) and -1 in shape and 0 in shape:
            text = _errors.VIEW_AMBIGUOUS
        message = text.format(shape=list(shape), count=np.size(self))
        raise RuntimeError(message) from None


def _unsqueeze(self: Any, /, dim: int) -> Any:
    return np.expand_dims(self, dim)


def _squeeze(self: Any, /, dim: Any = None) -> Any:
    if dim is None:
        return np.squeeze(self)
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if self.ndim == 0:
        return self[...]
    for one in dims:
        if not -self.ndim <= one < self.ndim:
            raise np.exceptions.AxisError(one, self.ndim)
    if len(dims) > 1:
        places = [one % self.ndim for one in dims]
        for one in places:
            if places.count(one) > 1:
                raise RuntimeError(_errors.DIM_REPEATED.format(dim=one))
    return np.squeeze(self, tuple(one for one in dims if self.shape[one] == 1))


for _name, _forward, _node, _is_view in (
    ("view", _reshape, "ViewBackward0", True),
    ("reshape", _reshape, "ViewBackward0", True),
    ("reshape_alias", _reshape, "ReshapeAliasBackward0", True),
    ("unsafe_view", _reshape, "UnsafeViewBackward0", False),
    ("squeeze", _squeeze, "SqueezeBackward0", True),
    ("squeeze_dim", _squeeze, "SqueezeBackward1", True),
    ("squeeze_dims", _squeeze, "SqueezeBackward2", True),
    ("unsqueeze_in_place", _unsqueeze, "UnsqueezeBackward1", True),
    ("squeeze_in_place", _squeeze, "SqueezeBackward3", True),
    ("squeeze_dim_in_place", _squeeze, "SqueezeBackward4", True),
    ("squeeze_dims_in_place", _squeeze, "SqueezeBackward5", True),
    # in place, on a product that nobody else has seen
    ("squeezed", _squeeze, "SqueezeBackward4", False),
):
    row(
        _name,
        _forward,
        node=_node,
        is_view=_is_view,
        self=lambda ops, grad, self_shape: ops.reshape(grad, self_shape),
    )
row(
    "unsqueeze",
    _unsqueeze,
    is_view=True,
    self=lambda ops, grad, dim: ops.squeeze_dim(grad, dim),
)


def _expand(self: Any, /, size: Shape) -> Any:
    shape = np.shape(self)
    extra = len(size) - len(shape)
    if extra < 0:
        raise RuntimeError(
            _errors.EXPAND_DIMS.format(
                legacy=dtype_name(np.asarray(self)),
                sizes=list(shape),
                size=list(size),
                count=len(size),
                dim=len(shape),
            )
        )
    if -1 in size[:extra]:
        raise RuntimeError(_errors.EXPAND_LEADING.format(place=size.index(-1)))
    target = tuple(
        shape[place - extra] if wanted == -1 else wanted for place, wanted in enumerate(size)
    )
    for place in range(len(shape) - 1, -1, -1):
        have, want = shape[place], target[place + extra]
        if have not in (1, want):
            raise RuntimeError(
                _errors.EXPAND.format(
                    target=want,
                    size=have,
                    dim=place + extra,
                    targets=list(size),
                    sizes=list(shape),
                )
            )
    if not shape:  # one number everywhere: np.broadcast_to takes ten times as long to say so
        one = np.asarray(self)
        repeated: Any = np.ndarray(target, one.dtype, one, 0, (0,) * len(target))
        repeated.flags.writeable = False
        return repeated
    return np.broadcast_to(self, target)


row(
    "expand",
    _expand,
    is_view=True,
    self=lambda ops, grad, self_shape: ops.sum_to(grad, self_shape),
)


def _permute(self: Any, /, dims: Shape) -> Any:
    if len(dims) != self.ndim:
        raise RuntimeError(_errors.PERMUTE.format(dim=self.ndim, count=len(dims)))
    if len({one % self.ndim for one in dims}) < len(dims) and all(
        -self.ndim <= one < self.ndim for one in dims
    ):
        raise RuntimeError(_errors.PERMUTE_TWICE)
    return self.transpose(dims)


def _inverse(dims: Shape) -> Shape:
    order = [one % len(dims) for one in dims]
    return tuple(order.index(place) for place in range(len(order)))


def _transpose(self: Any, /, dim0: int, dim1: int) -> Any:
    return self[...] if self.ndim == 0 else self.swapaxes(dim0, dim1)


row(
    "permute",
    _permute,
    is_view=True,
    self=lambda ops, grad, dims: ops.permute(grad, _inverse(dims)),
)
for _name, _node in (
    ("transpose", "TransposeBackward0"),
    ("transpose_in_place", "TransposeBackward1"),
):
    row(
        _name,
        _transpose,
        node=_node,
        is_view=True,
        self=lambda ops, grad, dim0, dim1: ops.transpose(grad, dim0, dim1),
    )


def _t(self: Any, /) -> Any:
    if self.ndim > 2:
        raise RuntimeError(_errors.T_DIMS.format(dim=self.ndim))
    return self.transpose()


row("t", _t, is_view=True, self=lambda ops, grad: ops.t(grad))
row("t_in_place", _t, node="TBackward1", is_view=True, self=lambda ops, grad: ops.t(grad))
row("alias", lambda self, /: self[...], is_view=True, self=lambda grad: grad)
row(
    "flip",
    lambda self, /, dims: np.flip(self, dims).copy(),
    self=lambda ops, grad, dims: ops.flip(grad, dims),
)


def _repeat_backward(ops: Any, grad: Any, shape: Shape, repeats: Shape) -> Any:
    padded = (1,) * (len(repeats) - len(shape)) + tuple(shape)
    split = tuple(one for pair in zip(repeats, padded, strict=True) for one in pair)
    return ops.reshape(ops.sum_dim(ops.reshape(grad, split), tuple(range(0, len(split), 2))), shape)


def _repeat(self: Any, /, repeats: Shape) -> Any:
    if len(repeats) < np.ndim(self):
        raise RuntimeError(_errors.REPEAT_DIMS)
    return np.tile(self, repeats)


row(
    "repeat",
    _repeat,
    self=lambda ops, grad, self_shape, repeats: _repeat_backward(ops, grad, self_shape, repeats),
)

# -- joining and taking apart ---------------------------------------------------------------------


def _cat(tensors: Any, /, dim: int = 0) -> Any:
    if not tensors:
        raise ValueError(_errors.CAT_EMPTY)
    arrays = [one for one in tensors if one.shape != (0,)] or tensors
    first = arrays[0]
    for index, one in enumerate(tensors):
        if not one.ndim:
            raise RuntimeError(_errors.CAT_SCALAR.format(index=index))
        if one.shape == (0,):
            continue
        if one.ndim != first.ndim:
            raise RuntimeError(_errors.CAT_DIMS.format(first=first.ndim, other=one.ndim))
        for place, (expected, found) in enumerate(zip(first.shape, one.shape, strict=True)):
            if place != dim % first.ndim and expected != found:
                raise RuntimeError(
                    _errors.CAT_SIZES.format(dim=dim, expected=expected, found=found, index=index)
                )
    return np.concatenate(arrays, axis=dim)


def _stack(tensors: Any, /, dim: int = 0) -> Any:
    if not tensors:
        raise RuntimeError(_errors.STACK_EMPTY)
    first = tensors[0]
    for index, one in enumerate(tensors):
        if one.shape != first.shape:
            raise RuntimeError(
                _errors.STACK_SIZES.format(
                    first=list(first.shape), other=list(one.shape), index=index
                )
            )
    return np.stack(tensors, axis=dim)


def _cut(ops: Any, grad: Any, shapes: list[Shape], dim: int) -> list[Any]:
    """The pieces of a joined gradient."""
    pieces = []
    start = 0
    for shape in shapes:
        size = 0 if shape == (0,) and len(grad.shape) > 1 else shape[dim]
        piece = ops.narrow(grad, dim, start, size)
        pieces.append(ops.reshape(piece, shape) if not size else piece)
        start += size
    return pieces


row(
    "cat",
    _cat,
    tensors=lambda ops, grad, shapes, dim: _cut(ops, grad, shapes, dim),
)
row(
    "stack",
    _stack,
    tensors=lambda ops, grad, shapes, dim: [
        ops.select(grad, dim, place) for place in range(len(shapes))
    ],
)


def _unbind_backward(ops: Any, grads: list[Any], shape: Shape, dim: int) -> Any:
    dim %= len(shape)
    if all(one is not None for one in grads):
        return ops.stack(grads, dim)
    piece = shape[:dim] + shape[dim + 1 :]
    present = next(one for one in grads if one is not None)
    zeros = ops.expand(ops.reshape(present, (-1,))[:1] * 0 if piece else present * 0, piece)
    return ops.stack([zeros if one is None else one for one in grads], dim)


def _unbind(self: Any, /, dim: int = 0) -> Any:
    rows = np.moveaxis(self, dim, 0)
    return tuple(rows[place, ...] for place in range(len(rows)))


row(
    "unbind",
    _unbind,
    is_view=True,
    outputs=(),
    self=lambda ops, grads, self_shape, dim: _unbind_backward(ops, grads, self_shape, dim),
)


def _split_backward(ops: Any, grads: list[Any], shape: Shape, sizes: Shape, dim: int) -> Any:
    dim %= len(shape)
    present = next(one for one in grads if one is not None)
    scalar = ops.reshape(present, (-1,))[:1] * 0
    pieces = []
    for one, size in zip(grads, sizes, strict=True):
        piece = (*shape[:dim], size, *shape[dim + 1 :])
        pieces.append(ops.expand(scalar, piece) if one is None else one)
    return ops.cat(pieces, dim)


def _split(self: Any, /, sizes: Shape, dim: int) -> Any:
    along = np.moveaxis(self, dim, 0)
    if sum(sizes) != len(along):
        raise RuntimeError(_errors.SPLIT_SIZES.format(size=len(along), dim=dim, sizes=list(sizes)))
    ends = np.cumsum(sizes)
    return tuple(
        np.moveaxis(along[end - size : end], 0, dim) for size, end in zip(sizes, ends, strict=True)
    )


for _name in ("split", "split_with_sizes"):
    row(
        _name,
        _split,
        is_view=True,
        outputs=(),
        self=lambda ops, grads, self_shape, sizes, dim: _split_backward(
            ops, grads, self_shape, sizes, dim
        ),
    )
