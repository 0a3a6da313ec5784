"""Resampling of space in torch.nn.functional."""

from math import floor
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._pooling import adaptive_average
from reference_engine.nn._sizes import sizes_of

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]


_NEAREST = {"nearest": "nearest", "nearest-exact": "nearest_exact"}
_LINEAR = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Space resampled to `size`, or by `scale_factor`: input (batch, channels, *sizes)."""
    count = input.dim() - 2
    if mode in {"nearest", "area", "nearest-exact"} and align_corners is not None:
        raise ValueError(_errors.ALIGN_CORNERS)
    if (size is None) == (scale_factor is None):
        raise ValueError(_errors.SIZE_OR_SCALE if size is None else _errors.SIZE_AND_SCALE)
    sizes = input._array.shape[2:]
    factors: Any = None
    if size is None:
        several = isinstance(scale_factor, (list, tuple))
        factors = tuple(scale_factor) if several else (scale_factor,) * count
        wanted = tuple(floor(have * one) for have, one in zip(sizes, factors, strict=True))
        factors = None if recompute_scale_factor or mode == "area" else factors
    else:
        wanted = sizes_of(size, count)
    if antialias:
        raise NotImplementedError(_errors.ANTIALIAS)
    if mode == "area":
        return adaptive_average(input, wanted)
    scales = [
        have / want if factors is None else 1 / factors[place]
        for place, (have, want) in enumerate(zip(sizes, wanted, strict=True))
    ]
    shapes = list(zip(sizes, wanted, scales, strict=True))
    if mode in _NEAREST:
        indices = tuple(_nearest(*one, exact=mode == "nearest-exact") for one in shapes)
        return getattr(ops, f"upsample_{_NEAREST[mode]}{count}d")(input, indices)  # type: ignore[no-any-return]
    if _LINEAR.get(mode) != count:
        raise NotImplementedError(
            _errors.RESAMPLING_DIMS.format(
                dim=input.dim(), mode=mode, needed=_LINEAR.get(mode, 2) + 2
            )
        )
    make = _cubic_matrix if mode == "bicubic" else _linear_matrix
    matrices = tuple(make(*one, align=bool(align_corners)) for one in shapes)
    return getattr(ops, f"upsample_{mode}{count}d")(input, matrices)  # type: ignore[no-any-return]


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` by its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` to the nearest element."""
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` linearly, corners on corners."""
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _nearest(size: int, wanted: int, scale: float, *, exact: bool) -> Any:
    half = 0.5 if exact else 0.0
    places = (np.arange(wanted, dtype=np.float32) + np.float32(half)) * np.float32(scale)
    return np.minimum(np.floor(places).astype(np.int64), size - 1)


def _positions(size: int, wanted: int, scale: float, *, align: bool) -> Any:
    """Where each result lies between the elements."""
    if align:
        return np.arange(wanted) * ((size - 1) / (wanted - 1) if wanted > 1 else 0.0)
    return (np.arange(wanted) + 0.5) * scale - 0.5


def _linear_matrix(size: int, wanted: int, scale: float, *, align: bool) -> Any:
    positions = np.maximum(_positions(size, wanted, scale, align=align), 0)
    low = np.minimum(positions.astype(np.int64), size - 1)
    high = np.minimum(low + 1, size - 1)
    part = np.clip(positions - low, 0, 1)
    matrix = np.zeros((wanted, size))
    np.add.at(matrix, (np.arange(wanted), low), 1 - part)
    np.add.at(matrix, (np.arange(wanted), high), part)
    return matrix


def _cubic_matrix(size: int, wanted: int, scale: float, *, align: bool) -> Any:
    positions = _positions(size, wanted, scale, align=align)
    low = np.floor(positions).astype(np.int64)
    part = positions - low
    matrix = np.zeros((wanted, size))
    for offset in (-1, 0, 1, 2):
        weights = _cubic_weight(np.abs(part - offset))
        places = np.clip(low + offset, 0, size - 1)
        np.add.at(matrix, (np.arange(wanted), places), weights)
    return matrix


def _cubic_weight(distance: Any) -> Any:
    """Keys' cubic kernel with PyTorch's parameter."""
    a = -0.75
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((distance - 5) * distance + 8) * distance * a - 4 * a
    return np.where(distance <= 1, near, far)
