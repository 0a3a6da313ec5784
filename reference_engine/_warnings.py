"""Warnings that are given once in a process, as PyTorch gives them, unless asked for each time."""

import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_OWN = "reference_engine."
_given: set[str] = set()


class Always:
    """Whether `set_warn_always` has asked for every warning each time."""

    wanted = False


def warn_once(text: str) -> None:
    """Warn of what is done outside of the engine, the first time only."""
    if text not in _given or Always.wanted:
        _given.add(text)
        warnings.warn(text, UserWarning, stacklevel=_frames_within() + 1)


def _frames_within() -> int:
    """How many frames of the engine's are above the line that called it."""
    count = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_OWN):
        count += 1
        frame = frame.f_back
    return count
