"""A user of its own for each child, where the zygote is root's: it can touch nothing of anybody's.

Without namespaces root's children would be root, whatever else is taken from them.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.sandbox.worker.lockdown.readable import Readable

_NOBODYS = (range(1_900_000_000, 1_904_194_304), range(60_578, 61_184))
"""Numbers that no system gives to a user, the second for containers that know only 65,536."""

_RIGHTS = {"chown": 0, "dac_override": 1, "kill": 5, "setgid": 6, "setuid": 7}
"""What root needs to start, end and clean up after a process of another user."""


def find() -> range:
    """The numbers to choose from; raises OSError where there are none to choose."""
    if os.geteuid() != 0:
        raise OSError("only root can give a process another user")
    missing = [name for name, bit in _RIGHTS.items() if not _effective_rights() >> bit & 1]
    if missing:
        raise OSError(f"root lacks the right to {', '.join(missing)}")
    known = list(_known("uid"))
    for numbers in _NOBODYS:
        if all(_holds(ids, numbers) for ids in (known, list(_known("gid")))):
            return numbers
    raise OSError("no users but those in use are known here")


def choose(users: range) -> int:
    """One that no other process has while this one lives."""
    return users[os.getpid() % len(users)]


def be_counted() -> None:
    """Have root's processes and threads counted, which otherwise are without limit.

    They are counted by the real user, and what is allowed is decided by the effective one.
    """
    with contextlib.suppress(OSError):
        os.setresuid(choose(find()), -1, -1)


def become(user: int) -> None:
    """Be that user, in its group and no other, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def must_reach(readable: Readable, home: str) -> None:
    """Raise OSError where this user cannot read what students' code may, or reach its folder."""
    Path(home, "canary").stat()
    for path in readable.folders:
        if not os.access(path, os.R_OK):
            raise OSError(f"another user cannot read {path}")


def _effective_rights() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("CapEff:")[2].split(maxsplit=1)[0], 16)


def _known(kind: str) -> Iterator[range]:
    for line in Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines():
        first, _, count = map(int, line.split())
        yield range(first, first + count)


def _holds(known: Sequence[range], wanted: range) -> bool:
    return any(wanted[0] in one and wanted[-1] in one for one in known)
