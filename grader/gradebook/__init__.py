"""What was graded, in SQLite: resumable after any end, queryable, one transaction a submission.

It keeps results and knows how none of them came about. `gradebook.md` beside it documents the
tables, and says what is stored about whom.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.gradebook import overrides
from grader.gradebook.code import DamagedError, packed, unpacked
from grader.gradebook.database import Database
from grader.gradebook.database import GradebookError as GradebookError
from grader.gradebook.database import OtherRunError as OtherRunError
from grader.gradebook.kept import Kept, counting, result_of
from grader.gradebook.locking import LockedError, locked
from grader.gradebook.marks import Mark
from grader.gradebook.run import Command as Command
from grader.gradebook.run import Status as Status
from grader.gradebook.run import content_of as content_of
from grader.gradebook.run import settings_of as settings_of
from grader.messages import UnknownMessageError
from grader.results import Results, SubmissionResult

FILE_NAME = "gradebook.sqlite"
MOST_STARTS = 2
"""What was begun so often and never ended is set aside."""


class Gradebook:
    """The gradebook of one OUT. Its methods may be called from several threads.

    Every method may raise GradebookError where the machine does not let it read or write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = Database(path)
        self._begun: set[tuple[str, str]] = set()
        try:
            row = self._database.one("SELECT settings FROM run")
        except BaseException:
            self._database.close()
            raise
        self._settings: str = row[0] if row else ""

    def close(self) -> None:
        """Give the beginnings that did not end back, and close the file."""
        with contextlib.suppress(GradebookError):
            self._release()
        self._database.close()

    # -- the run ----------------------------------------------------------------------------------

    @property
    def seed(self) -> str | None:
        """The seed of the whole class; None in a new gradebook."""
        row = self._database.one("SELECT seed FROM run")
        return str(row[0]) if row else None

    @property
    def secret(self) -> bytes:
        """What names are made with that nobody can guess; it never changes."""
        ((value,),) = self._database.all("SELECT value FROM secret")
        return bytes(value)

    def start(self, results: Results, settings: str, command: Command) -> None:
        """Note what is run: the frame of its results, the settings, and what was asked for.

        Raises OtherRunError where the gradebook is another assignment's or has another seed.
        """
        row = self._database.one(
            "SELECT assignment, seed, title, grader_version, settings FROM run"
        )
        if row is not None and row[0] != results.assignment:
            raise OtherRunError(
                f"{self.path.parent} holds the marks of {row[0]!r}, not of "
                f"{results.assignment!r}: choose another folder with -o"
            )
        if row is not None and row[1] != results.seed:
            raise OtherRunError(
                f"{self.path.parent} was graded with the seed {row[1]!r}, which serves the whole "
                "class: leave --seed out, or choose another folder with -o"
            )
        line = _line(command)
        frame = (results.title, results.grader_version, settings)
        self._settings = settings
        last = self._database.one("SELECT line FROM command ORDER BY rowid DESC")
        if row is not None and row[2:] == frame and last == (line,):
            return  # nothing is new, and writing would wait for the disk
        with self._database.transaction():
            if row is None:
                self._database.execute(
                    "INSERT INTO run VALUES (?, ?, ?, ?, ?, 0)",
                    (results.assignment, *frame[:2], results.seed, settings),
                )
            else:
                self._database.execute(
                    "UPDATE run SET title = ?1, grader_version = ?2, settings = ?3, "
                    "revision = revision + (title <> ?1 OR grader_version <> ?2)",
                    frame,
                )
            self._database.execute("INSERT OR REPLACE INTO command VALUES (?, ?)", (line, _now()))

    def commands(self) -> list[Command]:
        """What `grade` was given so far, the latest last."""
        with self._database.reading():
            return self._commands()

    def _commands(self) -> list[Command]:
        rows = self._database.execute("SELECT line FROM command ORDER BY rowid")
        return [msgspec.json.decode(row[0], type=Command) for row in rows.fetchall()]

    # -- one submission ---------------------------------------------------------------------------

    def settled(self) -> Iterator[tuple[str, str]]:
        """The students with a mark that counts, in their order, and for which content it is.

        A fault of the machine is no mark, unless the submission was set aside for it.
        """
        for student, content, is_mark in counting(
            self._database,
            "student, content, problem IS NOT 'grader_fault' OR starts >= ?",
            MOST_STARTS,
        ):
            if is_mark:
                yield student, content

    def begin(self, student: str, content: str, cells: Sequence[str] = ()) -> bool:
        """Note that grading begins; false where it began twice before and never ended.

        `cells` is the code that was handed in, which is kept for the student's page.
        """
        key = (student, self._fingerprint(content))
        with self._database.transaction():
            row = self._database.execute(
                "SELECT starts FROM grading WHERE student = ? AND fingerprint = ?", key
            ).fetchone()
            if row is not None and row[0] >= MOST_STARTS:
                self._begun.discard(key)  # also where both were noted here
                return False
            self._database.execute(
                "INSERT INTO grading (student, fingerprint, content, settings, starts) "
                "VALUES (?, ?, ?, ?, 1) "
                "ON CONFLICT (student, fingerprint) DO UPDATE SET starts = starts + 1",
                (*key, content, self._settings),
            )
            self._keep_code(student, content, cells)
            self._begun.add(key)
        return True

    def finish(
        self, result: SubmissionResult, *, counts: bool = True, cells: Sequence[str] = ()
    ) -> None:
        """Keep a result, and let it be the student's mark; earlier ones are kept beside it.

        A person's marks stay in force. `cells` is the code, where no beginning was noted.
        """
        content = content_of(result)
        key = (result.id, self._fingerprint(content))
        with self._database.transaction():
            result = overrides.of(self._database, result.id).put_into(result)
            mark = (_now(), result.score, result.max_score, result.pending, result.problem)
            encoded = msgspec.json.encode(result).decode()
            if counts:
                self._database.execute(
                    "UPDATE grading SET counts = 0 WHERE student = ? AND counts", (result.id,)
                )
            self._database.execute(
                "INSERT INTO grading (student, fingerprint, content, settings, counts, graded_at, "
                "score, max_score, pending, problem, result) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (student, fingerprint) DO UPDATE SET "
                "counts = excluded.counts, graded_at = excluded.graded_at, "
                "score = excluded.score, max_score = excluded.max_score, "
                "pending = excluded.pending, problem = excluded.problem, "
                "result = excluded.result WHERE NOT grading.counts",
                (*key, content, self._settings, counts, *mark, encoded),
            )
            self._keep_code(result.id, content, cells)
            # Only what was begun has ended: that which is set aside keeps its beginnings.
            if key in self._begun:
                self._database.execute(
                    "UPDATE grading SET starts = 0 WHERE student = ? AND fingerprint = ?", key
                )
            self._database.execute("UPDATE run SET revision = revision + 1")
        self._begun.discard(key)

    def _keep_code(self, student: str, content: str, cells: Sequence[str]) -> None:
        if cells:
            self._database.execute(
                "INSERT OR IGNORE INTO code VALUES (?, ?, ?)", (student, content, packed(cells))
            )

    def mark(self, student: str) -> SubmissionResult | None:
        """The result that counts for a student."""
        row = self._database.one("SELECT result FROM grading WHERE student = ? AND counts", student)
        return result_of(row[0]) if row else None

    def cells(self, student: str) -> tuple[str, ...]:
        """The code that got the mark that counts, cell by cell; a module is one cell.

        Empty where it could not be read, or was graded before code was kept.
        """
        row = self._database.one(
            "SELECT cells FROM code JOIN grading USING (student, content) "
            "WHERE student = ? AND counts",
            student,
        )
        return unpacked(row[0]) if row else ()

    def retry(self, students: Iterable[str]) -> None:
        """Let what was set aside be tried again."""
        with self._database.transaction():
            self._database.executemany(
                "UPDATE grading SET starts = 0 WHERE student = ?", ((one,) for one in students)
            )

    # -- a person's marks -------------------------------------------------------------------------

    def override(self, marks: Iterable[Mark], *, by: str) -> None:
        """Put a person's marks in place of the computed ones, now and whenever it is graded again.

        Of two for one question the later is in force; given together, a student's own.
        """
        at = _now()
        rows = [
            (one.student, one.question, one.points, one.comment, by, at, one.max_score)
            for one in marks
        ]
        with self._database.transaction():
            self._database.executemany(
                "INSERT OR REPLACE INTO override VALUES (?, ?, ?, ?, ?, ?, ?)", rows
            )
            graded = self._database.execute("SELECT student FROM grading WHERE counts").fetchall()
            for (student,) in graded:
                overrides.apply(self._database, student)
            self._database.execute("UPDATE run SET revision = revision + 1")

    def overridden(self, result: SubmissionResult) -> SubmissionResult:
        """The result with the marks that a person gave."""
        with self._database.reading():
            return overrides.of(self._database, result.id).put_into(result)

    def forget(self, student: str) -> bool:
        """Remove all that is stored of a student, also from the file; false where nothing was."""
        rows = self._database.all("SELECT result FROM grading WHERE student = ?", student)
        files = {Path(result_of(row[0]).path).name for row in rows if row[0] is not None}
        with self._database.transaction():
            self._database.execute("DELETE FROM grading WHERE student = ?", (student,))
            self._database.execute("DELETE FROM override WHERE student = ?", (student,))
            self._database.execute("DELETE FROM code WHERE student = ?", (student,))
            for command in self._commands():
                kept = tuple(path for path in command.paths if Path(path).name not in files)
                self._database.execute(
                    "UPDATE OR REPLACE command SET line = ? WHERE line = ?",
                    (_line(msgspec.structs.replace(command, paths=kept)), _line(command)),
                )
            self._database.execute("UPDATE run SET revision = revision + 1")
        with self._database.reading():
            # Nothing of it may remain in the file, or in the log beside it.
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(rows)

    # -- all of them ------------------------------------------------------------------------------

    def frame(self) -> Results:
        """The results without submissions."""
        row = self._database.one("SELECT assignment, title, grader_version, seed FROM run")
        if row is None:
            raise OtherRunError(f"{self.path.parent} holds no marks: grade with -o first")
        assignment, title, version, seed = row
        return Results(
            assignment=assignment, title=title, grader_version=version, seed=seed, submissions=()
        )

    def rows(self) -> Iterator[bytes]:
        """The results that count as JSON, sorted by id, a few at a time."""
        return (
            (result or "").encode() for _, result in counting(self._database, "student, result")
        )

    def results(self) -> Results:
        """All results that count, in the order in which people look for their students.

        They are read anew each time that they are gone through.
        """
        return msgspec.structs.replace(self.frame(), submissions=Kept(self._database))

    def students(self) -> list[str]:
        """The ids of those who have a mark, sorted."""
        return [row[0] for row in counting(self._database, "student")]

    def outdated(self) -> int:
        """How many marks come from other settings than the last run's."""
        ((count,),) = self._database.all(
            "SELECT count(*) FROM grading WHERE +counts AND settings <> ?", self._settings
        )
        return int(count)

    def status(self) -> Status:
        """How far the run is."""
        run = self.frame()
        ((graded, last),) = self._database.all(
            "SELECT count(*), max(graded_at) FROM grading WHERE counts"
        )
        ((unfinished,),) = self._database.all("SELECT count(*) FROM grading WHERE result IS NULL")
        problems = self._database.all(
            "SELECT problem, count(*) FROM grading WHERE counts AND problem IS NOT NULL "
            "GROUP BY problem ORDER BY problem"
        )
        return Status(
            run.assignment, run.seed, graded, unfinished, self.outdated(), tuple(problems), last
        )

    def is_reported(self, name: str, how: str | None = None) -> bool:
        """Whether a report was last written of the marks as they are now, and, where told, so."""
        row = self._database.one(
            "SELECT how FROM report, run WHERE name = ? AND report.revision = run.revision", name
        )
        return row is not None and how in (None, row[0])

    def reported(self, name: str, how: str = "") -> None:
        """Note that a report was written of the marks as they are now, and how."""
        with self._database.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO report SELECT ?, revision, ? FROM run", (name, how)
            )

    # -- within -----------------------------------------------------------------------------------

    def _fingerprint(self, content: str) -> str:
        return hashlib.sha256(f"{content}\0{self._settings}".encode()).hexdigest()

    def _release(self) -> None:
        """An orderly end is none of a submission's doing."""
        if self._begun:
            with self._database.transaction():
                self._database.executemany(
                    "UPDATE grading SET starts = starts - 1 WHERE student = ? AND fingerprint = ?",
                    sorted(self._begun),
                )


