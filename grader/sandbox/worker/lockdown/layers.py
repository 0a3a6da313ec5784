"""The layers that a zygote's children are put under, and how a child puts itself under them."""

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox.protocol.control import Fork, Kind, Level
from grader.sandbox.worker.lockdown import kernel, landlock, namespaces, rlimits, seccomp
from grader.sandbox.worker.lockdown.readable import find

CHANNEL = 3
_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Layers:
    """What was found to be possible here; None where it is not, and `lacking` says why.

    `canary` is a file that lies open to the zygote and must be closed to every child.
    """

    canary: str
    namespaces: bool = False
    files: landlock.Allowed | None = None
    calls: seccomp.Program | None = None
    lacking: dict[str, str] = field(default_factory=dict)

    def fork(self) -> int:
        """A child, in namespaces of its own where there are any: its number, 0 in the child."""
        return namespaces.clone() if self.namespaces else os.fork()


def prepare(kind: Kind, home: str, most: Level) -> Layers:
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
    if most != "limits":
        try:
            # Inside namespaces what is hidden is not there, and whole folders will do.
            pieces = readable.folders if inside else tuple(readable.pieces())
            files = landlock.prepare(pieces, readable.listed, readable.devices)
        except OSError as error:
            lacking["landlock"] = error.strerror or str(error)
        try:
            calls = seccomp.compile_filter(kernel.machine())
        except OSError as error:
            lacking["seccomp"] = str(error)
    return Layers(str(canary), inside, files, calls, lacking)


def lock_down(policy: Fork, channel: int, layers: Layers) -> None:
    """Give up what a student's process must not have; raises OSError where that fails.

    The scratch folder is the current one afterwards, and the channel descriptor 3.
    """
    zygote = os.getppid()
    os.setsid()
    kernel.process_control(kernel.PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != zygote:
        raise OSError("the child would outlive its zygote")
    scratch = policy.scratch
    if layers.namespaces:
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
