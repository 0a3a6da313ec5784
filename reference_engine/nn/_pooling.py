"""Pooling in torch.nn.functional: the largest, the mean or the norm of every window."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._derivatives.pooling import adaptive_span
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._sizes import Sizes, for_each_count, sizes_of

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d", "max_pool2d", "max_pool3d",
    "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip


def _places(size: int, kernel: int, stride: int, padding: int, dilation: int, *, ceil: bool) -> int:
    """How many windows fit; with `ceil` the last may stick out, if it begins inside."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-room // stride) if ceil else room // stride) + 1
    return count - 1 if ceil and (count - 1) * stride >= size + padding else count


def _all_places(input: Tensor, options: Sequence[tuple[int, ...]], ceil: bool) -> tuple[int, ...]:
    count = len(options[0])
    shape = input._array.shape
    found = tuple(_places(*one, ceil=ceil) for one in zip(shape[-count:], *options, strict=True))
    if min(found) < 1:
        given = "x".join(map(str, shape[-count - 1 :]))
        result = "x".join(map(str, (shape[-count - 1], *(max(one, 0) for one in found))))
        raise RuntimeError(_errors.POOL_SIZE.format(input=given, output=result))
    return found


def _check_padding(padding: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    for pad, size in zip(padding, kernel, strict=True):
        if pad > size // 2:
            raise RuntimeError(_errors.POOL_PADDING.format(pad=pad, size=size))


def _in_two(input: Tensor, pool: Callable[[Tensor], Any]) -> Any:
    """One dimension pooled as two, of which the first has size 1."""
    found = pool(_functions.unsqueeze(input, -2))
    if isinstance(found, tuple):
        return tuple(_functions.squeeze(one, -2) for one in found)
    return _functions.squeeze(found, -2)


def _check_dims(kind: str, input: Tensor, count: int) -> None:
    """Refuse an input without channels, or with more dimensions than a batch."""
    if not isinstance(input, Tensor):
        raise _functions.refusal(f"{kind}_pool{count}d", input)
    shape = input._array.shape
    if len(shape) in {count + 1, count + 2} and 0 not in shape[-count - 1 :]:
        return
    name, adaptive = f"{kind}_pool{count}d", kind.startswith("adaptive")
    least, most = count + 1, count + 2
    text = _errors.POOL_DIMS
    if count == 1 and kind != "max":
        text = _errors.POOL_DIMS_CHECKED
    elif count == 1:
        text = _errors.POOL_DIMS_OF_ONE
    elif adaptive:
        text = _errors.POOL_DIMS_ADAPTIVE
    elif kind == "avg" and count == 2 and len(shape) < least:
        low = -max(len(shape), 1)
        raise IndexError(_errors.DIM_RANGE.format(low=low, high=-low - 1, dim=-least))
    elif len(shape) in {least, most}:
        text = _errors.POOL_EMPTY
    colon = ":" if kind == "adaptive_max" else ""
    raise RuntimeError(
        text.format(
            name=name, least=least, most=most, shape=list(shape), dims=len(shape), colon=colon
        )
    )


# -- the largest ----------------------------------------------------------------------------------


def _largest(
    count: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool,
) -> Any:  # fmt: skip
    kernel = sizes_of(kernel_size, count)
    if stride == 0:
        raise RuntimeError(_errors.POOL_STRIDE)
    stride = kernel if not stride else sizes_of(stride, count)
    padding, dilation = sizes_of(padding, count), sizes_of(dilation, count)
    if count == 1:
        sizes, jumps, sides, steps = (1, *kernel), (1, *stride), (0, *padding), (1, *dilation)
        return _in_two(
            input, lambda image: _largest(2, image, sizes, jumps, sides, steps, ceil_mode)
        )
    _check_padding(padding, kernel)
    places = _all_places(input, (kernel, stride, padding, dilation), ceil_mode)
    extra = tuple(
        max((many - 1) * jump + step * (span - 1) + 1 - size - 2 * pad, 0)
        for many, jump, step, span, size, pad in zip(
            places, stride, dilation, kernel, input._array.shape[-count:], padding, strict=True
        )
    )
    return getattr(ops, f"max_pool{count}d")(input, kernel, stride, padding, dilation, extra)


def _make_max_pool(count: int) -> Any:
    def max_pool(
        input: Tensor,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        """The largest element of every window; its flat place too, if asked for."""
        _check_dims("max", input, count)
        found = _largest(count, input, kernel_size, stride, padding, dilation, ceil_mode)
        return found if return_indices else found[0]

    return max_pool


def _make_adaptive_max_pool(count: int) -> Any:
    def adaptive_max_pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        """The largest of windows that share the space out evenly."""
        _check_dims("adaptive_max", input, count)
        size = _wanted(input, output_size, count)
        if count == 1:
            found = _in_two(input, lambda image: ops.adaptive_max_pool2d(image, (1, *size)))
        else:
            found = getattr(ops, f"adaptive_max_pool{count}d")(input, size)
        return found if return_indices else found[0]

    return adaptive_max_pool


def _make_max_unpool(count: int) -> Any:
    def max_unpool(
        input: Tensor,
        indices: Tensor,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        output_size: Any = None,
    ) -> Tensor:
        """Elements put back where `max_pool` took them from, zeros elsewhere."""
        kernel = sizes_of(kernel_size, count)
        jumps = kernel if stride is None else sizes_of(stride, count)
        size = tuple(
            (have - 1) * jump + span - 2 * pad
            for have, jump, span, pad in zip(
                input._array.shape[-count:], jumps, kernel, sizes_of(padding, count), strict=True
            )
        )
        if output_size is not None:
            size = tuple(output_size)[-count:]
        if count > 1:
            return getattr(ops, f"max_unpool{count}d")(input, indices, size)  # type: ignore[no-any-return]
        image, places = (_functions.unsqueeze(one, -1) for one in (input, indices))
        return _functions.squeeze(ops.max_unpool2d(image, places, (*size, 1)), -1)

    return max_unpool


# -- means ----------------------------------------------------------------------------------------


def _mean_matrix(
    size: int, kernel: int, stride: int, padding: int, *, places: int, include: bool, divide: bool
) -> Any:
    """The share of each element in each window's mean, or in its sum."""
    matrix = np.zeros((places, size))
    for place in range(places):
        start = place * stride - padding
        end = min(start + kernel, size + padding)
        inside = max(start, 0), min(end, size)
        divisor = (end - start if include else inside[1] - inside[0]) if divide else 1
        matrix[place, slice(*inside)] = 1 / divisor
    return matrix


def _average(
    count: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    include: bool, divisor: int | None,
) -> Tensor:  # fmt: skip
    _check_dims("avg", input, count)
    kernel = sizes_of(kernel_size, count)
    stride = kernel if not stride else sizes_of(stride, count)
    padding = sizes_of(padding, count)
    if count == 1:
        sizes, jumps, sides = (1, *kernel), (1, *stride), (0, *padding)
        return _in_two(  # type: ignore[no-any-return]
            input,
            lambda image: _average(2, image, sizes, jumps, sides, ceil_mode, include, divisor),
        )
    if divisor == 0:
        raise RuntimeError(_errors.POOL_DIVISOR)
    _check_padding(padding, kernel)
    places = _all_places(input, (kernel, stride, padding, (1,) * count), ceil_mode)
    matrices = [
        _mean_matrix(*one, places=many, include=include, divide=divisor is None)
        for many, *one in zip(
            places, input._array.shape[-count:], kernel, stride, padding, strict=True
        )
    ]
    if divisor is not None:
        matrices[0] /= divisor
    return getattr(ops, f"avg_pool{count}d")(input, tuple(matrices))  # type: ignore[no-any-return]


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of every window."""
    return _average(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def _make_avg_pool(count: int) -> Any:
    def avg_pool(
        input: Tensor,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tensor:
        """The mean of every window, or its sum over `divisor_override`."""
        return _average(
            count, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
            divisor_override,
        )  # fmt: skip

    return avg_pool


def _wanted(input: Tensor, size: Any, count: int) -> tuple[int, ...]:
    """The sizes of an adaptive pool's result: None keeps a size."""
    given = (size,) * count if size is None or isinstance(size, int) else tuple(size)
    given = given * count if len(given) == 1 else given
    have = input._array.shape[-count:]
    return tuple(old if new is None else int(new) for old, new in zip(have, given, strict=True))


def adaptive_average(input: Tensor, size: tuple[int, ...]) -> Tensor:
    count = len(size)
    if count == 1:
        found = adaptive_average(_functions.unsqueeze(input, -2), (1, *size))
        return _functions.squeeze(found, -2)
    if prod(size) == 1:
        return _reductions.mean(input, tuple(range(-count, 0)), True)
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


def _make_adaptive_avg_pool(count: int) -> Any:
    def adaptive_avg_pool(input: Tensor, output_size: Any) -> Tensor:
        """The mean of windows that share the space out evenly."""
        _check_dims("adaptive_avg", input, count)
        return adaptive_average(input, _wanted(input, output_size, count))

    return adaptive_avg_pool


def _make_lp_pool(count: int) -> Any:
    def lp_pool(
        input: Any,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ) -> Tensor:
        """The norm of order `norm_type` of every window."""
        powers = _functions.pow(input, norm_type)
        means = _average(count, powers, kernel_size, stride, 0, ceil_mode, True, None)
        sizes: Any = ops.sign(means) * ops.relu(ops.abs(means))
        return _functions.pow(sizes * prod(sizes_of(kernel_size, count)), 1.0 / norm_type)

    return lp_pool


max_pool1d, max_pool2d, max_pool3d = for_each_count(_make_max_pool, "max_pool{}d", (1, 2, 3))
max_unpool1d, max_unpool2d, max_unpool3d = for_each_count(
    _make_max_unpool, "max_unpool{}d", (1, 2, 3)
)
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = for_each_count(
    _make_adaptive_max_pool, "adaptive_max_pool{}d", (1, 2, 3)
)
avg_pool2d, avg_pool3d = for_each_count(_make_avg_pool, "avg_pool{}d", (2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = for_each_count(
    _make_adaptive_avg_pool, "adaptive_avg_pool{}d", (1, 2, 3)
)
lp_pool1d, lp_pool2d, lp_pool3d = for_each_count(_make_lp_pool, "lp_pool{}d", (1, 2, 3))
