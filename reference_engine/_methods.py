"""Methods of a tensor that are no operation of the table: questions, in-place views, by element."""

import warnings
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from reference_engine import (
    _constructors,
    _conversions,
    _dispatch,
    _drawing,
    _errors,
    _leaf_state,
    _storage,
    _views,
)
from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import wrap
from reference_engine._functions import reshape, unsqueeze
from reference_engine._modes import state
from reference_engine._ordering import nonzero
from reference_engine._promotion import promote_types as numpy_promotion
from reference_engine._promotion import result_type as numpy_result_type
from reference_engine._rearranging import as_strided
from reference_engine._reductions import sum
from reference_engine._signatures import explaining
from reference_engine._tensor import Tensor
from reference_engine._types import Size, dtype, memory_format, of_numpy, strided

# -- questions ------------------------------------------------------------------------------------


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not 0."""
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input.shape == other.shape


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input.dtype.is_signed


def is_complex(input: Tensor) -> bool:
    """False: there are no complex numbers."""
    return False


def is_conj(input: Tensor) -> bool:
    """False."""
    return False


def is_neg(input: Tensor) -> bool:
    """False."""
    return False


def get_device(input: Tensor) -> int:
    """-1: the CPU."""
    return -1


def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not 0, as rows."""
    return nonzero(input)  # type: ignore[no-any-return]


def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The elements (or slices along `dim`) without those that equal the one before."""
    values, inverse, counts = _dispatch.dispatch(TABLE["unique_consecutive"], (input,), (dim,))
    found = [values]
    if return_inverse:
        found.append(inverse)
    if return_counts:
        found.append(counts)
    return found[0] if len(found) == 1 else tuple(found)


BOTH: tuple[Callable[..., Any], ...] = (
    is_nonzero, is_same_size, is_signed, is_complex, is_conj, is_neg, get_device,
    argwhere, unique_consecutive,
)  # fmt: skip
"""What is a function of `torch` too."""


# -- questions about dtypes and shapes ------------------------------------------------------------


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype that two tensors or numbers are computed in."""
    return of_numpy(numpy_result_type([_dispatch.as_array(one) for one in (tensor1, tensor2)]))


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The dtype that holds both."""
    return of_numpy(numpy_promotion(type1.numpy, type2.numpy))


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a tensor of one dtype can be written into one of the other."""
    ranks = {"b": 0, "u": 1, "i": 1, "f": 2}
    return ranks[from_.numpy.kind] <= ranks[to.numpy.kind]


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes are brought to."""
    given = [(one,) if isinstance(one, int) else tuple(one) for one in shapes]
    common: tuple[int, ...] = ()
    for number, shape in enumerate(given):
        for back in range(1, min(len(shape), len(common)) + 1):
            if shape[-back] != common[-back] and 1 not in (shape[-back], common[-back]):
                raise RuntimeError(
                    _errors.BROADCAST_SHAPES.format(
                        size=shape[-back],
                        dim=-back,
                        index=number,
                        shape=shape,
                        expected=list(common),
                    )
                )
        common = np.broadcast_shapes(common, shape)
    return Size(common)


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Which elements are among others."""
    values, among = _dispatch.as_array(elements), _dispatch.as_array(test_elements)
    return wrap(np.isin(values, among, assume_unique, invert))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each element of a vector, side by side."""
    count = x._array.shape[-1] if N is None else N
    kind = x._array.dtype if x._array.dtype.kind == "f" else np.dtype(np.int64)
    found: Any = wrap(np.ones((*x._array.shape, count), kind))
    if count > 1:
        found[..., 1:] = unsqueeze(x, -1)
        found[..., 1:] = found[..., 1:].cumprod(-1)
    return found if increasing else found.flip(-1)  # type: ignore[no-any-return]


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The places in a tensor of that shape that indices into its flat form mean."""
    return tuple(wrap(one) for one in np.unravel_index(np.asarray(indices._array), tuple(shape)))