@contextmanager
def opened(out: Path) -> Iterator[Gradebook]:
    """The gradebook of an OUT that exists, made where there is none; nobody else's meanwhile.

    Raises GradebookError where another grader is at work on it, and whenever content is read that
    no grader writes.
    """
    try:
        with locked(out / f".{FILE_NAME}.lock"):
            book = Gradebook(out / FILE_NAME)
            try:
                yield book
            finally:
                book.close()
    except LockedError:
        raise GradebookError(
            f"another grader is at work on {out}: wait until it has ended, or choose another "
            "folder with -o"
        ) from None
    except (msgspec.DecodeError, DamagedError, UnknownMessageError) as error:
        raise GradebookError(
            f"{out / FILE_NAME} holds what no grader writes ({error}): put back a copy of it "
            "from before, or grade into another folder"
        ) from None


def exists(out: Path) -> bool:
    """Whether there is a gradebook in a folder."""
    return (out / FILE_NAME).is_file()


@contextmanager
def existing(out: Path) -> Iterator[Gradebook]:
    """The gradebook that is in a folder, as `opened`; raises OtherRunError where there is none."""
    if not exists(out):
        raise OtherRunError(f"{out} holds no gradebook: give the folder that `grade -o` wrote to")
    with opened(out) as book:
        yield book


def _line(command: Command) -> str:
    return msgspec.json.encode(command).decode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
