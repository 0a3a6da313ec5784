"""Says why an answer is wrong: which misconception gives the student's numbers, or their error."""

from collections.abc import Sequence

from grader.assignment import Item
from grader.cases import Case
from grader.comparison import Judgement
from grader.diagnosis.findings import Finding
from grader.outcomes import Outcome


def diagnose(
    item: Item, cases: Sequence[Case], outcomes: Sequence[Outcome], judgement: Judgement
) -> tuple[Finding, ...]:
    """What explains a judgement; empty where everything is right, and where nothing is recognised.

    What it takes is loaded when the first answer is wrong.
    """
    if judgement.verdict in ("correct", "needs_human", "answered"):
        return ()
    from grader.diagnosis.evidence import explained

    return explained(item, cases, outcomes, judgement)
