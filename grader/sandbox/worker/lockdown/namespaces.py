"""A world of its own: no network, no other processes, and of the files only what may be read.

The zygote enters it once, before its first child; every child then gets process numbers, mounts
and a scratch folder in memory for itself, which costs a fraction of doing all of it each time.
All of it ends with the zygote, the first process in there.
"""

import os
import select
import signal
import struct
from collections.abc import Mapping
from pathlib import Path

from grader.sandbox.worker.lockdown import kernel
from grader.sandbox.worker.lockdown.readable import Readable

SCRATCH = "/scratch/own"
"""Where each child mounts its own; what lies in the folder above is nothing else."""
CHILD = 2
"""What every child is called in its own namespace, after the first process there."""
CANARY = "/canary"
"""A file that is there but on nobody's list: reading it must fail."""

_NEW_MOUNTS, _NEW_IPC = 0x00020000, 0x08000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000

_NO_SUID, _NO_DEVICES, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 4096, 16384, 1 << 18
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_HERE, _RECURSIVELY = -100, 0x8000
_READ_ONLY_AND_NO_SUID = 3


def go_inside(readable: Readable, home: str) -> str | None:
    """Go on as the first process of a world in which nothing is but what is readable.

    The process before, which has one thread, only waits for the end. Where the machine does not
    allow it that one goes on instead, and learns why not. `home` is an empty folder to mount on.
    """
    user, group = os.geteuid(), os.getegid()  # inside they are nobody's until they are mapped
    before = os.pidfd_open(os.getpid())
    answer, told = os.pipe()
    try:
        pid = kernel.clone(_NEW_USERS | _NEW_PROCESSES | _NEW_MOUNTS | _NEW_NETWORK | _NEW_IPC)
    except OSError as error:
        _close(before, answer, told)
        return str(error)
    if pid == 0:
        try:
            _be_known_as(user, group)
            _settle(readable, home)
            end_with(before)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is why not
            os.write(told, (str(error) or type(error).__name__).encode())
            os._exit(1)
        _close(before, answer, told)
        return None
    _close(before, told)
    with open(answer, encoding="utf-8", errors="replace") as reading:  # noqa: PTH123
        reason = reading.read()
    _, status = os.waitpid(pid, 0)
    if not reason:
        os._exit(abs(os.waitstatus_to_exitcode(status)))
    return reason


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _be_known_as(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _settle(readable: Readable, home: str) -> None:
    kernel.mount("", "/", "", flags=_RECURSIVE | _PRIVATE)
    kernel.mount("tmpfs", home, "tmpfs", flags=_NO_SUID | _NO_DEVICES, data="size=1m,mode=755")
    _fill(Path(home), readable)
    os.chdir(home)
    kernel.system_call("pivot_root", _PIVOT_ROOT[kernel.machine()], b".", b".")
    kernel.unmount(".", flags=_DETACH)
    os.chdir("/")


def end_with(parent: int) -> None:
    """Be killed when the parent ends, for which a pidfd stands; raises OSError if it has."""
    kernel.process_control(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if select.select([parent], [], [], 0)[0]:
        raise OSError("the child would outlive its parent")


def clone(zygote: int) -> tuple[int, int]:
    """Fork a child with processes and mounts of its own: its number, 0 in the child.

    The other number is that of the first process beside it, which sleeps: signals of its own would
    come to nothing at the first. `zygote` is a pidfd of this process.
    """
    first = kernel.start_sleeper(_NEW_PROCESSES)
    held = os.pidfd_open(first)
    pid = -1
    try:
        kernel.join_namespace(held, _NEW_PROCESSES)
        pid = kernel.clone(_NEW_MOUNTS | _NEW_IPC)
    finally:
        if pid:  # what the child holds, it gives up with everything else
            os.close(held)
            kernel.join_namespace(zygote, _NEW_PROCESSES)
        if pid < 0:
            end(first)
    return pid, first


def end(first: int) -> None:
    """End a namespace's first process, and with it all that are left there."""
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)


def settling(size: int) -> tuple[kernel.Step, ...]:
    """Giving a child a session and its scratch folder, `size` bytes in memory, gone with it."""
    options = f"size={size},nr_inodes=10000,mode=700".encode()
    flags = _NO_SUID | _NO_DEVICES
    place = SCRATCH.encode()
    return (
        kernel.step("setsid", "setsid"),
        kernel.step(f"mount {SCRATCH}", "mount", b"tmpfs", place, b"tmpfs", flags, options),
        kernel.step(f"chdir {SCRATCH}", "chdir", place),
    )


def _fill(root: Path, readable: Readable) -> None:
    # In the order of their paths a folder comes before what is hidden in it and brought back.
    wanted = dict.fromkeys([*readable.folders, *readable.devices], True)
    wanted |= dict.fromkeys(readable.hidden, False)
    for path in sorted(wanted):
        if not wanted[path]:
            place = _below(root, path)
            kernel.mount("tmpfs", str(place), "tmpfs", flags=_NO_SUID | _NO_DEVICES, data="size=1m")
        elif path.exists() and not _is_shown(path, wanted):
            _bind(path, _below(root, path))
    scratch = _below(root, Path(SCRATCH))
    scratch.parent.mkdir()
    scratch.mkdir()
    # Whoever has a scratch folder may use what lies beneath, but not look around there.
    scratch.parent.chmod(0o311)
    (root / CANARY[1:]).write_text("nobody may read this", encoding="ascii")
    attributes = struct.pack("=QQQQ", _READ_ONLY_AND_NO_SUID, 0, 0, 0)
    kernel.system_call(
        "mount_setattr", _MOUNT_SETATTR, _HERE, os.fsencode(root), _RECURSIVELY, attributes, 32
    )


def _is_shown(path: Path, wanted: Mapping[Path, bool]) -> bool:
    """Whether a folder above it is there already, with this one not hidden in it."""
    return next((wanted[one] for one in path.parents if one in wanted), False)


def _bind(source: Path, place: Path) -> None:
    if source.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    kernel.mount(str(source), str(place), "", flags=_BIND | _RECURSIVE)


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
