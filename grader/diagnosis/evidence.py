"""Puts the evidence on a wrong answer in order.

First what reproduces the answers, then relations between numbers, then what is plain to see, and
errors. What it does not recognise it leaves alone.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from grader.assignment import Item, Question
from grader.cases import Case
from grader.comparison import Judgement
from grader.diagnosis.exceptions import findings_of_exceptions
from grader.diagnosis.findings import Finding, finding
from grader.diagnosis.patterns import DETAILED, patterns
from grader.diagnosis.reproduction import reproduced
from grader.outcomes import Outcome


@np.errstate(all="ignore")  # an answer may hold anything
def explained(
    item: Item, cases: Sequence[Case], outcomes: Sequence[Outcome], judgement: Judgement
) -> tuple[Finding, ...]:
    """What explains a wrong answer: faults and declared misconceptions, else patterns, and errors.

    Empty where nothing is recognised.
    """
    findings: list[Finding] = []
    if isinstance(item, Question):
        found = list(reproduced(item, cases, outcomes, judgement))
        related: list[Finding] = []
        if all(not one.exact or one.id in DETAILED for one in found):
            related = list(patterns(item, list(zip(cases, outcomes, strict=False)), judgement))
            found = _with_details(found, related)
        if item.autograd == "forbidden":  # who works by hand and left an entry open cut no graph
            left_open = {one.name for one in judgement.outputs if one.verdict == "missing"}
            found = [one for one in found if one.where not in left_open]
        findings += found
        if not any(one.exact for one in found):
            explained = {one.where for one in found}
            findings += [one for one in related if one.where not in explained]
        findings += _facts(judgement)
    findings += findings_of_exceptions(outcomes)
    once: dict[str, Finding] = {}
    for one in findings:
        once.setdefault(one.id, one)
    return tuple(once.values())


def _with_details(found: Sequence[Finding], related: Sequence[Finding]) -> list[Finding]:
    """The findings, each with what a pattern of the same name knows of it (a count, a ratio)."""
    details = {one.id: one.parameters for one in related}
    return [
        finding(
            one.id,
            one.where,
            exact=one.exact,
            explains_all=one.explains_all,
            **{**one.parameters, **details[one.id]},
        )
        if one.id in details and one.hints and one.hints[0].id != "declared"
        else one
        for one in found
    ]


def _facts(judgement: Judgement) -> Iterator[Finding]:
    if judgement.changed:
        yield finding("mutated_input", None, exact=True, argument=judgement.changed[0])
    if judgement.remembers:
        yield finding("state_between_calls", None, exact=True)
