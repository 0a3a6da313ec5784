"""PyTorch's old constructors: `torch.FloatTensor(2, 3)`, `torch.Tensor([1, 2])`, `x.new(...)`.

Numbers are sizes to them, a sequence is data.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from reference_engine import _errors, _types
from reference_engine._creation import array_of, finished, size_of, tensor
from reference_engine._functions import to
from reference_engine._tensor import Tensor
from reference_engine._types import Defaults, dtype
from reference_engine._warnings import warn_once


class tensortype(type):
    """The type of the old constructors: what is an instance of one is told by its dtype."""

    __module__ = "torch"

    dtype: dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *arguments: Any, device: Any = None) -> Tensor:
        """A tensor of the sizes, or of the data, given."""
        _types.check_device(device)
        return construct(cls.dtype, arguments)


def construct(kind: dtype, arguments: tuple[Any, ...]) -> Tensor:
    """What an old constructor of the dtype `kind` makes of its arguments."""
    data = arguments[0] if len(arguments) == 1 else None
    if isinstance(data, Tensor):
        if data.dtype is not kind:
            raise TypeError(
                _errors.NEW_DTYPE.format(
                    expected=kind.legacy.lower(), found=data.dtype.legacy.lower()
                )
            )
        return data.detach()
    return finished(array_for(kind, arguments), requires_grad=False)


def array_for(kind: dtype, arguments: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    """A new array of sizes, or of data that is no tensor, as the old constructors read them."""
    if len(arguments) > 1 and not isinstance(arguments[0], int):
        from reference_engine._arguments import refusal

        refused = refusal("new", arguments, {}, is_method=True)
        if refused is not None:
            raise refused
    data = arguments[0] if len(arguments) == 1 else None
    is_size = isinstance(data, (int, _types.Size)) and not isinstance(data, bool)
    if len(arguments) != 1 or is_size:
        sizes = size_of("new", arguments) if arguments else (0,)
        return np.zeros(sizes, kind.numpy)
    if isinstance(data, str):
        raise TypeError(_errors.INVALID_DATA.format(type="str"))
    if isinstance(data, Mapping) or not hasattr(data, "__len__"):
        module = "numpy." if isinstance(data, np.generic) else ""
        raise TypeError(_errors.NEW_DATA.format(type=module + type(data).__name__))
    return array_of(data).astype(kind.numpy)


CONSTRUCTORS = {
    f"{kind.legacy}Tensor": tensortype(
        f"{kind.legacy}Tensor", (), {"dtype": kind, "__module__": "torch"}
    )
    for kind in _types.ALL
}
"""FloatTensor, LongTensor, ... by name."""

_CONSTRUCTED = {f"torch.{name}": found.dtype for name, found in CONSTRUCTORS.items()}


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by an old constructor or its name; deprecated."""
    warn_once(_errors.DEFAULT_TENSOR_TYPE)
    _types.set_default_dtype(_dtype_of(t))


def _dtype_of(given: Any) -> dtype:
    if isinstance(given, (dtype, tensortype)):
        return given if isinstance(given, dtype) else given.dtype
    if given is Tensor:
        return Defaults.dtype
    name = given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)
    if name == "torch.Tensor":
        return Defaults.dtype
    if name not in _CONSTRUCTED:
        if name.startswith("torch.cuda."):
            raise TypeError(_errors.NO_CUDA_TYPE.format(name=name.removeprefix("torch.cuda.")))
        raise ValueError(f"invalid type: '{name}'")
    return _CONSTRUCTED[name]


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The tensor in another dtype; without one, the old name of its type."""
    if dtype is None:
        return f"torch.{self.dtype.legacy}Tensor"
    return to(self, _dtype_of(dtype))


def new(self: Tensor, *arguments: Any, device: Any = None) -> Tensor:
    """What the old constructor of this tensor's dtype makes of the arguments."""
    _types.check_device(device)
    return construct(self.dtype, arguments)


def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A copy of `data` in this tensor's dtype unless another is asked for."""
    if isinstance(data, Tensor):
        text = _errors.COPY_WARNING.replace("torch.tensor", "tensor.new_tensor")
        warnings.warn(text, UserWarning, stacklevel=2)
        data = data.detach()._array
    kind = self.dtype if dtype is None else dtype
    return tensor(data, dtype=kind, device=device, requires_grad=requires_grad)
