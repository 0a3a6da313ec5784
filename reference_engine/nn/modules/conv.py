"""Convolutions and transposed convolutions of one, two and three dimensions."""

from collections.abc import Callable, Sequence
from typing import Any

from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn.modules._building import add_parameters, sizes
from reference_engine.nn.modules.linear import draw_weight_and_bias
from reference_engine.nn.modules.module import Module

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """The settings of a convolution, its weight and its bias."""

    _convolve: Callable[..., Tensor]
    _dims: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        *,
        transposed: bool,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = sizes(kernel_size, self._dims)
        self.stride = sizes(stride, self._dims)
        self.padding = padding if isinstance(padding, str) else sizes(padding, self._dims)
        self.dilation = sizes(dilation, self._dims)
        self.output_padding = sizes(output_padding, self._dims)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding()
        first, second = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        add_parameters(
            self,
            device,
            dtype,
            weight=(first, second // groups, *self.kernel_size),
            bias=(out_channels,) if bias else None,
        )
        self.reset_parameters()

    def _check_padding(self) -> None:
        if isinstance(self.padding, str):
            allowed = {"same", "valid"}
            if self.padding not in allowed:
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, should be one of {allowed}"
                )
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _MODES:
            raise ValueError(
                f"padding_mode must be one of {set(_MODES)}, but got "
                f"padding_mode='{self.padding_mode}'"
            )

    def reset_parameters(self) -> None:
        """Draw weight and bias uniformly within 1 / sqrt(inputs of one output)."""
        draw_weight_and_bias(self.weight, self.bias)

    def extra_repr(self) -> str:
        settings = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        zeros, ones = (0,) * self._dims, (1,) * self._dims
        if self.padding != zeros:
            settings += f", padding={self.padding}"
        if self.dilation != ones:
            settings += f", dilation={self.dilation}"
        if self.output_padding != zeros:
            settings += f", output_padding={self.output_padding}"
        if self.groups != 1:
            settings += f", groups={self.groups}"
        if self.bias is None:
            settings += ", bias=False"
        if self.padding_mode != "zeros":
            settings += f", padding_mode={self.padding_mode}"
        return settings


class _Conv(_ConvNd):
    """A convolution: weight (out_channels, in_channels / groups, *kernel_size)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            transposed=False,
            groups=groups,
            bias=bias,
            padding_mode=padding_mode,
            device=device,
            dtype=dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._around(), self.padding_mode)
            padding = (0,) * self._dims
        return self._convolve(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def _around(self) -> list[int]:
        """The padding as F.pad takes it: pairs, the last dimension first."""
        if self.padding == "valid":
            return [0] * 2 * self._dims
        pairs = [(side, side) for side in self.padding] if self.padding != "same" else []
        if self.padding == "same":
            totals = [
                step * (size - 1)
                for step, size in zip(self.dilation, self.kernel_size, strict=True)
            ]
            pairs = [(total // 2, total - total // 2) for total in totals]
        return [side for pair in reversed(pairs) for side in pair]


class Conv1d(_Conv):
    """A convolution: input (batch, channels, length)."""

    _convolve = staticmethod(F.conv1d)
    _dims = 1


class Conv2d(_Conv):
    """A convolution: input (batch, channels, height, width)."""

    _convolve = staticmethod(F.conv2d)
    _dims = 2


class Conv3d(_Conv):
    """A convolution: input (batch, channels, three sizes)."""

    _convolve = staticmethod(F.conv3d)
    _dims = 3


class _ConvTranspose(_ConvNd):
    """The gradient of a convolution: weight (in_channels, out_channels / groups, *kernel_size)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            transposed=True,
            groups=groups,
            bias=bias,
            padding_mode=padding_mode,
            device=device,
            dtype=dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return self._convolve(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _extra(self, input: Tensor, output_size: Sequence[int]) -> list[int]:
        """How much to add at the end of each dimension for the size that is asked for."""
        dims = self._dims
        outer = 2 if input.dim() == dims + 2 else 1
        if len(output_size) == outer + dims:
            output_size = output_size[outer:]
        if len(output_size) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must have {dims} or "
                f"{outer + dims} elements (got {len(output_size)})"
            )
        least = [
            (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
            for size, stride, padding, dilation, kernel in zip(
                input.shape[outer:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
                strict=True,
            )
        ]
        most = [size + stride - 1 for size, stride in zip(least, self.stride, strict=True)]
        extra = [size - small for size, small in zip(output_size, least, strict=True)]
        if any(not 0 <= one < stride for one, stride in zip(extra, self.stride, strict=True)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from {least} "
                f"to {most} (for an input of {input.shape[2:]})"
            )
        return extra


class ConvTranspose1d(_ConvTranspose):
    """A transposed convolution: input (batch, channels, length)."""

    _convolve = staticmethod(F.conv_transpose1d)
    _dims = 1


class ConvTranspose2d(_ConvTranspose):
    """A transposed convolution: input (batch, channels, height, width)."""

    _convolve = staticmethod(F.conv_transpose2d)
    _dims = 2


class ConvTranspose3d(_ConvTranspose):
    """A transposed convolution: input (batch, channels, three sizes)."""

    _convolve = staticmethod(F.conv_transpose3d)
    _dims = 3
