"""The layers that a zygote's children are put under, and how a child puts itself under them."""

import contextlib
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field

from grader.sandbox.protocol.control import Executor, Fork, Kind, Level
from grader.sandbox.worker.lockdown import (
    kernel,
    landlock,
    namespaces,
    own_user,
    rlimits,
    seccomp,
)
from grader.sandbox.worker.lockdown.readable import Readable, find

CHANNEL = 3


class Process(NamedTuple):
    """A child: its number, and that of the first process in its namespace where it has one.

    `user` is its own, one of `users`, where it has one.
    """

    pid: int
    first: int | None = None
    user: int | None = None
    users: own_user.Users | None = None

    def wait(self) -> tuple[int, resource.struct_rusage]:
        """Its status and what it used, once it has ended; what it started is ended, too."""
        if self.first is None:
            # While it is not waited for, its number belongs to nobody else.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        if self.first is not None:
            namespaces.end(self.first)
        if self.user is not None and self.users is not None:
            self.users.give_back(self.user)
        return status, usage


class Layers(Struct, frozen=True):
    """What was found to be possible here; None where it is not, and `lacking` says why.

    `canary` is a file that lies open to the zygote and must be closed to every child; `zygote` a
    descriptor that stands for the zygote. Where a Jupyter kernel runs, a child may start processes
    and sockets of its own, within its namespaces.
    """

    canary: str
    zygote: int
    namespaces: bool = False
    users: own_user.Users | None = None
    files: landlock.Allowed | None = None
    calls: seccomp.Program | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    kernel_runs: bool = False

    @property
    def leave_no_orphans(self) -> bool:
        """Whether a child starts no processes, or takes them with it."""
        return self.namespaces or self.calls is not None

    def fork(self) -> Process | None:
        """A child, in namespaces of its own where there are any; None in the child."""
        if self.namespaces:
            pid, first = namespaces.clone(self.zygote)
            return Process(pid, first) if pid else None
        user = None if self.users is None else self.users.take()
        pid = kernel.clone(0)
        return Process(pid, None, user, self.users) if pid else None


def prepare(kind: Kind, home: str, *, most: Level, executor: Executor) -> Layers:
    """Find out what is possible, up to the level `most`, and do what is done once for all children.

    `home` is a folder of the grader's that is no student's business.
    """
    lacking: dict[str, str] = {}
    users = _reserved(lacking)
    readable = find(kind)
    canary = Path(home, "canary")
    canary.write_text("nobody may read this", encoding="ascii")
    inside = False
    if most == "full":
        world = Path(home, f"world-{os.getpid()}")
        world.mkdir()
        reason = namespaces.go_inside(readable, str(world))
        if reason is None:
            canary, inside = Path(namespaces.CANARY), True
        else:
            lacking["namespaces"] = reason
    files = calls = None
    kernel_runs = executor == "jupyter"
    if kernel_runs and not inside:
        most = "limits"
        reason = "a Jupyter kernel needs what it refuses, but where there are namespaces"
        lacking |= {"landlock": reason, "seccomp": reason}
    if most != "limits":
        try:
            # Inside namespaces what is hidden is not there, and whole folders will do.
            pieces = readable.folders if inside else tuple(readable.pieces())
            above = Path(namespaces.SCRATCH).parent if inside else Path(home)
            files = landlock.prepare(
                pieces, readable.listed, readable.devices, above=above, read_only=inside
            )
        except OSError as error:
            lacking["landlock"] = error.strerror or str(error)
        try:
            calls = _loadable(seccomp.compile_filter(kernel.machine(), kernel_runs=kernel_runs))
        except OSError as error:
            lacking["seccomp"] = str(error)
        users = None if inside else _usable(users, readable, home, lacking=lacking)
    if inside:
        lacking["own-user"] = "the user namespace does more"
    if most == "limits":
        users = None
    _set_environment(namespaces.SCRATCH)
    zygote = os.pidfd_open(os.getpid())
    return Layers(str(canary), zygote, inside, users, files, calls, lacking, kernel_runs)


def _reserved(lacking: dict[str, str]) -> own_user.Users | None:
    """The users that children can be, one of which this process is counted by from now on."""
    try:
        users = own_user.reserve()
        own_user.be_counted(users)
    except OSError as error:
        lacking["own-user"] = error.strerror or str(error)
        return None
    return users


