"""What was given as files with names and bytes: a folder, an archive or one file alike.

It knows no layout and reads no content. Links are never followed within a folder.
"""

import os
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from grader.messages import Message, Parameter, Told, render

NOTEBOOK = ".ipynb"
MODULE = ".py"

GRADEBOOK = "gradebook.sqlite"
"""A folder with one is an earlier run's OUT: its pages are no hand-ins."""

MOST_NAMED = 5
"""Files that are named of those that are passed over for one reason."""

_ARCHIVES = (".zip", ".tar.bz2", ".tar.gz", ".tar.xz", ".tar", ".tgz")

_SYSTEMS_OWN = {"desktop.ini", "icon\r", "thumbs.db"}
"""What Windows and macOS leave in folders without being asked, and do not hide elsewhere."""


class IntakeError(Exception):
    """What was given cannot be taken in at all; `told` is one line for the person who gave it."""

    def __init__(self, told: Told) -> None:
        super().__init__(render(told))
        self.told = told


class UnreadableError(OSError):
    """A file cannot be read, through no fault of the system's; `told` says why."""

    def __init__(self, told: Message) -> None:
        super().__init__(render(told))
        self.told = told


class Source(Struct, frozen=True):
    """Where files are: `read(path, n)` gives at most the first n bytes and raises OSError.

    `key(path)` is the same for the same file, by whatever way it was reached.
    """

    read: Callable[[str, int], bytes]
    key: Callable[[str], str]


