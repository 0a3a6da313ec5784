"""Arithmetic without NumPy's warnings: infinities and nan are results like others, as in PyTorch.

`np.errstate` builds its setting each time it is entered, which takes longer than a small operation
itself. Here it is built once, and then only put into the context variable that NumPy keeps it in.
"""

from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import numpy as np


def _ignoring() -> tuple[ContextVar[Any], Any]:
    """The variable that says how NumPy treats such results, and its value to ignore them."""
    outside = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    [changed] = [pair for pair in inside.items() if outside.get(pair[0]) is not pair[1]]
    return changed


_treatment, IGNORED = _ignoring()

treat, treat_again = _treatment.set, _treatment.reset
"""Begin to ignore such results, by `treat(IGNORED)`, and end it with what that gave."""


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function during which NumPy does not warn."""

    def quietly(*arguments: Any, **named: Any) -> Any:
        former = treat(IGNORED)
        try:
            return function(*arguments, **named)
        finally:
            treat_again(former)

    quietly.__wrapped__ = function  # type: ignore[attr-defined]  # its parameters are a row's
    return quietly
