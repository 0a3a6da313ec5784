"""What was given as files with names and bytes: a folder, an archive or one file alike.

It knows no layout and reads no content. Links are never followed within a folder.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from grader.messages import Message, Told, render
from grader.submissions import archives

GRADEBOOK = "gradebook.sqlite"
"""A folder with one is an earlier run's OUT: its pages are no hand-ins."""


class IntakeError(Exception):
    """What was given cannot be taken in at all; `told` is one line for the person who gave it."""

    def __init__(self, told: Told) -> None:
        super().__init__(render(told))
        self.told = told


@dataclass(frozen=True, slots=True)
class File:
    """A regular file: its path within what was given, and how to read it.

    `read(n)` gives at most the first n bytes and raises OSError. `key` is the same for the same
    file, by whatever way it was reached.
    """

    path: PurePosixPath
    read: Callable[[int], bytes]
    key: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A path that was given, where that is, and the files below it in a stable order.

    `is_file` is true for a single file that is no archive. `remarks` are lines for the person who
    gave it, about what was passed over for safety.
    """

    path: Path
    place: Path
    files: tuple[File, ...]
    is_file: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the folder or the archive, the latter without its ending."""
        return archives.stem(self.place.name) or self.place.name


def tree_of(path: Path, *, leaving_out: Collection[str] = frozenset()) -> Tree:
    """The files of a folder, of an archive, or the one file that a path names.

    `leaving_out` holds keys of files of folders that are passed over. Raises IntakeError where
    the path cannot be reached or listed, or the archive is none.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise IntakeError(Message("intake.not_found", {"path": text(path)})) from None
    if stat.S_ISDIR(mode):
        files = _files_below(path)
        return Tree(path, path.resolve(), tuple(one for one in files if one.key not in leaving_out))
    if stat.S_ISREG(mode) and archives.stem(path.name) is not None:
        return _archive(path)
    key = os.path.realpath(path)
    alone = File(PurePosixPath(path.as_posix()), partial(_read, str(path), follow=True), key)
    return Tree(path, path.resolve(), (alone,), is_file=True)


def text(path: Path | PurePosixPath | str) -> str:
    """A path as text that can be written anywhere: bytes that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _archive(path: Path) -> Tree:
    try:
        members, refused = archives.members(path)
    except (OSError, archives.ArchiveError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        known = {"path": text(path), "reason": str(reason)}
        raise IntakeError(Message("intake.no_archive", known)) from None
    key = os.path.realpath(path)
    files = (File(one.path, one.read, f"{key}\0{one.path}") for one in members)
    remarks = (f"{text(path)}: passed over {text(name)}: {reason}" for name, reason in refused)
    return Tree(
        path, path.resolve(), tuple(sorted(files, key=lambda one: one.path)), remarks=tuple(remarks)
    )


def _files_below(top: Path) -> Iterator[File]:
    pending = [PurePosixPath()]
    root = os.path.realpath(top)
    while pending:
        here = pending.pop()
        try:
            with os.scandir(top / here) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            if not here.parts:
                known = {"path": text(top), "reason": error.strerror}
                raise IntakeError(Message("intake.unlistable", known)) from None
            yield _file(top, here, root)  # reading it will say what is wrong
            continue
        names = {entry.name for entry in entries}
        # The modules of a virtual environment are nobody's answers; nor is what a run wrote.
        if "pyvenv.cfg" in names or (GRADEBOOK in names and here.parts):
            continue
        shown = [entry for entry in entries if not entry.name.startswith((".", "__"))]
        folders = [entry.name for entry in shown if entry.is_dir(follow_symlinks=False)]
        pending.extend(here / name for name in reversed(folders))
        for entry in shown:
            if _is_regular(entry):
                yield _file(top, here / entry.name, root)


def _is_regular(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return True  # out of reach: reading it will say so


def _file(top: Path, path: PurePosixPath, root: str) -> File:
    # Below the root there are no links, so that its own real path is enough.
    return File(path, partial(_read, f"{top}/{path}", follow=False), f"{root}/{path}")


def _read(path: str, limit: int, *, follow: bool) -> bytes:
    """At most `limit` bytes of a regular file, in one opening that cannot block."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is no ordinary file")
        pieces = []
        while limit > 0 and (piece := os.read(descriptor, min(limit, status.st_size + 1))):
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)
