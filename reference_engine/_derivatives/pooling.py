"""Pools that take the largest of each window, and their reverse."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from reference_engine._derivatives._table import row
from reference_engine._derivatives._windows import windows_of
from reference_engine._derivatives.shapes import Shape
from reference_engine._quiet import quiet


def _flat(ops: Any, array: Any, count: int) -> Any:
    """The last `count` dimensions as one."""
    return ops.reshape(array, (*array.shape[: len(array.shape) - count], -1))


def _back_to_places(grad_output: Any, self: Any, indices: Any, /, count: int) -> Any:
    """Gradients added where the elements were taken from, by flat places of the last dimensions."""
    outer, sizes = self.shape[: self.ndim - count], self.shape[-count:]
    rows = grad_output.reshape(prod(outer), -1)
    found = np.zeros((len(rows), prod(sizes)), grad_output.dtype)
    places = indices.reshape(rows.shape)
    np.add.at(found, (np.arange(len(rows))[:, np.newaxis], places), rows)
    return found.reshape(self.shape)


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
    values = windows_of(full, kernel, stride, dilation)
    places = windows_of(places, kernel, stride, dilation)
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


def _taken(ops: Any, grad: Any, indices: Any, shape: Shape, count: int) -> Any:
    """What stands at flat places of the last dimensions."""
    found = ops.gather(_flat(ops, grad, count), _flat(ops, indices, count), -1)
    return ops.reshape(found, tuple(shape))


def _largest_backward(name: str, count: int) -> Callable[..., Any]:
    """The formula of a pool over the last `count` dimensions, by its backward row's name."""
    return lambda ops, grad, self, indices: getattr(ops, name)(grad, self, indices, count)


for _count in (2, 3):
    for _name, _forward, _node in (
        (f"max_pool{_count}d", _max_pool, f"MaxPool{_count}DWithIndicesBackward0"),
        (f"adaptive_max_pool{_count}d", _adaptive_max_pool, f"AdaptiveMaxPool{_count}DBackward0"),
    ):
        row(
            _name,
            _forward,
            node=_node,
            outputs=("values", "indices"),
            self=_largest_backward(f"{_name}_backward", _count),
        )
        row(
            f"{_name}_backward",
            _back_to_places,
            node=f"{_node.removesuffix('0')}Backward0",
            grad_output=lambda ops, grad, indices, grad_output_shape, count: _taken(
                ops, grad, indices, grad_output_shape, count
            ),
            self=lambda ops, grad: ops.zero(grad),
        )
    row(
        f"max_unpool{_count}d",
        _unpool,
        node=f"MaxUnpool{_count}DBackward0",
        self=lambda ops, grad, indices, self_shape, size: _taken(
            ops, grad, indices, self_shape, len(size)
        ),
    )
