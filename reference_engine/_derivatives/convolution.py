"""Convolution and folding, in any number of spatial dimensions.

A convolution is linear in its input and in its weight. Its three rows (the result, what reaches
the input, what reaches the weight) are each other's derivatives; a transposed convolution is the
second of them.
"""

from math import prod
from typing import Any

import numpy as np

from reference_engine._derivatives._table import row
from reference_engine._derivatives._windows import (
    add_windows,
    windows_of,
    with_padding,
    without_padding,
)
from reference_engine._derivatives.shapes import Shape


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
    windows = windows_of(with_padding(self, padding), kernel, stride, dilation)
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
    return _with_bias(without_padding(add_windows(windows, full, stride, dilation), padding), bias)


def _to_weight(
    self: Any, input: Any, /,
    kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int,
) -> Any:  # fmt: skip
    """What a gradient of a convolution's result is at its weight."""
    windows = windows_of(with_padding(input, padding), kernel, stride, dilation)
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
    windows = windows_of(with_padding(self, padding), kernel, stride, dilation)
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
    return without_padding(add_windows(windows, full, stride, dilation), padding)


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
