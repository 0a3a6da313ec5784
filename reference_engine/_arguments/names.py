"""Arguments that PyTorch knows by a name which the engine's function has no place for.

Asked only once a call has failed: `reshape(shape=(2, 3))`, where the sizes are listed otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_LISTED = {
    "broadcast_to": "size", "expand": "size", "permute": "dims", "repeat": "repeats",
    "reshape": "shape", "tile": "dims", "view": "size",
}  # fmt: skip
"""Functions that take a list of sizes or dimensions, and PyTorch's name of it."""

_OTHERWISE = {
    "copy_": {"other": "src"},
    "split": {"split_size": "split_size_or_sections"},
    "transpose": {"axis0": "dim0", "axis1": "dim1"},
}
"""PyTorch's names of arguments that have other ones here."""


def in_own_names(
    name: str, arguments: Sequence[Any], named: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The call in the function's own names; None where they are not what is wrong."""
    listed = _LISTED.get(name)
    if listed in named:
        rest = {key: value for key, value in named.items() if key not in (listed, "input")}
        own = (named["input"],) if "input" in named else ()
        return (*own, *arguments, named[str(listed)]), rest
    names = _OTHERWISE.get(name, {})
    if not any(key in names for key in named):
        return None
    return tuple(arguments), {names.get(key, key): value for key, value in named.items()}
