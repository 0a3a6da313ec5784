"""One item of a submission as it was judged, and the result that is made of it.

What a student is told ends at the level of feedback of the question or the assignment.
"""

from collections.abc import Iterator

from msgspec import Struct

from grader.assignment import FeedbackLevel, Item
from grader.cases import Case
from grader.comparison import Judgement, OutputJudgement
from grader.diagnosis.findings import Finding
from grader.diagnosis.traces import Event
from grader.messages import Message
from grader.outcomes import Outcome, Raised, Undefined
from grader.results import Diagnosis, Feedback, OutputResult, Picture, QuestionResult
from grader.values import describe

_HINTS: dict[FeedbackLevel, int] = {"verdict": 0, "hint": 1, "full": 3}


class Judged(Struct, frozen=True):
    """One item of one submission: what it was asked, what came back, and what is said of it.

    `seen` is the trace of a wrong answer's computation.
    """

    item: Item
    cases: tuple[Case, ...]
    outcomes: tuple[Outcome, ...]
    judgement: Judgement
    findings: tuple[Finding, ...]
    seen: tuple[Event, ...] = ()


def question_result(judged: Judged, level: FeedbackLevel, *, is_public: bool) -> QuestionResult:
    """The result of an item at a level of feedback; `is_public` is whether its cases are known."""
    judgement = judged.judgement
    return QuestionResult(
        id=judgement.item,
        score=judgement.score,
        max_score=judgement.max_score,
        verdict=judgement.verdict,
        message=judgement.message,
        outputs=tuple(_output(one) for one in judgement.outputs),
        feedback=_feedback(judged, level, is_public=is_public),
        diagnoses=tuple(_diagnosis(one) for one in judged.findings),
        pictures=_pictures(judged, level),
        told=level,
    )


def _feedback(judged: Judged, level: FeedbackLevel, *, is_public: bool) -> Feedback:
    if level == "verdict" or judged.judgement.verdict == "correct":
        return Feedback()
    parameters = _first_wrong(judged.judgement)
    hints = judged.findings[0].hints if judged.findings else ()
    line = next((one.line for one in judged.outcomes if isinstance(one, Raised)), None)
    inputs = _inputs(judged) if is_public and level == "full" else ()
    return Feedback(
        expected=parameters.get("expected"),
        found=parameters.get("found"),
        line=line,
        hints=(*hints[: _HINTS[level]], *inputs),
    )


def _inputs(judged: Judged) -> Iterator[Message]:
    """What the first wrong output was computed from."""
    if not _was_called(judged):
        return
    wrong = (one for one in judged.judgement.outputs if one.verdict != "correct")
    number = next((one.case for one in wrong), None)
    arguments = {} if number is None else judged.cases[number].arguments
    if arguments:
        told = ", ".join(f"{name} = {describe(one)}" for name, one in arguments.items())
        yield Message("feedback.inputs", {"inputs": told})


def _was_called(judged: Judged) -> bool:
    """Whether there is a function in which something is written: of others inputs say nothing."""
    is_there = not isinstance(judged.outcomes[0], Undefined)
    return is_there and judged.judgement.message.id != "unanswered"


def _first_wrong(judgement: Judgement) -> dict[str, str]:
    """What was expected and found at the first output that is not right, as text."""
    message = judgement.message
    for output in judgement.outputs:
        if output.verdict != "correct":
            message = output.message
            break
    return {
        name: str(message.parameters[name])
        for name in ("expected", "found")
        if name in message.parameters
    }


def _pictures(judged: Judged, level: FeedbackLevel) -> tuple[Picture, ...]:
    """What is drawn of a wrong answer, where the student may be told everything."""
    if level != "full" or judged.judgement.verdict == "correct":
        return ()
    from grader.diagnosis.pictures import pictures

    return pictures(
        judged.item,
        judged.cases,
        outcomes=judged.outcomes,
        judgement=judged.judgement,
        seen=judged.seen,
    )


def _output(judged: OutputJudgement) -> OutputResult:
    return OutputResult(
        name=judged.name,
        verdict=judged.verdict,
        score=judged.score,
        max_score=judged.max_score,
        message=judged.message,
    )


def _diagnosis(finding: Finding) -> Diagnosis:
    return Diagnosis(
        id=finding.id,
        where=finding.where,
        message=finding.hints[0],
        exact=finding.exact,
    )
