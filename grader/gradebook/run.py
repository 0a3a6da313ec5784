"""What the gradebook knows of a run: what was asked for, and how far it is."""

import hashlib
import json

import msgspec
from msgspec import Struct

from grader.results import SubmissionResult


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What `grade` was given, so that the same can be graded again.

    `titles` and `points` are the assignment's, by language and by question: reports take them from
    here, so that none runs the file that a gradebook names.
    """

    paths: tuple[str, ...]
    layout: str | None
    assignment: str
    options: dict[str, str | float | None] = {}
    titles: dict[str, str] = {}
    points: dict[str, float] = {}


class Status(Struct, frozen=True):
    """How far a run is; `outdated` marks come from other settings than the last run's."""

    assignment: str
    seed: str
    graded: int
    unfinished: int
    outdated: int
    problems: tuple[tuple[str, int], ...]
    last: str | None


def settings_of(**settings: object) -> str:
    """The fingerprint of all that decides a mark beside the submission itself."""
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def content_of(result: SubmissionResult) -> str:
    """What tells the bytes that were graded from others: their hash, or why there are none."""
    return result.sha256 or str(result.problem)
