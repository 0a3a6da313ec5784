"""A person's marks in the gradebook: which are in force, and putting them in the marks' place.

For those who hold the database's lock.
"""

import msgspec

from grader.gradebook.database import Database
from grader.gradebook.marks import EVERYONE, with_overrides
from grader.results import Override, SubmissionResult


def of(database: Database, student: str) -> dict[str, Override]:
    """The marks that are in force for a student, by question."""
    # Of one question's the last is kept: the latest, and of two given together the own one.
    rows = database.execute(
        "SELECT question, score, comment, given_by, given_at FROM override "
        "WHERE student IN (?1, ?2) ORDER BY given_at, student <> ?1",
        (EVERYONE, student),
    )
    return {
        question: Override(score=score, comment=comment, by=by, at=at)
        for question, score, comment, by, at in rows.fetchall()
    }


def apply(database: Database, student: str) -> None:
    """Change the result that counts for a student."""
    overrides = of(database, student)
    if not overrides:
        return
    (encoded,) = database.execute(
        "SELECT result FROM grading WHERE student = ? AND counts", (student,)
    ).fetchone()
    new = with_overrides(msgspec.json.decode(encoded, type=SubmissionResult), overrides)
    database.execute(
        "UPDATE grading SET score = ?, pending = ?, result = ? WHERE student = ? AND counts",
        (new.score, new.pending, msgspec.json.encode(new).decode(), student),
    )
