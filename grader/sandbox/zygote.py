"""The grader's hold on a zygote: starting it, asking for children, learning how they ended."""

import os
import select
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
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
    Load,
    Ready,
    Reap,
    Reaped,
    Reply,
    Request,
    pack,
    unpack_reply,
)
from grader.sandbox.starting import SandboxError, Starting, root

_Received = TypeVar("_Received")

START_SECONDS = 120.0
REPLY_SECONDS = 30.0
_MESSAGE = 2_000
_ROOM: dict[Kind, int] = {"numpy": 8, "facade": 12, "real": 12}
"""MiB: about what is loaded for small objects, since what is left over costs each child time."""


class Zygote:
    """A warm process of one kind; it loads at once and is waited for at the first request.

    `starting` is a process to be taken over; without it one is started. Of `meanwhile` one thing
    after another is done while it loads. Several threads may use it.
    `start` and `reap` raise SandboxError where it does not do as it is told; it is ended then, and
    all its children with it. `fault` says why, `served` how many children came to an end before.
    """

    def __init__(  # noqa: PLR0913 - what a worker is told
        self,
        kind: Kind,
        home: Path,
        *,
        most: Level = "full",
        executor: Executor = "fast",
        few: bool = False,
        starting: Starting | None = None,
        meanwhile: Iterator[object] | None = None,
    ) -> None:
        self.kind = kind
        self.served = 0
        self.fault: str | None = None
        self._meanwhile = meanwhile
        self._lock = Lock()
        self._layers: tuple[Layer, ...] | None = None
        load = Load(
            kind=kind, roots=roots(kind), home=str(home), most=most, executor=executor, few=few
        )
        room = 0 if few or executor != "fast" else _ROOM[kind]
        self._control, self._process = (starting or Starting(room)).take()
        with suppress(OSError):  # where it has ended, its last words are read at the first request
            self._control.send(pack(load))

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

    def hang_up(self) -> None:
        """Have it and all its children end, without waiting for it."""
        with self._lock:
            self.fault = self.fault or "it was closed"
            self._control.close()

    def close(self) -> None:
        """Hang up, and wait until it is gone."""
        self.hang_up()
        with self._lock:
            try:
                _wait(self._process, REPLY_SECONDS)
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
        if self._meanwhile is not None:
            until_readable(self._control, self._meanwhile)
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


def until_readable(channel: socket.socket, meanwhile: Iterator[object]) -> None:
    """Do one thing of `meanwhile` after another while there is nothing to read."""
    nothing = object()
    while not select.select([channel], [], [], 0)[0]:
        if next(meanwhile, nothing) is nothing:
            break


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """`process.wait`, without sleeping between looks; raises subprocess.TimeoutExpired."""
    if process.poll() is not None:
        return
    with suppress(OSError, AttributeError):  # where system or Python have no such descriptors
        descriptor = os.pidfd_open(process.pid)
        try:
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            ended.poll(1000 * seconds)
        finally:
            os.close(descriptor)
    process.wait(seconds)


def _reason(reply: Reply) -> str:
    return reply.reason if isinstance(reply, Failed) else str(reply)


def roots(kind: Kind) -> list[str]:
    """The folders that hold the packages a worker of this kind imports."""
    packages = ["grader"] if kind != "facade" else ["grader", "reference_engine"]
    return list(dict.fromkeys(map(root, packages)))
