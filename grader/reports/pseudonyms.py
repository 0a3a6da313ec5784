"""Results in which nobody can be recognised: the same marks under pseudonyms.

What students wrote themselves goes, too: names of files, and messages that may quote their code.
"""

import hashlib
import hmac

from msgspec.structs import replace

from grader.messages import name
from grader.results import Feedback, QuestionResult, Results, SubmissionResult

# No vowels, so that no word comes about, and nothing that is easily mistaken for another.
_LETTERS = "23456789BCDFGHJKLMNPQRSTVWXZ"
_HALF = 4


def pseudonym(student: str, secret: bytes) -> str:
    """What a student is called, such as "K7QM-4WXP"; with the same secret always the same."""
    data = student.encode("utf-8", "surrogatepass")
    # Not what the names of pages are made of: one must not lead to the other.
    number = int.from_bytes(hmac.new(secret, b"pseudonym\0" + data, hashlib.sha256).digest())
    letters = ""
    for _ in range(2 * _HALF):
        number, at = divmod(number, len(_LETTERS))
        letters += _LETTERS[at]
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def under_pseudonyms(results: Results, secret: bytes) -> Results:
    """The results without names, files, students' words and the seed, sorted by pseudonym."""
    submissions = (_nameless(one, pseudonym(one.id, secret)) for one in results.submissions)
    ordered = tuple(sorted(submissions, key=lambda one: one.id))
    return replace(results, seed="", submissions=ordered)


def _nameless(result: SubmissionResult, called: str) -> SubmissionResult:
    return replace(
        result,
        id=called,
        name=None,
        path="",
        sha256="",
        lms={},
        others=(),
        flags=(),
        problem_message=None,
        questions=tuple(map(_wordless, result.questions)),
        remarks=(),
    )


def _wordless(question: QuestionResult) -> QuestionResult:
    """A question's result in words of ours alone."""
    override = question.override
    return replace(
        question,
        message=name("verdict", question.verdict),
        outputs=(),
        feedback=Feedback(),
        pictures=(),
        diagnoses=tuple(replace(one, message="") for one in question.diagnoses),
        override=None if override is None else replace(override, comment="", by=""),
    )
