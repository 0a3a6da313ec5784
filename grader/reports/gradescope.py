"""Gradescope's results.json, one a submission, as an autograder leaves it in /autograder/results.

What could not be judged has no score there; the whole submission's counts what was.
"""

from pathlib import Path
from typing import Any

import msgspec

from grader.messages import THEIR_OWN, Language, Languages
from grader.reports import export, summary, write_atomically
from grader.results import QuestionResult, Results, SubmissionResult


def write(
    results: Results,
    folder: Path,
    *,
    languages: Languages = THEIR_OWN,
    scale_to: float | None = None,
) -> Path:
    """Write `gradescope/<student>/results.json` for everyone; returns the folder of all."""
    top = folder / "gradescope"
    for one in results.submissions:
        content = to_json(one, language=languages.of(one.language), scale_to=scale_to)
        write_atomically(top / export.file_name(one.id) / "results.json", content)
    return top


def to_json(
    result: SubmissionResult, *, language: Language = "en", scale_to: float | None = None
) -> bytes:
    """The bytes of one results.json.

    Without any judged point there is no `score`, so that Gradescope asks for a person instead of
    recording a zero.
    """
    factor = export.factor(result, scale_to)
    content: dict[str, Any] = {
        "output": export.comment(result, language)
        if result.problem
        else "\n".join(export.remarks(result, language)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(result.seconds, 3),
        "extra_data": {"pending": float(export.rounded(result.pending, factor=factor))},
        "tests": [
            _test(number, one, factor=factor, language=language)
            for number, one in enumerate(result.questions, start=1)
        ],
    }
    if result.score is not None:
        content["score"] = float(export.rounded(result.score, factor=factor))
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _test(
    number: int, question: QuestionResult, *, factor: float, language: Language
) -> dict[str, Any]:
    verdict = summary.words("verdict", question.verdict, language)
    test: dict[str, Any] = {
        "number": str(number),
        "name": question.id,
        "output": f"{verdict}\n{export.told(question, language)}".rstrip(),
        "visibility": "visible",
        "max_score": float(export.rounded(question.max_score, factor=factor)),
    }
    if question.score is None:
        # A test of which nothing is known may not show as "0 of 4".
        return {name: value for name, value in test.items() if name != "max_score"}
    test["score"] = float(export.rounded(question.score, factor=factor))
    test["status"] = "passed" if export.is_full(question) else "failed"
    return test
