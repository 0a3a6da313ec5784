"""Limits of the kernel's own on what one process takes: seconds, bytes, descriptors, threads."""

import resource
import struct
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox.protocol.control import Fork
from grader.sandbox.worker.lockdown import kernel

_MOST_TASKS = (
    "/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max", "/sys/fs/cgroup/pids.max"
)  # fmt: skip


def _tasks() -> int:
    """An eighth of the processes and threads that the machine or the container can have.

    Threads need next to no memory of their own: without a limit one program takes all of them.
    """
    found = []
    for place in map(Path, _MOST_TASKS):
        try:
            found.append(int(place.read_text(encoding="ascii")))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return min(found, default=32_768) // 8


_TASKS = _tasks()
"""Of one user: of a child where it has its own, else of all that the user who grades has."""


def limiting(policy: Fork) -> Iterator[kernel.Step]:
    """Setting every limit for good: soft and hard are one."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, policy.cpu),
        (resource.RLIMIT_FSIZE, policy.file_size),
        (resource.RLIMIT_NOFILE, policy.descriptors),
        (resource.RLIMIT_AS, policy.memory),
        (resource.RLIMIT_NPROC, _TASKS),
    ):
        yield kernel.step("setrlimit", "setrlimit", limit, struct.pack("@LL", value, value))
