"""Convolution in torch.nn.functional, and windows as columns."""

from typing import Any

from reference_engine import _errors, _functions
from reference_engine._tensor import Tensor
from reference_engine._warnings import warn_once
from reference_engine.nn._activations import ops
from reference_engine.nn._sizes import Sizes, for_each_count, sizes_of

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "fold", "unfold",
]  # fmt: skip


def _check_convolution(
    name: str, input: Tensor, weight: Tensor, which: str, count: int, channels: int
) -> None:
    if not isinstance(input, Tensor):
        raise _functions.refusal(name, input)
    shape = input._array.shape
    if len(shape) not in {count + 1, count + 2}:
        raise RuntimeError(
            _errors.CONVOLUTION_DIMS.format(
                unbatched=count + 1, batched=count + 2, name=name, found=list(shape)
            )
        )
    if input._array.dtype != weight._array.dtype:
        raise RuntimeError(
            _errors.CONVOLUTION_DTYPES.format(
                input=input.dtype.legacy.lower(), weight=weight.dtype.legacy.lower()
            )
        )
    found = shape[-count - 1]
    if found != channels:
        batched = shape if len(shape) == count + 2 else (1, *shape)
        raise RuntimeError(
            _errors.CONVOLUTION_CHANNELS.format(
                which=which,
                weight=list(weight.shape),
                input=list(batched),
                expected=channels,
                found=found,
            )
        )


def _convolution(
    count: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    name = f"conv{count}d"
    channels = weight.shape[1] * groups
    _check_convolution(name, input, weight, f"groups={groups}", count, channels)
    if input.dim() == count + 1:
        batch = _functions.unsqueeze(input, 0)
        found = _convolution(count, batch, weight, bias, stride, padding, dilation, groups)
        return _functions.squeeze(found, 0)
    stride, dilation = sizes_of(stride, count), sizes_of(dilation, count)
    kernel = weight._array.shape[2:]
    if min(stride) <= 0:
        raise RuntimeError(_errors.CONVOLUTION_STRIDE)
    if not isinstance(padding, str) and min(sizes_of(padding, count)) < 0:
        raise RuntimeError(_errors.CONVOLUTION_PADDING)
    if bias is not None and bias._array.shape != weight._array.shape[:1]:
        shapes = {"weight": list(weight._array.shape), "bias": list(bias._array.shape)}
        text = _errors.CONVOLUTION_BIAS.format(count=weight._array.shape[0], **shapes)
        raise RuntimeError(text)
    if padding == "same":
        total = [step * (size - 1) for step, size in zip(dilation, kernel, strict=True)]
        if any(one % 2 for one in total):
            warn_once(_errors.SAME_PADDING)
            extra = [side for one in reversed(total) for side in (0, one % 2)]
            input = ops.constant_pad_nd(input, tuple(extra), 0)
        padding = tuple(one // 2 for one in total)
    padding = (0,) * count if padding == "valid" else sizes_of(padding, count)
    padded = [size + 2 * pad for size, pad in zip(input._array.shape[2:], padding, strict=True)]
    spans = [step * (size - 1) + 1 for step, size in zip(dilation, kernel, strict=True)]
    if any(have < need for have, need in zip(padded, spans, strict=True)):
        raise RuntimeError(
            _errors.CONVOLUTION_KERNEL.format(
                input=" x ".join(map(str, padded)), kernel=" x ".join(map(str, spans))
            )
        )
    return ops.convolution(input, weight, bias, stride, padding, dilation, groups)  # type: ignore[no-any-return]


def _transposed(
    count: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    name = f"conv_transpose{count}d"
    _check_convolution(name, input, weight, "transposed=1", count, weight.shape[0])
    if input.dim() == count + 1:
        batch = _functions.unsqueeze(input, 0)
        found = _transposed(
            count, batch, weight, bias, stride, padding, output_padding, groups, dilation
        )
        return _functions.squeeze(found, 0)
    stride, padding, more, dilation = (
        sizes_of(one, count) for one in (stride, padding, output_padding, dilation)
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
        """Products of every window with the weight: weight (out, in / groups, *kernel)."""
        return _convolution(count, input, weight, bias, stride, padding, dilation, groups)

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
        """What a convolution's gradient is at its input: weight (in, out / groups, *kernel)."""
        return _transposed(
            count, input, weight, bias, stride, padding, output_padding, groups, dilation
        )

    return transposed


conv1d, conv2d, conv3d = for_each_count(_make_convolution, "conv{}d", (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = for_each_count(
    _make_transposed, "conv_transpose{}d", (1, 2, 3)
)


def unfold(
    input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    """The windows of (batch, channels, height, width) as columns."""
    if input.dim() == 3:
        batch = _functions.unsqueeze(input, 0)
        return _functions.squeeze(unfold(batch, kernel_size, dilation, padding, stride), 0)
    options = (sizes_of(one, 2) for one in (kernel_size, dilation, padding, stride))
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
    options = (sizes_of(one, 2) for one in (output_size, kernel_size, dilation, padding, stride))
    return ops.col2im(input, *options)  # type: ignore[no-any-return]
