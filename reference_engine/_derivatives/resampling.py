"""Averages, padding and resampling of space, and rearranged channels.

What only takes or mixes elements along each dimension by itself is one of two maps, `selected` (by
indices) and `mixed` (by matrices), each with its transpose.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_engine._derivatives._table import camel, row
from reference_engine._derivatives.shapes import Shape


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


for _name in ("mixed", *MIXED[4:]):
    row(
        _name,
        _mixed,
        node=_node(_name),
        self=lambda ops, grad, matrices: ops.mixed(grad, _transposed(matrices)),
    )


def _averaged_back(name: str) -> Callable[..., Any]:
    """The formula of a pool of averages, by its backward row's name."""
    return lambda ops, grad, self, matrices: getattr(ops, name)(grad, self, matrices)


for _name in MIXED[:4]:
    row(
        _name,
        _mixed,
        node=_node(_name),
        self=_averaged_back(f"{_name}_backward"),
    )
    row(  # an operation of its own: what it gives depends on `self`, if only by zeros
        f"{_name}_backward",
        lambda grad_output, self, /, matrices: _mixed(grad_output, _transposed(matrices)),
        node=f"{_node(_name).removesuffix('0')}Backward0",
        grad_output=lambda ops, grad, matrices: ops.mixed(grad, matrices),
        self=lambda ops, grad: ops.zero(grad),
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
