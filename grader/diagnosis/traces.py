"""What the trace of a student's own run tells of mistakes that values leave open.

A student can forge a trace: it tells apart and names lines, and never touches a score.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from grader.diagnosis.findings import Finding, finding

Event: TypeAlias = Mapping[str, str | int | float | bool | None]

_CUTS = {
    "data": "detached_by_data",
    "item": "detached_by_item",
    "numpy": "detached_by_numpy",
    "tensor": "detached_by_copy",
}
"""What cuts a tensor from the graph, and the misconception where that was not meant."""

_SEEN = frozenset({
    *_CUTS.values(), "detach_not_assigned", "no_grad_around_loss", "requires_grad_lost",
    "requires_grad_missing", "update_made_non_leaf", "grad_of_non_leaf",
})  # fmt: skip
"""What a trace shows, or would show if it were so."""


_CUT_SOMEWHERE = "detached_wrong_branch"
"""The mistake that values show where an edge of the graph is missing, whatever cut it."""

_NOTHING_TRACKED = "requires_grad_missing"
"""What a backward pass says that has no way back, whatever took it away."""


def may_tell(verdict: str) -> bool:
    """Whether the trace of an answer with this verdict can tell anything."""
    return verdict in ("wrong_value", "missing", "error")


def is_open(verdict: str, findings: Sequence[Finding]) -> bool:
    """Whether a trace could tell more: nothing is known, or several fit of which it shows one."""
    if not may_tell(verdict):
        return False
    open_to_it = _SEEN | {_CUT_SOMEWHERE}
    return not findings or any(one.id in open_to_it and not one.exact for one in findings)


def told_apart(
    findings: Sequence[Finding], events: Sequence[Event], cells: Sequence[str]
) -> tuple[Finding, ...]:
    """The findings, what the trace shows first and with its line, without what it refutes.

    Where nothing was found, or a cut by nobody knows what, the first cut that was gone on with;
    the same where a first backward pass had no way back.
    `cells` are the sources of the submission.
    """
    if not events:
        return tuple(findings)
    cuts = _cuts(events, cells)
    known = {one.id: one for one in findings}
    shown = [_with_place(known[one], cut) for one, cut in cuts.items() if one in known]
    untracked = _NOTHING_TRACKED in known and not any(map(_is_pass, events))
    if not findings or ((_CUT_SOMEWHERE in known or untracked) and not shown):
        where = known[_CUT_SOMEWHERE].where if _CUT_SOMEWHERE in known else None
        ends = {*_CUTS.values(), *(["no_grad_around_loss"] if untracked else [])}
        cut_off = [cut for one, cut in cuts.items() if one in ends]
        shown = [_with_place(finding(one.id, where, exact=False), one) for one in cut_off[:1]]
    told = {one.id for one in shown}
    rest = [one for one in findings if one.id not in told]
    possible = _possible(events)
    left = [one for one in rest if one.exact or one.id not in _SEEN or one.id in possible]
    return (*shown, *(left if shown or left else rest))


def _with_place(found: Finding, cut: Finding) -> Finding:
    return finding(
        found.id,
        found.where,
        exact=found.exact,
        explains_all=found.explains_all,
        **{**found.parameters, **cut.parameters},
    )


def _cuts(events: Sequence[Event], cells: Sequence[str]) -> dict[str, Finding]:
    """What the cuts in a trace speak for, each with its first line."""
    found: dict[str, Finding] = {}
    for event in events:
        identifier = _mistake(event)
        if identifier is not None and identifier not in found:
            found[identifier] = finding(identifier, None, exact=False, **_place(event, cells))
    return found


def _possible(events: Sequence[Event]) -> set[str]:
    """What is seen of no cut, but does not go with every run."""
    passes = sum(map(_is_pass, events))
    tracked = any(one.get("event") == "leaf" for one in events)
    unrecorded = any(one.get("by") == "no_grad" and one.get("used") for one in events)
    facts = {
        "update_made_non_leaf": passes > 0,
        "grad_of_non_leaf": True,
        "requires_grad_lost": passes > 0 and tracked,
        "requires_grad_missing": not (passes and unrecorded),
    }
    return {identifier for identifier, is_so in facts.items() if is_so}


def _is_pass(event: Event) -> bool:
    return event.get("event") == "backward"


def _mistake(event: Event) -> str | None:
    # A forged event may lack anything.
    if event.get("event") != "cut":
        return None
    by, used = str(event.get("by")), event.get("used")
    if by == "detach":
        return None if used else "detach_not_assigned"
    if not used:
        return None  # a number that was only looked at
    return "no_grad_around_loss" if by == "no_grad" else _CUTS.get(by)


def _place(event: Event, cells: Sequence[str]) -> dict[str, Any]:
    """The line of an event, as findings have it."""
    cell, line = event.get("cell"), event.get("line")
    if not isinstance(cell, int) or not isinstance(line, int) or not 0 <= cell < len(cells):
        return {}
    lines = re.split(r"\r\n|\r|\n", cells[cell])
    if not 0 < line <= len(lines):
        return {}
    return {"line": line, "source": lines[line - 1].strip()}
