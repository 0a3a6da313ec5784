"""What is found behind a wrong answer: a misconception, where it shows, and how to explain it."""

from collections.abc import Mapping

from msgspec import Struct

from grader.messages import Message, Parameter, explanation


class Finding(Struct, frozen=True):
    """A misconception: where it shows first, what is known of it, and how to explain it.

    `where` is an output's name, None for the whole answer. `hints` go from the idea to the rule.
    `explains_all` says that this one mistake alone gives every wrong output there is.
    """

    id: str
    where: str | None
    parameters: Mapping[str, Parameter]
    exact: bool
    hints: tuple[Message, ...]
    explains_all: bool = False


def finding(
    identifier: str,
    where: str | None,
    *,
    exact: bool,
    explains_all: bool = False,
    **details: Parameter,
) -> Finding:
    """A finding with the explanation that its misconception has, filled with the details known."""
    known = {name: value for name, value in details.items() if value is not None}
    told: dict[str, Parameter] = dict(known)
    if where is not None:
        told["where"] = where
    if "line" in known:
        line: dict[str, Parameter] = {"number": known["line"], "source": known.get("source")}
        told["line"] = Message("line", line) if "source" in known else Message("line_alone", line)
    if "nearest" in known:
        told["nearest"] = Message("nearest", {"name": known["nearest"]})
    hints = explanation(identifier, told)
    return Finding(identifier, where, known, exact, hints, explains_all)