def typename(obj: Any) -> str:
    """The name of a tensor's old type, or of an object's class."""
    if isinstance(obj, Tensor):
        return _constructors.type_(obj)  # type: ignore[no-any-return]
    if isinstance(obj, FunctionType):
        module = obj.__module__ or "reference_engine"  # rows' functions have none
        if module.startswith("reference_engine"):
            place = "nn.functional" if ".nn." in module else "_VariableFunctionsClass"
            return f"torch.{place}.{obj.__name__}"
    named = obj if isinstance(obj, (type, FunctionType)) else type(obj)
    if named.__module__ == "builtins":
        return named.__qualname__
    return f"{named.__module__}.{named.__qualname__}".replace("reference_engine", "torch", 1)


def is_storage(obj: Any) -> bool:
    """Whether an object is a storage."""
    return isinstance(obj, _storage.UntypedStorage)


FUNCTIONS: tuple[Callable[..., Any], ...] = (
    result_type, promote_types, can_cast, broadcast_shapes, isin, vander, unravel_index, typename,
    is_storage,
)  # fmt: skip
"""What is a function of `torch` alone."""


# -- in place -------------------------------------------------------------------------------------


def _in_place(name: str, row_of: Callable[..., tuple[Any, ...]]) -> Callable[..., Tensor]:
    """The method that makes a tensor its own view; `row_of` gives a row's name and options."""

    def method(self: Tensor, *arguments: Any, **named: Any) -> Tensor:
        if state.enabled:
            _views.check_in_place(self, will_require_grad=self._requires_grad)
        if self._counter is _dispatch.UNTRACKED and not state.inference:
            raise RuntimeError(_errors.INFERENCE_IN_PLACE)
        row, *options = row_of(*arguments, **named)
        result = _dispatch.dispatch(TABLE[f"{row}_in_place"], (self,), tuple(options))
        _become(self, result)
        return self

    method.__name__ = name
    method.__doc__ = "The view of that name; this tensor becomes it."
    return method


def as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """The view of that name; this tensor becomes it."""
    if state.enabled:
        _views.check_in_place(self, will_require_grad=self._requires_grad)
    _become(self, as_strided(self, size, stride, storage_offset))
    return self


def _become(tensor: Tensor, result: Tensor) -> None:
    """Let a tensor be what an operation in place has made of it."""
    tensor._array = _dispatch.storage(result)
    tensor._accumulator = None
    if tensor._counter is _dispatch.UNTRACKED:
        return
    tensor._counter[0] += 1
    if not state.enabled:  # the history of a view is found anew when it is asked for
        return
    tensor._grad_fn, tensor._output_nr = result._grad_fn, result._output_nr
    if tensor._view is not None:
        tensor._view.version = tensor._counter[0]


def _squeezed(dim: Any = None) -> tuple[Any, ...]:
    if dim is None:
        return ("squeeze",)
    return ("squeeze_dim" if isinstance(dim, int) else "squeeze_dims", dim)


def _transposed(dim0: int, dim1: int) -> tuple[Any, ...]:
    return "transpose", dim0, dim1


IN_PLACE_VIEWS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "t_": lambda: ("t",),
    "transpose_": _transposed,
    "swapaxes_": _transposed,
    "swapdims_": _transposed,
    "squeeze_": _squeezed,
    "unsqueeze_": lambda dim: ("unsqueeze", dim),
}


def square_(self: Tensor) -> Tensor:
    """Square every element."""
    return self.pow_(2)  # type: ignore[attr-defined, no-any-return]


def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """Raise every element of a float64 tensor."""
    return self.pow_(exponent)  # type: ignore[attr-defined, no-any-return]


def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Write one number on the main diagonal."""
    shape = self._array.shape
    mask = np.zeros(shape, bool)
    np.fill_diagonal(mask, val=True, wrap=wrap)
    return self.masked_fill_(_dispatch.wrap(mask), fill_value)  # type: ignore[attr-defined, no-any-return]


def _by_element(self: Tensor, name: str, others: Sequence[Any], function: Any) -> Tensor:
    if self._requires_grad:
        raise RuntimeError(_errors.CALL_REQUIRES_GRAD.format(name=name))
    array = _dispatch.storage(self)
    columns = (array, *(np.broadcast_to(one._array, array.shape) for one in others))
    flat = [function(*items) for items in zip(*(one.reshape(-1).tolist() for one in columns))]  # noqa: B905 - of one shape
    array[...] = np.array(flat, array.dtype).reshape(array.shape)
    self._counter[0] += 1
    return self


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by what a function of Python numbers gives for it."""
    return _by_element(self, "apply_", (), callable)


