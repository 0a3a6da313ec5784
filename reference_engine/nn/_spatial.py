"""Windows over space in torch.nn.functional: convolution, pooling, padding, resampling."""

from collections.abc import Sequence
from math import floor, prod
from typing import Any

import numpy as np

from reference_engine import _functions
from reference_engine._derivatives.convolution import adaptive_span
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops

Sizes = int | Sequence[int]


def _sizes(value: Any, count: int) -> tuple[int, ...]:
    """A size for each of `count` dimensions, from one for all or from as many."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * count
    sizes = tuple(int(one) for one in value)
    return sizes * count if len(sizes) == 1 else sizes


# -- convolution ----------------------------------------------------------------------------------


def _check_convolution(
    name: str, input: Tensor, weight: Tensor, groups: int, count: int, channels: int
) -> None:
    shape = input._array.shape
    if len(shape) not in {count + 1, count + 2}:
        raise RuntimeError(
            f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but got "
            f"input of size: {list(shape)}"
        )
    if input._array.dtype != weight._array.dtype:
        raise RuntimeError(
            f"Input type ({input.dtype.legacy.lower()}) and bias type "
            f"({weight.dtype.legacy.lower()}) should be the same"
        )
    found = shape[-count - 1]
    if found != channels:
        batched = shape if len(shape) == count + 2 else (1, *shape)
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input"
            f"{list(batched)} to have {channels} channels, but got {found} channels instead"
        )


def _convolution(
    count: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    name = f"conv{count}d"
    _check_convolution(name, input, weight, groups, count, weight.shape[1] * groups)
    if input.dim() == count + 1:
        batch = _functions.unsqueeze(input, 0)
        found = _convolution(count, batch, weight, bias, stride, padding, dilation, groups)
        return _functions.squeeze(found, 0)
    stride, dilation = _sizes(stride, count), _sizes(dilation, count)
    kernel = weight._array.shape[2:]
    if padding == "same":
        total = [step * (size - 1) for step, size in zip(dilation, kernel, strict=True)]
        if any(one % 2 for one in total):
            extra = [side for one in reversed(total) for side in (0, one % 2)]
            input = ops.constant_pad_nd(input, tuple(extra), 0)
        padding = tuple(one // 2 for one in total)
    padding = (0,) * count if padding == "valid" else _sizes(padding, count)
    padded = [size + 2 * pad for size, pad in zip(input._array.shape[2:], padding, strict=True)]
    spans = [step * (size - 1) + 1 for step, size in zip(dilation, kernel, strict=True)]
    if any(have < need for have, need in zip(padded, spans, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel "
            f"size: ({' x '.join(map(str, spans))}). Kernel size can't be greater than actual "
            "input size"
        )
    return ops.convolution(input, weight, bias, stride, padding, dilation, groups)  # type: ignore[no-any-return]


def _transposed(
    count: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    name = f"conv_transpose{count}d"
    _check_convolution(name, input, weight, groups, count, weight.shape[0])
    if input.dim() == count + 1:
        batch = _functions.unsqueeze(input, 0)
        found = _transposed(
            count, batch, weight, bias, stride, padding, output_padding, groups, dilation
        )
        return _functions.squeeze(found, 0)
    stride, padding, more, dilation = (
        _sizes(one, count) for one in (stride, padding, output_padding, dilation)
    )
    shape = tuple(
        (size - 1) * jump - 2 * pad + step * (span - 1) + extra + 1
        for size, jump, pad, step, span, extra in zip(
            input._array.shape[2:], stride, padding, dilation, weight._array.shape[2:], more,
            strict=True,
        )
    )  # fmt: skip
    return ops.convolution_to_input(input, weight, bias, shape, stride, padding, dilation, groups)  # type: ignore[no-any-return]


def _make_convolution(count: int) -> Any:
    def convolution(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
    ) -> Tensor:
        return _convolution(count, input, weight, bias, stride, padding, dilation, groups)

    convolution.__name__ = f"conv{count}d"
    convolution.__doc__ = (
        "Products of every window with the weight: weight (out, in / groups, *kernel)."
    )
    return convolution


def _make_transposed(count: int) -> Any:
    def transposed(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        dilation: Sizes = 1,
    ) -> Tensor:
        return _transposed(
            count, input, weight, bias, stride, padding, output_padding, groups, dilation
        )

    transposed.__name__ = f"conv_transpose{count}d"
    transposed.__doc__ = (
        "What a convolution's gradient is at its input: weight (in, out / groups, *kernel)."
    )
    return transposed


conv1d, conv2d, conv3d = (_make_convolution(count) for count in (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = (
    _make_transposed(count) for count in (1, 2, 3)
)


def unfold(
    input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    """The windows of (batch, channels, height, width) as columns."""
    if input.dim() == 3:
        batch = _functions.unsqueeze(input, 0)
        return _functions.squeeze(unfold(batch, kernel_size, dilation, padding, stride), 0)
    options = (_sizes(one, 2) for one in (kernel_size, dilation, padding, stride))
    return ops.im2col(input, *options)  # type: ignore[no-any-return]


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Columns added at their windows' places: the transpose of `unfold`."""
    if input.dim() == 2:
        batch = _functions.unsqueeze(input, 0)
        found = fold(batch, output_size, kernel_size, dilation, padding, stride)
        return _functions.squeeze(found, 0)
    options = (_sizes(one, 2) for one in (output_size, kernel_size, dilation, padding, stride))
    return ops.col2im(input, *options)  # type: ignore[no-any-return]


