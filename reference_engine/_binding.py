"""Binds the table to the Tensor: functions, methods, in-place and reflected variants, operators.

Nothing is written twice: a row that needs no special call becomes a function and a method from
its forward's own signature, and every in-place variant comes from the row it is named after.
"""

import warnings
from collections.abc import Callable
from typing import Any

from reference_engine import (
    _algebra,
    _copies,
    _creation,
    _drawing,
    _elementwise,
    _errors,
    _functions,
    _joining,
    _ordering,
    _products,
    _pytorch_names,
    _rearranging,
    _reductions,
    _scattering,
    _statistics,
    _types,
)
from reference_engine._derivatives import TABLE
from reference_engine._operators import bind_operators
from reference_engine._signatures import (
    LazyMethod,
    checking_first,
    explaining,
    function_of,
    in_place_of,
    method_of,
    with_numpy_names,
)
from reference_engine._tensor import Tensor
from reference_engine._types import float16, float32, float64, int8, int16, int32, int64, uint8

FROM_ROWS = (
    "add", "sub", "mul", "floor_divide", "neg", "reciprocal", "eq", "ne", "lt",
    "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "logical_not", "isnan",
    "isinf", "isfinite", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "exp",
    "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "sin", "cos", "tan", "tanh",
    "atan", "abs", "sign", "floor", "ceil", "sigmoid", "relu", "maximum", "minimum",
    "amax", "amin", "argmax", "argmin", "all", "any",
    "mm", "mv", "dot", "bmm", "t", "select", "narrow", "roll", "rot90", "tril", "triu", "diagonal",
    "diag_embed", "diagonal_copy", "diagonal_scatter", "trace", "select_scatter", "slice_scatter",
    "masked_select", "take", "narrow_copy", "addmm", "addmv", "addr", "addbmm", "baddbmm", "vdot",
)  # fmt: skip
"""Rows whose call is their forward's own signature: functions and methods alike."""

FROM_FUNCTIONS = (
    "pow", "square", "remainder", "rsub", "where", "clamp", "reshape", "flatten", "ravel", "clone",
    "permute", "transpose", "squeeze", "unsqueeze", "flip", "unbind", "split", "chunk", "allclose",
    "equal", "gather", "index_select", "split_with_sizes",
)  # fmt: skip
"""Functions of `_functions` that are methods too."""

ONLY_FUNCTIONS = (
    "cat", "stack", "is_tensor",
)  # fmt: skip
REDUCTIONS = (
    "sum", "mean", "prod", "var", "std", "max", "min", "amax", "amin", "argmax", "argmin", "all",
    "any", "cumsum", "logsumexp", "softmax", "log_softmax", "nansum", "nanmean", "cumprod",
    "cummax", "cummin", "count_nonzero", "aminmax",
)  # fmt: skip
"""What takes `axis` and `keepdims` for `dim` and `keepdim`."""

ONLY_METHODS = (
    "view", "view_as", "reshape_as", "contiguous", "expand", "expand_as", "repeat", "to",
    "type_as", "copy_", "fill_",
)  # fmt: skip

IN_PLACE = (
    "add", "sub", "mul", "div", "neg", "reciprocal", "exp", "log", "sqrt", "sin", "cos", "tanh",
    "abs", "floor", "ceil", "round", "sigmoid", "relu",
    "floor_divide", "zero", "eq", "ne", "lt", "le", "gt", "ge", "tril", "triu",
    "addmm", "addmv", "addr", "addbmm", "baddbmm",
)  # fmt: skip
"""Rows that have a variant with a trailing underscore."""

ALIASES = {
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "true_divide": "div",
    "negative": "neg",
    "absolute": "abs",
    "arctan": "atan",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "not_equal": "ne",
    "clip": "clamp",
    "swapaxes": "transpose",
    "concat": "cat",
    "concatenate": "cat",
    "swapdims": "transpose",
    "moveaxis": "movedim",
    "row_stack": "vstack",
    "ger": "outer",
}


def bind() -> tuple[dict[str, Any], dict[str, str]]:
    """Hang everything on Tensor; return the functions of the `torch` module by name.

    The second dict has the names of rows whose functions are made when they are first asked for.
    """
    functions: dict[str, Any] = {}
    methods: dict[str, Any] = {}
    later: dict[str, str] = {}
    for name in (*FROM_ROWS, *_elementwise.ROWS):
        if name in REDUCTIONS:
            functions[name], methods[name] = function_of(TABLE[name]), method_of(TABLE[name])
        else:
            methods[name], later[name] = LazyMethod(name), name
    for name in (*FROM_FUNCTIONS, *ONLY_METHODS):
        methods[name] = explaining(getattr(_functions, name))
    for module in (_elementwise, _reductions, _statistics):
        for name in module.BOTH:
            found = getattr(module, name)
            methods[name] = found if name in REDUCTIONS else explaining(found)
            functions[name] = checking_first(found)
    for name in _elementwise.OF_NUMBERS_TOO:
        functions[name] = getattr(_elementwise, name)
        methods[name] = explaining(functions[name])
    for module in (_reductions, _statistics):
        for name in module.FUNCTIONS:
            functions[name] = checking_first(getattr(module, name))
    methods.update(_elementwise.ITSELF)
    functions.update(_elementwise.ITSELF)
    for name in REDUCTIONS:
        methods[name] = with_numpy_names(methods[name], is_method=True)
    for name in FROM_FUNCTIONS:
        functions[name] = checking_first(getattr(_functions, name))
    for name in REDUCTIONS:
        functions[name] = with_numpy_names(functions[name])
    for name in ("where", "pow", "remainder", *ONLY_FUNCTIONS):
        functions[name] = explaining(getattr(_functions, name), is_method=False)
    for module in (_rearranging, _joining, _scattering, _ordering, _products, _algebra):
        for name in module.BOTH:
            found = getattr(module, name)
            methods[name], functions[name] = explaining(found), checking_first(found)
    for name, (_, in_place) in _scattering.FORMS.items():
        methods[f"{name}_"] = explaining(in_place)
    for name in _rearranging.METHODS:
        methods[name] = explaining(getattr(_rearranging, name))
    for module in (_rearranging, _joining, _copies, _ordering, _algebra):
        for name in module.FUNCTIONS:
            functions[name] = explaining(getattr(module, name), is_method=False)
    for name in (*IN_PLACE, *_elementwise.IN_PLACE):
        methods[f"{name}_"] = in_place_of(name, name, name)
    for name, (of_tensors, otherwise) in _elementwise.IN_PLACE_CHOICES.items():
        methods[f"{name}_"] = in_place_of(name, of_tensors, otherwise)
    for alias, name in (ALIASES | _elementwise.ALIASES).items():
        if f"{name}_" in methods:
            methods[f"{alias}_"] = methods[f"{name}_"]
        for names in (functions, methods, later):
            if name in names:
                names[alias] = names[name]
    methods.update({one.__name__: explaining(one) for one in _drawing.METHODS})
    methods["where"] = explaining(_functions.where_of)
    for name, function in methods.items():
        setattr(Tensor, name, function)
    bind_operators()
    _bind_properties()
    for name in ("zeros", "ones", "empty", "full"):
        setattr(Tensor, f"new_{name}", _new_of(getattr(_creation, name)))
    _bind_uncovered()
    for name in ("detach", "is_floating_point", "numel"):
        functions[name] = checking_first(getattr(Tensor, name))
    for name in functions:
        later.pop(name, None)
    return functions, later


