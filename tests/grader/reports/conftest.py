"""A class as a course really has one: right, wrong in several ways, hostile, and not judged."""

import pytest

from grader.results import (
    Diagnosis,
    Feedback,
    Isolation,
    OutputResult,
    Override,
    QuestionResult,
    Results,
    SubmissionResult,
    Verdict,
)

KERNEL = Isolation(level="kernel", layers=("landlock", "seccomp", "rlimits"))
ADDS_UP = "`.grad` adds up: yours holds 3 passes. What should happen between two passes?"
OUTPUTS = ("de2", "de", "dy_pred", "dw")


def submission(identifier: str, *questions: QuestionResult, **fields) -> SubmissionResult:
    """A graded submission; its score is the sum of its questions' unless it is given."""
    scores = [question.score for question in questions if question.score is not None]
    given = {
        "id": identifier,
        "name": None,
        "path": f"{identifier}.ipynb",
        "sha256": "5f" * 32,
        "score": sum(scores) if scores else None,
        "max_score": 6.0,
        "pending": sum(question.max_score for question in questions if question.score is None),
        "seconds": 0.012,
        "problem": None,
        "torch": "facade",
        "isolation": KERNEL,
        "questions": questions,
    }
    return SubmissionResult(**(given | fields))


def backprop(verdict: Verdict = "correct", *, wrong: tuple[str, ...] = (), **fields):
    """The answer to `manual_backprop`, wrong in the outputs named."""
    outputs = tuple(
        OutputResult(
            name=name,
            verdict=verdict if name in wrong else "correct",
            score=None if verdict == "unsupported" else 0.0 if name in wrong else 1.0,
            max_score=1.0,
            message=fields.get("message", "") if name in wrong else "Right.",
        )
        for name in OUTPUTS
    )
    given = {
        "id": "manual_backprop",
        "score": sum(output.score or 0.0 for output in outputs),
        "max_score": 4.0,
        "verdict": verdict if wrong else "correct",
        "message": "All four gradients are right.",
        "outputs": outputs,
    }
    return QuestionResult(**(given | fields))


def times_run(verdict: Verdict = "correct", **fields):
    """The answer to `times_run`, worth 2 points."""
    given = {
        "id": "times_run",
        "score": 2.0 if verdict == "correct" else 0.0,
        "max_score": 2.0,
        "verdict": verdict,
        "message": "Right." if verdict == "correct" else "This is not the number of runs.",
    }
    return QuestionResult(**(given | fields))


@pytest.fixture
def results() -> Results:
    """Nine submissions with nearly everything that a result can hold."""
    return Results(
        assignment="manual_backprop",
        title="Backpropagation by hand",
        grader_version="0.1.0",
        seed="7f3a91c2",
        submissions=(
            submission(
                "alice",
                backprop(),
                times_run(),
                name="Alice Ferreira",
                remarks=("Cell 4 failed, which alone costs no points. It raised KeyError: 'x'",),
            ),
            submission(
                "bruno",
                backprop(
                    "wrong_value",
                    wrong=("dw",),
                    message="dw has the right shape, and values that are 3 times too large.",
                    feedback=Feedback(
                        expected="an array of shape (1,), from a single backward pass",
                        found="an array of shape (1,), 3 times the gradient in each of 6 cases",
                        line=12,
                        hints=(
                            ADDS_UP,
                            "Look at line 12, where backward is called inside the loop.",
                            "Set the gradient to zero before every backward pass.",
                        ),
                    ),
                    diagnoses=(
                        Diagnosis(
                            id="accumulated_gradient",
                            where="dw",
                            message=ADDS_UP,
                            exact=True,
                        ),
                    ),
                ),
                times_run("wrong_value"),
            ),
            submission(
                "chidi",
                backprop(
                    "follow_through",
                    wrong=("dy_pred", "dw"),
                    message="dy_pred follows from an earlier mistake, which was already counted.",
                ),
                times_run(),
            ),
            submission(
                "dora",
                problem="unreadable",
                isolation=None,
                torch=None,
                pending=6.0,
                problem_message="The file is not a notebook, or it is damaged: open it in Jupyter, "
                "save it, and hand in the saved file.",
            ),
            submission(
                "emil",
                score=0.0,
                problem="empty",
                isolation=None,
                torch=None,
                problem_message="The notebook has no code in it: write your answers in its code "
                "cells, save it, and hand it in again.",
            ),
            submission(
                "fatima",
                backprop(
                    "timeout",
                    wrong=OUTPUTS,
                    message="The call was stopped after 10 s: does a loop in it ever end?",
                ),
                times_run("needs_human", score=None, message="A person reads this answer."),
                flags=("suspicious",),
            ),
            submission(
                "gui",
                backprop(
                    "unsupported",
                    wrong=OUTPUTS,
                    score=None,
                    message="The call needs torch.fft, which is not covered: --torch real.",
                ),
                times_run(
                    "wrong_value",
                    score=1.0,
                    override=Override(
                        score=1.0,
                        comment="Counted from zero, as the statement allows.",
                        by="instructor",
                        at="2025-11-03T09:12:00Z",
                    ),
                ),
            ),
            submission(
                "h\u00e9l\u00e8ne",
                backprop(
                    "error",
                    wrong=OUTPUTS,
                    message="It raised RuntimeError: Trying to backward through the graph a second "
                    "time (or directly access saved tensors after they have already been freed).",
                    feedback=Feedback(line=7),
                    diagnoses=(
                        Diagnosis(
                            id="graph_freed",
                            where=None,
                            exact=False,
                            message="The graph of the last forward pass is gone. What makes a new "
                            "one?",
                        ),
                    ),
                ),
                times_run(),
            ),
            submission(
                "ines",
                backprop(
                    "missing",
                    wrong=OUTPUTS,
                    message="No function named manual_backprop was found after a fresh run.",
                ),
                times_run("missing", message="No name times_run was found."),
            ),
        ),
    )