class File(msgspec.Struct, frozen=True, gc=False):
    """A regular file: its path within what was given, parted by slashes, and what reads it.

    Small, since there is one for everything that a class hands in.
    """

    path: str
    source: Source

    def read(self, limit: int) -> bytes:
        """At most the first `limit` bytes; raises OSError."""
        return self.source.read(self.path, limit)

    @property
    def key(self) -> str:
        """The same for the same file, by whatever way it was reached."""
        return self.source.key(self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders, and last the name."""
        return tuple(self.path.split("/"))

    @property
    def folder(self) -> str:
        """The path of the folder that it is in; empty at the top."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The name without folders."""
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def suffix(self) -> str:
        """The ending in small letters, with its dot."""
        return ending(self.path)


class Tree(Struct, frozen=True):
    """A path that was given, where that is, and the files below it in a stable order.

    `is_file` is true for a single file that is no archive. `remarks` are lines for the person who
    gave it, about what was passed over for safety.
    """

    path: Path
    place: Path
    files: tuple[File, ...]
    is_file: bool = False
    remarks: tuple[Message, ...] = ()

    @property
    def name(self) -> str:
        """The name of the folder or the archive, the latter without its ending."""
        return _archive_stem(self.place.name) or self.place.name


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
        files = (one for one in _files_below(path) if one.key not in leaving_out)
        return Tree(path, path.resolve(), tuple(files))
    if stat.S_ISREG(mode) and _archive_stem(path.name) is not None:
        return _archive(path)
    source = Source(lambda _, limit: _read(str(path), limit, follow=True), lambda _: str(real))
    real = path.resolve()
    return Tree(path, real, (File(path.as_posix(), source),), is_file=True)


def module_beside(path: Path, name: str) -> File | None:
    """The module of this name in a file's folder, if there is one; a link is none."""
    there = path.parent / f"{name}{MODULE}"
    try:
        if not stat.S_ISREG(there.lstat().st_mode):
            return None
    except (OSError, ValueError):
        return None
    source = Source(lambda at, limit: _read(at, limit, follow=False), os.path.realpath)
    return File(there.as_posix(), source)


def text(path: Path | PurePosixPath | str) -> str:
    """A path as text that can be written anywhere, the same on every system.

    Bytes that are no UTF-8 become escapes; accents that macOS parts from their letters do not stay
    so.
    """
    if isinstance(path, str) and path.isascii():
        return path
    return unicodedata.normalize("NFC", os.fsencode(path).decode("utf-8", "backslashreplace"))


def ending(path: str) -> str:
    """What a path ends in, from the last dot of its name, in small letters."""
    stem, _, last = path.rpartition("/")[2].rpartition(".")
    return f".{last}".lower() if stem else ""


def _archive_stem(name: str) -> str | None:
    """The name of an archive without its ending; None where the name is not an archive's."""
    for one in _ARCHIVES:
        if name.lower().endswith(one):
            return name[: -len(one)]
    return None


def _archive(path: Path) -> Tree:
    from grader.submissions import archives  # noqa: PLC0415 - one file alone needs no unpacking

    try:
        members, refused = archives.members(path)
    except (OSError, archives.ArchiveError) as error:
        reason = error.told if isinstance(error, archives.ArchiveError) else reason_of(error)
        known = {"path": text(path), "reason": reason}
        raise IntakeError(Message("intake.no_archive", known)) from None
    key = os.path.realpath(path)
    readers = {str(one.path): one.read for one in members}
    source = Source(lambda name, limit: readers[name](limit), lambda name: f"{key}\0{name}")
    # By their parts, as the files of a folder come.
    ordered = sorted(members, key=lambda each: each.path)
    files = [File(str(one.path), source) for one in ordered if _is_anybodys(one.path.name)]
    remarks = [
        Message("intake.refused", {"path": text(path), "name": text(name), "reason": reason})
        for name, reason in refused[:MOST_NAMED]
    ]
    if more := len(refused) - len(remarks):
        remarks.append(Message("intake.refused_more", {"path": text(path), "count": more}))
    return Tree(path, path.resolve(), tuple(files), remarks=tuple(remarks))


def reason_of(error: OSError) -> Parameter:
    """Why a file cannot be read, as it goes into a sentence; a system says it in its own words."""
    if isinstance(error, UnreadableError):
        return error.told
    return error.strerror or str(error)


def _files_below(top: Path) -> Iterator[File]:
    root = os.path.realpath(top)
    # Below the root there are no links, so that its own real path is enough.
    source = Source(
        lambda path, limit: _read(f"{top}/{path}", limit, follow=False),
        lambda path: f"{root}/{path}",
    )
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            folders, files = _listed(top / here, is_top=not here)
        except OSError as error:
            if not here:
                known = {"path": text(top), "reason": error.strerror}
                raise IntakeError(Message("intake.unlistable", known)) from None
            yield File(here, source)  # reading it will say what is wrong
            continue
        within = f"{here}/" if here else ""
        pending.extend(within + name for name in sorted(folders, reverse=True))
        for name in sorted(files):
            yield File(within + name, source)


def _listed(folder: Path, *, is_top: bool) -> tuple[list[str], list[str]]:
    """The names of the folders and of the files in a folder that may hold hand-ins."""
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(folder) as listed:
        for entry in listed:
            name = entry.name
            # The modules of a virtual environment are nobody's answers; nor is what a run wrote.
            if name == "pyvenv.cfg" or (name == GRADEBOOK and not is_top):
                return [], []
            if name.startswith((".", "__")) or not _is_anybodys(name):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(name)
            elif _is_regular(entry):
                files.append(name)
    return folders, files


def _is_anybodys(name: str) -> bool:
    """Whether somebody may have put a file of this name there."""
    return name.lower() not in _SYSTEMS_OWN


def _is_regular(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return True  # out of reach: reading it will say so


def _read(path: str, limit: int, *, follow: bool) -> bytes:
    """At most `limit` bytes of a regular file, in one opening that cannot block."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(Message("archive.not_regular"))
        pieces = []
        while limit > 0:
            asked = min(limit, status.st_size + 1)
            pieces.append(os.read(descriptor, asked))
            limit -= len(pieces[-1])
            if len(pieces[-1]) < asked:
                break
        return b"".join(pieces)
    finally:
        os.close(descriptor)