# -- properties and conversions -------------------------------------------------------------------


class _Uncovered:
    """Stands for a method of PyTorch's that the engine does not have.

    Not `__getattr__`, with which Python would read every attribute of every tensor more slowly.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, tensor: Tensor | None, kind: type) -> Any:
        raise _errors.NotCovered(f"Tensor.{self.name}")


def _bind_uncovered() -> None:
    for name in _pytorch_names.TENSOR:
        if name not in vars(Tensor):
            setattr(Tensor, name, _Uncovered(name))


def _bind_properties() -> None:
    Tensor.T = property(_reversed_dims, doc="The dimensions in reverse order.")  # type: ignore[attr-defined]
    Tensor.mT = property(_transposed, doc="The last two dimensions exchanged.")  # type: ignore[attr-defined]
    Tensor.mH = property(_transposed, doc="As mT: there are no complex numbers.")  # type: ignore[attr-defined]
    Tensor.H = property(_adjoint, doc="A matrix with its dimensions exchanged.")  # type: ignore[attr-defined]
    Tensor.real = property(lambda self: self, doc="The tensor itself.")  # type: ignore[attr-defined]
    Tensor.imag = property(_imaginary, doc="Refused: there are no complex numbers.")  # type: ignore[attr-defined]
    Tensor.adjoint = _transposed  # type: ignore[attr-defined]
    conversions = {
        "half": float16, "float": float32, "double": float64, "char": int8, "short": int16,
        "int": int32, "long": int64, "byte": uint8, "bool": _types.bool_,
    }  # fmt: skip
    for name, kind in conversions.items():
        setattr(Tensor, name, _conversion(name, kind))
    Tensor.type = _type  # type: ignore[attr-defined]
    Tensor.cpu = lambda self: self  # type: ignore[attr-defined]
    Tensor.cuda = _cuda  # type: ignore[attr-defined]


def _reversed_dims(self: Tensor) -> Tensor:
    if self._array.ndim != 2:
        text = _errors.T_DEPRECATED if self._array.ndim else _errors.T_SCALAR
        warnings.warn(text, UserWarning, stacklevel=2)
    return _functions.permute(self, tuple(range(self._array.ndim - 1, -1, -1)))


def _transposed(self: Tensor) -> Tensor:
    if self._array.ndim < 2:
        raise RuntimeError(_errors.MT_DIMS.format(dim=self._array.ndim))
    return _functions.transpose(self, -2, -1)


def _imaginary(self: Tensor) -> Tensor:
    raise RuntimeError(_errors.IMAGINARY)


def _adjoint(self: Tensor) -> Tensor:
    if self._array.ndim not in (0, 2):
        raise RuntimeError(
            "tensor.H is only supported on matrices (2-D tensors). Got "
            f"{self._array.ndim}-D tensor."
        )
    return _functions.transpose(self, 0, 1)


def _conversion(name: str, kind: _types.dtype) -> Callable[..., Any]:
    def convert(self: Tensor, *, memory_format: Any = None) -> Tensor:
        return _functions.to(self, kind)

    convert.__name__ = name
    convert.__doc__ = f"The tensor as {kind!r}; itself where it is that already."
    return convert


def _type(self: Tensor, dtype: Any = None) -> Any:
    """The tensor in another dtype; without one, the old name of its type."""
    if dtype is None:
        return f"torch.{self.dtype.legacy}Tensor"
    if isinstance(dtype, str):
        names = {f"torch.{one.legacy}Tensor": one for one in _types.ALL}
        if dtype not in names:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = names[dtype]
    return _functions.to(self, dtype)


def _cuda(self: Tensor, device: Any = None) -> Tensor:
    raise AssertionError(_errors.NO_CUDA)


def _new_of(create: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def method(self: Tensor, *arguments: Any, dtype: Any = None, **options: Any) -> Tensor:
        return create(*arguments, dtype=self.dtype if dtype is None else dtype, **options)

    method.__name__ = f"new_{create.__name__}"
    return explaining(method)
