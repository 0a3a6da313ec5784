"""Pooling in torch.nn.functional: the largest, the mean or the norm of every window."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from reference_engine import _functions
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._spatial import Sizes, _adaptive_average, _sizes


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
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({result}). Output size is too "
            "small"
        )
    return found


def _check_padding(padding: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    for pad, size in zip(padding, kernel, strict=True):
        if pad > size // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, "
                f"kernel_size={size} and dilation=1"
            )


def _in_two(input: Tensor, pool: Callable[[Tensor], Any]) -> Any:
    """One dimension pooled as two, of which the first has size 1."""
    found = pool(_functions.unsqueeze(input, -2))
    if isinstance(found, tuple):
        return tuple(_functions.squeeze(one, -2) for one in found)
    return _functions.squeeze(found, -2)


# -- the largest ----------------------------------------------------------------------------------


def _largest(
    count: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool,
) -> Any:  # fmt: skip
    kernel = _sizes(kernel_size, count)
    stride = kernel if not stride else _sizes(stride, count)
    padding, dilation = _sizes(padding, count), _sizes(dilation, count)
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
        found = _largest(count, input, kernel_size, stride, padding, dilation, ceil_mode)
        return found if return_indices else found[0]

    max_pool.__name__ = f"max_pool{count}d"
    max_pool.__doc__ = "The largest element of every window; its flat place too, if asked for."
    return max_pool


def _make_adaptive_max_pool(count: int) -> Any:
    def adaptive_max_pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        size = _wanted(input, output_size, count)
        if count == 1:
            found = _in_two(input, lambda image: ops.adaptive_max_pool2d(image, (1, *size)))
        else:
            found = getattr(ops, f"adaptive_max_pool{count}d")(input, size)
        return found if return_indices else found[0]

    adaptive_max_pool.__name__ = f"adaptive_max_pool{count}d"
    adaptive_max_pool.__doc__ = "The largest of windows that share the space out evenly."
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
        kernel = _sizes(kernel_size, count)
        jumps = kernel if stride is None else _sizes(stride, count)
        size = tuple(
            (have - 1) * jump + span - 2 * pad
            for have, jump, span, pad in zip(
                input._array.shape[-count:], jumps, kernel, _sizes(padding, count), strict=True
            )
        )
        if output_size is not None:
            size = tuple(output_size)[-count:]
        if count > 1:
            return getattr(ops, f"max_unpool{count}d")(input, indices, size)  # type: ignore[no-any-return]
        image, places = (_functions.unsqueeze(one, -1) for one in (input, indices))
        return _functions.squeeze(ops.max_unpool2d(image, places, (*size, 1)), -1)

    max_unpool.__name__ = f"max_unpool{count}d"
    max_unpool.__doc__ = "Elements put back where `max_pool` took them from, zeros elsewhere."
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
    kernel = _sizes(kernel_size, count)
    stride = kernel if not stride else _sizes(stride, count)
    padding = _sizes(padding, count)
    if count == 1:
        sizes, jumps, sides = (1, *kernel), (1, *stride), (0, *padding)
        return _in_two(  # type: ignore[no-any-return]
            input,
            lambda image: _average(2, image, sizes, jumps, sides, ceil_mode, include, divisor),
        )
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
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
        return _average(
            count, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
            divisor_override,
        )  # fmt: skip

    avg_pool.__name__ = f"avg_pool{count}d"
    avg_pool.__doc__ = "The mean of every window, or its sum over `divisor_override`."
    return avg_pool


def _wanted(input: Tensor, size: Any, count: int) -> tuple[int, ...]:
    """The sizes of an adaptive pool's result: None keeps a size."""
    given = (size,) * count if size is None or isinstance(size, int) else tuple(size)
    given = given * count if len(given) == 1 else given
    have = input._array.shape[-count:]
    return tuple(old if new is None else int(new) for old, new in zip(have, given, strict=True))


def _make_adaptive_avg_pool(count: int) -> Any:
    def adaptive_avg_pool(input: Tensor, output_size: Any) -> Tensor:
        return _adaptive_average(input, _wanted(input, output_size, count))

    adaptive_avg_pool.__name__ = f"adaptive_avg_pool{count}d"
    adaptive_avg_pool.__doc__ = "The mean of windows that share the space out evenly."
    return adaptive_avg_pool


def _make_lp_pool(count: int) -> Any:
    def lp_pool(
        input: Any,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ) -> Tensor:
        powers = _functions.pow(input, norm_type)
        means = _average(count, powers, kernel_size, stride, 0, ceil_mode, True, None)
        sizes: Any = ops.sign(means) * ops.relu(ops.abs(means))
        return _functions.pow(sizes * prod(_sizes(kernel_size, count)), 1.0 / norm_type)

    lp_pool.__name__ = f"lp_pool{count}d"
    lp_pool.__doc__ = "The norm of order `norm_type` of every window."
    return lp_pool


max_pool1d, max_pool2d, max_pool3d = (_make_max_pool(count) for count in (1, 2, 3))
max_unpool1d, max_unpool2d, max_unpool3d = (_make_max_unpool(count) for count in (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (
    _make_adaptive_max_pool(count) for count in (1, 2, 3)
)
avg_pool2d, avg_pool3d = (_make_avg_pool(count) for count in (2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (
    _make_adaptive_avg_pool(count) for count in (1, 2, 3)
)
lp_pool1d, lp_pool2d, lp_pool3d = (_make_lp_pool(count) for count in (1, 2, 3))
