"""Classroom 50's result.json, one a submission, as its autograder leaves it for the collector.

Scores are whole numbers there: everything is told out of 100, or of what it is scaled to. What is
still to be judged is in neither score.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from grader.reports import export, write_atomically
from grader.results import Results, SubmissionResult

OUT_OF = 100
"""What all of the points are where nothing else is asked for."""


def write(
    results: Results,
    folder: Path,
    *,
    scale_to: float | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Write `classroom50/<student>/result.json` for everyone of whom anything could be judged.

    Returns the folder of all. What identifies the submission is taken from the variables that
    Classroom 50 sets. Without any judged point there is no file, which it takes for a fault of
    the autograder: a score that is no number cannot be told.
    """
    top = folder / "classroom50"
    top.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in results.submissions:
        if one.score is None:
            continue
        content = to_json(one, results.assignment, scale_to=scale_to, environment=environment)
        write_atomically(top / export.file_name(one.id) / "result.json", content)
    return top


def to_json(
    result: SubmissionResult,
    assignment: str,
    *,
    scale_to: float | None = None,
    environment: Mapping[str, str],
) -> bytes:
    """The bytes of one result.json."""
    factor = export.factor(result, scale_to or OUT_OF)

    def whole(points: float) -> int:
        return int(export.rounded(points, factor=factor, decimals=0))

    content: dict[str, Any] = {
        "schema": "classroom50/result/v1",
        "classroom": environment.get("CLASSROOM", ""),
        "assignment": environment.get("ASSIGNMENT", assignment),
        "submission": environment.get("SUBMISSION_TAG", ""),
        "commit": environment.get("COMMIT_URL", ""),
        "release": environment.get("RELEASE_URL", ""),
        "review": environment.get("REVIEW_URL", ""),
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": whole(result.score or 0.0),
        "max-score": whole(result.max_score - result.pending),
        "tests": [
            {
                "test-name": one.id,
                "passed": export.is_full(one),
                "score": whole(one.score),
                "max-score": whole(one.max_score),
            }
            for one in result.questions
            if one.score is not None
        ],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
