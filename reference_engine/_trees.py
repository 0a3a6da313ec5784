"""Dicts and sequences of tensors, however nested: their parts, and the same of other parts."""

from collections.abc import Callable, Iterator
from typing import Any


def flat(value: Any) -> list[Any]:
    """What a dict or sequence, however nested, holds; of anything else, itself."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in flat(part)]
    if isinstance(value, list | tuple):
        return [one for part in value for one in flat(part)]
    return [value]


def rebuilt(value: Any, parts: Iterator[Any]) -> Any:
    """The same dicts and sequences of other parts, which come in the order of `flat`."""
    if isinstance(value, dict):
        return type(value)((name, rebuilt(one, parts)) for name, one in value.items())
    if isinstance(value, list | tuple):
        made = [rebuilt(one, parts) for one in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    return next(parts)


def mapped(function: Callable[..., Any], value: Any) -> Any:
    """A function applied to everything that dicts and sequences hold."""
    return rebuilt(value, map(function, flat(value)))


def structure(value: Any) -> str:
    """How dicts and sequences are nested, with a star for each part."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name!r}: {structure(one)}" for name, one in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(structure, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(structure, value))}{',' * (len(value) == 1)})"
    return "*"


def described(value: Any) -> str:
    """The structure in the words of the specification that PyTorch keeps of it."""
    if not isinstance(value, dict | list | tuple):
        return "*"
    parts = list(value.values()) if isinstance(value, dict) else value
    context = list(value) if isinstance(value, dict) else None
    inside = ",\n  ".join(map(described, parts))
    return f"TreeSpec({type(value).__name__}, {context}, [{inside}])"
