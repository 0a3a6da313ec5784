"""Grades into a gradebook what it lacks, and again what it holds.

It joins the pipeline with the gradebook, and knows nothing of either's inside.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

import grader
from grader.assignment import Assignment
from grader.gradebook import Gradebook, settings_of
from grader.grading import Grader, has_real_torch
from grader.results import Results, SubmissionResult
from grader.sandbox.limits import Limits
from grader.submissions import Submission, Submissions

if TYPE_CHECKING:
    from grader.distributed import Workers


_LOOK_AHEAD = 2
"""Submissions read ahead for each worker: enough that none waits, few enough for flat memory."""


class WorkersError(Exception):
    """Other machines cannot grade, or go on grading; the text is one line that says what to do.

    `lacks_isolation` is whether some would but for the isolation that is demanded.
    """

    def __init__(self, text: str, *, lacks_isolation: bool = False) -> None:
        super().__init__(text)
        self.lacks_isolation = lacks_isolation


class Change(Struct, frozen=True):
    """A student's mark before and after grading again; `counts` is whether the new one does."""

    old: SubmissionResult | None
    new: SubmissionResult
    counts: bool


def settings(
    assignment: Assignment, *, seed: str, torch: str, executor: str, limits: Limits
) -> str:
    """The fingerprint of what decides the marks of a class, beside the submissions."""
    return settings_of(
        assignment=_digest(assignment),
        grader=grader.__version__,
        seed=seed,
        torch=torch,
        torch_version="" if torch == "facade" else _torch_version(),
        executor=executor,
        limits=asdict(limits),
    )


def _torch_version() -> str:
    """The version of PyTorch, which is not loaded for that; empty where there is none."""
    if not has_real_torch():
        return ""
    from importlib.metadata import version  # noqa: PLC0415 - rarely needed, and slow to load

    return version("torch")


def frame(assignment: Assignment, seed: str) -> Results:
    """The results of a run before there are any."""
    return Results(
        assignment=assignment.id,
        title=assignment.title,
        grader_version=grader.__version__,
        seed=seed,
        submissions=(),
    )


def _digest(assignment: Assignment) -> str:
    """The hash of the files that the assignment's solutions stand in, and of what has none."""
    references = [getattr(item, "reference", None) for item in assignment.items]
    files = {one.__code__.co_filename for one in references if one is not None}
    digest = hashlib.sha256(f"{assignment.id}\0{assignment.items!r}".encode() if not files else b"")
    for file in sorted(files):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()


def waiting(book: Gradebook, submissions: Submissions) -> Iterator[Submission]:
    """The submissions that are new or changed since they were graded, in their order."""
    graded = _looked_up_in_order(book.settled())
    return submissions.unless(lambda student, content: graded(student) == content)


def expected(book: Gradebook, submissions: Submissions) -> int:
    """How many submissions have no mark yet; known without reading any."""
    graded = _looked_up_in_order(book.settled())
    return sum(graded(student) is None for student in submissions.ids)


def _looked_up_in_order(pairs: Iterator[tuple[str, str]]) -> Callable[[str], str | None]:
    """What stands beside a name among sorted pairs; names are asked for in their order."""
    pair = next(pairs, None)

    def look_up(name: str) -> str | None:
        nonlocal pair
        while pair is not None and pair[0] < name:
            pair = next(pairs, None)
        return pair[1] if pair is not None and pair[0] == name else None

    return look_up


def grade_into(
    book: Gradebook, grader: Grader, submissions: Iterable[Submission], *, jobs: int
) -> Iterator[SubmissionResult]:
    """Grade the submissions, `jobs` at a time, and keep each result before it is given.

    What was begun twice and never ended is set aside. Raises GradebookError where a result
    cannot be kept; what was finished before it is.
    """
    for result in _graded(book, grader, submissions, jobs=jobs):
        book.finish(result)
        yield result


def grade_elsewhere(
    book: Gradebook, workers: "Workers", submissions: Iterable[Submission], *, expected: int
) -> Iterator[SubmissionResult]:
    """The same on other machines; `expected` is how many submissions there are, at least about.

    What runs here is not what students' code may end: a beginning is noted only where a worker
    was lost. Raises WorkersError, too, where no worker is left.
    """

    def begin(submission: Submission) -> bool:
        return book.begin(submission.id, submission.content)

    for submission, result in workers.grade_all(submissions, expected=expected, begin=begin):
        book.finish(result, cells=submission.cells)
        yield result


def grade_again(  # noqa: PLR0913 - as many facts
    book: Gradebook,
    grader: Grader,
    submissions: Submissions,
    *,
    only: frozenset[str],
    raise_only: bool,
    jobs: int,
) -> Iterator[Change]:
    """Grade what was graded before; the earlier results are kept beside the new ones.

    `only` are the ids. With `raise_only` a new mark counts only where it is higher, or where there
    was none.
    """
    chosen = submissions.only(only)
    book.retry(chosen.ids)
    for result in _graded(book, grader, chosen, jobs=jobs):
        old, new = book.mark(result.id), book.overridden(result)
        counts = not raise_only or old is None or _is_higher(new, old)
        book.finish(new, counts=counts)
        yield Change(old, new, counts)


def _graded(
    book: Gradebook, grader: Grader, submissions: Iterable[Submission], *, jobs: int
) -> Iterator[SubmissionResult]:
    def grade(submission: Submission) -> SubmissionResult:
        if not book.begin(submission.id, submission.content, submission.cells):
            return grader.set_aside(submission)
        return grader.grade(submission)

    return grade_all(grade, submissions, jobs=jobs)


def _is_higher(new: SubmissionResult, old: SubmissionResult) -> bool:
    if new.score is None:
        return False
    return old.score is None or new.score > old.score


def grade_all(
    grade: Callable[[Submission], SubmissionResult],
    submissions: Iterable[Submission],
    *,
    jobs: int,
) -> Iterator[SubmissionResult]:
    """The results as they come, `jobs` submissions at a time, read only as far as needed.

    Leaving the iteration early, also by an interrupt, starts nothing more and waits for nothing:
    what is being graded ends with the sandbox.
    """
    waiting = iter(submissions)
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="grading")
    ended: SimpleQueue[Future[SubmissionResult]] = SimpleQueue()
    running = 0
    try:
        while True:
            for one in islice(waiting, jobs * _LOOK_AHEAD - running):
                pool.submit(grade, one).add_done_callback(ended.put)
                running += 1
            if not running:
                return
            yield ended.get().result()
            running -= 1
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
