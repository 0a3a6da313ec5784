"""torch.nn.parameter: tensors that a module takes for its own, to train or to keep.

They know nothing of modules; a module recognises them by their class.
"""

from typing import Any, Self

import reference_engine as torch
from reference_engine import _errors
from reference_engine._tensor import Tensor

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A leaf that a module trains: shares the data of `data`, and requires grad by default."""

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        made: Self = _sharing(cls, data)
        if requires_grad and not made.is_floating_point():
            raise RuntimeError(_errors.REQUIRES_GRAD_DTYPE)
        made.requires_grad = requires_grad
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> "Parameter":
        twin = type(self)(torch.clone(self.data), self.requires_grad)
        memo[id(self)] = twin
        return twin

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a module keeps without training it; `persistent` ones are in its state."""

    __slots__ = ()

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        made: Self = _sharing(cls, data)
        made.persistent = persistent
        return made


def _sharing(cls: type[Tensor], data: Any) -> Any:
    """A leaf of class `cls` over the storage of `data`, empty where there is none."""
    made = Tensor() if data is None else data.detach()
    made.__class__ = cls
    return made


def __getattr__(name: str) -> Any:
    if name in {"UninitializedBuffer", "UninitializedParameter"}:  # for lazy modules only
        from reference_engine.nn import _uninitialized

        return getattr(_uninitialized, name)
    raise AttributeError(f"module 'torch.nn.parameter' has no attribute '{name}'")
