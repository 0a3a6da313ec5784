"""GitHub Actions: annotations as workflow commands, and a step summary in Markdown.

For a student's own repository, which may be public: no points, and nothing that a student wrote is
a command or Markdown.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from grader.messages import Language, Message, render
from grader.reports import ReportError, export, summary, write_atomically
from grader.reports.escaping import terminal, visible
from grader.results import QuestionResult, Results, SubmissionResult

Level = Literal["error", "warning", "notice"]

MOST_OF_A_LEVEL = 10
"""GitHub shows so many annotations of each level in a step, and drops the others."""
MOST_BYTES = 1_000_000
"""The limit of a step summary is 1024 KiB; a larger one is refused whole."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def write(results: Results, folder: Path, *, language: Language = "en") -> Path:
    """Write annotations.txt and summary.md into the folder's `github`; returns that.

    A workflow shows the first by `cat`, and appends the second to $GITHUB_STEP_SUMMARY.
    """
    top = folder / "github"
    lines = "".join(f"{line}\n" for line in annotations(results, language))
    write_atomically(top / "annotations.txt", lines.encode())
    write_atomically(top / "summary.md", step_summary(results, language).encode())
    return top


def annotations(results: Results, language: Language = "en") -> Iterator[str]:
    """One workflow command for each question that is not right, within GitHub's limits."""
    shown: Counter[Level] = Counter()
    for level, line in _all_annotations(results, language):
        shown[level] += 1
        if shown[level] <= MOST_OF_A_LEVEL:
            yield line


def _all_annotations(results: Results, language: Language) -> Iterator[tuple[Level, str]]:
    for one in results.submissions:
        if one.problem is not None:
            # A fault of the grader is no mistake of the student's.
            level: Level = "notice" if one.problem == "grader_fault" else "error"
            title = summary.words("problem", one.problem, language)
            yield level, _command(level, one, title, export.problem(one, language))
        for question in one.questions:
            if question.verdict == "correct" or export.is_full(question):
                continue
            level = _LEVELS[summary.tone(question.verdict)]
            title = f"{question.id}: {summary.words('verdict', question.verdict, language)}"
            said = export.told(question, language) or title
            yield level, _command(level, one, title, said, line=question.feedback.line)


_LEVELS: dict[summary.Tone, Level] = {
    "good": "notice",
    "partial": "warning",
    "bad": "error",
    "open": "notice",
}


def _command(
    level: Level, result: SubmissionResult, title: str, message: str, line: int | None = None
) -> str:
    properties = {"file": result.path}
    # In a notebook a line is counted within its cell, and is none of the file's.
    if line is not None and result.path.endswith(".py"):
        properties["line"] = str(line)
    properties["title"] = terminal(title)
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {listed}::{_data(visible(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def step_summary(results: Results, language: Language = "en") -> str:
    """The results as Markdown; of a very large class as many questions as GitHub takes."""

    def say(identifier: str) -> str:
        return render(Message(f"report.{identifier}"), language)

    columns = ("submission", "question", "verdict", "what_is_wrong")
    lines = [
        f"## {_markdown(results.title)}",
        "",
        f"| {' | '.join(map(say, columns))} |",
        "| --- | --- | --- | --- |",
    ]
    size = sum(len(line.encode()) + 1 for line in lines)
    for row in _rows(results, language):
        line = f"| {' | '.join(map(_markdown, row))} |"
        size += len(line.encode()) + 1
        if size > MOST_BYTES:
            lines += ["", "…"]
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def append_summary(results: Results, file: Path, language: Language = "en") -> None:
    """Append the summary to the file that GitHub names; raises ReportError."""
    try:
        with file.open("a", encoding="utf-8") as summary_file:
            summary_file.write(step_summary(results, language))
    except OSError as error:
        raise ReportError(
            f"{file} could not be written ({error.strerror or error}): "
            "GITHUB_STEP_SUMMARY names no file that can be appended to"
        ) from None


def _rows(results: Results, language: Language) -> Iterator[tuple[str, ...]]:
    for one in results.submissions:
        if one.problem is not None:
            named = summary.words("problem", one.problem, language)
            yield one.id, "", named, export.problem(one, language)
        for question in one.questions:
            yield _row(one.id, question, language)


def _row(student: str, question: QuestionResult, language: Language) -> tuple[str, ...]:
    verdict = summary.words("verdict", question.verdict, language)
    said = "" if question.verdict == "correct" else export.told(question, language)
    icon = summary.icon(question.verdict)
    return student, question.id, f"{icon} {verdict}", said


def _markdown(text: str) -> str:
    """The text as one line in which no character means anything to Markdown or HTML."""
    return _PUNCTUATION.sub(r"\\\1", terminal(text, 1000))
