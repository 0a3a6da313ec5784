"""Warnings that are given once in a process, as PyTorch gives them, unless asked for each time."""

import warnings

_given: set[str] = set()


class Always:
    """Whether `set_warn_always` has asked for every warning each time."""

    wanted = False


def warn_once(text: str) -> None:
    """Warn of what the caller's caller did, the first time only."""
    if text not in _given or Always.wanted:
        _given.add(text)
        warnings.warn(text, UserWarning, stacklevel=3)
