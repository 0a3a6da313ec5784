"""Limits of the kernel's own on what one process takes: seconds, bytes, descriptors."""

import resource

from grader.sandbox.protocol.control import Fork


def apply(policy: Fork) -> None:
    """Set every limit for good: soft and hard are one."""
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, policy.cpu),
        (resource.RLIMIT_FSIZE, policy.file_size),
        (resource.RLIMIT_NOFILE, policy.descriptors),
        (resource.RLIMIT_AS, policy.memory),
    ):
        resource.setrlimit(name, (value, value))
