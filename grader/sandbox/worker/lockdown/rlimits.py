"""Limits of the kernel's own on what one process takes: seconds, bytes, descriptors."""

import resource
import struct
from collections.abc import Iterator

from grader.sandbox.protocol.control import Fork
from grader.sandbox.worker.lockdown import kernel


def limiting(policy: Fork) -> Iterator[kernel.Step]:
    """Setting every limit for good: soft and hard are one."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, policy.cpu),
        (resource.RLIMIT_FSIZE, policy.file_size),
        (resource.RLIMIT_NOFILE, policy.descriptors),
        (resource.RLIMIT_AS, policy.memory),
    ):
        yield kernel.step("setrlimit", "setrlimit", limit, struct.pack("@LL", value, value))
