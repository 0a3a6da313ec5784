"""The memory below tensors: what shares it, where a tensor starts in it, another size over it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors, _views
from reference_engine._modes import state
from reference_engine._tensor import Tensor
from reference_engine._types import cpu, device, of_numpy
from reference_engine._warnings import warn_once


def memory_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The whole array that another shows a part of."""
    base: Any = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    return base  # type: ignore[no-any-return]


class UntypedStorage:
    """The bytes of a tensor's memory."""

    _unit = np.dtype(np.uint8)

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array

    def _elements(self) -> np.ndarray[Any, Any]:
        return self._array.ravel("K").view(self._unit)  # in the order of the memory, no copy

    @property
    def device(self) -> device:
        """Always the CPU."""
        return cpu

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return int(self._array.__array_interface__["data"][0])

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._array.nbytes

    def element_size(self) -> int:
        """Bytes of an element."""
        return self._unit.itemsize

    def size(self) -> int:
        """The number of elements."""
        return self._array.nbytes // self._unit.itemsize

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        found: list[Any] = self._elements().tolist()
        return found

    def __len__(self) -> int:
        return self.size()

    def __getitem__(self, place: int) -> Any:
        return self._elements()[place].item()

    def __setitem__(self, place: int | slice, value: Any) -> None:
        self._elements()[place] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        numbers = "".join(f" {number}\n" for number in self.tolist())
        return f"{numbers}[torch.storage.{self._description()} of size {self.size()}]"

    def _description(self) -> str:
        return "UntypedStorage(device=cpu)"


class TypedStorage(UntypedStorage):
    """The elements of a tensor's memory."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        super().__init__(array)
        self._unit = array.dtype

    @property
    def dtype(self) -> Any:
        """The element type."""
        return of_numpy(self._unit)

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._array)

    def _description(self) -> str:
        return f"TypedStorage(dtype={self.dtype}, device=cpu)"


def storage(self: Tensor) -> TypedStorage:
    """The tensor's memory, with that of tensors that it is a view of; deprecated."""
    warn_once(_errors.TYPED_STORAGE)
    return TypedStorage(memory_of(_dispatch.storage(self)))


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes of the tensor's memory, with that of tensors that it is a view of."""
    return UntypedStorage(memory_of(_dispatch.storage(self)))


def storage_offset(self: Tensor) -> int:
    """Where in its memory the tensor starts, in elements."""
    array = _dispatch.storage(self)
    start = array.__array_interface__["data"][0] - memory_of(array).__array_interface__["data"][0]
    return int(start) // array.itemsize


def data_ptr(self: Tensor) -> int:
    """The address of the first element; 0 where there is none."""
    array = _dispatch.storage(self)
    return int(array.__array_interface__["data"][0]) if array.size else 0


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give the tensor another shape over its memory, or over more where that is too small."""
    if self._requires_grad and not state.inference:
        raise RuntimeError(_errors.RESIZE_REQUIRES_GRAD)
    shape = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    former = _dispatch.storage(self)
    if shape == former.shape:
        return self
    count = int(np.prod(shape, dtype=np.int64))
    flat = memory_of(former).reshape(-1)[storage_offset(self) :]
    if flat.size < count:
        flat = np.concatenate([flat, np.zeros(count - flat.size, former.dtype)])
    self._array = flat[:count].reshape(shape)
    self._accumulator = None
    if not self.is_inference():
        self._counter[0] += 1
    return self


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """`resize_` to another tensor's shape."""
    return resize_(self, *the_template._array.shape)


def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Let the tensor show another's memory, or none."""
    if state.enabled:
        _views.check_in_place(self, will_require_grad=self._requires_grad)
    if source is None:
        self._array = np.zeros(0, self._array.dtype)
    else:
        self._array, self._counter = _dispatch.storage(source), source._counter
    self._accumulator = None
    return self


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether two tensors show the same memory in the same way."""
    a, b = _dispatch.storage(self), _dispatch.storage(tensor)
    return a.__array_interface__["data"] == b.__array_interface__["data"] and (
        (a.shape, a.strides) == (b.shape, b.strides)
    )


METHODS = (
    storage, untyped_storage, storage_offset, data_ptr, resize_, resize_as_, set_, is_set_to,
)  # fmt: skip
