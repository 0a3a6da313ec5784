"""The gradebook's file: private, of the newest schema, one connection under one lock.

It knows SQLite and no marks. Whatever the machine refuses is told as a GradebookError.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from grader.gradebook.schema import MIGRATIONS
from grader.reports import ReportError
from grader.submissions import IntakeError


class GradebookError(ReportError):
    """The gradebook cannot be read or written; the text is one line that says what to do."""


class OtherRunError(IntakeError):
    """The gradebook is another's than the one that was asked for, or none."""


class Database:
    """One file; its methods may be called from several threads.

    `execute` is for those who hold the lock, within `reading` or `transaction`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        with _told(path):
            _make_private(path)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def _open(self) -> None:
        self.execute("PRAGMA journal_mode = WAL")
        # After the loss of power the last marks may be missing, never the book: they are graded
        # again. Whatever ends this process loses nothing.
        self.execute("PRAGMA synchronous = NORMAL")
        self.execute("PRAGMA secure_delete = ON")
        (version,) = self.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise OtherRunError(f"{self.path} was written by a newer grader: install that one")
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            with self.transaction():
                for statement in statements:
                    self.execute(statement)
                self.execute(f"PRAGMA user_version = {number}")

    def close(self) -> None:
        """Close the file."""
        # Under the lock: a thread that is still using the connection would crash the process.
        with self._lock:
            self._connection.close()

    def execute(self, query: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(query, tuple(values))

    def executemany(self, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement for each row of values."""
        self._connection.executemany(query, rows)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Be alone with the connection."""
        with _told(self.path), self._lock:
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Be alone with the connection; all that is written is kept in the end, or none of it."""
        with self.reading():
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite may have rolled back already.
                with contextlib.suppress(sqlite3.Error):
                    self.execute("ROLLBACK")
                raise

    def all(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.reading():
            return self.execute(query, values).fetchall()

    def one(self, query: str, *values: str | int) -> tuple[Any, ...] | None:
        """The first row of a query, if there is any."""
        return next(iter(self.all(query, *values)), None)


def _make_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror or str(error)) from None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise GradebookError(
            f"{path} cannot be read or written ({error}): make room or make it writable, and "
            "grade again; what was finished is kept"
        ) from None
