"""A person's marks in the gradebook: which are in force, and putting them in the marks' place.

For those who hold the database's lock.
"""

import msgspec
from msgspec import Struct

from grader.gradebook.database import Database
from grader.gradebook.kept import result_of
from grader.gradebook.marks import EVERYONE, with_overrides
from grader.results import Override, SubmissionResult


class Given(Struct, frozen=True):
    """The marks that are in force for a student, by question.

    `worth` has the most points of those that were given to this student alone.
    """

    overrides: dict[str, Override]
    worth: dict[str, float]

    def put_into(self, result: SubmissionResult) -> SubmissionResult:
        """The result with these marks."""
        return with_overrides(result, self.overrides, self.worth)


def of(database: Database, student: str) -> Given:
    """The marks that are in force for a student."""
    # Of one question's the last is kept: the latest, and of two given together the own one.
    rows = database.execute(
        "SELECT question, score, comment, given_by, given_at, student, max_score FROM override "
        "WHERE student IN (?1, ?2) ORDER BY given_at, student <> ?1",
        (EVERYONE, student),
    )
    overrides: dict[str, Override] = {}
    worth: dict[str, float] = {}
    for question, score, comment, by, at, whose, most in rows.fetchall():
        overrides[question] = Override(score=score, comment=comment, by=by, at=at)
        if whose == student and most is not None:
            worth[question] = most
    return Given(overrides, worth)


def apply(database: Database, student: str) -> None:
    """Change the result that counts for a student."""
    given = of(database, student)
    if not given.overrides:
        return
    (encoded,) = database.execute(
        "SELECT result FROM grading WHERE student = ? AND counts", (student,)
    ).fetchone()
    new = given.put_into(result_of(encoded))
    database.execute(
        "UPDATE grading SET score = ?, pending = ?, result = ? WHERE student = ? AND counts",
        (new.score, new.pending, msgspec.json.encode(new).decode(), student),
    )
