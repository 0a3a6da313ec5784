"""Makes functions and methods out of the table's rows, each with the signature of its forward.

Where a call fails, `_arguments` is asked whether PyTorch would have taken its arguments at all.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._derivatives import TABLE
from reference_engine._derivatives._table import Row
from reference_engine._dispatch import dispatch, dispatch_in_place, dispatch_one, wrap
from reference_engine._out import into
from reference_engine._tensor import Tensor
from reference_engine._types import Defaults

OF_TENSORS_ONLY = (
    "maximum", "minimum", "logical_and", "logical_or", "logical_xor", "mm", "mv", "dot", "bmm",
    "fmax", "fmin", "hypot", "atan2", "nextafter", "heaviside", "logaddexp", "logaddexp2", "gcd",
    "lcm", "isclose", "dist",
)  # fmt: skip
"""Rows none of whose operands may be a number."""


NUMBERS_TOO = ("add", "sub", "mul", "div", "true_divide")
"""Functions whose first argument may be a number."""


def _number_first(name: str, value: Any, other: Any) -> Any:
    """A first argument that is no tensor: a number, which becomes a tensor where both are."""
    if name not in NUMBERS_TOO or not isinstance(value, (int, float)):
        raise _functions.refusal(name, value)
    if isinstance(other, Tensor):
        return value
    return wrap(np.asarray(value, Defaults.dtype.numpy if isinstance(value, float) else None))


MISSING = type("Missing", (), {"__slots__": ()})()
"""Stands for a required argument that was not given."""


def refused(
    name: str, arguments: tuple[Any, ...], named: Mapping[str, Any], *, is_method: bool = False
) -> TypeError | None:
    """PyTorch's error for a failed call's arguments (without a method's own tensor), or None."""
    from reference_engine import _arguments

    return _arguments.refusal(name, arguments, named, is_method=is_method)


def _in_own_names(
    function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """A failed call's arguments by the function's own names; None if they had them."""
    if not named:
        return None
    from reference_engine._arguments.names import in_own_names

    return in_own_names(function.__name__, arguments, named)


def _in_old_order(name: str, arguments: Sequence[Any]) -> Any:
    """What a failed call gives with its numbers where they belong now; None if they do."""
    from reference_engine._arguments.old_orders import in_present_order

    found = in_present_order(name, arguments)
    if found is None:
        return None
    (own, *tensors), numbers = found
    return getattr(own, name)(*tensors, **numbers)


def _again(
    row: Row, inputs: tuple[Any, ...], options: tuple[Any, ...], surplus: tuple[Any, ...]
) -> Any:
    """The same for a row's function."""
    given = [*inputs, *options]
    required = len(given) - len(row.defaults)
    while len(given) > required and given[-1] is row.defaults[len(given) - required - 1]:
        given.pop()
    return _in_old_order(row.name, (*given, *surplus))


def _refused_by_row(
    row: Row,
    inputs: tuple[Any, ...],
    options: tuple[Any, ...],
    surplus: tuple[Any, ...],
    is_method: bool,
) -> TypeError | None:
    """The same for a row's function, whose arguments have lost how they were given."""
    from reference_engine import _arguments

    if surplus:
        return refused(row.name, (*inputs, *options, *surplus), {}, is_method=is_method)
    required = len(row.options) - len(row.defaults)
    given = tuple(one for one in (*inputs, *options[:required]) if one is not MISSING)
    named = {
        option: value
        for option, value, default in zip(
            row.options[required:], options[required:], row.defaults, strict=True
        )
        if value is not default
    }
    return _arguments.refusal_in_order(row.name, given, named, is_method=is_method)


def function_of(row: Row) -> Callable[..., Any]:
    """A function with the signature of the row's forward, its first argument named `input`."""
    return _with_signature(row, first=1, takes_out=True)


def method_of(row: Row) -> Callable[..., Any]:
    """The same as a method, which counts its arguments after the tensor that it belongs to."""
    return _with_signature(row, first=0, takes_out=False)


class LazyMethod:
    """A row's method, made when it is first used: an import that made them all would be slow."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._made: Callable[..., Any] | None = None

    def __get__(self, tensor: Tensor | None, kind: type) -> Any:
        if self._made is None:
            self._made = method_of(TABLE[self._name])
            setattr(Tensor, self._name, self._made)
        return self._made.__get__(tensor, kind)


def _with_signature(row: Row, *, first: int, takes_out: bool) -> Callable[..., Any]:
    """A function of a row's inputs and options that refuses what stands in a tensor's place.

    `first` is the position that its errors give to the first argument. The rows' functions differ
    in little but the names of their arguments, so that each form of signature is compiled once,
    and a row's function made from it by giving it names: a call parses its arguments as fast as
    one written out, and hundreds of them cost the import next to nothing.
    """
    only_tensors = row.name in OF_TENSORS_ONLY
    inputs = ("input", *row.inputs[1:])
    form = _form(
        len(row.inputs), len(row.options), only_tensors, takes_out, row.name in NUMBERS_TOO
    )
    made: Callable[..., Any] = form(
        row, row.name, inputs, first, Tensor, dispatch, dispatch_one, _functions.refusal, into,
        _number_first, _again, _refused_by_row,
    )  # fmt: skip
    names = (*inputs, *row.options)
    code = made.__code__
    made.__code__ = code.replace(
        co_name=row.name, co_varnames=names + code.co_varnames[len(names) :]
    )
    made.__name__ = made.__qualname__ = row.name
    required = len(names) - len(row.defaults)
    made.__defaults__ = (MISSING,) * (required - 1 + takes_out) + row.defaults
    made.__doc__ = f"PyTorch's `{row.name}`, element by element or as its row in the table says."
    return made


@cache
def _form(
    inputs: int, options: int, only_tensors: bool, takes_out: bool, numbers: bool
) -> Callable[..., Any]:
    """What makes functions of so many inputs and options."""
    tensors = "".join(f"input{number}, " for number in range(inputs))
    others = "".join(f"option{number}, " for number in range(options))
    call = (
        f"dispatch_one(row, input0, ({others}))"
        if inputs == 1
        else f"dispatch(row, ({tensors}), ({others}))"
    )
    alone = inputs == 1 and not options and not takes_out
    if alone:  # the options are what came too many: none, or the forward refuses them
        call = "dispatch_one(row, input0, surplus)"
    given = (
        "row, name, names, first, Tensor, dispatch, dispatch_one, refusal, into, number, again, "
        "refused"
    )
    surplus = "*surplus, out=None" if takes_out else "*surplus" if alone else ""
    lines = [
        f"def make({given}):",
        f"    def function({tensors}{others}{surplus}):",
        "      try:",
    ]
    if takes_out:
        lines += ["        if surplus:", "            raise TypeError"]
    checked = range(0 if takes_out else 1, inputs if only_tensors else 1)
    for number in checked:
        lines += [
            f"        if not isinstance(input{number}, Tensor):",
            "            input0 = number(name, input0, input1)"
            if numbers and number == 0
            else f"            raise refusal(name, input{number}, name=names[{number}], "
            f"position=first + {number})",
        ]
    if takes_out:
        lines += ["        if out is not None:", f"            return into(out, name, {call})"]
    inside = tensors if takes_out else tensors.partition(", ")[2]
    rest = "surplus" if takes_out or alone else "()"
    lines += [
        f"        return {call}",
        "      except Exception:",
        f"        found = again(row, ({tensors}), ({others}), {rest})",
        "        if found is not None:",
        "            return found",
        f"        problem = refused(row, ({inside}), ({others}), {rest}, {not takes_out})",
        "        if problem is None:",
        "            raise",
        "      raise problem",
        "    return function",
    ]
    names: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<torch>", "exec"), names)  # noqa: S102 - text of our own
    found: Callable[..., Any] = names["make"]
    return found


def _standing_for(
    function: Callable[..., Any],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What makes a function look like another: `functools.wraps`, for a fifth of its time.

    The import makes hundreds of them.
    """

    def named(made: Callable[..., Any]) -> Callable[..., Any]:
        made.__module__ = function.__module__
        made.__name__ = function.__name__
        made.__qualname__ = function.__qualname__
        made.__doc__ = function.__doc__
        made.__wrapped__ = function  # type: ignore[attr-defined]
        return made

    return named


def checking_first(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `torch` that refuses a first argument that is no tensor, and takes `out`."""

    @_standing_for(function)
    def call(*arguments: Any, **named: Any) -> Any:
        given, options = arguments, named
        try:
            if arguments and not isinstance(arguments[0], Tensor):
                first = _number_first(function.__name__, arguments[0], arguments[-1])
                arguments = (first, *arguments[1:])
            if "out" in named:
                named = named.copy()
                return into(named.pop("out"), function.__name__, function(*arguments, **named))
            return function(*arguments, **named)
        except Exception:
            again = _in_own_names(function, arguments, named)
            if again is not None:
                return function(*again[0], **again[1])
            problem = refused(function.__name__, given, options)
            if problem is None:
                raise
        raise problem

    return call


def explaining(function: Callable[..., Any], *, is_method: bool = True) -> Callable[..., Any]:
    """A function whose failures are put in PyTorch's words where its arguments are to blame."""

    @_standing_for(function)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception:
            again = _in_own_names(function, arguments, named)
            if again is not None:
                return function(*again[0], **again[1])
            given = arguments[is_method:]
            problem = refused(function.__name__, given, named, is_method=is_method)
            if problem is None:
                raise
        raise problem

    return call


def with_numpy_names(
    function: Callable[..., Any], *, is_method: bool = False
) -> Callable[..., Any]:
    """A reduction that takes NumPy's names of its arguments too, as PyTorch's do."""

    @_standing_for(function)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            if not named:
                # Without the star of the call, which costs as much as a small operation.
                return function(arguments[0]) if len(arguments) == 1 else function(*arguments)
            return function(*arguments, **_in_pytorch_names(function.__name__, named))
        except Exception:
            given = arguments[is_method:]
            problem = refused(function.__name__, given, named, is_method=is_method)
            if problem is None:
                raise
        raise problem

    return call


def _in_pytorch_names(function: str, named: dict[str, Any]) -> dict[str, Any]:
    named = named.copy()
    for numpy_name, name in (("axis", "dim"), ("keepdims", "keepdim")):
        if numpy_name in named:
            if name in named:
                refused = {"function": function, "name": numpy_name}
                raise TypeError(_errors.UNEXPECTED_ARGUMENT.format(**refused))
            named[name] = named.pop(numpy_name)
    return named


def in_place_of(name: str, of_tensors: str, otherwise: str) -> Callable[..., Any]:
    """A method that writes into its tensor: by one row where all operands are tensors."""

    def method(self: Tensor, *arguments: Any, **named: Any) -> Tensor:
        try:
            operands = (*arguments, *named.values())
            tensors = all(isinstance(one, Tensor) for one in operands)
            row = TABLE[of_tensors if tensors else otherwise]
            others = len(row.inputs) - 1
            given = _in_order(row, arguments, named) if named else arguments
            options = given[others:]
            missing = len(row.options) - len(options)
            if missing:
                options += row.defaults[len(row.defaults) - missing :]
            return dispatch_in_place(row, self, given[:others], options)
        except Exception:
            found = None if named else _in_old_order(f"{name}_", (self, *arguments))
            if found is not None:
                return found  # type: ignore[no-any-return]
            problem = refused(f"{name}_", arguments, named, is_method=True)
            if problem is None:
                raise
        raise problem

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
