"""Reads values off the code of tests: numbers, texts, arrays, and how these are usually made.

It runs no expression. What it cannot read is None, for a person to finish.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.outcomes import Ndarray

Kind: TypeAlias = Literal["integer", "real", "one_of", "array", "tensor", "source"]
Names: TypeAlias = Mapping[str, ast.expr]
"""What names were assigned, as expressions."""

MOST_ENTRIES = 200
"""An array of more entries is no example to be read."""
_MOST_MADE = 10_000
_DEEPEST = 20
_MOST_STEPS = 10_000
"""Names of lists of names of lists double what is read with every line of a notebook."""

_LARGEST = 1e300
"""A range around a larger number has bounds that are none."""

_DRAWN = {"rand", "randn", "random", "normal", "uniform", "standard_normal"}
_CASTS = {"float": "float32", "double": "float64", "long": "int64", "int": "int32"}
_DTYPES = {
    "float": "float64", "int": "int64", "double": "float64", "int32": "int32",
    "torch.float": "float32", "torch.double": "float64", "torch.long": "int64",
}  # fmt: skip
_KEEPING = {"clone", "copy", "detach", "contiguous"}

_OPERATIONS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


class Value(Struct, frozen=True, eq=False):
    """One argument: a number, text or array in `data`; None where only its `shape` is known."""

    kind: Kind
    data: Any
    shape: tuple[int, ...] = ()
    dtype: str = ""
    requires_grad: bool = False

    @property
    def is_example(self) -> bool:
        """Whether it can be written down as a fixed case."""
        return self.kind == "one_of" or (
            self.data is not None and math.prod(self.shape) <= MOST_ENTRIES
        )


def evaluate(  # noqa: C901, PLR0911 - one a form
    node: ast.expr,
    names: Names,
    *,
    within: tuple[str, ...] = (),
    depth: int = 0,
    steps: Iterator[int] | None = None,
) -> Value | None:
    """The value of an expression of literals, arithmetic and the usual ways to make an array.

    `within` are the names whose own expressions are being read, `steps` counts all that is.
    """
    steps = count() if steps is None else steps
    if depth > _DEEPEST or next(steps) > _MOST_STEPS:
        return None

    def inner(one: ast.expr) -> Value | None:
        return evaluate(one, names, within=within, depth=depth + 1, steps=steps)

    match node:
        case ast.Constant(value=bool() | str() | None as value):
            return Value("one_of", value)
        case ast.Constant(value=int() | float() as value):
            return _number(value)
        case ast.List() | ast.Tuple():
            return _listed([inner(one) for one in node.elts])
        case ast.UnaryOp() | ast.BinOp():
            return _computed(node, inner)
        case ast.Lambda():
            return _callable(node)
        case ast.Name(id=name) if name in names and name not in within:
            within = (*within, name)
            return inner(names[name])
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "math" | "torch"), attr="pi" | "e"):
            return Value("real", getattr(math, node.attr))
        case ast.Call(func=ast.Attribute()):
            return _made(node, inner)
        case _:
            return None


def _number(value: Any) -> Value | None:
    if isinstance(value, float):
        return Value("real", value) if abs(value) < _LARGEST else None
    return Value("integer", int(value)) if abs(value) < 2**63 else None


def _listed(entries: Sequence[Value | None]) -> Value | None:
    """A list of numbers, or of equally long lists of them, as an array."""
    if not entries or any(one is None or one.data is None for one in entries):
        return None
    if sum(np.size(one.data) for one in entries if one is not None) > _MOST_MADE:
        return None
    try:
        return _array(np.array([one.data for one in entries if one is not None]))
    except (ValueError, OverflowError):
        return None


def _array(data: Ndarray, *, kind: Kind = "array", requires_grad: bool = False) -> Value | None:
    if data.dtype.kind not in "iuf" or data.size == 0 or not (np.abs(data) < _LARGEST).all():
        return None
    dtype = str(data.dtype)
    if data.ndim == 0 and kind == "array":
        return _number(data.item())
    return Value(kind, data, data.shape, dtype, requires_grad)


def _computed(node: ast.UnaryOp | ast.BinOp, inner: Callable[..., Value | None]) -> Value | None:
    operation = _OPERATIONS.get(type(node.op))
    parts = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
    values = [inner(one) for one in parts]
    plain = [one.data for one in values if one is not None and one.kind in ("integer", "real")]
    if operation is None or len(plain) != len(values):
        return None
    try:
        return _number(operation(*plain))
    except (ArithmeticError, ValueError):
        return None


def _callable(node: ast.Lambda) -> Value | None:
    """A function of its own arguments, NumPy and PyTorch alone."""
    own = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
    used = {one.id for one in ast.walk(node.body) if isinstance(one, ast.Name)}
    return Value("source", ast.unparse(node)) if used <= own | {"np", "torch", "abs"} else None


def _made(call: ast.Call, inner: Callable[..., Value | None]) -> Value | None:
    """What a function of NumPy's or PyTorch's makes, or a method of an array."""
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - as it was matched
    home, name = call.func.value, call.func.attr
    arguments = [inner(one) for one in call.args]
    options = {one.arg: one.value for one in call.keywords if one.arg}
    module = ast.unparse(home).partition(".")[0]
    if name in _DRAWN:
        size = options.get("size")
        shape = _shape([inner(size)] if size is not None else arguments)
        kind: Kind = "tensor" if module == "torch" else "array"
        return _with_options(Value(kind, None, shape, usual(kind)), options) if shape else None
    if not isinstance(home, ast.Name) or module not in ("np", "numpy", "torch"):
        return _method(inner(home), name, arguments)
    data = _filled(name, arguments, options, inner)
    if data is None:
        return None
    if module != "torch":
        found = _array(data)
        return None if found is None else _with_options(found, options)
    if data.dtype.kind == "f":
        data = data.astype("float32")
    tensor = _array(data, kind="tensor")
    return None if tensor is None else _with_options(tensor, options)


def _filled(  # noqa: PLR0911 - one a function
    name: str,
    arguments: Sequence[Value | None],
    options: Mapping[str, ast.expr],
    inner: Callable[..., Value | None],
) -> Ndarray | None:
    first = arguments[0] if arguments else None
    if name in ("array", "asarray", "tensor", "as_tensor", "float64", "float32"):
        return None if first is None or first.data is None else np.array(first.data)
    if name in ("Tensor", "FloatTensor"):
        if first is None or isinstance(first.data, str | None):
            return None
        return np.array(first.data, dtype=float)
    if name in ("arange", "linspace"):
        return _spaced(name, arguments)
    value = inner(options["fill_value"]) if "fill_value" in options else None
    if name == "full" and len(arguments) == 2:
        value, arguments = arguments[1], arguments[:1]
    shape = _shape(arguments)
    if not shape:
        return None
    if name == "eye" and len(shape) == 1 and shape[0] ** 2 <= _MOST_MADE:
        return np.eye(shape[0])
    if name == "full" and value is not None and value.shape == ():
        return np.full(shape, value.data)
    return {"ones": np.ones, "zeros": np.zeros}[name](shape) if name in ("ones", "zeros") else None


def _spaced(name: str, arguments: Sequence[Value | None]) -> Ndarray | None:
    """The numbers of arange or linspace, where they are not too many."""
    plain = [one.data for one in arguments if one is not None and one.kind in ("integer", "real")]
    if len(plain) != len(arguments) or not 1 <= len(plain) <= 3:
        return None
    try:
        if name == "arange":
            first, last, step = (0, *plain, 1) if len(plain) == 1 else (*plain, 1)[:3]
            # Between small numbers there are many, where the step is small enough.
            return np.arange(first, last, step) if (last - first) / step <= _MOST_MADE else None
        return np.linspace(*plain) if len(plain) < 3 or plain[2] <= _MOST_MADE else None
    except (ArithmeticError, TypeError, ValueError):
        return None


def _method(  # noqa: PLR0911 - one a method
    found: Value | None, name: str, arguments: Sequence[Value | None]
) -> Value | None:
    """What a method of an array gives that changes its form alone."""
    if found is None or found.kind not in ("array", "tensor"):
        return None
    if name == "requires_grad_":
        return replace(found, requires_grad=True)
    if name in _KEEPING:
        return found
    if name in _CASTS:
        return _cast(found, _CASTS[name])
    shape = _shape(arguments)
    if name in ("reshape", "view") and shape and found.data is not None:
        try:
            data = found.data.reshape(shape)
        except ValueError:
            return None
        return replace(found, data=data, shape=data.shape)
    return None


def _with_options(found: Value, options: Mapping[str, ast.expr]) -> Value:
    requires = options.get("requires_grad")
    if isinstance(requires, ast.Constant) and requires.value is True:
        found = replace(found, requires_grad=True)
    if "dtype" not in options:
        return found
    asked = ast.unparse(options["dtype"]).strip("'").removeprefix("np.").removeprefix("numpy.")
    dtype = _DTYPES.get(asked, asked.removeprefix("torch."))
    return _cast(found, dtype) if dtype in _DTYPES.values() else found


def _cast(found: Value, dtype: str) -> Value:
    data = None if found.data is None else found.data.astype(dtype)
    return replace(found, data=data, dtype=dtype)


def usual(kind: Kind) -> str:
    """The dtype of floating-point numbers where none is named."""
    return "float32" if kind == "tensor" else "float64"


def _shape(arguments: Sequence[Value | None]) -> tuple[int, ...]:
    """The shape that is given as numbers or as one tuple; () where it is not known."""
    if len(arguments) == 1 and arguments[0] is not None and arguments[0].kind == "array":
        sizes = list(np.ravel(arguments[0].data))
    else:
        sizes = [one.data for one in arguments if one is not None and one.kind == "integer"]
        if len(sizes) != len(arguments):
            return ()
    shape = tuple(int(size) for size in sizes)
    small = all(-1 <= size <= _MOST_MADE for size in shape) and math.prod(shape) <= _MOST_MADE
    return shape if small and 0 not in shape else ()
