"""What a fault is, and where one can sit."""

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from reference_engine._derivatives._table import Row

Site: TypeAlias = tuple[Any, ...]
"""A place of the computation: the row, and where in the code it was called from."""


class Fault(NamedTuple):
    """One mistake: what it is called, where it sits, and what is done there.

    `id` is the misconception's. `edge` is the place of an input among the site's; `amount` is
    what `change` needs to know. `operation` and `operand` say where it is as one would write it;
    None where there is no such name.
    """

    id: str
    change: str
    site: Site = ()
    edge: int = 0
    amount: float | str = 0.0
    operation: str | None = None
    operand: str | None = None


class Exhausted(Exception):  # noqa: N818 - an end, not an error of anyone's
    """A faulty run took many times the operations or the time of the true one."""


# -- places ---------------------------------------------------------------------------------------

_PACKAGE = str(Path(__file__).parents[1])


def place(row: Row) -> tuple[Site, Any]:
    """The site of the operation that is being observed, and the frame that called it."""
    frame: Any = sys._getframe(2)
    path: list[Any] = [row.name]
    while frame is not None:
        code = frame.f_code
        path.append((code.co_filename, code.co_name, code.co_firstlineno, _called_at(frame)))
        if not code.co_filename.startswith((_PACKAGE, "<torch")):
            break
        frame = frame.f_back
    return tuple(path), frame


def _called_at(frame: Any) -> Any:
    """Where in its code a frame is: the lines and columns of what is written there.

    The compiler writes the condition of a loop twice, and the number of an instruction moves when
    the interpreter specialises it; what was written stays where it is.
    """
    code, at = frame.f_code, frame.f_lasti // 2
    known = _written.get((id(code), at))
    if known is None:
        position = next(islice(code.co_positions(), at, None))
        known = _written[id(code), at] = code, at if None in position else position
    return known[1]


_written: dict[tuple[int, int], tuple[Any, Any]] = {}
"""By the id of a code object, which is kept so that the id stays its own, and the instruction."""


SYMBOLS = {
    "add": "+", "sub": "-", "rsub": "-", "rsub_number": "-", "mul": "*", "div": "/",
    "div_number": "/", "pow_number": "**", "pow": "**", "mm": "@", "mv": "@", "dot": "@",
    "bmm": "@", "neg": "-", "sum_dim": "sum", "mean_dim": "mean", "linear_addmm": "linear",
    "basic_index": "[]", "index": "[]", "select": "[]",
}  # fmt: skip


def name_of(tensor: Any, frame: Any) -> str | None:
    """The name under which the caller knows a tensor."""
    if frame is None:
        return None
    return next((name for name, value in frame.f_locals.items() if value is tensor), None)


SIZE = "size"
"""The amount of a fault at a number that is some size in every run."""


def is_size(row: Row, number: float, sizes: Sequence[int]) -> bool:
    """Whether a number divides by a size: it is one, or its inverse where one multiplies."""
    if row.name not in ("div", "div_number", "mul") or number == 0:
        return False
    divisor = 1 / number if row.name == "mul" else number
    return any(size > 1 and abs(divisor - size) < 1e-9 * size for size in sizes)


class _Detach:
    """Stands for the row that detaching does not have."""

    name = "detach"


DETACH: Any = _Detach()
