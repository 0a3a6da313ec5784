"""torch.utils.cpp_extension, as PyTorch's own is on a machine without the tools to compile C++.

What compiles says so when it is called; what only describes an extension works.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

_NINJA = "Ninja is required to load C++ extensions (pip install ninja to get it)"


def is_ninja_available() -> bool:
    """Whether there is something to compile with: there is not."""
    return False


def verify_ninja_availability() -> None:
    """Raise RuntimeError, with PyTorch's words."""
    raise RuntimeError(_NINJA)


def load(name: str, sources: str | Sequence[str], *args: Any, **kwargs: Any) -> Any:
    """Raise RuntimeError, or FileNotFoundError where a source is not there, as PyTorch does."""
    for source in [sources] if isinstance(sources, str) else sources:
        with open(source, "rb"):  # noqa: PTH123 - the error names the source as it was given
            pass
    verify_ninja_availability()


def load_inline(name: str, cpp_sources: str | Sequence[str], *args: Any, **kwargs: Any) -> Any:
    """Raise RuntimeError, with PyTorch's words."""
    verify_ninja_availability()


def CppExtension(name: str, sources: Sequence[str], *args: Any, **kwargs: Any) -> SimpleNamespace:
    """What `setup()` is told of an extension: its name, its sources and how to compile them."""
    return SimpleNamespace(name=name, sources=list(sources), language="c++", **kwargs)


class BuildExtension:
    """The step of `setup()` that compiles; making one raises RuntimeError."""

    @classmethod
    def with_options(cls, **options: Any) -> type["BuildExtension"]:
        """A class like this one with other options, which make no difference here."""
        return type(cls.__name__, (cls,), {"options": options})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        verify_ninja_availability()
