"""What travels between a grading run and the workers of a cluster: an order there, chunks, results.

All of it is bytes and plain data. It knows neither dask nor the gradebook. What comes back from a
worker is read as if a stranger had sent it.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from grader.assignment import Assignment
from grader.batch import WorkersError
from grader.catalogue import FILE_NAME
from grader.grading import TorchChoice, set_aside
from grader.results import Isolation, OutputResult, QuestionResult, SubmissionResult, in_words
from grader.sandbox.isolation import reaches
from grader.sandbox.limits import MIB, Limits
from grader.sandbox.protocol.control import Executor, Level
from grader.submissions import Submission

_CHUNK_BYTES = 4 * MIB
_ASSIGNMENT_BYTES = 32 * MIB
_ASSIGNMENT_FILES = 1_000
_NOT_SENT = {"samples", "__pycache__"}

_HANDED_IN = (
    "id", "name", "path", "sha256", "submitted_at", "late", "lms", "others", "language",
    "max_score",
)  # fmt: skip
"""What a result repeats of the submission and the assignment."""

_ROUNDING = 1e-9

Reason: TypeAlias = Literal["isolation", "other"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has to know of a run, to grade as this machine would."""

    run: str
    file: str
    files: dict[str, bytes]
    digest: str
    seed: str
    torch: TorchChoice
    executor: Executor
    least: Level
    limits: Limits


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker answers to an order: the isolation it offers, or why it does not grade."""

    isolation: Isolation | None = None
    refusal: str | None = None
    reason: Reason = "other"


class Chunk(Struct, frozen=True):
    """Submissions that one worker grades, one after the other, and their bytes.

    `alone` is a submission whose first try was lost at the worker `avoided`.
    """

    submissions: tuple[Submission, ...]
    encoded: tuple[bytes, ...]
    alone: bool = False
    avoided: str = ""


# -- there ----------------------------------------------------------------------------------------


def order_of(  # noqa: PLR0913 - as many facts
    assignment: Assignment,
    source: str,
    *,
    seed: str,
    torch: TorchChoice,
    executor: Executor,
    least: Level,
    limits: Limits,
) -> Order:
    """The order for a run; `source` is the bundled id of the assignment, or its path.

    Of an assignment.py its whole folder is sent, but for samples and hidden files; any other file
    stands alone. Raises WorkersError where that is too much, or cannot be read.
    """
    own = Path(source)
    alone = own.is_file() and own.name != FILE_NAME
    folder = own.parent if alone else assignment.path
    assert folder is not None  # noqa: S101 - the catalogue sets it
    try:
        files = {own.name: own.read_bytes()} if alone else _files(folder)
    except OSError as error:
        raise WorkersError(f"{folder} cannot be read: {error.strerror or error}") from None
    return Order(
        run=secrets.token_hex(8),
        file=own.name if alone else FILE_NAME,
        files=files,
        digest=digest_of(files),
        seed=seed,
        torch=torch,
        executor=executor,
        least=least,
        limits=limits,
    )


def digest_of(files: Mapping[str, bytes]) -> str:
    """The hash of files, names included."""
    return hashlib.sha256(msgspec.msgpack.encode(sorted(files.items()))).hexdigest()


def _files(folder: Path) -> dict[str, bytes]:
    """The files of an assignment by their path within; links are not followed."""
    found: dict[str, bytes] = {}
    size = 0
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if file.is_symlink() or not file.is_file() or _NOT_SENT & {*parts}:
            continue
        if any(part.startswith(".") for part in parts):
            continue
        size += file.stat().st_size
        if size > _ASSIGNMENT_BYTES or len(found) >= _ASSIGNMENT_FILES:
            raise WorkersError(
                f"{folder} is sent to every worker, and holds more than "
                f"{_ASSIGNMENT_BYTES // MIB} MiB or {_ASSIGNMENT_FILES} files: keep the assignment "
                "in a folder of its own"
            )
        found["/".join(parts)] = file.read_bytes()
    return found


def chunks(submissions: Iterable[Submission], size: int) -> Iterator[Chunk]:
    """The submissions, so many at a time, or fewer where they are large."""
    held: list[Submission] = []
    encoded: list[bytes] = []
    for submission in submissions:
        held.append(submission)
        encoded.append(_encoded(submission))
        if len(held) == size or sum(map(len, encoded)) > _CHUNK_BYTES:
            yield Chunk(tuple(held), tuple(encoded))
            held, encoded = [], []
    if held:
        yield Chunk(tuple(held), tuple(encoded))


def alone(submission: Submission, *, avoided: str) -> Chunk:
    """A submission that was lost at a worker, by itself."""
    return Chunk((submission,), (_encoded(submission),), alone=True, avoided=avoided)


def rest(chunk: Chunk, done: int) -> Iterator[Chunk]:
    """What a worker did not come to, in pieces for which there will be time."""
    for at in range(done, len(chunk.submissions), done):
        piece = slice(at, at + done)
        yield Chunk(chunk.submissions[piece], chunk.encoded[piece])


def _encoded(submission: Submission) -> bytes:
    try:
        return msgspec.msgpack.encode(submission)
    except UnicodeEncodeError:
        # Lone surrogates, which no session is given either.
        cells = (cell.encode("utf-8", "replace").decode("utf-8") for cell in submission.cells)
        return msgspec.msgpack.encode(replace(submission, cells=tuple(cells)))


# -- and back -------------------------------------------------------------------------------------


def read_offer(answer: object) -> Offer:
    """What a worker answered to the order; anything but an offer is a refusal."""
    try:
        return msgspec.msgpack.decode(answer if isinstance(answer, bytes) else b"", type=Offer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Offer(refusal=f"its answer is none: {error}")


def read_answer(
    chunk: Chunk, answer: object, assignment: Assignment, *, least: Level
) -> list[SubmissionResult]:
    """The results of the chunk's first submissions; raises ValueError for anything else."""
    if isinstance(answer, str):
        raise ValueError(answer)  # noqa: TRY004 - it says why there are no results
    if not isinstance(answer, list) or not 0 < len(answer) <= len(chunk.submissions):
        raise ValueError("its answer is none to the submissions that it was given")
    try:
        results = [msgspec.msgpack.decode(one, type=SubmissionResult) for one in answer]
    except (msgspec.MsgspecError, TypeError, RecursionError) as error:
        raise ValueError(f"it answered with what is no result: {error}") from None
    for submission, result in zip(chunk.submissions, results, strict=False):
        blank = set_aside(assignment, submission)
        if not (
            all(getattr(result, name) == getattr(blank, name) for name in _HANDED_IN)
            and _is_possible(result, [item.id for item in assignment])
            and (not result.questions or _was_isolated(result, least))
            and _is_in_our_words(result)
        ):
            raise ValueError("it answered with a result that cannot be")
    return results


def _is_possible(result: SubmissionResult, items: list[str]) -> bool:
    marks: list[SubmissionResult | QuestionResult | OutputResult]
    marks = [
        result,
        *result.questions,
        *(one for asked in result.questions for one in asked.outputs),
    ]
    return [one.id for one in result.questions] in ([], items) and all(
        one.score is None or 0 <= one.score <= one.max_score + _ROUNDING for one in marks
    )


def _is_in_our_words(result: SubmissionResult) -> bool:
    """Whether it can be told: a message that nobody knows would stop every report of the class."""
    try:
        in_words(result, "en")
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _was_isolated(result: SubmissionResult, least: Level) -> bool:
    return result.isolation is not None and reaches(result.isolation.level, least)
