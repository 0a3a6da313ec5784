"""torch.autograd.variable: PyTorch's old wrapper of tensors."""

import warnings
from collections.abc import Callable
from typing import Any

from reference_engine import _errors
from reference_engine._running import running_pass
from reference_engine._tensor import Tensor


class _VariableType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class _Engine:
    """What runs backward passes."""

    @staticmethod
    def queue_callback(callback: Callable[[], None]) -> None:
        """Call something when the running backward pass is over."""
        found = running_pass()
        if found is None:
            raise RuntimeError(_errors.CALLBACK_OUTSIDE)
        found[1]["callbacks"].append(callback)


class Variable(metaclass=_VariableType):
    """PyTorch's old wrapper: today it returns the tensor itself, as a leaf of its own."""

    __module__ = "torch.autograd.variable"

    _execution_engine = _Engine

    def __new__(
        cls, data: Any = None, requires_grad: bool | None = None, volatile: bool | None = None
    ) -> Any:
        if volatile is not None:
            warnings.warn(_errors.VOLATILE_ARGUMENT, UserWarning, stacklevel=2)
            if volatile and requires_grad:
                raise ValueError(_errors.VARIABLE_VOLATILE)
        if data is None:
            return Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(_errors.DATA_TYPE.format(type=type(data).__name__))
        result = data.detach()
        result.requires_grad_(bool(requires_grad))
        return result
