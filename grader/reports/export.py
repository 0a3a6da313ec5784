"""What the formats for other systems share: points rounded once, words for a student, file names.

It knows results and no format.
"""

import hashlib
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from grader.messages import Language, Message, render
from grader.reports import summary
from grader.reports.escaping import visible
from grader.results import QuestionResult, SubmissionResult, for_student

MAX_COMMENT = 10_000
"""The most characters of a comment on one submission."""

_MOST_OF_A_NAME = 120
"""Bytes."""


def rounded(points: float, *, factor: float = 1.0, decimals: int = 2) -> Decimal:
    """Points times a factor, rounded half up; the only rounding on their way out."""
    # Nine digits first: sums of thirds are a hair beside the number that is meant.
    exact = Decimal(str(round(points * factor, 9)))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def number(points: Decimal) -> str:
    """Points as text, with a decimal point and no zeros after the last digit."""
    text = f"{points:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def factor(result: SubmissionResult, scale_to: float | None) -> float:
    """What points are multiplied by so that all of them are `scale_to`."""
    return 1.0 if scale_to is None or not result.max_score else scale_to / result.max_score


def final(result: SubmissionResult, scale_to: float | None = None) -> Decimal | None:
    """The mark of a submission to two decimals; None where any of it is still to be judged."""
    if result.score is None or result.pending:
        return None
    return rounded(result.score, factor=factor(result, scale_to))


def is_full(question: QuestionResult) -> bool:
    """Whether a question was judged and got all of its points."""
    return question.score is not None and question.score >= question.max_score - 1e-9


def comment(result: SubmissionResult, language: Language = "en") -> str:
    """What the student is told of the whole submission, as lines of plain text."""
    text = "\n".join(_comment_lines(result, language))
    return text if len(text) <= MAX_COMMENT else f"{text[: MAX_COMMENT - 1]}…"


def _comment_lines(result: SubmissionResult, language: Language) -> Iterator[str]:
    if result.problem is not None:
        yield problem(result, language)
    for question in result.questions:
        verdict = summary.words("verdict", question.verdict, language)
        yield f"{visible(question.id)}: {summary.score(question)}, {verdict}"
        yield from (f"  {line}" for line in told(question, language).splitlines())
    yield from remarks(result, language)
    if result.pending and result.questions:
        points = {"pending": summary.points(result.pending)}
        points["points"] = summary.points(result.max_score)
        yield render(Message("report.pending", {**points}), language)


def told(question: QuestionResult, language: Language = "en") -> str:
    """What the student is told of a question: the message, hints, and a person's comment."""
    if question.override is not None:
        return visible(question.override.comment)
    question = for_student(question)
    lines = dict.fromkeys(
        render(one, language) for one in (question.message, *question.feedback.hints)
    )
    return visible("\n".join(line for line in lines if line))


def remarks(result: SubmissionResult, language: Language = "en") -> Iterator[str]:
    """What the student is told beside the questions, as lines of plain text."""
    return (visible(render(one, language)) for one in result.remarks)


def problem(result: SubmissionResult, language: Language = "en") -> str:
    """Why the whole submission could not be judged, in a sentence or a few words."""
    if result.problem_message:
        return visible(render(result.problem_message, language))
    return summary.words("problem", result.problem or "", language)


def file_name(student: str) -> str:
    """A name for a student's file or folder: no separator, nothing hidden, never another's."""
    name = re.sub(r"[^\w .@+-]|^\.", lambda one: f"%{ord(one[0]):02X}", student)
    # File systems count bytes; a half of a surrogate pair is a %XX by now.
    data = name.encode("utf-8")
    if len(data) <= _MOST_OF_A_NAME:
        return name
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{data[: _MOST_OF_A_NAME // 2].decode('utf-8', 'ignore')}-{digest[:16]}"
