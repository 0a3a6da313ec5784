"""Windows over space: convolution, pooling, padding, folding and resampling, in any dimensions.

A convolution is linear in its input and in its weight. Its three rows (the result, what reaches
the input, what reaches the weight) are each other's derivatives; a transposed convolution is the
second of them. Everything that only takes or mixes elements along each dimension by itself is
one of two maps, `selected` (by indices) and `mixed` (by matrices), each with its transpose.
"""

from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from reference_engine._derivatives._table import camel, row
from reference_engine._derivatives.pointwise import quiet

Shape = tuple[int, ...]


def _windows(padded: Any, kernel: Shape, stride: Shape, dilation: Shape) -> Any:
    """All windows of the last dimensions: their places, then what is in them."""
    count = len(kernel)
    spans = tuple(step * (size - 1) + 1 for step, size in zip(dilation, kernel, strict=True))
    dims: Any = tuple(range(-count, 0))
    found: Any = sliding_window_view(padded, spans, dims)
    steps = tuple(slice(None, None, step) for step in stride)
    inner = tuple(slice(None, None, step) for step in dilation)
    return found[(..., *steps, *inner)]


def _add_windows(values: Any, shape: Shape, stride: Shape, dilation: Shape) -> Any:
    """The transpose of `_windows`: every window added at its place into zeros of `shape`."""
    count = len(stride)
    places, kernel = values.shape[-2 * count : -count], values.shape[-count:]
    total: Any = np.zeros((*values.shape[: -2 * count], *shape), values.dtype)
    for inner in np.ndindex(*kernel):
        key = tuple(
            slice(place * step, place * step + size * jump, jump)
            for place, step, size, jump in zip(inner, dilation, places, stride, strict=True)
        )
        total[(..., *key)] += values[(..., *inner)]
    return total


def _padded(array: Any, padding: Shape, value: Any = 0) -> Any:
    if not any(padding):
        return array
    width = [(0, 0)] * (array.ndim - len(padding)) + [(size, size) for size in padding]
    return np.pad(array, width, constant_values=value)


def _without(array: Any, padding: Shape) -> Any:
    """The array without its padding."""
    key = tuple(
        slice(size, total - size)
        for size, total in zip(padding, array.shape[-len(padding) :], strict=True)
    )
    return array[(..., *key)]


# -- convolution ----------------------------------------------------------------------------------


