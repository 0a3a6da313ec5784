"""torch.nn.grad: the gradients of convolutions, as functions."""

from collections.abc import Callable
from typing import Any

import reference_engine as torch
from reference_engine.nn import functional as F

__all__ = [
    "conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input",
    "conv3d_weight",
]  # fmt: skip

Gradient = Callable[..., Any]


def _of_input(convolve: Callable[..., Any], name: str) -> Gradient:
    def function(
        input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Any:  # fmt: skip
        """The gradient of the input, of `input_size`, from that of the output."""
        with torch.enable_grad():
            input = torch.zeros(input_size, dtype=weight.dtype, requires_grad=True)
            found = convolve(input, weight.detach(), None, stride, padding, dilation, groups)
        return torch.autograd.grad(found, input, grad_output)[0]

    function.__name__ = function.__qualname__ = name
    return function


def _of_weight(convolve: Callable[..., Any], name: str) -> Gradient:
    def function(
        input: Any, weight_size: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Any:  # fmt: skip
        """The gradient of the weight, of `weight_size`, from that of the output."""
        with torch.enable_grad():
            weight = torch.zeros(weight_size, dtype=input.dtype, requires_grad=True)
            found = convolve(input.detach(), weight, None, stride, padding, dilation, groups)
        return torch.autograd.grad(found, weight, grad_output)[0]

    function.__name__ = function.__qualname__ = name
    return function


conv1d_input = _of_input(F.conv1d, "conv1d_input")
conv1d_weight = _of_weight(F.conv1d, "conv1d_weight")
conv2d_input = _of_input(F.conv2d, "conv2d_input")
conv2d_weight = _of_weight(F.conv2d, "conv2d_weight")
conv3d_input = _of_input(F.conv3d, "conv3d_input")
conv3d_weight = _of_weight(F.conv3d, "conv3d_weight")
