"""A user of its own for each child, where the zygote is root's: it can touch nothing of anybody's.

Without namespaces root's children would be root, whatever else is taken from them.
"""

import os
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.sandbox.worker.lockdown.readable import Readable

_NOBODYS = (range(1_900_000_000, 1_904_194_304), range(60_578, 61_184))
"""Numbers that no system gives to a user, the second for containers that know only 65,536."""

_PARTS, _MOST = 6, 4096
"""In how many parts the numbers are shared out at least, and how many a part has at most."""

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


class Users:
    """Users that nobody else on this machine is as long as this process lives.

    Each is one child's at a time; the one that was free for longest is taken first.
    """

    def __init__(self, numbers: range, held: socket.socket | None = None) -> None:
        self._free = deque(numbers)
        self._held = held
        self.latest = numbers[0]

    def take(self) -> int:
        """One that no other child has; it is also `latest`. Raises OSError where there is none."""
        if not self._free:
            raise OSError("every user that a process may have of its own is in use")
        self.latest = self._free.popleft()
        return self.latest

    def give_back(self, user: int) -> None:
        """No process has it any more."""
        self._free.append(user)


def reserve() -> Users:
    """A part of the numbers, for this process and its children; raises OSError where none is free.

    A name that only one process can have stands for the part, and is free again when that ends.
    """
    numbers = find()
    size = min(len(numbers) // _PARTS, _MOST)
    for first in range(numbers.start, numbers.stop - size + 1, size):
        held = socket.socket(socket.AF_UNIX)
        try:
            held.bind(f"\0autograd-grader-users-{first}")
        except OSError:
            held.close()
            continue
        return Users(range(first, first + size), held)
    raise OSError("other graders have all the users that nobody is")


def be_counted(users: Users) -> None:
    """Have root's processes and threads counted, which otherwise are without limit.

    They are counted by the real user, and what is allowed is decided by the effective one.
    """
    os.setresuid(users.take(), -1, -1)


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
