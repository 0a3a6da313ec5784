"""torch.serialization: saving, loading, and which classes `load` may make."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reference_engine._serialization import load, save

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "safe_globals",
    "save",
]

_allowed: list[Any] = []


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Note classes as allowed; `load` makes tensors and plain data all the same."""
    _allowed.extend(safe_globals)


def get_safe_globals() -> list[Any]:
    """The classes that were noted."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Forget them."""
    _allowed.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Inside, these classes are noted, too."""
    before = list(_allowed)
    _allowed.extend(safe_globals)
    try:
        yield
    finally:
        _allowed[:] = before
