"""What layers are built with: sizes, checks, empty parameters, and how settings are shown."""

from collections.abc import Iterable, Sequence
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn.parameter import Parameter


def indented(text: str) -> str:
    """The text with every line but the first moved in by two columns."""
    first, *others = text.split("\n")
    return "\n".join([first, *("  " + line if line.strip() else "" for line in others)])


def sizes(given: Any, count: int) -> tuple[Any, ...]:
    """One number for all of `count` dimensions, or what was given for each."""
    return tuple(given) if isinstance(given, Iterable) else (given,) * count


def check_dims(input: Tensor, *allowed: int) -> None:
    """Refuse an input with another number of dimensions."""
    if input.dim() not in allowed:
        expected = " or ".join(f"{dims}D" for dims in allowed)
        raise ValueError(f"expected {expected} input (got {input.dim()}D input)")


def shown(module: object, *names: str) -> str:
    """The named settings of a module, as `extra_repr` shows them."""
    return ", ".join(f"{name}={getattr(module, name)}" for name in names)


def add_parameters(module: Any, device: Any, dtype: Any, **shapes: Sequence[int] | None) -> None:
    """Register a parameter of each shape, not initialised; None keeps the name without one."""
    for name, shape in shapes.items():
        empty = None if shape is None else torch.empty(shape, device=device, dtype=dtype)
        module.register_parameter(name, None if empty is None else Parameter(empty))
