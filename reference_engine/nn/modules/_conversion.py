"""Converting a module's parameters and buffers, all at once: methods of nn.Module.

It knows dtypes and devices, no state and no hooks.
"""

from collections.abc import Callable
from typing import Any

from reference_engine._modes import no_grad
from reference_engine._tensor import Tensor
from reference_engine._types import as_dtype, device, dtype


def _apply(self: Any, fn: Callable[[Any], Tensor]) -> Any:
    """Replace the data of all parameters, gradients and buffers by what `fn` makes of it."""
    for module in self.children():
        module._apply(fn)
    for parameter in self._parameters.values():
        if parameter is not None:
            _replace_data(parameter, fn)
            if parameter.grad is not None:
                _replace_data(parameter.grad, fn)
    for name, buffer in self._buffers.items():
        if buffer is not None:
            self._buffers[name] = fn(buffer)
    return self


def to(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Convert floating-point parameters and buffers to a dtype, or to that of a tensor."""
    where, kind = kwargs.get("device"), kwargs.get("dtype")
    for one in args[:2]:
        if isinstance(one, Tensor):
            kind = one.dtype
        elif isinstance(one, dtype):
            kind = one
        elif isinstance(one, str | device):
            where = one
    if kind is not None and not as_dtype(kind).is_floating_point:
        raise TypeError(
            "nn.Module.to only accepts floating point or complex dtypes, but got desired "
            f"dtype={kind}"
        )
    where = device("cpu" if where is None else where)
    return self._apply(
        lambda one: (
            one.to(where, one.dtype if kind is None else kind)
            if one.is_floating_point()
            else one.to(where)
        )
    )


def type(self: Any, dst_type: Any) -> Any:
    """Convert all parameters and buffers to a dtype."""
    return self._apply(lambda one: one.type(dst_type))


def float(self: Any) -> Any:
    """Convert floating-point parameters and buffers to float32."""
    return self._apply(lambda one: one.float() if one.is_floating_point() else one)


def double(self: Any) -> Any:
    """Convert floating-point parameters and buffers to float64."""
    return self._apply(lambda one: one.double() if one.is_floating_point() else one)


def half(self: Any) -> Any:
    """Convert floating-point parameters and buffers to float16."""
    return self._apply(lambda one: one.half() if one.is_floating_point() else one)


def cpu(self: Any) -> Any:
    """The module itself: it is on the CPU."""
    return self


def share_memory(self: Any) -> Any:
    """The module itself: all memory is this process's."""
    return self


def to_empty(self: Any, *, device: Any, recurse: bool = True) -> Any:
    """The module itself: it is where it should be."""
    return self


def cuda(self: Any, device: Any = None) -> Any:
    """Refused, as PyTorch without CUDA does, where there is anything to move."""
    return self._apply(lambda one: one.cuda(device))


def compile(self: Any, *args: Any, **kwargs: Any) -> None:
    """Nothing: calls run as they are."""


def _replace_data(tensor: Tensor, fn: Callable[[Any], Tensor]) -> None:
    with no_grad():
        changed = fn(tensor)
        if changed is not tensor:
            tensor.data = changed
