"""What every report says of a class in the same words and figures. Knows no format.

Nothing of a student's is escaped here: that is the business of who shows it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from grader.messages import Language, Message, name, render
from grader.results import (
    VERDICTS,
    OutputResult,
    QuestionResult,
    Results,
    SubmissionResult,
    Verdict,
)

Tone = Literal["good", "partial", "bad", "open"]
"""How a verdict is shown; `open` is what could not be judged."""

ICONS: dict[Tone, str] = {"good": "✓", "partial": "≈", "bad": "✗", "open": "?"}

MOST_NAMED = 3
"""Above this number of questions a class table counts the verdicts instead of naming each."""

_NUMBER = re.compile("[0-9]+")
_DIGITS = 20

BANDS = ((100, 100), (75, 99), (50, 74), (25, 49), (1, 24), (0, 0))
"""The bands of the score distribution: the lowest and the highest percentage in each."""


class ClassSummary(Struct, frozen=True):
    """How a class did; `mean` and `lowest` are parts of the judged points, None without any.

    `unread` counts problems that left no mark, `faults` what the grader or the machine could not
    do; `off_topic` counts the submissions in whose code no name is asked for, where that is so of
    all that have any; `language` is that which most of the notebooks say they are in.
    """

    submissions: int
    graded: int
    mean: float | None
    below_half: int
    needs_human: int
    not_judged: int
    lowest: float | None
    unread: int
    faults: int
    off_topic: int
    language: str | None


class QuestionSummary(Struct, frozen=True):
    """How a class did on one question: verdicts from best to worst, diagnoses from most frequent.

    `mean` is a part of the question's points, over the submissions that were judged in it.
    """

    id: str
    max_score: float
    mean: float | None
    verdicts: tuple[tuple[Verdict, int], ...]
    diagnoses: tuple[tuple[str, int], ...]


class SharedMisconception(Struct, frozen=True):
    """A misconception, how many submissions have it, and in which questions."""

    id: str
    submissions: int
    questions: tuple[str, ...]


def reading_order(name: str) -> tuple[str, str]:
    """What names are sorted by where people look for them.

    Accents and capitals decide last, and numbers count by their value: "ana2", "Álvaro", "ana10"
    come as Álvaro, ana2, ana10.
    """
    if name.isascii():
        letters = name.lower()
    else:
        parted = unicodedata.normalize("NFKD", name).casefold()
        letters = "".join(one for one in parted if not unicodedata.combining(one))
    return _NUMBER.sub(lambda number: number[0].zfill(_DIGITS), letters), name


def tone(verdict: Verdict) -> Tone:
    """How the verdict is shown."""
    if verdict == "correct":
        return "good"
    if verdict == "follow_through":
        return "partial"
    return "open" if verdict in ("needs_human", "answered", "unsupported") else "bad"


def icon(verdict: Verdict) -> str:
    """The character that stands beside the verdict's words."""
    return ICONS[tone(verdict)]


def words(
    kind: Literal["verdict", "problem", "misconception"], identifier: str, language: Language = "en"
) -> str:
    """What a verdict, a problem or a misconception is called."""
    return render(name(kind, identifier), language)


def points(score: float | None) -> str:
    """Points with one decimal, or two where they are needed; a dash where there is no score."""
    if score is None:
        return "-"
    return f"{score:.2f}".removesuffix("0")


def score(result: SubmissionResult | QuestionResult | OutputResult) -> str:
    """Points of points: "3.0/4.0"."""
    return f"{points(result.score)}/{points(result.max_score)}"


def by_follow_through(result: SubmissionResult | QuestionResult) -> float:
    """The points that were kept though wrong, because an earlier mistake was charged already."""
    if isinstance(result, SubmissionResult):
        return sum(map(by_follow_through, result.questions))
    if result.override is not None:
        return 0.0
    kept = (one.score for one in result.outputs if one.verdict == "follow_through")
    return sum(score for score in kept if score is not None)


def percent(part: float | None) -> str:
    """A part as a whole percentage: "71 %". Only all of the points are 100 %."""
    if part is None:
        return "-"
    return f"{99 if 0.995 <= part < 1 else round(100 * part)} %"


def part(result: SubmissionResult) -> float | None:
    """The part got of the points that were judged; None where none were."""
    judged = result.max_score - result.pending
    if result.score is None or judged <= 0:
        return None
    # Rounded, so that a sum of thirds is not a hair below all of the points.
    return round(result.score / judged, 9)


def reason(result: SubmissionResult, language: Language = "en") -> str:
    """What is wrong, in a few words: the problem, the first diagnosis or the first message."""
    if result.problem is not None:
        message = result.problem_message or name("problem", result.problem)
        # Messages say what is wrong, then what to do; the part before the colon is short.
        return render(message, language).partition(":")[0]
    for question in result.questions:
        for diagnosis in question.diagnoses:
            where = f"{diagnosis.where}: " if diagnosis.where else ""
            return f"{where}{words('misconception', diagnosis.id, language)}"
    for question in result.questions:
        is_marked = question.verdict == "needs_human" and question.override is not None
        if question.verdict != "correct" and not is_marked:
            return render(question.message, language)
    return ""


def tally(verdicts: Sequence[Verdict]) -> tuple[tuple[Verdict, int], ...]:
    """How often each verdict was given, from best to worst."""
    return _from_best(Counter(verdicts))


