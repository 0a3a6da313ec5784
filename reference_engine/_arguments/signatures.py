"""Reads the table of signatures; knows what each kind of parameter takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from reference_engine import _types
from reference_engine._arguments import _table
from reference_engine._random import Generator
from reference_engine._tensor import Tensor

OPTIONS = (
    "dtype? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=False, "
    "bool? requires_grad=False"
)
"""What every function takes that makes a tensor."""

NUMBERS_AS_TENSORS = frozenset(
    {
        "add", "sub", "mul", "div", "divide", "multiply", "subtract", "true_divide", "floor_divide",
        "add_", "sub_", "mul_", "div_", "true_divide_", "floor_divide_",
    }
)  # fmt: skip
"""What takes a number for any of its tensors."""

PRINTED = {
    "ints": "tuple of ints", "floats": "tuple of floats", "Scalars": "tuple of Scalars",
    "Tensors": "tuple of Tensors", "dtype": "torch.dtype", "Layout": "torch.layout",
    "Device": "torch.device", "Generator": "torch.Generator", "Storage": "torch.Storage",
    "MemoryFormat": "torch.memory_format",
}  # fmt: skip
"""The kinds of arguments whose names in messages are others than in the signatures."""

PARAMETER = re.compile(
    r"(?P<kind>\w+)(?P<size>\[\d*\])?(?P<optional>\?)? (?P<name>\w+)(=(?P<default>.*))?"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature."""

    name: str
    kind: str
    default: str | None
    takes_none: bool
    takes_one: bool
    keyword_only: bool

    @property
    def type_name(self) -> str:
        return PRINTED.get(self.kind, self.kind)

    def fits(self, function: str, value: Any) -> bool:
        """Whether a value is of the parameter's kind."""
        if self.kind == "Tensor" and function in NUMBERS_AS_TENSORS and _is_number(value):
            return True
        if self.takes_one and self.kind == "ints" and is_int(value):
            return True
        return FITS.get(self.kind, _anything)(value)

    def __str__(self) -> str:
        return f"{self.type_name} {self.name}" + (f" = {self.default}" if self.default else "")


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    deprecated: bool

    @property
    def positional(self) -> int:
        return sum(not one.keyword_only for one in self.parameters)

    @property
    def takes_sizes(self) -> bool:
        """Whether its one list of integers may be given one by one."""
        return self.positional == 1 and self.parameters[0].kind == "ints"

    @property
    def required(self) -> int:
        return sum(one.default is None for one in self.parameters)

    def __str__(self) -> str:
        texts = [str(one) for one in self.parameters]
        if self.positional < len(texts):
            texts.insert(self.positional, "*")
        return f"({', '.join(texts)})"


# -- signatures -----------------------------------------------------------------------------------


@cache
def _tables() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    return _read(_table.FUNCTIONS), _read(_table.METHODS)


def _read(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    names: list[str] = []
    signatures: list[str] = []
    for line in text.splitlines():
        if line.startswith(" "):
            signatures.append(line.strip())
            continue
        if signatures:
            names, signatures = [], []
        names += line.split()
        found.update(dict.fromkeys(names, signatures))
    return found


@cache
def signatures_of(name: str, *, is_method: bool) -> tuple[Signature, ...] | None:
    """The signatures of a function or method; None where PyTorch has it in Python."""
    functions, methods = _tables()
    base = name.removesuffix("_") or name
    if not is_method:
        texts = functions.get(name) or functions.get(base)
        return None if texts is None else tuple(map(_signature, texts))
    texts = methods.get(name) or methods.get(base)
    if texts is not None:
        return tuple(map(_signature, texts))
    texts = functions.get(name) or functions.get(base)
    return None if texts is None else tuple(_of_method(_signature(one)) for one in texts)


def _of_method(signature: Signature) -> Signature:
    kept = [one for one in signature.parameters if one.name not in {"input", "self", "out"}]
    return Signature(tuple(kept), signature.deprecated)


def _signature(text: str) -> Signature:
    deprecated = text.startswith("!")
    text = text.removeprefix("!").replace("OPTIONS", OPTIONS)
    parameters: list[Parameter] = []
    keyword_only = False
    for part in text.split(", ") if text != "()" else ():
        if part == "*":
            keyword_only = True
            continue
        found = PARAMETER.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is no parameter of a signature")
        default = found["default"]
        parameters.append(
            Parameter(
                found["name"], found["kind"], default, bool(found["optional"]) or default == "None",
                bool(found["size"]), keyword_only,
            )
        )  # fmt: skip
    return Signature(tuple(parameters), deprecated)


# -- what fits a parameter ------------------------------------------------------------------------


def type_name(value: Any) -> str:
    """The name of a value's type in messages."""
    kind = type(value)
    if kind.__module__ == "numpy":
        return f"numpy.{kind.__name__}"
    if kind in {_types.dtype, _types.device, _types.layout, _types.Size}:
        return f"torch.{kind.__name__}"
    return kind.__name__


def is_int(value: Any) -> bool:
    """Whether a value serves as an integer; a bool does not."""
    if isinstance(value, Tensor):
        return _is_plain_scalar(value) and value._array.dtype.kind in "iu"
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor):
        return _is_plain_scalar(value)
    return isinstance(value, (int, float, complex, np.number, np.bool_))


def _is_plain_scalar(value: Tensor) -> bool:
    return not value._requires_grad and value._array.ndim == 0


def _is_list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, (tuple, list)) and (not value or holds(value[0]))


def _anything(value: Any) -> bool:
    return True


FITS: dict[str, Callable[[Any], bool]] = {
    "Tensor": lambda value: isinstance(value, Tensor),
    "Tensors": lambda value: isinstance(value, (tuple, list)),
    "Number": _is_number,
    "int": is_int,
    "float": lambda value: _is_number(value) and not isinstance(value, (bool, complex)),
    "bool": lambda value: (
        isinstance(value, bool) or (isinstance(value, Tensor) and _is_plain_scalar(value))
    ),
    "ints": lambda value: _is_list(value, is_int),
    "floats": lambda value: _is_list(value, _is_number),
    "Scalars": lambda value: _is_list(value, _is_number),
    "str": lambda value: isinstance(value, str),
    "dtype": lambda value: isinstance(value, _types.dtype) or value in (float, int, bool),
    "Device": lambda value: isinstance(value, (str, int, _types.device)),
    "Layout": lambda value: isinstance(value, _types.layout),
    "MemoryFormat": lambda value: isinstance(value, _types.memory_format),
    "Generator": lambda value: isinstance(value, Generator),
}
"""Whether a value is of a kind; any other kind takes everything."""
