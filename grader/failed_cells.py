"""What is said of code that failed, or hung, beside the answers: in one line, and at no cost.

It knows what failed when the cells were run and what came of the questions, and decides no mark.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal

from grader.comparison import told_of
from grader.messages import Message
from grader.outcomes import Outcome, Raised, Stopped, Undefined

MOST = 3
"""So many are told of; who mends these sees the others."""


def remarks(
    failed: Sequence[tuple[int, Raised | Stopped]],
    outcomes: Iterable[Outcome],
    *,
    form: Literal["notebook", "module"],
) -> tuple[Message, ...]:
    """A line for each failure that no question's outcome tells of, the first of a cell alone.

    `failed` has each with the number of its cell, from 0, in the cells' order. Where a name is not
    there and nothing says why, one of them may be the reason.
    """
    told = [one.because if isinstance(one, Undefined) else one for one in outcomes]
    kind = f"{form}_perhaps" if None in told else form
    return tuple(_said(kind, cell, one) for cell, one in islice(_untold(failed, told), MOST))


def _untold(
    failed: Sequence[tuple[int, Raised | Stopped]], told: Sequence[object]
) -> Iterator[tuple[int, Raised | Stopped]]:
    last, is_first = -1, True
    for cell, one in failed:
        # That a name is not there follows mostly from what failed before it.
        follows = not is_first and isinstance(one, Raised) and one.type == "NameError"
        is_first = False
        if cell != last and not follows and not _is_ours(one) and one not in told:
            last = cell
            yield cell, one


def _is_ours(failure: Raised | Stopped) -> bool:
    """Whether nothing is wrong with the code: it lacks what is not to be had here, or ends itself.

    A notebook may check itself, as students are told to, and there is no grader in the sandbox.
    """
    return isinstance(failure, Raised) and (
        bool(failure.unsupported or failure.forbidden)
        or failure.type == "SystemExit"
        or failure.text == "No module named 'grader'"
    )


def _said(kind: str, cell: int, failure: Raised | Stopped) -> Message:
    return Message(f"failed.{kind}", {"cell": cell + 1, "inner": told_of(failure)})
