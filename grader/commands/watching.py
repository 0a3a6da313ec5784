"""Tells when a file was saved: looked at twice a second, and read only where it was written to.

It knows nothing of what the file holds.
"""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

SECONDS = 0.5
"""From one look to the next, and how long a file must have been left alone."""


def saves(file: Path) -> Iterator[None]:
    """Yield at once, and then each time that the file has come to hold something else.

    A file that is being written, or is gone while an editor replaces it, is waited for; one that
    was saved as it was counts for nothing. It never ends by itself.
    """
    judged, content = _look(file), _content(file)
    yield
    seen = judged
    while True:
        time.sleep(SECONDS)
        before, seen = seen, _look(file)
        if seen is None or seen != before or seen == judged:
            continue
        judged, known = seen, content
        content = _content(file)
        if content != known:
            yield


def _look(file: Path) -> tuple[int, int] | None:
    """When it was written and how long it is; None where it is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _content(file: Path) -> bytes | None:
    """What stands for its content; None where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except OSError:
        return None