def _usable(
    users: own_user.Users | None, readable: Readable, home: str, *, lacking: dict[str, str]
) -> own_user.Users | None:
    """The users, if one of them can do what a student's process must."""
    if users is None:
        return None

    def be_one() -> None:
        own_user.become(users.take())
        own_user.must_reach(readable, home)

    reason = _refusal(be_one)
    if reason is None:
        return users
    lacking["own-user"] = reason
    return None


def _loadable(program: seccomp.Program) -> seccomp.Program:
    """The filter; raises OSError where there is none to be had, as where a processor is emulated.

    What knows of filters is believed. What says no may still load one: a child tries.
    """
    try:
        kernel.process_control(kernel.PR_GET_SECCOMP, 0)
    except OSError:
        reason = _refusal(lambda: kernel.take((_NO_NEW_RIGHTS, seccomp.loading(program))))
        if reason is not None:
            raise OSError(reason) from None
    return program


_NO_NEW_RIGHTS = kernel.step("prctl", "prctl", kernel.PR_SET_NO_NEW_PRIVS, 1)

LockDown: TypeAlias = Callable[[str | None], None]
"""What a child does first: it gives up what a student's process must not have, for good.

It is told its scratch folder, None where it mounts one; that is the current folder afterwards, and
the channel is descriptor 3. Raises OSError where something cannot be given up.
"""


def plan(policy: Fork, channel: int, layers: Layers) -> LockDown:
    """How the children lock themselves down that serve this channel, a descriptor.

    It is worked out once, before any fork: what a child makes or touches is a page that it copies.
    """
    rights = (
        kernel.step("prctl", "prctl", kernel.PR_SET_PDEATHSIG, signal.SIGKILL),
        kernel.dropping_capabilities(),
        _NO_NEW_RIGHTS,
        kernel.step("prctl", "prctl", kernel.PR_SET_DUMPABLE, 0),
        *(() if layers.files is None else (landlock.restricting(layers.files),)),
    )
    means = (
        # The zygote's own input is nowhere.
        *(kernel.step("dup2", "dup2", 0, output) for output in (1, 2)),
        *(() if channel == CHANNEL else (kernel.step("dup2", "dup2", channel, CHANNEL),)),
        *rlimits.limiting(policy),
    )
    calls = () if layers.calls is None else (seccomp.loading(layers.calls),)
    if layers.namespaces:
        return _planned_inside(layers, (*namespaces.settling(policy.files), *rights, *means), calls)
    return _planned_outside(layers, rights, means, calls)


def _planned_inside(
    layers: Layers, steps: tuple[kernel.Step, ...], calls: tuple[kernel.Step, ...]
) -> LockDown:
    """In namespaces nothing depends on the child, and it cannot outlive its zygote."""
    if layers.calls is not None:
        seccomp.admit(layers.calls, namespaces.CHILD)
    everything = (*steps, kernel.closing_from(CHANNEL + 1), *calls)
    return lambda _: kernel.take(everything)


def _planned_outside(
    layers: Layers,
    rights: tuple[kernel.Step, ...],
    means: tuple[kernel.Step, ...],
    calls: tuple[kernel.Step, ...],
) -> LockDown:
    zygote = os.getpid()
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)

    def lock_down(scratch: str | None) -> None:
        assert scratch is not None  # noqa: S101 - the grader makes one where there are no mounts
        os.setsid()
        os.chdir(scratch)
        os.environ["HOME"] = os.environ["TMPDIR"] = scratch
        if layers.users is not None:
            user = layers.users.latest
            os.chown(scratch, user, user)
            own_user.become(user)
        # After that: with another user the signal at the parent's end would be forgotten.
        kernel.take(rights)
        if os.getppid() != zygote:
            raise OSError("the child would outlive its parent")
        if layers.files is not None:
            landlock.part(layers.files, scratch)
        kernel.take(means)
        os.closerange(CHANNEL + 1, descriptors)
        if layers.calls is not None:
            seccomp.admit(layers.calls, os.getpid())
            kernel.take(calls)

    return lock_down


def _set_environment(scratch: str) -> None:
    os.environ.clear()
    os.environ.update({"HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "MPLBACKEND": "Agg"})


def _refusal(attempt: Callable[[], None]) -> str | None:
    """What the machine objects to an attempt, which a child makes; None where it succeeds."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is why not
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8", errors="replace") as answer:  # noqa: PTH123
        reason = answer.read()
    os.waitpid(pid, 0)
    return reason or None
