"""Padding: values around the input."""

from typing import Any

from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn.modules._building import check_dims, shown, sizes
from reference_engine.nn.modules.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """What puts values around the last dimensions: pairs of widths, the last dimension first."""

    _mode: str
    _dims: int

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = sizes(padding, 2 * self._dims)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPad(_Pad):
    """The values from the other end."""

    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        check_dims(input, self._dims + 1, self._dims + 2)
        return super().forward(input)


class _ConstantPad(_Pad):
    """One value."""

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return shown(self, "padding", "value")


class _ZeroPad(_ConstantPad):
    """Zeros."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPad(_Pad):
    """The values nearby, mirrored."""

    _mode = "reflect"


class _ReplicationPad(_Pad):
    """The value at the border."""

    _mode = "replicate"


class ConstantPad1d(_ConstantPad):
    """One value around the last dimension."""

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """One value around the last two dimensions."""

    _dims = 2


class ConstantPad3d(_ConstantPad):
    """One value around the last three dimensions."""

    _dims = 3


class ZeroPad1d(_ZeroPad):
    """Zeros around the last dimension."""

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around the last two dimensions."""

    _dims = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around the last three dimensions."""

    _dims = 3


class ReflectionPad1d(_ReflectionPad):
    """Mirrored values around the last dimension."""

    _dims = 1


class ReflectionPad2d(_ReflectionPad):
    """Mirrored values around the last two dimensions."""

    _dims = 2


class ReflectionPad3d(_ReflectionPad):
    """Mirrored values around the last three dimensions."""

    _dims = 3


class ReplicationPad1d(_ReplicationPad):
    """The border's values around the last dimension."""

    _dims = 1


class ReplicationPad2d(_ReplicationPad):
    """The border's values around the last two dimensions."""

    _dims = 2


class ReplicationPad3d(_ReplicationPad):
    """The border's values around the last three dimensions."""

    _dims = 3


class CircularPad1d(_CircularPad):
    """The values of the other end around the last dimension."""

    _dims = 1


class CircularPad2d(_CircularPad):
    """The values of the other end around the last two dimensions."""

    _dims = 2


class CircularPad3d(_CircularPad):
    """The values of the other end around the last three dimensions."""

    _dims = 3