def _columns(windows: Any, count: int, groups: int) -> Any:
    """The windows as one matrix a group: (groups, batch * places, channels * kernel)."""
    batch, channels = windows.shape[:2]
    split = windows.reshape(batch, groups, channels // groups, *windows.shape[2:])
    places = tuple(range(3, 3 + count))
    turned = split.transpose(1, 0, *places, 2, *range(3 + count, 3 + 2 * count))
    inner = channels // groups * prod(windows.shape[2 + count :])
    return turned.reshape(groups, batch * prod(windows.shape[2 : 2 + count]), inner)


def _group_rows(grad: Any, groups: int) -> Any:
    """(batch, channels, *places) as (groups, batch * places, channels / groups)."""
    batch, channels = grad.shape[:2]
    split = grad.reshape(batch, groups, channels // groups, prod(grad.shape[2:]))
    return split.transpose(1, 0, 3, 2).reshape(
        groups, batch * prod(grad.shape[2:]), channels // groups
    )


def _with_bias(values: Any, bias: Any) -> Any:
    return values if bias is None else values + bias.reshape(-1, *(1,) * (values.ndim - 2))


def _convolution(
    self: Any, weight: Any, bias: Any, /,
    stride: Shape, padding: Shape, dilation: Shape, groups: int,
) -> Any:  # fmt: skip
    kernel = weight.shape[2:]
    windows = _windows(_padded(self, padding), kernel, stride, dilation)
    places = windows.shape[2 : 2 + len(kernel)]
    width = weight.shape[0] // groups
    matrices = weight.reshape(groups, width, prod(weight.shape[1:]))
    found = np.matmul(_columns(windows, len(kernel), groups), matrices.transpose(0, 2, 1))
    split = found.reshape(groups, self.shape[0], prod(places), width).transpose(1, 0, 3, 2)
    return _with_bias(split.reshape(self.shape[0], weight.shape[0], *places), bias)


def _to_input(
    self: Any, weight: Any, bias: Any, /,
    shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int,
) -> Any:  # fmt: skip
    """What a gradient of a convolution's result is at its input, of the spatial `shape`."""
    batch, places, kernel = self.shape[0], self.shape[2:], weight.shape[2:]
    matrices = weight.reshape(groups, weight.shape[0] // groups, prod(weight.shape[1:]))
    found = np.matmul(_group_rows(self, groups), matrices)
    found = found.reshape(groups, batch, *places, weight.shape[1], *kernel)
    count = len(places)
    order = (1, 0, 2 + count, *range(2, 2 + count), *range(3 + count, 3 + 2 * count))
    windows = found.transpose(order).reshape(batch, groups * weight.shape[1], *places, *kernel)
    full = tuple(size + 2 * pad for size, pad in zip(shape, padding, strict=True))
    return _with_bias(_without(_add_windows(windows, full, stride, dilation), padding), bias)


def _to_weight(
    self: Any, input: Any, /,
    kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int,
) -> Any:  # fmt: skip
    """What a gradient of a convolution's result is at its weight."""
    windows = _windows(_padded(input, padding), kernel, stride, dilation)
    reached = tuple(slice(size) for size in self.shape[2:])
    columns = _columns(windows[(slice(None), slice(None), *reached)], len(kernel), groups)
    found = np.matmul(_group_rows(self, groups).transpose(0, 2, 1), columns)
    return found.reshape(self.shape[1], input.shape[1] // groups, *kernel)


def _convolution_of(
    ops: Any, self: Any, weight: Any, shape: Shape, stride: Shape, padding: Shape,
    dilation: Shape, groups: int,
) -> Any:  # fmt: skip
    """A convolution's result without the windows that lie beyond the spatial `shape`."""
    found = ops.convolution(self, weight, None, stride, padding, dilation, groups)
    if tuple(found.shape[2:]) == tuple(shape):
        return found
    return ops.basic_index(found, (..., *(slice(size) for size in shape)))


def _over_channels(ops: Any, grad: Any) -> Any:
    return ops.sum_dim(grad, tuple(dim for dim in range(len(grad.shape)) if dim != 1), False)


row(
    "convolution",
    _convolution,
    self=lambda ops, grad, weight, self_shape, stride, padding, dilation, groups: (
        ops.convolution_to_input(
            grad, weight, None, self_shape[2:], stride, padding, dilation, groups
        )
    ),
    weight=lambda ops, grad, self, weight_shape, stride, padding, dilation, groups: (
        ops.convolution_to_weight(grad, self, weight_shape[2:], stride, padding, dilation, groups)
    ),
    bias=lambda ops, grad: _over_channels(ops, grad),
)
row(
    "convolution_to_input",
    _to_input,
    node="ConvolutionBackward0",
    self=lambda ops, grad, weight, self_shape, stride, padding, dilation, groups: _convolution_of(
        ops, grad, weight, self_shape[2:], stride, padding, dilation, groups
    ),
    weight=lambda ops, grad, self, weight_shape, stride, padding, dilation, groups: (
        ops.convolution_to_weight(self, grad, weight_shape[2:], stride, padding, dilation, groups)
    ),
    bias=lambda ops, grad: _over_channels(ops, grad),
)
row(
    "convolution_to_weight",
    _to_weight,
    self=lambda ops, grad, input, self_shape, stride, padding, dilation, groups: _convolution_of(
        ops, input, grad, self_shape[2:], stride, padding, dilation, groups
    ),
    input=lambda ops, grad, self, input_shape, stride, padding, dilation, groups: (
        ops.convolution_to_input(
            self, grad, None, input_shape[2:], stride, padding, dilation, groups
        )
    ),
)

# -- folding --------------------------------------------------------------------------------------


def _im2col(self: Any, /, kernel: Shape, dilation: Shape, padding: Shape, stride: Shape) -> Any:
    windows = _windows(_padded(self, padding), kernel, stride, dilation)
    turned = windows.transpose(0, 1, 4, 5, 2, 3)
    places = prod(windows.shape[2:4])
    return turned.reshape(self.shape[0], self.shape[1] * prod(kernel), places).copy()


def _col2im(
    self: Any, /, shape: Shape, kernel: Shape, dilation: Shape, padding: Shape, stride: Shape
) -> Any:
    places = tuple(
        (size + 2 * pad - step * (span - 1) - 1) // jump + 1
        for size, pad, step, span, jump in zip(
            shape, padding, dilation, kernel, stride, strict=True
        )
    )
    windows = self.reshape(len(self), self.shape[1] // prod(kernel), *kernel, *places).transpose(
        0, 1, 4, 5, 2, 3
    )
    full = tuple(size + 2 * pad for size, pad in zip(shape, padding, strict=True))
    return _without(_add_windows(windows, full, stride, dilation), padding)


row(
    "im2col",
    _im2col,
    node="Im2ColBackward0",
    self=lambda ops, grad, self_shape, kernel, dilation, padding, stride: ops.col2im(
        grad, self_shape[2:], kernel, dilation, padding, stride
    ),
)
row(
    "col2im",
    _col2im,
    node="Col2ImBackward0",
    self=lambda ops, grad, kernel, dilation, padding, stride: ops.im2col(
        grad, kernel, dilation, padding, stride
    ),
)

# -- taking the largest ---------------------------------------------------------------------------


def _flat(ops: Any, array: Any, count: int) -> Any:
    """The last `count` dimensions as one."""
    return ops.reshape(array, (*array.shape[: len(array.shape) - count], -1))


def _back_to_places(ops: Any, grad: Any, indices: Any, shape: Shape, count: int) -> Any:
    """Gradients added where the elements were taken from, by flat places of the last dimensions."""
    outer = shape[: len(shape) - count]
    found = ops.gather_transposed(
        _flat(ops, grad, count), _flat(ops, indices, count), (*outer, prod(shape[-count:])), -1
    )
    return ops.reshape(found, tuple(shape))


@quiet
def _max_pool(
    self: Any, /, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, extra: Shape
) -> tuple[Any, Any]:
    """The largest of each window and its flat place; `extra` is what the end is lengthened by."""
    count = len(kernel)
    width = [(0, 0)] * (self.ndim - count)
    width += [(pad, pad + more) for pad, more in zip(padding, extra, strict=True)]
    lowest = -np.inf if self.dtype.kind == "f" else np.iinfo(self.dtype).min
    full = np.pad(self, width, constant_values=lowest)
    sizes = self.shape[-count:]
    flat = np.arange(prod(sizes)).reshape(sizes)
    places = np.pad(flat, width[self.ndim - count :], constant_values=-1)
    values = _windows(full, kernel, stride, dilation)
    places = _windows(places, kernel, stride, dilation)
    values = values.reshape(*values.shape[:-count], -1)
    places = places.reshape(*places.shape[:-count], -1)
    inside = np.where(places >= 0, values, lowest)
    first_inside = np.argmax(places >= 0, -1)
    found = np.argmax(inside, -1)[..., np.newaxis]
    taken = np.take_along_axis(values, found, -1)[..., 0]
    places = np.broadcast_to(places, values.shape)
    indices = np.take_along_axis(places, found, -1)[..., 0]
    fallback = np.take_along_axis(
        places, np.broadcast_to(first_inside, taken.shape)[..., np.newaxis], -1
    )[..., 0]
    return taken, np.where(indices < 0, fallback, indices)


@quiet
def _adaptive_max_pool(self: Any, /, size: Shape) -> tuple[Any, Any]:
    count = len(size)
    sizes = self.shape[-count:]
    outer = self.shape[: self.ndim - count]
    flat = np.arange(prod(sizes)).reshape(sizes)
    values = np.zeros((*outer, *size), self.dtype)
    indices = np.zeros((*outer, *size), np.int64)
    for place in np.ndindex(*size):
        key = tuple(
            slice(*adaptive_span(one, want, have))
            for one, want, have in zip(place, size, sizes, strict=True)
        )
        piece = self[(..., *key)].reshape(*outer, -1)
        found = np.argmax(piece, -1)
        values[(..., *place)] = np.max(piece, -1)
        indices[(..., *place)] = flat[key].reshape(-1)[found]
    return values, indices


def adaptive_span(place: int, wanted: int, size: int) -> tuple[int, int]:
    """What an adaptive pool's `place` of `wanted` covers of `size` elements: start and end."""
    return place * size // wanted, -(-(place + 1) * size // wanted)


def _unpool(self: Any, indices: Any, /, size: Shape) -> Any:
    count = len(size)
    outer = self.shape[: self.ndim - count]
    flat = np.zeros((*outer, prod(size)), self.dtype)
    np.put_along_axis(flat, indices.reshape(*outer, -1), self.reshape(*outer, -1), -1)
    return flat.reshape(*outer, *size)


def _unpool_backward(ops: Any, grad: Any, indices: Any, shape: Shape, size: Shape) -> Any:
    count = len(size)
    found = ops.gather(_flat(ops, grad, count), _flat(ops, indices, count), -1)
    return ops.reshape(found, tuple(shape))


for _count in (2, 3):
    row(
        f"max_pool{_count}d",
        _max_pool,
        node=f"MaxPool{_count}DWithIndicesBackward0",
        outputs=("values", "indices"),
        self=lambda ops, grad, indices, self_shape, kernel: _back_to_places(
            ops, grad, indices, self_shape, len(kernel)
        ),
    )
    row(
        f"adaptive_max_pool{_count}d",
        _adaptive_max_pool,
        node=f"AdaptiveMaxPool{_count}DBackward0",
        outputs=("values", "indices"),
        self=lambda ops, grad, indices, self_shape, size: _back_to_places(
            ops, grad, indices, self_shape, len(size)
        ),
    )
    row(
        f"max_unpool{_count}d",
        _unpool,
        node=f"MaxUnpool{_count}DBackward0",
        self=lambda ops, grad, indices, self_shape, size: _unpool_backward(
            ops, grad, indices, self_shape, size
        ),
    )

# -- along each dimension by itself ---------------------------------------------------------------


def _product(self: Any, matrix: Any) -> Any:
    """The last dimension mixed; what is not finite stays out of results it has no part in."""
    if np.isfinite(self).all():
        return self @ matrix.T
    return np.sum(np.where(matrix != 0, self[..., np.newaxis, :] * matrix, 0), -1)


def _mixed(self: Any, /, matrices: tuple[Any, ...]) -> Any:
    for back, matrix in enumerate(reversed(matrices), 1):
        along = _product(np.moveaxis(self, -back, -1), matrix.astype(self.dtype))
        self = np.moveaxis(along, -1, -back)
    return np.ascontiguousarray(self)


def _transposed(matrices: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(matrix.T for matrix in matrices)


def _selection(indices: tuple[Any, ...]) -> tuple[Any, ...]:
    return (..., *np.ix_(*indices))


def _selected(self: Any, /, indices: tuple[Any, ...]) -> Any:
    return self[_selection(indices)]


def _selected_transposed(self: Any, /, shape: Shape, indices: tuple[Any, ...]) -> Any:
    zeros = np.zeros(shape, self.dtype)
    np.add.at(zeros, _selection(indices), self)
    return zeros


row(
    "selected_transposed",
    _selected_transposed,
    self=lambda ops, grad, indices: ops.selected(grad, indices),
)
MIXED = (
    "avg_pool2d", "avg_pool3d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "upsample_linear1d",
    "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d",
)  # fmt: skip
"""Operations that weigh and add elements along each dimension by itself."""
SELECTED = (
    "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d",
    "replication_pad2d", "replication_pad3d", "upsample_nearest1d", "upsample_nearest2d",
    "upsample_nearest3d", "upsample_nearest_exact1d", "upsample_nearest_exact2d",
    "upsample_nearest_exact3d",
)  # fmt: skip
"""Operations that take elements along each dimension by itself."""


def _node(name: str) -> str:
    return f"{camel(name)[:-1]}DBackward0" if name[-2:-1].isdigit() else f"{camel(name)}Backward0"


for _name in ("mixed", *MIXED):
    row(
        _name,
        _mixed,
        node=_node(_name),
        self=lambda ops, grad, matrices: ops.mixed(grad, _transposed(matrices)),
    )
for _name in ("selected", *SELECTED):
    row(
        _name,
        _selected,
        node=_node(_name),
        self=lambda ops, grad, self_shape, indices: ops.selected_transposed(
            grad, self_shape, indices
        ),
    )

# -- constant padding and rearrangements of channels ----------------------------------------------


def _constant_pad(self: Any, /, pad: tuple[int, ...], value: Any = 0) -> Any:
    """Pads the last dimensions, the last first, each by (before, after); negative cuts off."""
    sides = [(0, 0)] * (self.ndim - len(pad) // 2)
    sides += [(pad[place], pad[place + 1]) for place in range(len(pad) - 2, -1, -2)]
    key = tuple(
        slice(max(-before, 0), size - max(-after, 0))
        for (before, after), size in zip(sides, self.shape, strict=True)
    )
    width = [(max(before, 0), max(after, 0)) for before, after in sides]
    return np.pad(self[key], width, constant_values=value or 0)


row(
    "constant_pad_nd",
    _constant_pad,
    self=lambda ops, grad, pad: ops.constant_pad_nd(grad, tuple(-one for one in pad), 0),
)


def _pixel_shuffle(self: Any, /, upscale_factor: int) -> Any:
    *outer, channels, height, width = self.shape
    factor = upscale_factor
    split = self.reshape(*outer, channels // factor**2, factor, factor, height, width)
    turned = np.moveaxis(split, (-4, -3), (-3, -1))
    return turned.reshape(*outer, channels // factor**2, height * factor, width * factor)


def _pixel_unshuffle(self: Any, /, downscale_factor: int) -> Any:
    *outer, channels, height, width = self.shape
    factor = downscale_factor
    split = self.reshape(*outer, channels, height // factor, factor, width // factor, factor)
    turned = np.moveaxis(split, (-3, -1), (-4, -3))
    return turned.reshape(*outer, channels * factor**2, height // factor, width // factor)


def _channel_shuffle(self: Any, /, groups: int) -> Any:
    batch, channels, *places = self.shape
    split = self.reshape(batch, groups, channels // groups, *places)
    return np.swapaxes(split, 1, 2).reshape(self.shape)


row(
    "pixel_shuffle",
    _pixel_shuffle,
    self=lambda ops, grad, upscale_factor: ops.pixel_unshuffle(grad, upscale_factor),
)
row(
    "pixel_unshuffle",
    _pixel_unshuffle,
    self=lambda ops, grad, downscale_factor: ops.pixel_shuffle(grad, downscale_factor),
)
row(
    "channel_shuffle",
    _channel_shuffle,
    self=lambda ops, grad, self_shape, groups: ops.channel_shuffle(grad, self_shape[1] // groups),
)
