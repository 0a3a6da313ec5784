"""How a tensor meets Python and NumPy: as a number, in a format, copied, pickled, as an ndarray.

What it becomes is its data; of its history it knows nothing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._modes import state
from reference_engine._storage import memory_of
from reference_engine._tensor import Tensor
from reference_engine._warnings import warn_once

# -- numbers --------------------------------------------------------------------------------------


def _number(tensor: Tensor) -> Any:
    if tensor._array.size != 1:
        raise ValueError(_errors.ONE_ELEMENT)
    if tensor._requires_grad and state.enabled:
        warn_once(_errors.SCALAR_REQUIRES_GRAD)
    return tensor._array.item()


def _to_float(self: Tensor) -> float:
    return float(_number(self))


def _to_int(self: Tensor) -> int:
    return int(_number(self))


def _to_index(self: Tensor) -> int:
    if self._array.size != 1 or self._array.dtype.kind == "f":
        raise TypeError(_errors.INDEX_TYPE)
    return int(self._array.item())


def _truth(self: Tensor) -> bool:
    if _dispatch.observer is not None:
        _dispatch.observer.truth_value(self)
    if self._array.size == 1:
        return bool(self._array.item())
    raise RuntimeError(_errors.BOOL_MANY if self._array.size else _errors.BOOL_EMPTY)


def _formatted(self: Tensor, spec: str) -> str:
    if self._array.ndim == 0:
        return format(self._array.item(), spec)
    return object.__format__(self, spec)


def _has(self: Tensor, element: Any) -> bool:
    if not isinstance(element, (Tensor, int, float, complex)):
        kind = type(element)
        raise RuntimeError(_errors.CONTAINS.format(type=kind))  # noqa: TRY004 - PyTorch's
    same: Any = self == element
    return bool(same.any())


def _reversed(self: Tensor) -> Tensor:
    return self.flip(0) if self._array.ndim else self  # type: ignore[attr-defined]


def _identity(self: Tensor) -> int:
    return id(self)


# -- copies ---------------------------------------------------------------------------------------


def _twin(self: Tensor) -> Tensor:
    twin = type(self).__new_empty__()
    twin._array = _dispatch.storage(self)
    twin._requires_grad = self._requires_grad
    twin.__dict__.update(self.__dict__)
    return twin


def _deep_twin(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if self._grad_fn is not None:
        raise RuntimeError(_errors.DEEPCOPY_NON_LEAF)
    twin = type(self).__new_empty__()
    memo[id(self)] = twin
    twin._array = _copied(_dispatch.storage(self), memo)
    twin._requires_grad = self._requires_grad
    import copy  # only here: it loads much

    twin._grad = copy.deepcopy(self._grad, memo)
    twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return twin


def _copied(array: np.ndarray[Any, Any], memo: dict[int, Any]) -> np.ndarray[Any, Any]:
    """The same part of a copy of the whole memory, of which there is one for all that share it."""
    memory = memory_of(array)
    twin: np.ndarray[Any, Any] | None = memo.get(id(memory))
    if twin is None:
        twin = memo[id(memory)] = memory.copy(order="K")
    if array is memory:
        return twin
    if not array.size or not (memory.flags.c_contiguous or memory.flags.f_contiguous):
        return array.copy()
    first = array.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    flat = twin.ravel(order="K")
    return np.ndarray(array.shape, array.dtype, flat, first, array.strides)


def _pickled(self: Tensor, _: Any) -> Any:
    kind = None if type(self) is Tensor else type(self)  # it goes by PyTorch's name
    return _rebuild, (kind, self._array, self._requires_grad, self.__dict__)


def _rebuild(
    kind: type[Tensor] | None,
    array: np.ndarray[Any, Any],
    requires_grad: bool,
    attributes: dict[str, Any],
) -> Tensor:
    """A tensor out of its pickle: a leaf, whatever it was."""
    made = (kind or Tensor).__new_empty__()
    made._array = array.copy()
    made._requires_grad = requires_grad
    made.__dict__.update(attributes)
    return made


# -- NumPy ----------------------------------------------------------------------------------------


def _to_array(self: Tensor, dtype: Any = None, *, copy: bool | None = None) -> Any:
    array = self.numpy()
    if dtype is not None and array.dtype != dtype:
        return array.astype(dtype)
    return array.copy() if copy else array


def _from_numpy(
    self: Tensor, array: np.ndarray[Any, Any], context: Any = None, return_scalar: bool = False
) -> Tensor:
    """What NumPy's functions of a tensor give: a tensor again."""
    return _dispatch.wrap(array.astype(np.uint8) if array.dtype == bool else array)


METHODS: dict[str, Callable[..., Any]] = {
    "__float__": _to_float,
    "__int__": _to_int,
    "__index__": _to_index,
    "__bool__": _truth,
    "__format__": _formatted,
    "__contains__": _has,
    "__reversed__": _reversed,
    "__hash__": _identity,
    "__copy__": _twin,
    "__deepcopy__": _deep_twin,
    "__reduce_ex__": _pickled,
    "__array__": _to_array,
    "__array_wrap__": _from_numpy,
}
