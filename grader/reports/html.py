"""The class at a glance: one page for the browser, index.html, with nothing from elsewhere.

Everything on it can be read without its script, which searches, filters and sorts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from grader.messages import Language, Message, Told, name, render
from grader.reports import pages, summary, write_atomically
from grader.reports.pseudonyms import under_pseudonyms
from grader.reports.templates import template, words_for
from grader.results import Isolation, Results, SubmissionResult

FILE_NAME = "index.html"
NAMELESS = "projector.html"
"""The page on which nobody can be recognised."""

_PIECES = 1_000
"""What the template writes in a row is put together to this many before it goes to the file."""


class Row(Struct, frozen=True):
    """A submission in the table of all of them.

    `groups` and `mistakes` are what it is found by, the latter places in the ranking of
    misconceptions.
    """

    result: SubmissionResult
    part: float | None
    reason: str
    groups: tuple[str, ...]
    mistakes: tuple[int, ...]


class Concern(Struct, frozen=True):
    """What a person has to look at: a question, or with None the whole submission."""

    result: SubmissionResult
    question: str | None
    why: str


def write(results: Results, folder: Path, *, secret: bytes, language: Language = "en") -> Path:
    """Write index.html, which leads to the students' pages, and return its path.

    The results are gone through several times, one at a time. Raises ReportError.
    """

    def address(student: str) -> str:
        return f"{pages.FOLDER}/{pages.page_address(student, secret)}"

    return write_atomically(folder / FILE_NAME, _encoded(pieces(results, language, address)))


def write_nameless(
    results: Results, folder: Path, *, secret: bytes, language: Language = "en"
) -> Path:
    """Write projector.html, the same page under pseudonyms, which leads nowhere; its path."""
    text = pieces(under_pseudonyms(results, secret), language)
    return write_atomically(folder / NAMELESS, _encoded(text))


def _encoded(text: Iterable[str]) -> Iterator[bytes]:
    return (piece.encode() for piece in text)


def page(
    results: Results,
    language: Language = "en",
    address: Callable[[str], str | None] = lambda _: None,
) -> str:
    """The page; the same results give the same page. `address` is that of a student's own."""
    return "".join(pieces(results, language, address))


def pieces(
    results: Results,
    language: Language = "en",
    address: Callable[[str], str | None] = lambda _: None,
) -> Iterator[str]:
    """The same, piece by piece."""
    ranking = summary.misconceptions(results)
    places = {one.id: at for at, one in enumerate(ranking)}

    def concerns(of: Callable[[SubmissionResult, Language], Iterator[Concern]]) -> "_Again":
        return _Again(lambda: (each for one in results.submissions for each in of(one, language)))

    stream = template("html.jinja", script="html.js").stream(
        **words_for(language),
        results=results,
        rows=(_row(one, places, language) for one in results.submissions),
        address=address,
        concerns=concerns(_concerns),
        not_judged=concerns(_not_judged),
        summary=summary.class_summary(results),
        questions=summary.question_summaries(results),
        misconceptions=ranking,
        distribution=summary.distribution(results, language),
        isolation=_isolation(results),
        most_named=summary.MOST_NAMED,
        tally=summary.tally,
    )
    stream.enable_buffering(_PIECES)
    return stream


class _Again(Iterable[Concern]):
    """What is found anew each time that it is gone through, so that none of it is held."""

    def __init__(self, find: Callable[[], Iterator[Concern]]) -> None:
        self._find = find

    def __iter__(self) -> Iterator[Concern]:
        return self._find()

    def __bool__(self) -> bool:
        return next(self._find(), None) is not None


def _row(result: SubmissionResult, places: dict[str, int], language: Language) -> Row:
    found = {one.id for question in result.questions for one in question.diagnoses}
    part = summary.part(result)
    groups = {
        "below": part is not None and part < 0.5,
        "person": any(_concerns(result, language)),
        "open": any(_not_judged(result, language)),
    }
    return Row(
        result,
        part,
        summary.reason(result, language),
        tuple(group for group, is_in in groups.items() if is_in),
        tuple(sorted(places[one] for one in found)),
    )


def _concerns(result: SubmissionResult, language: Language) -> Iterator[Concern]:
    """The answers that a person marks, and what is worth a look."""
    for one in result.questions:
        if one.verdict == "needs_human" and one.override is None:
            yield Concern(result, one.id, render(name("verdict", one.verdict), language))
    if result.flags:
        flags = ", ".join(flag.replace("_", " ") for flag in result.flags)
        yield Concern(result, None, render(Message("report.flags", {"flags": flags}), language))


def _not_judged(result: SubmissionResult, language: Language) -> Iterator[Concern]:
    """What has no mark through no fault of its author's, and why."""
    if result.problem is not None and result.pending:
        why: Told = result.problem_message or name("problem", result.problem)
        yield Concern(result, None, render(why, language))
    for one in result.questions:
        if one.verdict == "unsupported" and one.override is None:
            yield Concern(result, one.id, render(one.message, language))


def _isolation(results: Results) -> list[tuple[Isolation | None, int]]:
    """Under which protections how many submissions ran; None where nothing was run."""
    counts = Counter(one.isolation for one in results.submissions)
    return counts.most_common()
