"""Parameters and buffers whose shape is not known before a lazy module sees its first input.

They can be converted, saved and materialised; whatever looks at their elements is refused.
"""

import sys
from typing import Any, NoReturn, Self

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine._types import dtype
from reference_engine.nn.parameter import Buffer, Parameter

_NO_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
    "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. "
    "Call `forward` to initialize the parameters before accessing their attributes."
)
_IN_USE = (
    "Attempted to use an uninitialized parameter in <method '{name}' of 'torch._C.TensorBase' "
    "objects>. This error happens when you are using a `LazyModule` or explicitly manipulating "
    "`torch.nn.parameter.{kind}` objects. When using LazyModules Call `forward` with a dummy batch "
    "to initialize the parameters before calling torch functions"
)

_slot: Any = vars(Tensor)["_array"]
"""Where every other tensor has its elements; here an empty array, for its dtype."""


class UninitializedTensorMixin(Tensor):
    """A tensor that has a dtype and nothing else until it is materialised."""

    __slots__ = ()

    cls_to_become: type[Tensor]

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape, its elements not set."""
        kind = self.dtype if dtype is None else dtype
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self.data = torch.empty(shape, dtype=kind, device=device)

    @property
    def _array(self) -> NoReturn:  # type: ignore[override]
        frame: Any = sys._getframe(1)
        while frame.f_back.f_globals.get("__name__", "").startswith("reference_engine"):
            frame = frame.f_back
        name = frame.f_code.co_name.strip("_")
        raise ValueError(_IN_USE.format(name=name, kind=type(self).__name__))

    @property
    def data(self) -> Any:
        """An empty tensor of the dtype."""
        return torch.empty(0, dtype=self.dtype)

    @data.setter
    def data(self, other: Any) -> None:
        _slot.__set__(self, _slot.__get__(other))

    @property
    def shape(self) -> NoReturn:
        raise RuntimeError(_NO_SHAPE)

    @property
    def dtype(self) -> dtype:
        """The dtype of the elements to come."""
        return torch.from_numpy(_slot.__get__(self)).dtype

    def is_floating_point(self) -> bool:
        """Whether the elements to come are floats."""
        return bool(self.dtype.is_floating_point)

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """One of the dtype that the arguments name."""
        return self._like(self.data.to(*args, **kwargs))

    def float(self) -> Tensor:
        """One of float32."""
        return self._like(self.data.float())

    def double(self) -> Tensor:
        """One of float64."""
        return self._like(self.data.double())

    def half(self) -> Tensor:
        """One of float16."""
        return self._like(self.data.half())

    def cpu(self) -> Self:
        """The same: there is no other device."""
        return self

    def _like(self, other: Tensor) -> Self:
        return type(self)(self._requires_grad, dtype=other.dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return memo.setdefault(id(self), self._like(self.data))  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter of unknown shape; what a lazy module starts with."""

    __slots__ = ()

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Self:
        made = Parameter(torch.empty(0, dtype=dtype, device=device), requires_grad)
        made.__class__ = cls
        return made  # type: ignore[return-value]


class UninitializedBuffer(UninitializedTensorMixin):
    """A buffer of unknown shape; it becomes a plain tensor."""

    __slots__ = ()

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None,
        persistent: bool = True,
    ) -> Self:  # fmt: skip
        made = Buffer(torch.empty(0, dtype=dtype, device=device), persistent=persistent)
        made.__class__ = cls  # type: ignore[assignment]
        made._requires_grad = requires_grad
        return made  # type: ignore[return-value]
