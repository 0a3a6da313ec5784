"""Reads zip and tar archives without unpacking them: no name in one ever becomes a path on disk.

Only regular files count. Numbers and sizes are capped before anything is read; what a name or a
type makes suspicious is refused with its reason.
"""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

MAX_MEMBERS = 500_000
MAX_UNPACKED = 8 * 2**30
"""What a compressed tar archive may hold: it is unpacked as a whole to be read in any order."""
MAX_NAME = 1_000

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_OPENERS: dict[str, Callable[[Path], IO[bytes]]] = {"bz2": bz2.BZ2File, "xz": lzma.LZMAFile}
_PIECE = 2**20
_UTF8 = 0x800
_ENCRYPTED = 0x1
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
    UnicodeError,
)  # fmt: skip
"""What a damaged archive, or one made to do harm, raises besides OSError."""


class ArchiveError(Exception):
    """The file is no archive, or one that will not be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file of an archive; `read(n)` gives its first n bytes at most, or OSError."""

    path: PurePosixPath
    read: Callable[[int], bytes]


def stem(name: str) -> str | None:
    """The name of an archive without its ending; None where the name is not an archive's."""
    for ending in (".zip", *sorted(_TARS, key=len, reverse=True)):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return None


def members(path: Path) -> tuple[list[Member], list[tuple[str, str]]]:
    """The regular files of an archive, and the names that were refused with the reasons.

    Raises ArchiveError, and OSError where the file cannot be read.
    """
    found: dict[PurePosixPath, Member] = {}
    refused: list[tuple[str, str]] = []
    listed = _zip(path) if path.name.lower().endswith(".zip") else _tar(path)
    for number, (name, reason, read) in enumerate(listed):
        if number >= MAX_MEMBERS:
            raise ArchiveError(f"it has more than {MAX_MEMBERS} entries")
        place = PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")))
        if _is_noise(place):
            continue
        twice = "its name comes twice" if place in found else ""
        if objection := reason or _objection(name) or twice:
            refused.append((name, objection))
        else:
            found[place] = Member(place, read)
    return list(found.values()), refused


def _is_noise(path: PurePosixPath) -> bool:
    """What systems put into archives beside the files: nobody handed it in."""
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in path.parts)


def _objection(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts:
        return "its name leads out of the archive"
    if parts[0] == "" or parts[0][1:2] == ":":
        return "its name is absolute"
    if len(name) > MAX_NAME or any(ord(one) < 32 for one in name):
        return "its name is none that a file has"
    return ""


# -- zip ------------------------------------------------------------------------------------------


def _zip(path: Path) -> Iterator[tuple[str, str, Callable[[int], bytes]]]:
    try:
        archive = zipfile.ZipFile(path)
    except (*_UNREADABLE, ValueError) as error:
        raise ArchiveError(f"it is no zip archive, or a damaged one: {error}") from None
    for info in archive.infolist():
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        reason = "" if kind in (0, stat.S_IFREG) else "it is no regular file"
        yield _zip_name(info), reason, partial(_read_zip, archive, info)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name, also of archives that hold UTF-8 without saying so."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise OSError("it is encrypted")
    try:
        with archive.open(info) as file:
            return file.read(limit)
    except _UNREADABLE:
        raise OSError("it is damaged in the archive") from None


# -- tar ------------------------------------------------------------------------------------------


class _Unpacked:
    """A tar archive without compression, open for reading at any place; closed when forgotten."""

    def __init__(self, file: IO[bytes]) -> None:
        self._descriptor = os.dup(file.fileno())

    def read(self, start: int, size: int, limit: int) -> bytes:
        os.lseek(self._descriptor, start, os.SEEK_SET)
        wanted, pieces = min(size, limit), []
        while wanted and (piece := os.read(self._descriptor, wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        if wanted:
            raise OSError("the archive ends too early")
        return b"".join(pieces)

    def __del__(self) -> None:
        os.close(self._descriptor)


def _tar(path: Path) -> Iterator[tuple[str, str, Callable[[int], bytes]]]:
    with tempfile.TemporaryFile() as plain, path.open("rb") as given:
        file = given if path.name.lower().endswith(".tar") else _unpack(path, plain)
        try:
            unpacked = _Unpacked(file)
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for info in archive:
                    if info.isdir():
                        continue
                    regular = info.isreg() and not info.issparse()
                    reason = "" if regular else "it is no regular file"
                    yield info.name, reason, partial(unpacked.read, info.offset_data, info.size)
        except (tarfile.TarError, UnicodeError) as error:
            raise ArchiveError(f"it is no tar archive, or a damaged one: {error}") from None


def _unpack(path: Path, plain: IO[bytes]) -> IO[bytes]:
    """Undo the compression of a tar archive, no more."""
    name = path.name.lower()
    opener = next((one for ending, one in _OPENERS.items() if name.endswith(ending)), gzip.GzipFile)
    try:
        with opener(path) as packed:
            while piece := packed.read(_PIECE):
                if plain.tell() + len(piece) > MAX_UNPACKED:
                    raise ArchiveError(f"it holds more than {MAX_UNPACKED // 2**30} GiB")
                plain.write(piece)
    except (EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise ArchiveError(f"it is damaged: {error}") from None
    plain.seek(0)
    return plain