# -- padding --------------------------------------------------------------------------------------


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """The last dimensions lengthened, the last first, each by (before, after)."""
    sides = tuple(int(one) for one in pad)
    if len(sides) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, got: {len(sides)}")
    if mode == "constant":
        return ops.constant_pad_nd(input, sides, 0 if value is None else value)  # type: ignore[no-any-return]
    if value not in {None, 0}:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    count = len(sides) // 2
    if mode not in {"reflect", "replicate", "circular"}:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if input.dim() not in {count + 1, count + 2}:
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
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
                f"Argument #{2 * place + 2}: Padding size should be less than the corresponding "
                f"input dimension, but got: padding {pair} at dimension {len(shape) - place} of "
                f"input {list(shape)}"
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
            raise RuntimeError("Padding value causes wrapping around more than once.")
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
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={input.shape[-3]} is not divisible by "
            f"{upscale_factor**2}"
        )
    return ops.pixel_shuffle(input, upscale_factor)  # type: ignore[no-any-return]


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The reverse of `pixel_shuffle`."""
    return ops.pixel_unshuffle(input, downscale_factor)  # type: ignore[no-any-return]


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of groups interleaved."""
    return ops.channel_shuffle(input, groups)  # type: ignore[no-any-return]


# -- resampling -----------------------------------------------------------------------------------

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
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    if (size is None) == (scale_factor is None):
        raise ValueError(
            "only one of size or scale_factor should be defined"
            if size is not None
            else "either size or scale_factor should be defined"
        )
    sizes = input._array.shape[2:]
    factors: Any = None
    if size is None:
        several = isinstance(scale_factor, (list, tuple))
        factors = tuple(scale_factor) if several else (scale_factor,) * count
        wanted = tuple(floor(have * one) for have, one in zip(sizes, factors, strict=True))
        factors = None if recompute_scale_factor or mode == "area" else factors
    else:
        wanted = _sizes(size, count)
    if antialias:
        raise NotImplementedError("antialias is not covered by the reference engine")
    if mode == "area":
        return _adaptive_average(input, wanted)
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
            f"Got {input.dim()}D input, but {mode} mode needs {_LINEAR.get(mode, 2) + 2}D input"
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


# -- adaptive averages, which pooling shares ------------------------------------------------------


def _adaptive_average(input: Tensor, size: tuple[int, ...]) -> Tensor:
    count = len(size)
    if count == 1:
        found = _adaptive_average(_functions.unsqueeze(input, -2), (1, *size))
        return _functions.squeeze(found, -2)
    if prod(size) == 1:
        return _functions.mean(input, tuple(range(-count, 0)), True)
    matrices = tuple(
        _adaptive_matrix(have, want)
        for have, want in zip(input._array.shape[-count:], size, strict=True)
    )
    return getattr(ops, f"adaptive_avg_pool{count}d")(input, matrices)  # type: ignore[no-any-return]


def _adaptive_matrix(size: int, wanted: int) -> Any:
    matrix = np.zeros((wanted, size))
    for place in range(wanted):
        start, end = adaptive_span(place, wanted, size)
        matrix[place, start:end] = 1 / (end - start)
    return matrix
