"""torch.jit: functions and modules run as they are; nothing is compiled."""

from collections.abc import Callable
from typing import Any

from reference_engine._errors import NotCovered


def script(obj: Any, *_: Any, **__: Any) -> Any:
    """The function or module itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, *_: Any, **__: Any) -> Any:
    """The function or module itself."""
    return func


def ignore(drop: Any = False, **__: Any) -> Any:
    """The function itself, as a decorator with or without arguments."""
    return drop if callable(drop) else lambda function: function


def export(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself."""
    return fn


unused = export


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'torch.jit' has no attribute '{name}'")
    raise NotCovered(f"jit.{name}")
