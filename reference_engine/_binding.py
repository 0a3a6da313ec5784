"""Binds the table to the Tensor: functions, methods, in-place and reflected variants, operators.

Nothing is written twice: a row that needs no special call becomes a function and a method from
its forward's own signature, and every in-place variant comes from the row it is named after.
"""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from reference_engine import (
    _algebra,
    _copies,
    _creation,
    _elementwise,
    _errors,
    _functions,
    _indexing,
    _ordering,
    _rearranging,
    _scattering,
    _statistics,
    _types,
)
from reference_engine._backward import fill_namespaces
from reference_engine._derivatives import TABLE
from reference_engine._derivatives._table import Row
from reference_engine._dispatch import dispatch, dispatch_in_place, dispatch_pair
from reference_engine._out import into
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
    "cholesky", "cholesky_solve", "cholesky_inverse",
)  # fmt: skip
"""Rows whose call is their forward's own signature: functions and methods alike."""

FROM_FUNCTIONS = (
    "pow", "square", "remainder", "rsub", "where", "clamp", "outer", "sum", "mean", "prod", "var",
    "std", "max", "min", "norm", "softmax", "log_softmax", "matmul", "reshape", "flatten",
    "ravel", "clone", "permute", "transpose", "squeeze", "unsqueeze", "flip", "unbind", "split",
    "chunk", "allclose", "equal", "gather", "index_select", "split_with_sizes",
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

OF_TENSORS_ONLY = (
    "maximum", "minimum", "logical_and", "logical_or", "logical_xor", "mm", "mv", "dot", "bmm",
    "fmax", "fmin", "hypot", "atan2", "nextafter", "heaviside", "logaddexp", "logaddexp2", "gcd",
    "lcm", "isclose", "dist",
)  # fmt: skip
"""Rows none of whose operands may be a number."""

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

OPERATORS = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

_OPERAND = (Tensor, int, float, np.generic)


def bind() -> dict[str, Any]:
    """Hang everything on Tensor; return the functions of the `torch` module by name."""
    rows = [TABLE[name] for name in (*FROM_ROWS, *_elementwise.ROWS)]
    functions: dict[str, Any] = {row.name: _function_of(row) for row in rows}
    methods: dict[str, Any] = {row.name: _method_of(row) for row in rows}
    for name in (*FROM_FUNCTIONS, *ONLY_METHODS):
        methods[name] = getattr(_functions, name)
    for module in (_elementwise, _statistics):
        for name in module.BOTH:
            methods[name] = getattr(module, name)
            functions[name] = _checking_first(methods[name])
    for name in _elementwise.OF_NUMBERS_TOO:
        methods[name] = functions[name] = getattr(_elementwise, name)
    for name in _statistics.FUNCTIONS:
        functions[name] = _checking_first(getattr(_statistics, name))
    for name in ("positive", "conj", "conj_physical", "resolve_conj", "resolve_neg"):
        methods[name] = functions[name] = _elementwise.itself
    functions["real"] = _elementwise.itself
    for name in REDUCTIONS:
        methods[name] = _with_numpy_names(methods[name])
    for name in FROM_FUNCTIONS:
        functions[name] = _checking_first(getattr(_functions, name))
    for name in REDUCTIONS:
        functions[name] = _with_numpy_names(functions[name])
    for name in ("where", "pow", "remainder", *ONLY_FUNCTIONS):
        functions[name] = getattr(_functions, name)
    for module in (_rearranging, _scattering, _ordering, _algebra):
        for name in module.BOTH:
            found = getattr(module, name)
            methods[name], functions[name] = found, _checking_first(found)
    for name, (_, in_place) in _scattering.FORMS.items():
        methods[f"{name}_"] = in_place
    for name in _rearranging.METHODS:
        methods[name] = getattr(_rearranging, name)
    for module in (_rearranging, _copies, _ordering, _algebra):
        functions.update({name: getattr(module, name) for name in module.FUNCTIONS})
    for name in (*IN_PLACE, *_elementwise.IN_PLACE):
        methods[f"{name}_"] = _in_place_of(name, TABLE[name], TABLE[name])
    for name, (of_tensors, otherwise) in _elementwise.IN_PLACE_CHOICES.items():
        methods[f"{name}_"] = _in_place_of(name, TABLE[of_tensors], TABLE[otherwise])
    for alias, name in (ALIASES | _elementwise.ALIASES).items():
        if f"{name}_" in methods:
            methods[f"{alias}_"] = methods[f"{name}_"]
        for names in (functions, methods):
            if name in names:
                names[alias] = names[name]
    for name, function in methods.items():
        setattr(Tensor, name, function)
    _bind_operators()
    _bind_properties()
    for name in ("zeros", "ones", "empty", "full"):
        setattr(Tensor, f"new_{name}", _new_of(getattr(_creation, name)))
    fill_namespaces(_for_formulas())
    for name in ("detach", "is_floating_point", "numel"):
        functions[name] = _checking_first(getattr(Tensor, name))
    return functions


def _for_formulas() -> dict[str, Any]:
    """The rows as operations on tensors, called as the formulas call the forwards."""

    def operation(row: Row) -> Callable[..., Any]:
        count = len(row.inputs)
        defaults = row.defaults

        def call(*arguments: Any) -> Any:
            options = arguments[count:]
            missing = len(row.options) - len(options)
            if missing:
                options += defaults[len(defaults) - missing :]
            inputs = arguments[0] if row.is_variadic else arguments[:count]
            return dispatch(row, tuple(inputs), options)

        return call

    return {name: operation(row) for name, row in TABLE.items()}


def _function_of(row: Row) -> Callable[..., Any]:
    """A function with the signature of the row's forward, its first argument named `input`."""
    return _compiled(_TEMPLATE_WITH_OUT, row, {"input": 1} | _tensor_operands(row, 2))


def _method_of(row: Row) -> Callable[..., Any]:
    """The same as a method, which counts its arguments after the tensor that it belongs to."""
    return _compiled(_TEMPLATE, row, _tensor_operands(row, 1))


def _tensor_operands(row: Row, first: int) -> dict[str, int]:
    """The positions of the further operands that PyTorch takes only as tensors."""
    if row.name not in OF_TENSORS_ONLY:
        return {}
    return {name: place for place, name in enumerate(row.inputs[1:], first)}


_CHECK = """
    if not isinstance({name}, Tensor):
        raise refusal("{function}", {name}, name="{name}", position={position})
"""
_TEMPLATE = """
def {name}({parameters}):{checks}
    return dispatch(row, ({inputs},), ({options}))
"""
_TEMPLATE_WITH_OUT = """
def {name}({parameters}, *, out=None):{checks}
    if out is not None:
        return into(out, "{name}", dispatch(row, ({inputs},), ({options})))
    return dispatch(row, ({inputs},), ({options}))
"""


def _compiled(template: str, row: Row, tensors: dict[str, int]) -> Callable[..., Any]:
    """A function of a row's inputs and options that refuses what stands in a tensor's place.

    Compiled from text, so that a call costs no parsing of arguments beyond Python's own.
    """
    defaults = row.defaults
    inputs = ("input", *row.inputs[1:])
    plain = len(row.options) - len(defaults)
    options = [
        name if place < plain else f"{name}=defaults[{place - plain}]"
        for place, name in enumerate(row.options)
    ]
    text = template.format(
        name=row.name,
        parameters=", ".join((*inputs, *options)),
        checks="".join(
            _CHECK.format(function=row.name, name=name, position=position)
            for name, position in tensors.items()
        )
        or "",
        inputs=", ".join(inputs),
        options="".join(f"{name}, " for name in row.options),
    )
    names: dict[str, Any] = {
        "Tensor": Tensor,
        "dispatch": dispatch,
        "row": row,
        "defaults": defaults,
        "refusal": _functions.refusal,
        "into": into,
    }
    exec(compile(text, f"<torch.{row.name}>", "exec"), names)  # noqa: S102 - text of our own
    made: Callable[..., Any] = names[row.name]
    made.__doc__ = f"PyTorch's `{row.name}`, element by element or as its row in the table says."
    return made


def _checking_first(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `torch` that refuses a first argument that is no tensor, and takes `out`."""

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if arguments and not isinstance(arguments[0], Tensor):
            raise _functions.refusal(function.__name__, arguments[0])
        if "out" in named:
            return into(named.pop("out"), function.__name__, function(*arguments, **named))
        return function(*arguments, **named)

    return call


def _with_numpy_names(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction that takes NumPy's names of its arguments too, as PyTorch's do."""

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if not named:
            return function(*arguments)
        for numpy_name, name in (("axis", "dim"), ("keepdims", "keepdim")):
            if numpy_name in named:
                named[name] = named.pop(numpy_name)
        return function(*arguments, **named)

    return call


def _in_place_of(name: str, of_tensors: Row, otherwise: Row) -> Callable[..., Any]:
    """A method that writes into its tensor: by one row where all operands are tensors."""

    def method(self: Tensor, *arguments: Any, **named: Any) -> Tensor:
        operands = (*arguments, *named.values())
        row = of_tensors if all(isinstance(one, Tensor) for one in operands) else otherwise
        others = len(row.inputs) - 1
        if named:
            arguments = _in_order(row, arguments, named)
        options = arguments[others:]
        missing = len(row.options) - len(options)
        if missing:
            options += row.defaults[len(row.defaults) - missing :]
        return dispatch_in_place(row, self, arguments[:others], options)

    method.__name__ = f"{name}_"
    method.__doc__ = f"`{name}`, written into this tensor."
    return method


def _in_order(row: Row, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """A row's further inputs (None where missing) and options, some of which came by name."""
    names = (*row.inputs[1:], *row.options)
    given = dict(zip(names, arguments, strict=False)) | named
    unknown = next((name for name in named if name not in names), None)
    if unknown is not None:
        raise TypeError(_errors.UNEXPECTED_ARGUMENT.format(function=f"{row.name}_", name=unknown))
    defaults = dict(zip(reversed(row.options), reversed(row.defaults), strict=False))
    return tuple(given.get(name, defaults.get(name)) for name in names)


# -- operators ------------------------------------------------------------------------------------


def _bind_operators() -> None:
    for symbol, name in OPERATORS.items():
        row = TABLE[name]
        options = row.defaults
        setattr(Tensor, f"__{symbol}__", _operator(row, options))
        commutes = name not in {"sub", "div", "floor_divide", "remainder"}
        reflected = _guarded(_operator(row, options)) if commutes else _reflected(row, options)
        setattr(Tensor, f"__r{symbol}__", reflected)
        setattr(Tensor, f"__i{symbol}__", _augmented(row, options))
    for name in COMPARISONS:
        setattr(Tensor, f"__{name}__", _comparison(TABLE[name]))
    special: dict[str, Any] = {
        "__rsub__": _guarded(_functions.rsub),
        "__rtruediv__": _guarded(_functions.rdiv),
        "__pow__": _guarded(_functions.pow),
        "__rpow__": _guarded(lambda self, other: _functions.pow(other, self)),
        "__mod__": _guarded(_functions.remainder),
        "__ipow__": lambda self, other: dispatch_in_place(TABLE["pow_number"], self, (), (other,)),
        "__matmul__": _matmul,
        "__rmatmul__": lambda self, other: _matmul(other, self),
        "__neg__": lambda self: dispatch(TABLE["neg"], (self,)),
        "__pos__": lambda self: self,
        "__abs__": lambda self: dispatch(TABLE["abs"], (self,)),
        "__invert__": lambda self: dispatch(TABLE["bitwise_not"], (self,)),
        "__getitem__": _indexing.get_item,
        "__setitem__": _indexing.set_item,
    }
    for name, function in special.items():
        setattr(Tensor, name, function)


def _operator(row: Row, options: tuple[Any, ...]) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if isinstance(other, _OPERAND):
            return dispatch_pair(row, self, other, options)
        if isinstance(other, np.ndarray):
            return dispatch(row, (self, _creation.from_numpy(other)), options)
        return NotImplemented

    return operator


def _reflected(row: Row, options: tuple[Any, ...]) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if isinstance(other, _OPERAND):
            return dispatch(row, (other, self), options)
        return NotImplemented

    return operator


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """An operator that leaves other operands than tensors and numbers to the other side."""

    def operator(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, _OPERAND) else NotImplemented

    return operator


def _augmented(row: Row, options: tuple[Any, ...]) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERAND):
            return NotImplemented
        return dispatch_in_place(row, self, (other,), options)

    return operator


def _matmul(self: Tensor, other: Any) -> Any:
    return _functions.matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def _comparison(row: Row) -> Callable[..., Any]:
    def operator(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERAND):
            return NotImplemented
        return dispatch(row, (self, other))

    return operator


# -- properties and conversions -------------------------------------------------------------------


def _bind_properties() -> None:
    Tensor.T = property(_reversed_dims, doc="The dimensions in reverse order.")  # type: ignore[attr-defined]
    Tensor.mT = property(_transposed, doc="The last two dimensions exchanged.")  # type: ignore[attr-defined]
    Tensor.mH = property(_transposed, doc="As mT: there are no complex numbers.")  # type: ignore[attr-defined]
    Tensor.H = property(_adjoint, doc="A matrix with its dimensions exchanged.")  # type: ignore[attr-defined]
    Tensor.real = property(lambda self: self, doc="The tensor itself.")  # type: ignore[attr-defined]
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
    Tensor.uniform_ = _uniform  # type: ignore[attr-defined]
    Tensor.normal_ = _normal  # type: ignore[attr-defined]


def _reversed_dims(self: Tensor) -> Tensor:
    if self._array.ndim != 2:
        text = _errors.T_DEPRECATED if self._array.ndim else _errors.T_SCALAR
        warnings.warn(text, UserWarning, stacklevel=2)
    return _functions.permute(self, tuple(range(self._array.ndim - 1, -1, -1)))


def _transposed(self: Tensor) -> Tensor:
    if self._array.ndim < 2:
        raise RuntimeError(_errors.MT_DIMS.format(dim=self._array.ndim))
    return _functions.transpose(self, -2, -1)


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

    return method


def _uniform(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with numbers uniform on [from, to)."""
    drawn = _creation._generator(generator).uniform(
        self._array.shape, self._array.dtype, low=from_, high=to
    )
    return _functions.copy_(self, _creation.from_numpy(drawn))


def _normal(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with normal numbers."""
    drawn = _creation._generator(generator).normal(
        self._array.shape, self._array.dtype, mean=mean, std=std
    )
    return _functions.copy_(self, _creation.from_numpy(drawn))