def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by what a function gives for it and another tensor's."""
    return _by_element(self, "map_", (tensor,), callable)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Replace each element by what a function gives for it and two other tensors'."""
    return _by_element(self, "map2_", (x, y), callable)


# -- the rest -------------------------------------------------------------------------------------


def itself(self: Tensor, *_: Any, **__: Any) -> Tensor:
    """The tensor: there is but one device and one layout."""
    return self


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that broadcasting to this tensor's shape would stretch."""
    target = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    shape = self._array.shape
    extra = len(shape) - len(target)
    stretched = [
        dim for dim, length in enumerate(shape) if dim < extra or target[dim - extra] != length
    ]
    if not stretched:
        return self
    found = sum(self, stretched, keepdim=True)
    return reshape(found, target) if extra else found


def is_false(self: Tensor) -> bool:
    """False."""
    return False


def dim_order(self: Tensor) -> tuple[int, ...]:
    """The dimensions from the one whose neighbours lie farthest apart."""
    strides = self._array.strides
    return tuple(sorted(range(len(strides)), key=lambda dim: -strides[dim]))


def is_contiguous(self: Tensor, memory_format: memory_format | None = None) -> bool:
    """Whether the elements lie in order without gaps."""
    return self._array.flags.c_contiguous


def _volatile(self: Tensor) -> bool:
    warnings.warn(_errors.VOLATILE, UserWarning, stacklevel=3)
    return False


def _no_device(name: str) -> property:
    return property(is_false, doc=f"False: `{name}` is another device or layout.")


METHODS: tuple[Callable[..., Any], ...] = (
    as_strided_, square_, float_power_, fill_diagonal_, apply_, map_, map2_, sum_to_size, dim_order,
    is_contiguous, *BOTH, *_storage.METHODS, *_drawing.METHODS,
    _constructors.new, _constructors.new_tensor,
)  # fmt: skip


class _ReadOnly(property):
    """A property that refuses to be set in PyTorch's words."""

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __set__(self, tensor: Any, value: Any) -> None:
        raise AttributeError(_errors.NOT_WRITABLE.format(name=self._name))


def _forbid_writing() -> None:
    for name, found in tuple(vars(Tensor).items()):
        if isinstance(found, property) and found.fset is None:
            fixed = _ReadOnly(found.fget, doc=found.__doc__)
            fixed.__set_name__(Tensor, name)
            setattr(Tensor, name, fixed)


def bind_methods() -> None:
    """Hang all of this on Tensor."""
    _forbid_writing()
    for function in METHODS:
        setattr(Tensor, function.__name__, explaining(function))
    for name, conversion in _conversions.METHODS.items():
        setattr(Tensor, name, conversion)
    for name, row_of in IN_PLACE_VIEWS.items():
        setattr(Tensor, name, _in_place(name, row_of))
    for name in ("pin_memory", "share_memory_", "to_dense", "dequantize"):
        setattr(Tensor, name, itself)
    for name in ("is_pinned", "is_shared", "is_coalesced", "is_distributed"):
        setattr(Tensor, name, is_false)
    for kind in ("sparse", "sparse_csr", "quantized", "meta", "mkldnn", "mps", "nested", "xpu",
                 "xla", "vulkan", "ipu", "maia", "mtia"):  # fmt: skip
        setattr(Tensor, f"is_{kind}", _no_device(kind))
    properties: dict[str, Callable[[Tensor], Any]] = {
        "is_cpu": lambda self: True,
        "layout": lambda self: strided,
        "itemsize": lambda self: self._array.itemsize,
        "nbytes": lambda self: self._array.nbytes,
        "name": lambda self: None,
        "volatile": _volatile,
    }
    for name, get in properties.items():
        setattr(Tensor, name, property(get))
    _leaf_state.bind()
    Tensor.type = _constructors.type_  # type: ignore[attr-defined]
    Tensor.ndimension = Tensor.dim  # type: ignore[attr-defined]
