"""Points that are kept by follow-through are named wherever points are."""

import pytest
from rich.console import Console

from grader.reports import pages, summary, terminal
from grader.results import OutputResult, Override, QuestionResult, SubmissionResult


def outputs():
    verdicts = {"de2": "correct", "de": "wrong_value", "dy": "correct", "dw": "follow_through"}
    return tuple(
        OutputResult(
            name=name,
            verdict=verdict,
            score=0.0 if verdict == "wrong_value" else 0.75,
            max_score=0.75,
            message="",
        )
        for name, verdict in verdicts.items()
    )


def question(override=None):
    return QuestionResult(
        id="backprop", score=2.25, max_score=3.0, verdict="wrong_value", message="Not so.",
        outputs=outputs(), override=override,
    )  # fmt: skip


def submission(*questions):
    return SubmissionResult(
        id="ana", name=None, path="ana.py", sha256="", score=2.25, max_score=3.0, pending=0.0,
        seconds=0.0, problem=None, torch=None, isolation=None, questions=questions,
    )  # fmt: skip


def test_the_points_of_outputs_that_follow_are_summed():
    assert summary.by_follow_through(question()) == 0.75
    assert summary.by_follow_through(submission(question(), question())) == 1.5


def test_a_persons_mark_follows_from_nothing():
    override = Override(score=3.0, comment="", by="bob", at="")
    assert summary.by_follow_through(question(override)) == 0.0


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "of which 0.75 by follow-through"),
        ("pt", "dos quais 0.75 por erro herdado"),
        ("es", "de ellos 0.75 por error arrastrado"),
    ],
)
def test_terminal_and_page_say_so(language, said):
    console = Console(width=100, no_color=True)
    with console.capture() as captured:
        console.print(terminal.detail(submission(question()), language))
    assert captured.get().count(said) == 2
    assert pages.page(submission(question()), "A", language).count(said) == 2