def _from_best(counts: Mapping[Verdict, int]) -> tuple[tuple[Verdict, int], ...]:
    return tuple((verdict, counts[verdict]) for verdict in VERDICTS if verdict in counts)


def class_summary(results: Results) -> ClassSummary:
    """The figures of a whole run."""
    submissions = needs_human = not_judged = unread = faults = off_topic = on_topic = 0
    languages: Counter[str | None] = Counter()
    parts: list[float] = []
    for one in results.submissions:
        open_verdicts = {each.verdict for each in one.questions if each.override is None}
        is_unread = one.problem is not None and one.pending > 0
        lacks_a_name = any(
            each.verdict == "unsupported" and each.score is None for each in one.questions
        )
        submissions += 1
        needs_human += "needs_human" in open_verdicts
        not_judged += is_unread + ("unsupported" in open_verdicts)
        unread += is_unread
        faults += lacks_a_name or (is_unread and one.problem == "grader_fault")
        has_code = one.problem in (None, "wrong_assignment")
        off_topic += has_code and _answers_nothing(one)
        on_topic += has_code and not _answers_nothing(one)
        languages[one.language] += 1
        if (got := part(one)) is not None:
            parts.append(got)
    named = sorted(one for one in languages if one is not None)
    return ClassSummary(
        submissions=submissions,
        graded=len(parts),
        mean=sum(parts) / len(parts) if parts else None,
        below_half=sum(one < 0.5 for one in parts),
        needs_human=needs_human,
        not_judged=not_judged,
        lowest=min(parts, default=None),
        unread=unread,
        faults=faults,
        off_topic=0 if on_topic else off_topic,
        language=max(named, key=languages.__getitem__, default=None),
    )


def _answers_nothing(result: SubmissionResult) -> bool:
    """Whether nothing is defined under any name that the assignment asks for."""
    return all(
        isinstance(one.message, Message) and one.message.id == "name_missing"
        for one in result.questions
    )


def summary_line(results: Results, language: Language = "en") -> str:
    """The class in one line: "24 graded, mean 71 %, 3 below 50 %"; what is zero is left out."""
    return in_a_line(class_summary(results), language)


def in_a_line(summary: ClassSummary, language: Language = "en") -> str:
    """The same, of figures that are known."""
    said = [Message("summary.graded", {"count": summary.graded})]
    if summary.mean is not None:
        said.append(Message("summary.mean", {"mean": percent(summary.mean)}))
    if summary.below_half:
        said.append(Message("summary.below_half", {"count": summary.below_half}))
    if summary.needs_human:
        said.append(Message("summary.by_person", {"count": summary.needs_human}))
    if summary.not_judged:
        said.append(Message("summary.not_judged", {"count": summary.not_judged}))
    return ", ".join(render(one, language) for one in said)


def question_summaries(results: Results) -> tuple[QuestionSummary, ...]:
    """The questions in their order, each over all submissions that have it."""
    counted: dict[str, _Answers] = {}
    for submission in results.submissions:
        for question in submission.questions:
            counted.setdefault(question.id, _Answers(question.max_score)).add(question)
    return tuple(answers.summary(question) for question, answers in counted.items())


class _Answers:
    """What is counted of the answers to one question, one after another."""

    def __init__(self, max_score: float) -> None:
        self._max_score = max_score
        self._scores: list[float] = []
        self._verdicts: Counter[Verdict] = Counter()
        self._diagnoses: Counter[str] = Counter()

    def add(self, answer: QuestionResult) -> None:
        if answer.score is not None:
            self._scores.append(answer.score)
        self._verdicts[answer.verdict] += 1
        self._diagnoses.update({one.id for one in answer.diagnoses})

    def summary(self, question: str) -> QuestionSummary:
        scores, most = self._scores, self._max_score
        return QuestionSummary(
            id=question,
            max_score=most,
            mean=sum(scores) / len(scores) / most if scores and most else None,
            verdicts=_from_best(self._verdicts),
            diagnoses=tuple(sorted(self._diagnoses.items(), key=lambda pair: (-pair[1], pair[0]))),
        )


def misconceptions(results: Results) -> tuple[SharedMisconception, ...]:
    """The misconceptions of a class, from the one that most share."""
    shared: Counter[str] = Counter()
    where: dict[str, dict[str, None]] = {}
    for submission in results.submissions:
        shared.update({one.id for question in submission.questions for one in question.diagnoses})
        for question in submission.questions:
            for diagnosis in question.diagnoses:
                where.setdefault(diagnosis.id, {})[question.id] = None
    ranked = sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(SharedMisconception(one, count, tuple(where[one])) for one, count in ranked)


def distribution(results: Results, language: Language = "en") -> tuple[tuple[str, int], ...]:
    """How many submissions lie in each of the `BANDS`, from best to worst."""
    parts = [one for one in map(part, results.submissions) if one is not None]
    # 99.6 % is not yet all of the points, and 0.4 % is as good as none.
    whole = [100 if one >= 1 else min(99, round(100 * one)) for one in parts]
    counts = Counter(next(low for low, _ in BANDS if one >= low or low == 0) for one in whole)
    return tuple((_band(low, high, language), counts[low]) for low, high in BANDS)


def _band(low: int, high: int, language: Language) -> str:
    if low == high:
        return f"{low} %"
    return render(Message("report.band", {"low": low, "high": high}), language)
