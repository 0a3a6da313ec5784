"""Padding in torch.nn.functional, and channels rearranged into space."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops

__all__ = ["channel_shuffle", "pad", "pixel_shuffle", "pixel_unshuffle"]


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """The last dimensions lengthened, the last first, each by (before, after)."""
    sides = tuple(int(one) for one in pad)
    if len(sides) % 2:
        raise RuntimeError(_errors.PADDING_LENGTH)
    if len(sides) > 2 * input.dim():
        raise RuntimeError(_errors.PADDING_TOO_LONG.format(length=len(sides), dim=input.dim()))
    if mode == "constant":
        return ops.constant_pad_nd(input, sides, 0 if value is None else value)  # type: ignore[no-any-return]
    if value not in {None, 0}:
        raise RuntimeError(_errors.PADDING_VALUE.format(mode=mode))
    count = len(sides) // 2
    if mode not in {"reflect", "replicate", "circular"}:
        raise NotImplementedError(_errors.PADDING_MODE.format(mode=mode))
    if input.dim() not in {count + 1, count + 2}:
        raise NotImplementedError(_errors.PADDING_DIMS)
    pairs = [(sides[place], sides[place + 1]) for place in range(0, len(sides), 2)][::-1]
    sizes = input._array.shape[-count:]
    if mode == "circular":
        return _circular(input, pairs)
    if mode == "reflect":
        _check_reflection(input, pairs)
    indices = tuple(
        _padded_places(size, before, after, mode)
        for size, (before, after) in zip(sizes, pairs, strict=True)
    )
    row = "reflection" if mode == "reflect" else "replication"
    return getattr(ops, f"{row}_pad{count}d")(input, indices)  # type: ignore[no-any-return]


def _check_reflection(input: Tensor, pairs: Sequence[tuple[int, int]]) -> None:
    shape = input._array.shape
    for place, pair in enumerate(reversed(pairs), 1):
        if max(pair) >= shape[-place]:
            raise RuntimeError(
                _errors.PADDING_SIZE.format(
                    argument=2 * place + 2, padding=pair, dim=len(shape) - place, sizes=list(shape)
                )
            )


def _padded_places(size: int, before: int, after: int, mode: str) -> Any:
    """The place in a dimension of `size` that each place of the padded one shows."""
    places = np.arange(-before, size + after)
    if mode == "reflect":
        places = np.abs(places)
        return np.where(places >= size, 2 * (size - 1) - places, places)
    return np.clip(places, 0, size - 1)


def _circular(input: Tensor, pairs: Sequence[tuple[int, int]]) -> Tensor:
    shape = list(input._array.shape)
    first = input.dim() - len(pairs)
    for dim, (before, after) in enumerate(pairs, first):
        if max(before, after) > shape[dim]:
            raise RuntimeError(_errors.PADDING_CIRCULAR)
        shape[dim] += before + after
    result = wrap(np.zeros(shape, input._array.dtype))
    inside: Any = result
    source: Any = input
    for dim, (before, after) in enumerate(pairs, first):
        start, stop = max(-before, 0), input.shape[dim] - max(-after, 0)
        source = ops.narrow(source, dim, start, stop - start)
        inside = ops.narrow(inside, dim, max(before, 0), stop - start)
    _functions.copy_(inside, source)
    for dim, (before, after) in reversed(list(enumerate(pairs, first))):
        size = shape[dim] - before - after
        if before > 0:
            piece = ops.narrow(result, dim, size, before)
            _functions.copy_(ops.narrow(result, dim, 0, before), piece)
        if after > 0:
            piece = ops.narrow(result, dim, max(before, 0), after)
            _functions.copy_(ops.narrow(result, dim, shape[dim] - after, after), piece)
    return result


# -- rearranging channels -------------------------------------------------------------------------


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels laid out in space: (..., c * r * r, h, w) to (..., c, h * r, w * r)."""
    if input.shape[-3] % upscale_factor**2:
        raise RuntimeError(
            _errors.PIXEL_SHUFFLE.format(channels=input.shape[-3], square=upscale_factor**2)
        )
    return ops.pixel_shuffle(input, upscale_factor)  # type: ignore[no-any-return]


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The reverse of `pixel_shuffle`."""
    return ops.pixel_unshuffle(input, downscale_factor)  # type: ignore[no-any-return]


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of groups interleaved."""
    return ops.channel_shuffle(input, groups)  # type: ignore[no-any-return]
