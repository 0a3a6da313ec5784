"""The process that students' processes are forked from: libraries loaded once, then requests.

It runs no student's code, has one thread, and ends with all its children when the grader hangs up.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import signal
import site
import socket
import sys
from pathlib import Path
from typing import NoReturn

from grader.sandbox.protocol.control import (
    MAX_PACKET,
    Failed,
    Fork,
    Forked,
    Kind,
    Ready,
    Reap,
    Reaped,
    Reply,
    Request,
    pack,
    unpack_request,
)
from grader.sandbox.worker import notebook_syntax
from grader.sandbox.worker.cells import Workspace
from grader.sandbox.worker.child import live, sow

_PR_SET_CHILD_SUBREAPER = 36
_KIB = 1024
_ROUNDS = 1_000


def main(kind: Kind, control: int, roots: list[str]) -> NoReturn:
    """Load what this kind needs and serve requests on the descriptor `control`; never returns.

    `roots` are the folders by which the grader and the engine were found: no child finds them.
    """
    channel = socket.socket(fileno=control)
    try:
        _load(kind)
        _forget(roots)
        _settle()
    except BaseException as error:  # noqa: BLE001 - told to the grader, whatever it is
        channel.send(pack(Failed(reason=f"{type(error).__name__}: {error}")))
        os._exit(1)
    channel.send(pack(Ready()))
    # Up to here a traceback on stderr could explain a death; from here on nothing is written.
    os.dup2(0, 2)
    _Zygote(kind, channel).serve()
    os._exit(0)


def _load(kind: Kind) -> None:
    notebook_syntax.load()
    torch = None
    if kind == "facade":
        importlib.import_module("reference_engine.facade").install()
    if kind != "numpy":
        torch = importlib.import_module("torch")
    if kind == "real" and torch is not None:
        torch.set_num_threads(1)
    sow(0, torch)
    # The first traceback and the first magic import modules of their own.
    warm = Workspace("notebook", kind)
    warm.run(0, "raise ValueError")
    warm.run(1, "%time 1")


def _forget(roots: list[str]) -> None:
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    sys.path[:] = [
        entry for entry in sys.path if entry in installed or str(Path(entry).resolve()) not in roots
    ]
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]
    sys.argv = [""]


def _settle() -> None:
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"{threads} threads are running, which a fork would tear apart")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1) != 0:
        raise OSError(ctypes.get_errno(), "orphans cannot be adopted")
    gc.collect()
    gc.freeze()


class _Zygote:
    """The channel to the grader and the children that are alive."""

    def __init__(self, kind: Kind, channel: socket.socket) -> None:
        self._kind = kind
        self._channel = channel
        self._children: set[int] = set()

    def serve(self) -> None:
        """Answer requests until the grader hangs up, then end every child."""
        while True:
            body, descriptors, _, _ = socket.recv_fds(self._channel, MAX_PACKET, 1)
            if not body:
                break
            reply = self._reply(body, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            self._channel.send(pack(reply))
        for pid in tuple(self._children):
            self._reap(pid, kill=True)

    def _reply(self, body: bytes, descriptors: list[int]) -> Reply:
        request: Request = unpack_request(body)
        if isinstance(request, Reap):
            return self._reap(request.pid, kill=request.kill)
        try:
            return self._fork(request, descriptors[0])
        except OSError as error:
            return Failed(reason=f"fork: {error}")

    def _fork(self, policy: Fork, channel: int) -> Forked:
        pid = os.fork()
        if pid == 0:
            try:
                self._channel.detach()
                live(policy, channel, kind=self._kind)
                os._exit(0)
            finally:
                os._exit(70)
        self._children.add(pid)
        return Forked(pid=pid)

    def _reap(self, pid: int, *, kill: bool) -> Reply:
        if pid not in self._children:
            return Failed(reason=f"process {pid} is no child")
        if kill:
            _kill_group(pid)
            os.kill(pid, signal.SIGKILL)
        elif os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return Reaped(exit_code=None)
        # While it is not waited for, its number belongs to nobody else.
        _kill_group(pid)
        _, status, usage = os.wait4(pid, 0)
        self._children.discard(pid)
        self._end_orphans()
        return Reaped(
            exit_code=os.waitstatus_to_exitcode(status),
            cpu=usage.ru_utime + usage.ru_stime,
            peak=usage.ru_maxrss * _KIB,
        )

    def _end_orphans(self) -> None:
        for _ in range(_ROUNDS):
            orphans = _own_children() - self._children
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _own_children() -> set[int]:
    me = os.getpid()
    listing = Path(f"/proc/{me}/task/{me}/children")
    return set(map(int, listing.read_text().split())) if listing.exists() else set()
