"""PyTorch's messages about arguments: of one signature, or of all that a function has."""

from collections.abc import Mapping, Sequence
from typing import Any

from reference_engine._arguments.signatures import Parameter, Signature, type_name


def too_many(name: str, signature: Signature, count: int) -> str:
    most, least = signature.positional, signature.required
    verb = "was" if count == 1 and least == most else "were"
    takes = f"{most} positional argument{'' if most == 1 else 's'}"
    if least != most:
        takes = f"from {least} to {most} positional arguments"
    return f"{name}() takes {takes} but {count} {verb} given"


def missing(name: str, parameters: Sequence[Parameter]) -> str:
    names = [f'"{one.name}"' for one in parameters if one.default is None]
    return f"{name}() missing {len(names)} required positional arguments: {', '.join(names)}"


def unexpected(name: str, signature: Signature, count: int, named: Mapping[str, Any]) -> str:
    places = {one.name: place for place, one in enumerate(signature.parameters)}
    for given in named:
        if given not in places:
            return f"{name}() got an unexpected keyword argument '{given}'"
        if places[given] < count:
            return f"{name}() got multiple values for argument '{given}'"
    return "invalid keyword arguments"


def type_text(name: str, parameter: Parameter, value: Any, place: int | None) -> str:
    where = f" (position {place})" if place is not None else ""
    text = f"{name}(): argument '{parameter.name}'{where} must be {parameter.type_name}"
    if place is not None and parameter.kind == "ints" and isinstance(value, (tuple, list)):
        return f"{text}, but found element of type {type_name(value[0])} at pos 0"
    return f"{text}, not {type_name(value)}"


def refused_all(name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> TypeError | None:
    if named:
        return TypeError(f"TensorBase.{name}() takes no keyword arguments")
    if arguments:
        return TypeError(f"TensorBase.{name}() takes no arguments ({len(arguments)} given)")
    return None


def no_combination(
    name: str,
    signatures: Sequence[Signature],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
) -> str:
    """The message that lists every signature, for a call that fits none."""
    given = ", ".join(map(type_name, arguments))
    by_name = "".join(f"{key}={type_name(value)}, " for key, value in reversed(list(named.items())))
    given = f"({given}{', ' if given and by_name else ''}{by_name}"
    given = f"{given[:-2] if arguments and named else given})"
    shown = [str(one) for one in signatures if not one.deprecated]
    head = f"{name}() received an invalid combination of arguments - got "
    if len(shown) == 1:
        reason = reason_of(shown[0], arguments, named)
        if reason is not None and reason[0]:
            return f"{head}unrecognized keyword arguments: {reason[1]}"
        return f"{head}{reason[1] if reason else given}, but expected {shown[0]}"
    lines = [f"{head}{given}, but expected one of:"]
    for one in shown:
        lines.append(f" * {one}")
        reason = reason_of(one, arguments, named)
        if reason is not None:
            what = "keywords were incorrect" if reason[0] else "arguments have invalid types"
            lines.append(f"      didn't match because some of the {what}: {reason[1]}")
    return "\n".join((*lines, ""))


def reason_of(
    printed: str, arguments: Sequence[Any], named: Mapping[str, Any]
) -> tuple[bool, str] | None:
    """Whether keywords are to blame, and what is shown; None where the number of arguments is.

    PyTorch reads the printed signature again, and takes the last word of each part for a name:
    `*` counts as a parameter, and the default of one that has a default as its name.
    """
    parts = [part.rpartition(" ") for part in printed[1:-1].split(", ")]
    if len(parts) != len(arguments) + len(named):
        return None
    unknown = [name for name in named if name not in [part[2] for part in parts[len(arguments) :]]]
    if unknown:
        return True, ", ".join(unknown)
    values = [*((None, one) for one in arguments),
              *((part[2], named[part[2]]) for part in parts[len(arguments):])]  # fmt: skip
    shown: list[str] = []
    for (kind, _, last), (name, value) in zip(parts, values, strict=True):
        text = f"{name}={described(value)}" if name else described(value)
        expected = {"float": {"float", "int"}}.get(kind, {kind or last})
        shown.append(text if type_name(value) in expected else f"!{text}!")
    return False, f"({', '.join(shown)})"


def described(value: Any) -> str:
    if not isinstance(value, (tuple, list)):
        return type_name(value)
    inner = ", ".join(map(type_name, value))
    if isinstance(value, list):
        return f"list of [{inner}]"
    return f"{type_name(value)} of ({inner}{',' if len(value) == 1 else ''})"
