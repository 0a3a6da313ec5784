"""Scratch folders: one for each student's process, gone with it, whatever was left inside."""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from itertools import count
from pathlib import Path

_PREFIX = "grader-sandbox-"
_YOUNG = 60.0
"""Seconds; between making a folder and holding it nobody else must take it for left."""

_LEAST_FILE = 4096
_MOST_FILES = 10_000
_LONGEST_PATH = 1_000


class ScratchFolders:
    """A temporary folder that nobody else can list, and the scratch folders within."""

    def __init__(self) -> None:
        _remove_what_the_dead_left()
        self._root = Path(tempfile.mkdtemp(prefix=_PREFIX))
        # Other users may pass through to a folder of their own, and see no names.
        self._root.chmod(0o711)
        self._held = _hold(self._root)
        self._numbers = count()

    @property
    def home(self) -> Path:
        """The folder that holds them, of which no student's process can see the names."""
        return self._root

    def new(self) -> Path:
        """A fresh empty folder that only this user enters; raises OSError."""
        folder = self._root / str(next(self._numbers))
        folder.mkdir(mode=0o700)
        return folder

    def close(self) -> None:
        """Remove all of them."""
        remove(self._root)
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _hold(folder: Path) -> int | None:
    """A descriptor that marks a folder as somebody's for as long as they live.

    None where it is somebody else's, or where the system has no such marks.
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_what_the_dead_left() -> None:
    """Remove the folders of graders that were killed, none that is younger than a minute."""
    place = tempfile.gettempdir()
    for name in os.listdir(place):  # noqa: PTH208 - most are nobody's business
        if not name.startswith(_PREFIX):
            continue
        folder = Path(place, name)
        try:
            status = folder.lstat()
            own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
            if not own or time.time() - status.st_mtime < _YOUNG or (held := _hold(folder)) is None:
                continue
        except (OSError, AttributeError):  # gone meanwhile, or a system without users
            continue
        with contextlib.suppress(OSError):  # something is mounted there, or holds it
            remove(folder)
        os.close(held)


def holds_more_than(folder: Path, size: int) -> bool:
    """Whether the files in a folder that a process is writing to take more than `size` bytes.

    So do more files, and folders deeper in each other, than anybody needs: they are not all looked
    at, and would take long to remove.
    """
    longest = len(str(folder)) + _LONGEST_PATH
    looked_at = taken = 0
    pending = [str(folder)]
    while pending:
        current = pending.pop()
        if len(current) > longest:
            return True
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    looked_at += 1
                    status = entry.stat(follow_symlinks=False)
                    taken += max(status.st_blocks * 512, _LEAST_FILE)
                    if taken > size or looked_at > _MOST_FILES:
                        return True
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(entry.path)
        except OSError:  # gone meanwhile, or locked
            continue
    return False


def remove(folder: Path) -> None:
    """Remove a folder whose content is a student's: locked or nested beyond every path's length.

    No process may still be writing there. Links are removed, never followed. What withstands, as
    a mount does that root's program left, stays: it must not keep the next one from being graded.
    """
    if folder.is_symlink():
        folder.unlink()
        return
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        with contextlib.suppress(OSError):
            _flatten(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _flatten(folder: Path) -> None:
    """Move every nested folder to the top, opened up, until nothing is nested."""
    names = count()
    pending = [folder]
    while pending:
        current = pending.pop()
        current.chmod(stat.S_IRWXU)
        with os.scandir(current) as entries:
            nested = [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False)]
        for path in nested:
            path.chmod(stat.S_IRWXU)
            pending.append(path.rename(folder / f".{os.getpid()}.{next(names)}"))
