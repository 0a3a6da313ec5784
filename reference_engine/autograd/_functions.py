"""torch.autograd._functions: a Function of PyTorch's own that programs name."""

from typing import Any

from reference_engine._functions import reshape
from reference_engine._tensor import Tensor
from reference_engine.autograd.function import Function


class Resize(Function):
    """The same elements in another shape."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, sizes: tuple[int, ...]) -> Tensor:
        """Copy into the new shape."""
        ctx.sizes = tensor.shape
        return reshape(tensor, sizes).clone()  # type: ignore[attr-defined, no-any-return]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Give the gradient the old shape."""
        return reshape(gradient, ctx.sizes), None
