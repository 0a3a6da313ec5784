"""Scratch folders: one for each student's process, gone with it, whatever was left inside."""

import os
import shutil
import stat
import tempfile
from itertools import count
from pathlib import Path


class ScratchFolders:
    """A private temporary folder and the scratch folders within."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="grader-"))
        self._numbers = count()

    def new(self) -> Path:
        """A fresh empty folder that only this user enters; raises OSError."""
        folder = self._root / str(next(self._numbers))
        folder.mkdir(mode=0o700)
        return folder

    def close(self) -> None:
        """Remove all of them."""
        remove(self._root)


def remove(folder: Path) -> None:
    """Remove a folder whose content is a student's: locked or nested beyond every path's length.

    No process may still be writing there. Links are removed, never followed.
    """
    if folder.is_symlink():
        folder.unlink()
        return
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
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
