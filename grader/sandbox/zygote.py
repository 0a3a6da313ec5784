"""The grader's hold on a zygote: starting it, asking for children, learning how they ended."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TypeVar

import msgspec

from grader.sandbox.protocol.control import (
    MAX_PACKET,
    End,
    Executor,
    Failed,
    Fork,
    Forked,
    Kind,
    Layer,
    Level,
    Ready,
    Reap,
    Reaped,
    Reply,
    Request,
    pack,
    unpack_reply,
)

_Received = TypeVar("_Received")

START_SECONDS = 120.0
REPLY_SECONDS = 30.0
_MESSAGE = 2_000

_PROGRAM = """
import sys
kind, control, home, most, executor, *roots = sys.argv[1:]
sys.path[:0] = roots
from grader.sandbox.worker.zygote import main
main(kind, int(control), roots, home=home, most=most, executor=executor)
"""


class SandboxError(Exception):
    """The machine or the grader is at fault, never the student."""


class Zygote:
    """A warm process of one kind; it starts at once and is waited for at the first request.

    Several threads may use it. `start` and `reap` raise SandboxError where it does not do as it
    is told; it is ended then, and all its children with it. `fault` says why, `served` how many
    children came to an end before.
    """

    def __init__(
        self, kind: Kind, home: Path, *, most: Level = "full", executor: Executor = "fast"
    ) -> None:
        self.kind = kind
        self.served = 0
        self.fault: str | None = None
        self._lock = Lock()
        self._layers: tuple[Layer, ...] | None = None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = _start(kind, theirs, [str(home), most, executor])
            except BaseException:
                self._control.close()
                raise

    @property
    def alive(self) -> bool:
        """Whether it may still be asked."""
        return self.fault is None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What its children are kept by, as it tried out itself; raises SandboxError."""
        with self._lock:
            try:
                return self._wait_until_ready()
            except (OSError, msgspec.DecodeError, _EndedError) as error:
                self._process.kill()
                self.fault = self.fault or str(error)
                raise SandboxError(f"the {self.kind} worker failed: {self.fault}") from None

    def start(self, policy: Fork) -> tuple[int, socket.socket]:
        """The process id of a new child, and the channel to it."""
        channel, theirs = socket.socketpair()
        with theirs:
            try:
                reply = self._ask(policy, [theirs.fileno()])
            except BaseException:
                channel.close()
                raise
        if isinstance(reply, Forked):
            return reply.pid, channel
        channel.close()
        raise SandboxError(f"no process could be started: {_reason(reply)}")

    def reap(self, pid: int, *, kill: bool) -> Reaped:
        """How the child ended; with `kill` it and all it started are ended first."""
        reply = self._ask(Reap(pid=pid, kill=kill), [])
        if not isinstance(reply, Reaped):
            raise SandboxError(f"the end of a process could not be learned: {_reason(reply)}")
        if reply.exit_code is not None:
            self.served += 1
        return reply

    def end(self, pid: int) -> None:
        """Have a child and all it started ended, without waiting for it; raises SandboxError."""
        self._exchange(End(pid=pid), [], lambda: None)
        self.served += 1

    def close(self) -> None:
        """Hang up, which ends it and all its children, and wait until it is gone."""
        with self._lock:
            self.fault = self.fault or "it was closed"
            self._control.close()
            try:
                self._process.wait(REPLY_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()

    def _ask(self, request: Request, descriptors: list[int]) -> Reply:
        return self._exchange(request, descriptors, self._receive)

    def _exchange(
        self, request: Request, descriptors: list[int], receive: Callable[[], _Received]
    ) -> _Received:
        with self._lock:
            try:
                self._wait_until_ready()
                self._control.settimeout(REPLY_SECONDS)
                socket.send_fds(self._control, [pack(request)], descriptors)
                return receive()
            except BaseException as error:
                # An answer that comes late would be taken for that of the next question.
                self._process.kill()
                self.fault = self.fault or str(error) or type(error).__name__
                if not isinstance(error, (OSError, msgspec.DecodeError, _EndedError)):
                    raise
                raise SandboxError(f"the {self.kind} worker failed: {self.fault}") from None

    def _wait_until_ready(self) -> tuple[Layer, ...]:
        if self._layers is not None:
            return self._layers
        self._control.settimeout(START_SECONDS)
        reply = self._receive()
        if not isinstance(reply, Ready):
            raise _EndedError(_reason(reply))
        self._layers = reply.layers
        return reply.layers

    def _receive(self) -> Reply:
        body = self._control.recv(MAX_PACKET)
        if not body:
            raise _EndedError("it ended" if self._layers else self._last_words())
        reply: Reply = unpack_reply(body)
        return reply

    def _last_words(self) -> str:
        """What a process wrote that ended while it was still loading."""
        assert self._process.stderr is not None  # noqa: S101 - it was started with a pipe
        text = self._process.stderr.read().decode(errors="replace").strip()
        return f"it ended while starting: {text[-_MESSAGE:]}"


class _EndedError(Exception):
    pass


def _reason(reply: Reply) -> str:
    return reply.reason if isinstance(reply, Failed) else str(reply)


def _start(kind: Kind, control: socket.socket, words: list[str]) -> "subprocess.Popen[bytes]":
    # Not -I: that would ignore PYTHONHASHSEED, and the environment is ours entirely anyway.
    command = [sys.executable, "-P", "-B", "-c", _PROGRAM, kind, str(control.fileno())]
    command += words
    try:
        return subprocess.Popen(
            [*command, *roots(kind)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[control.fileno()],
            env=ENVIRONMENT,
            cwd="/",
            # Ctrl-C in the terminal is the grader's to handle.
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"the {kind} worker could not be started: {error}") from None


ENVIRONMENT = {
    "LANG": "C.UTF-8",
    # Without it Windows finds no random numbers and no sockets.
    **{name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
    "PYTHONHASHSEED": "0",
    # A process may only be forked while it has one thread.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def roots(kind: Kind) -> list[str]:
    """The folders that hold the packages the worker imports, checkout or site-packages."""
    packages = ["grader"] if kind != "facade" else ["grader", "reference_engine"]
    found: list[str] = []
    for package in packages:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise SandboxError(f"the package {package} cannot be found")
        root = str(Path(spec.origin).resolve().parent.parent)
        if root not in found:
            found.append(root)
    return found
