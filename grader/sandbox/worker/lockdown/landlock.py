"""The list of files that a child may open, by Landlock; it knows none of them by name.

Raw system calls, the same numbers on every processor. What Landlock does not see (mode, owner and
times of files) the filter of system calls refuses.
"""

import os
import stat
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from grader.sandbox.worker.lockdown import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1
_TRUNCATION = 3
"""Before this version a file that may be read could be truncated."""
_MOVING = 2
"""Before this version no file could be moved to another folder."""

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_MAKE_SOCKET = 1 << 9  # of use only where the filter of system calls lets a socket be made
_MAKE_LINK, _REFER, _TRUNCATE = 1 << 12, 1 << 13, 1 << 14
_ALL_FILES = (1 << 15) - 1
_ALL_FILES_AND_DEVICES = (1 << 16) - 1  # version 5: also the controls of devices
_ALL_NETWORK = 0b11  # version 4: binding and connecting of TCP
_ALL_SCOPES = 0b11  # version 6: abstract sockets and signals of others

_READING = _READ_FILE | _READ_DIR
_OF_A_FILE = _WRITE_FILE | _READ_FILE | _TRUNCATE
# Whatever a program does with files of its own; no devices, pipes and nothing to start.
_IN_SCRATCH = (
    _READING | _WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE
    | _MAKE_DIR | _MAKE_FILE | _MAKE_SOCKET | _MAKE_LINK | _REFER
)  # fmt: skip


class Allowed(Struct, frozen=True):
    """The set of rules that holds for all children, made once.

    It allows the use of every child's scratch folder. Where those can be reached `elsewhere` holds
    rules for everything that is not among them, to be made a set with one for a single folder.
    """

    shared: int
    elsewhere: tuple[bytes, ...]
    version: int


def prepare(
    reading: Iterable[Path], listing: Iterable[Path], writing: Iterable[Path],
    *, above: Path, read_only: bool,
) -> Allowed:  # fmt: skip
    """Open what children may read, may list the names of, and may read and write.

    `above` is the folder that holds their scratch folders: a rule for the very place of one that is
    mounted would not count there. What is not there is left out. Where all the others are mounted
    `read_only` an older Landlock will do. Raises OSError where the kernel has none of use.
    """
    version = _version(_MOVING if read_only else _TRUNCATION)
    wanted = [
        *((path, _READING) for path in reading),
        *((path, _READ_DIR) for path in listing),
        *((path, _READ_FILE | _WRITE_FILE) for path in writing),
    ]
    beside = {_widened(path, rights, above.resolve()) for path, rights in wanted}
    return Allowed(
        shared=_ruleset(_rules([*wanted, (above, _IN_SCRATCH)], version), version),
        elsewhere=tuple(_rules(sorted(beside), version)),
        version=version,
    )


def restricting(allowed: Allowed) -> kernel.Step:
    """Leaving a process what is allowed and the scratch folders, for good."""
    return kernel.step("landlock", "syscall", _RESTRICT, allowed.shared, 0)


def part(allowed: Allowed, scratch: str) -> None:
    """Leave this process, of all scratch folders, its own, for good; raises OSError."""
    own = os.open(scratch, os.O_PATH | os.O_CLOEXEC)
    ruleset = _ruleset([*allowed.elsewhere, _rule(own, _IN_SCRATCH)], allowed.version)
    # The descriptors are closed with all the others.
    kernel.system_call("landlock", _RESTRICT, ruleset, 0)


def _widened(path: Path, rights: int, above: Path) -> tuple[Path, int]:
    """All rights to the highest folder on the way to a path that holds no scratch folders.

    What is asked for itself where there is no such folder.
    """
    place = path.resolve()
    for one in (*reversed(place.parents), place):
        if one != above and one not in above.parents:
            return one, _ALL_FILES
    return place, rights


def _rules(wanted: Iterable[tuple[Path, int]], version: int) -> Iterator[bytes]:
    for path, rights in wanted:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        known = _on_files(version) if folder else _on_files(version) & _OF_A_FILE
        yield _rule(descriptor, rights & known)


def _ruleset(rules: Iterable[bytes], version: int) -> int:
    ruleset = kernel.system_call("landlock", _CREATE, *_attributes(version), 0)
    kernel.system_calls("landlock", _ADD, [(ruleset, _BENEATH, rule, 0, 0) for rule in rules])
    return ruleset


def _version(oldest: int) -> int:
    try:
        version = kernel.system_call("landlock", _CREATE, 0, 0, _ASK_VERSION)
    except OSError as error:
        raise OSError(error.errno, "this kernel has no Landlock, or it is switched off") from None
    if version < oldest:
        linux = "6.2" if oldest == _TRUNCATION else "5.19"
        raise OSError(f"Landlock {version} is too old: version {oldest} came with Linux {linux}")
    return version


def _attributes(version: int) -> tuple[bytes, int]:
    network = _ALL_NETWORK if version >= 4 else 0
    scopes = _ALL_SCOPES if version >= 6 else 0
    # Older kernels know a shorter structure.
    size = 8 if version < 4 else 16 if version < 6 else 24
    return struct.pack("=QQQ", _on_files(version), network, scopes)[:size], size


def _on_files(version: int) -> int:
    """The rights that the kernel knows of; what a rule does not give it then refuses."""
    if version < _TRUNCATION:
        return _ALL_FILES & ~_TRUNCATE
    return _ALL_FILES if version < 5 else _ALL_FILES_AND_DEVICES


def _rule(descriptor: int, rights: int) -> bytes:
    return struct.pack("=Qi", rights, descriptor)
