"""The process that students' processes are forked from: libraries loaded once, then requests.

It runs no student's code, has one thread, and ends with all its children when the grader hangs up.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
from pathlib import Path
from struct import Struct
from typing import NoReturn

from msgspec.structs import replace

from grader.sandbox.protocol.control import (
    MAX_PACKET,
    End,
    Failed,
    Fork,
    Forked,
    Layer,
    Load,
    Ready,
    Reap,
    Reaped,
    Reply,
    Request,
    pack,
    unpack_load,
    unpack_request,
)
from grader.sandbox.worker import notebook_syntax
from grader.sandbox.worker.child import Child, Descriptors
from grader.sandbox.worker.loading import forget, load
from grader.sandbox.worker.lockdown import kernel
from grader.sandbox.worker.lockdown.hostile import prove
from grader.sandbox.worker.lockdown.layers import (
    CHANNEL,
    Layers,
    Process,
    plan,
    prepare,
)
from grader.sandbox.worker.memory import arrange
from grader.sandbox.worker.rehearsal import rehearse
from grader.sandbox.worker.stand_ins import wake_up_pair

_KIB = 1024
_DESCRIPTOR = Struct("@i")
_ROOM = socket.CMSG_SPACE(_DESCRIPTOR.size)
"""For the one descriptor that may come with a message."""
_ROUNDS = 1_000
_FIRST_TO_GO = "500"
"""Half of the machine's memory is added to what a process has, when one is looked for to end."""


def main(control: int) -> NoReturn:
    """Be told on the descriptor `control` what to load, and serve requests there; never returns."""
    channel = socket.socket(fileno=control)
    try:
        notebook_syntax.load()  # what most need, while nothing else is known
        told = channel.recv(MAX_PACKET)
        if not told:
            os._exit(0)
        child, layers, proven = _load(unpack_load(told))
    except BaseException as error:  # noqa: BLE001 - told to the grader, whatever it is
        channel.send(pack(Failed(reason=f"{type(error).__name__}: {error}")))
        os._exit(1)
    channel.send(pack(Ready(layers=proven)))
    # Up to here a traceback on stderr could explain a death; from here on nothing is written.
    os.dup2(0, 2)
    _Zygote(child, channel, layers).serve()
    os._exit(0)


def _load(told: Load) -> tuple[Child, Layers, tuple[Layer, ...]]:
    """What children share, and how they are kept, which a hostile one has tried."""
    many = told.executor == "fast" and not told.few
    sys.path[:0] = [one for one in told.roots if one not in sys.path]
    run_cells = load(told.kind, told.executor, few=told.few)
    forget(told.roots)
    if many:
        rehearse(told.kind)
    child = Child(told.kind, run_cells)
    _settle()
    layers = prepare(told.kind, told.home, most=told.most, executor=told.executor)
    importlib.invalidate_caches()
    proven = prove(layers, told.home)
    child.become_a_notebook()
    if told.executor == "fast":
        socket.socketpair = wake_up_pair  # type: ignore[assignment]
    if many:
        arrange()
    return child, layers, proven


def _settle() -> None:
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"{threads} threads are running, which a fork would tear apart")
    kernel.process_control(kernel.PR_SET_CHILD_SUBREAPER, 1)
    with contextlib.suppress(OSError):
        # Where the machine's memory runs out a student's process ends, and not the grader.
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")


class _Zygote:
    """The channel to the grader and the children that are alive."""

    def __init__(self, child: Child, channel: socket.socket, layers: Layers) -> None:
        self._child = child
        self._layers = layers
        self._channel = channel
        self._serving = Descriptors(CHANNEL, CHANNEL)
        self._children: dict[int, Process] = {}
        self._planned: tuple[Fork, int] | None = None

    def serve(self) -> None:
        """Answer requests until the grader hangs up, then end every child."""
        while True:
            body, sent_along, _, _ = self._channel.recvmsg(MAX_PACKET, _ROOM)
            if not body:
                break
            descriptors = [_DESCRIPTOR.unpack(data)[0] for _, _, data in sent_along]
            reply = self._reply(body, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            if reply is not None:
                self._channel.send(pack(reply))
        for pid in tuple(self._children):
            self._reap(pid, kill=True)

    def _reply(self, body: bytes, descriptors: list[int]) -> Reply | None:
        request: Request = unpack_request(body)
        if isinstance(request, End):
            self._reap(request.pid, kill=True)
            return None
        if isinstance(request, Reap):
            return self._reap(request.pid, kill=request.kill)
        try:
            return self._fork(request, descriptors[0])
        except OSError as error:
            return Failed(reason=f"fork: {error}")

    def _fork(self, policy: Fork, channel: int) -> Forked:
        limits = policy if policy.scratch is None else replace(policy, scratch=None)
        if self._planned != (limits, channel):
            self._lock_down = plan(limits, channel, self._layers)
            self._planned = (limits, channel)
        lock_down, scratch = self._lock_down, policy.scratch
        child, serving = self._child, self._serving
        process = self._layers.fork()
        if process is None:
            try:
                lock_down(scratch)
                child.serve(serving)
                os._exit(0)
            finally:
                os._exit(70)
        self._children[process.pid] = process
        return Forked(pid=process.pid)

    def _reap(self, pid: int, *, kill: bool) -> Reply:
        if pid not in self._children:
            return Failed(reason=f"process {pid} is no child")
        if kill:
            os.kill(pid, signal.SIGKILL)
        elif os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return Reaped(exit_code=None)
        status, usage = self._children.pop(pid).wait()
        self._end_orphans()
        return Reaped(
            exit_code=os.waitstatus_to_exitcode(status),
            cpu=usage.ru_utime + usage.ru_stime,
            peak=usage.ru_maxrss * _KIB,
        )

    def _end_orphans(self) -> None:
        if self._layers.leave_no_orphans:
            return
        for _ in range(_ROUNDS):
            orphans = _own_children() - self._children.keys()
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _own_children() -> set[int]:
    try:
        with open("/proc/thread-self/children", "rb", buffering=0) as listing:  # noqa: PTH123
            return set(map(int, listing.read().split()))
    except FileNotFoundError:
        return set()
