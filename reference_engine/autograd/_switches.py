"""Switches of torch.autograd that change little: one thread, one way to follow views."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from reference_engine._tensor import Tensor

_settings = {"multithreading": True, "view replay": False}


class _Switch:
    """Sets a switch at once; as a context manager, restores it on leaving."""

    _name: str

    def __init__(self, mode: bool) -> None:
        self._former = _settings[self._name]
        _settings[self._name] = bool(mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _settings[self._name] = self._former


class set_multithreading_enabled(_Switch):
    """Whether backward passes may use several threads: they never do."""

    _name = "multithreading"


class _force_original_view_tracking(_Switch):
    """Whether views are followed by their own operations: they are followed by their places."""

    _name = "view replay"


def is_multithreading_enabled() -> bool:
    """Whether backward passes may use several threads."""
    return _settings["multithreading"]


def is_view_replay_enabled() -> bool:
    """Whether views were asked to be followed by their own operations."""
    return _settings["view replay"]


@contextmanager
def _unsafe_preserve_version_counter(tensor: Tensor | tuple[Tensor, ...]) -> Iterator[None]:
    """Let what is written inside leave no trace in the versions."""
    tensors = (tensor,) if isinstance(tensor, Tensor) else tensor
    versions = [one._version for one in tensors]
    try:
        yield
    finally:
        for one, version in zip(tensors, versions, strict=True):
            one._counter[0] = version
