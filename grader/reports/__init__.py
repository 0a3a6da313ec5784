"""Writes results for people and machines, one module a format. Knows results and nothing else.

Here is what the formats that are files share: a private folder, and files that are either whole
or not there.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import IO, TypeAlias

Content: TypeAlias = bytes | Iterable[bytes] | Callable[[IO[bytes]], None]
"""The bytes of a file, at once or in pieces, or what writes them."""


class ReportError(Exception):
    """A report could not be written; the text is one line that says where and why."""


def write_atomically(path: Path, content: Content) -> Path:
    """Write the file whole, or leave what was there before; returns its path.

    The content may come in pieces, of which one is held at a time, or be a function that writes
    it. A missing folder is made, open to its owner only. Raises ReportError where the system
    refuses.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        raise ReportError(
            f"{path} could not be written ({error.strerror or error}): "
            "make room or choose another folder, and ask for the report again."
        ) from None
    return path


def zip_of(files: Mapping[str, bytes], *, executable: Collection[str] = ()) -> bytes:
    """A zip of the files by their names, whose bytes follow from the files alone."""
    content = io.BytesIO()
    write_zip(content, sorted(files.items()), executable=executable)
    return content.getvalue()


def write_zip(
    file: IO[bytes], files: Iterable[tuple[str, bytes]], *, executable: Collection[str] = ()
) -> None:
    """Write a zip of files, given by names and contents in this order, one held at a time."""
    import zipfile  # noqa: PLC0415 - most reports are none

    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(entry, content)


def _replace(path: Path, content: Content) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
