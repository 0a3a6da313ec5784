"""The layers that a zygote's children are put under, and how a child puts itself under them."""

import os
import resource
import select
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox.protocol.control import Executor, Fork, Kind, Level
from grader.sandbox.worker.lockdown import kernel, landlock, namespaces, rlimits, seccomp
from grader.sandbox.worker.lockdown.readable import find

CHANNEL = 3
_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Layers:
    """What was found to be possible here; None where it is not, and `lacking` says why.

    `canary` is a file that lies open to the zygote and must be closed to every child; `zygote` a
    descriptor that can be read from once the zygote is gone. Where a Jupyter kernel runs, a child
    may start processes and sockets of its own, within its namespaces.
    """

    canary: str
    zygote: int
    namespaces: bool = False
    files: landlock.Allowed | None = None
    calls: seccomp.Program | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    kernel_runs: bool = False

    @property
    def leave_no_orphans(self) -> bool:
        """Whether a child starts no processes, or takes them with it."""
        return self.namespaces or self.calls is not None

    def fork(self) -> int:
        """A child, in namespaces of its own where there are any: its number, 0 in the child."""
        return namespaces.clone() if self.namespaces else os.fork()


def prepare(kind: Kind, home: str, *, most: Level, executor: Executor) -> Layers:
    """Find out what is possible, up to the level `most`, and do what is done once for all children.

    `home` is a folder of the grader's that is no student's business.
    """
    lacking: dict[str, str] = {}
    readable = find(kind)
    canary = Path(home, "canary")
    canary.write_text("nobody may read this", encoding="ascii")
    inside = False
    if most == "full":
        world = Path(home, f"world-{os.getpid()}")
        world.mkdir()
        reason = _refusal(lambda: namespaces.enter(readable, str(world)))
        if reason is None:
            namespaces.enter(readable, str(world))
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
            files = landlock.prepare(pieces, readable.listed, readable.devices)
        except OSError as error:
            lacking["landlock"] = error.strerror or str(error)
        try:
            calls = seccomp.compile_filter(kernel.machine(), kernel_runs=kernel_runs)
        except OSError as error:
            lacking["seccomp"] = str(error)
    zygote = os.pidfd_open(os.getpid())
    return Layers(str(canary), zygote, inside, files, calls, lacking, kernel_runs)


def lock_down(policy: Fork, channel: int, layers: Layers) -> None:
    """Give up what a student's process must not have; raises OSError where that fails.

    The scratch folder is the current one afterwards, and the channel descriptor 3.
    """
    os.setsid()
    kernel.process_control(kernel.PR_SET_PDEATHSIG, _SIGKILL)
    if select.select([layers.zygote], [], [], 0)[0]:
        raise OSError("the child would outlive its zygote")
    if policy.scratch is not None:
        scratch = policy.scratch
    else:
        scratch = namespaces.SCRATCH
        namespaces.mount_scratch(policy.files)
    _enter(scratch)
    kernel.drop_capabilities()
    kernel.process_control(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.process_control(kernel.PR_SET_DUMPABLE, 0)
    if layers.files is not None:
        landlock.restrict(layers.files, scratch)
    _keep_only(channel)
    rlimits.apply(policy)
    if layers.calls is not None:
        seccomp.load(layers.calls, os.getpid())


def _enter(scratch: str) -> None:
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update({"HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "MPLBACKEND": "Agg"})


def _keep_only(channel: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    channel = os.dup(channel) if channel == CHANNEL else channel
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.dup2(channel, CHANNEL, inheritable=False)
    highest, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(CHANNEL + 1, highest)


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
