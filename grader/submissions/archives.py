"""Reads zip and tar archives without unpacking them: no name in one ever becomes a path on disk.

Only regular files count. Numbers and sizes are capped before anything is read; what a name or a
type makes suspicious is refused with its reason.
"""

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from msgspec import Struct

from grader.messages import Message, render
from grader.submissions.files import UnreadableError

MAX_MEMBERS = 500_000
MAX_UNPACKED = 8 * 2**30
"""What a compressed tar archive may hold: it is unpacked as a whole to be read in any order."""
MAX_NAME = 1_000
MAX_HEADERS = 2**16
"""Bytes of what a tar archive may say of one member, its name among them."""

_OPENERS: dict[str, Callable[[Path], IO[bytes]]] = {"bz2": bz2.BZ2File, "xz": lzma.LZMAFile}
_PIECE = 2**20
_UTF8 = 0x800
_ENCRYPTED = 0x1
_Listed: TypeAlias = tuple[str, Message | None, Callable[[int], bytes]]
"""A name in an archive, what is to be said against it, and what reads it."""

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip
"""What a damaged archive, or one made to do harm, raises besides OSError."""


class ArchiveError(Exception):
    """The file is no archive, or one that will not be read; `told` says why."""

    def __init__(self, told: Message) -> None:
        super().__init__(render(told))
        self.told = told


class Member(Struct, frozen=True):
    """A regular file of an archive; `read(n)` gives its first n bytes at most, or OSError."""

    path: PurePosixPath
    read: Callable[[int], bytes]


def members(path: Path) -> tuple[list[Member], list[tuple[str, Message]]]:
    """The regular files of an archive, and the names that were refused with the reasons.

    Raises ArchiveError, and OSError where the file cannot be read.
    """
    found: dict[PurePosixPath, Member] = {}
    refused: list[tuple[str, Message]] = []
    listed = _zip(path) if path.name.lower().endswith(".zip") else _tar(path)
    for name, reason, read in listed:
        place = PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")))
        if _is_noise(place):
            continue
        twice = Message("archive.twice") if place in found else None
        if objection := reason or _objection(name) or twice:
            refused.append((name, objection))
        else:
            found[place] = Member(place, read)
    return list(found.values()), refused


def _is_noise(path: PurePosixPath) -> bool:
    """What systems put into archives beside the files: nobody handed it in."""
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in path.parts)


def _objection(name: str) -> Message | None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts:
        return Message("archive.leads_out")
    if parts[0] == "" or parts[0][1:2] == ":":
        return Message("archive.absolute")
    if len(name) > MAX_NAME or any(ord(one) < 32 for one in name):
        return Message("archive.no_name")
    return None


# -- zip ------------------------------------------------------------------------------------------


def _zip(path: Path) -> Iterator[_Listed]:
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise ArchiveError(Message("archive.no_zip", {"error": str(error)})) from None
    for number, info in enumerate(archive.infolist()):
        _count(number)
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        reason = None if kind in (0, stat.S_IFREG) else Message("archive.not_regular")
        yield _zip_name(info), reason, partial(_read_zip, archive, info)


def _count(number: int) -> None:
    if number >= MAX_MEMBERS:
        raise ArchiveError(Message("archive.too_many", {"count": MAX_MEMBERS}))


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
        raise UnreadableError(Message("archive.encrypted"))
    try:
        with archive.open(info) as file:
            return file.read(limit)
    except _UNREADABLE:
        raise UnreadableError(Message("archive.damaged_within")) from None


# -- tar ------------------------------------------------------------------------------------------


class _Headers(io.FileIO):
    """A tar archive without compression, of which `room` more bytes are read."""

    room = MAX_HEADERS

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= self.room:
            raise tarfile.ReadError("it says too much of one member")
        self.room -= size
        return super().read(size)


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
            raise UnreadableError(Message("archive.ends_early"))
        return b"".join(pieces)

    def __del__(self) -> None:
        os.close(self._descriptor)


def _tar(path: Path) -> Iterator[_Listed]:
    with tempfile.TemporaryFile() as plain, path.open("rb") as given:
        file = given if path.name.lower().endswith(".tar") else _unpack(path, plain)
        try:
            unpacked = _Unpacked(file)
            headers = _Headers(os.dup(file.fileno()))
            with headers, tarfile.open(fileobj=headers, mode="r:") as archive:
                for number, info in enumerate(archive):
                    _count(number)
                    headers.room = MAX_HEADERS
                    if info.size < 0:
                        raise tarfile.ReadError("it holds less than nothing")
                    if info.isdir():
                        continue
                    regular = info.isreg() and not info.issparse()
                    reason = None if regular else Message("archive.not_regular")
                    yield info.name, reason, partial(unpacked.read, info.offset_data, info.size)
        except (tarfile.TarError, *_UNREADABLE) as error:
            raise ArchiveError(Message("archive.no_tar", {"error": str(error)})) from None


def _unpack(path: Path, plain: IO[bytes]) -> IO[bytes]:
    """Undo the compression of a tar archive, no more."""
    name = path.name.lower()
    opener = next((one for ending, one in _OPENERS.items() if name.endswith(ending)), gzip.GzipFile)
    try:
        with opener(path) as packed:
            while piece := packed.read(_PIECE):
                if plain.tell() + len(piece) > MAX_UNPACKED:
                    size = MAX_UNPACKED // 2**30
                    raise ArchiveError(Message("archive.too_large", {"size": size}))
                plain.write(piece)
    except (EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise ArchiveError(Message("archive.damaged", {"error": str(error)})) from None
    plain.seek(0)
    return plain
