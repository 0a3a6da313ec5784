"""torch.compiler where there is none: whatever is to be compiled runs as it is."""

from collections.abc import Callable
from typing import Any

import reference_engine as torch

__all__ = ["allow_in_graph", "compile", "disable", "is_compiling", "list_backends", "reset"]


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def compile(*args: Any, **kwargs: Any) -> Any:
    """As `torch.compile`."""
    return torch.compile(*args, **kwargs)


def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, **_: Any) -> Any:
    """The function as it is; also as a decorator with arguments."""
    return fn if fn is not None else lambda function: function


def allow_in_graph(fn: Any) -> Any:
    """The function as it is."""
    return fn


def reset() -> None:
    """Nothing."""


def list_backends(*_: Any, **__: Any) -> list[str]:
    """There are none."""
    return []
