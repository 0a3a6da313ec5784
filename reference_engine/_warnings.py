"""Warnings that are given once in a process, as PyTorch gives them."""

import warnings

_given: set[str] = set()


def warn_once(text: str) -> None:
    """Warn of what the caller's caller did, the first time only."""
    if text not in _given:
        _given.add(text)
        warnings.warn(text, UserWarning, stacklevel=3)
