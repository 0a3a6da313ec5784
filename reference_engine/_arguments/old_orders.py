"""Calls whose numbers stand where PyTorch once had them: `weight.add_(-rate, gradient)`.

Asked only once a call has failed.
"""

import warnings
from collections.abc import Sequence
from typing import Any

from reference_engine._tensor import Tensor

_NAMES = {
    "add": ("TNT", ("alpha",)), "sub": ("TNT", ("alpha",)),
    "addcmul": ("TNTT", ("value",)), "addcdiv": ("TNTT", ("value",)),
}  # fmt: skip
"""The kinds of the arguments, tensors and numbers, and what the numbers are."""

_PRODUCTS = frozenset(("addmm", "addmv", "addr", "addbmm", "baddbmm"))
_OF_PRODUCTS = {
    "NTTT": ("beta",), "NTNTT": ("beta", "alpha"), "TNTT": ("beta",), "TNNTT": ("beta", "alpha")
}  # fmt: skip

_warned: list[str] = []


def in_present_order(
    name: str, arguments: Sequence[Any]
) -> tuple[list[Tensor], dict[str, Any]] | None:
    """The tensors of a call, its own first, and its numbers by name; None for any other call."""
    kinds = "".join(
        "T" if isinstance(one, Tensor) else "N" if isinstance(one, int | float) else "?"
        for one in arguments
    )
    function = name.removesuffix("_")
    if function in _PRODUCTS:
        numbers = _OF_PRODUCTS.get(kinds)
    else:
        expected, numbers = _NAMES.get(function, ("", None))
        numbers = numbers if kinds == expected else None
    if numbers is None:
        return None
    _warn(name, numbers[0])
    given = [one for one in arguments if not isinstance(one, Tensor)]
    tensors = [one for one in arguments if isinstance(one, Tensor)]
    return tensors, dict(zip(numbers, given, strict=True))


def _warn(name: str, number: str) -> None:
    """Say so once, as PyTorch does."""
    if _warned:
        return
    _warned.append(name)
    others = "Tensor other" if number == "alpha" else "Tensor tensor1, Tensor tensor2"
    warnings.warn(
        f"This overload of {name} is deprecated:\n\t{name}(Number {number}, {others})\nConsider "
        f"using one of the following signatures instead:\n\t{name}({others}, *, Number {number} "
        "= 1)",
        UserWarning,
        stacklevel=4,
    )
