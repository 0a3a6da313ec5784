"""Images read where a grid of points says: the grid of an affine map, and the reading."""

import warnings
from typing import Any

import numpy as np

import reference_engine as torch
from reference_engine._dispatch import wrap
from reference_engine._errors import NotCovered
from reference_engine._tensor import Tensor

__all__ = ["affine_grid", "grid_sample"]

_CHANGED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
    "Please specify align_corners=True if the old behavior is desired. See the documentation of "
    "grid_sample for details."
)


def _aligned(given: bool | None) -> bool:
    if given is None:
        warnings.warn(_CHANGED, stacklevel=3)
    return bool(given)


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Tensor:
    """Where each place of an image of `size` (batch, channels, height, width) is read.

    `theta` (batch, 2, 3) maps places to places, both from -1 to 1. The grid is (batch, height,
    width, 2), x before y.
    """
    aligned = _aligned(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) != 4:
        raise NotCovered("nn.functional.affine_grid of volumes")
    if theta.dim() != 3 or tuple(theta.shape[-2:]) != (2, 3):
        raise ValueError(
            f"Expected a batch of 2D affine matrices of shape Nx2x3 for size {size}. Got "
            f"{theta.shape}."
        )
    batch, _, height, width = size
    kind = theta._array.dtype
    steps = [np.linspace(-1, 1, count, dtype=kind) for count in (width, height)]
    if not aligned:
        steps = [one * kind.type((len(one) - 1) / len(one)) for one in steps]
    x, y = np.meshgrid(*steps)
    places = np.stack([x, y, np.ones_like(x)], -1).reshape(1, -1, 3)
    base: Any = wrap(np.broadcast_to(places, (batch, height * width, 3)).copy())
    return base.bmm(theta.transpose(1, 2)).view(batch, height, width, 2)  # type: ignore[no-any-return]


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of `input` (batch, channels, height, width) at the places of a grid.

    Places go from -1 to 1 in each direction; between pixels the values are interpolated, outside
    they are zero or those of the border.
    """
    if mode not in {"bilinear", "nearest", "bicubic"}:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in {"zeros", "border", "reflection"}:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    aligned = _aligned(align_corners)
    if input.dim() != 4 or mode == "bicubic" or padding_mode == "reflection":
        raise NotCovered("nn.functional.grid_sample of volumes, bicubic or with reflection")
    height, width = input.shape[-2:]
    x, y = (
        _pixels(grid[..., place], size, aligned, padding_mode)
        for place, size in enumerate((width, height))
    )
    if mode == "nearest":
        return _read(input, x.detach().round(), y.detach().round())  # type: ignore[no-any-return]
    left, top = x.detach().floor(), y.detach().floor()
    found: Any = 0
    for right in (0, 1):
        for below in (0, 1):
            across = x - left if right else 1 - (x - left)
            down = y - top if below else 1 - (y - top)
            found = found + _read(input, left + right, top + below) * (across * down).unsqueeze(1)
    return found  # type: ignore[no-any-return]


def _pixels(places: Any, size: int, aligned: bool, padding_mode: str) -> Any:
    """Places from -1 to 1 as positions among the pixels."""
    found = (places + 1) / 2 * (size - 1) if aligned else ((places + 1) * size - 1) / 2
    if padding_mode != "border":
        return found
    inside = (found > 0) & (found < size - 1)  # at the border itself, no gradient passes
    return torch.where(inside, found, found.detach().clamp(0, size - 1))


def _read(input: Any, x: Any, y: Any) -> Any:
    """The pixels at whole positions (batch, height, width), zeros outside: channels first."""
    height, width = input.shape[-2:]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    columns, rows = x.long().clamp(0, width - 1), y.long().clamp(0, height - 1)
    batch: Any = torch.arange(len(input)).view(-1, 1, 1)  # type: ignore[attr-defined]
    found = input.permute(0, 2, 3, 1)[batch, rows, columns]
    return (found * inside.unsqueeze(-1)).permute(0, 3, 1, 2)
