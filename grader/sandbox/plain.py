"""The grader's hold on processes where there is no fork: a plain subprocess for each one asked for.

It answers to the same calls as a zygote. Nothing here needs more than Windows has.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Lock

from grader.sandbox.protocol import LENGTH
from grader.sandbox.protocol.control import Fork, Kind, Layer, Reaped, pack
from grader.sandbox.starting import ENVIRONMENT, PYTHON, SandboxError
from grader.sandbox.zygote import START_SECONDS, roots

_PROGRAM = """
import sys
kind, port, *roots = sys.argv[1:]
sys.path[:0] = roots
from grader.sandbox.worker.plain import main
main(kind, int(port), roots)
"""
_TOKEN = 32


class PlainProcesses:
    """Starts processes of one kind; see `Zygote` for what its methods promise."""

    layers = (Layer(name="rlimits", lacking="" if sys.platform != "win32" else "Windows has none"),)
    alive = True
    fault = None

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.served = 0
        self._lock = Lock()
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, policy: Fork) -> tuple[int, socket.socket]:
        """A new process and the channel to it."""
        token = secrets.token_bytes(_TOKEN)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            process = _start(self.kind, listener.getsockname()[1])
            with self._lock:
                self._running[process.pid] = process
            try:
                assert process.stdin is not None  # noqa: S101 - it was started with a pipe
                message = pack(policy)
                process.stdin.write(token + LENGTH.pack(len(message)) + message)
                process.stdin.flush()
                return process.pid, _accept(listener, token, process)
            except BaseException as error:
                self.reap(process.pid, kill=True)
                if not isinstance(error, OSError):
                    raise
                raise SandboxError(f"the {self.kind} worker could not be reached") from None

    def reap(self, pid: int, *, kill: bool) -> Reaped:
        """How the process ended; with `kill` it is ended first."""
        with self._lock:
            process = self._running.get(pid)
        if process is None:
            raise SandboxError("the sandbox was closed")
        if kill:
            _end(process)
        reaped = _reap(process, wait=kill)
        if reaped.exit_code is None:
            return reaped
        _end(process)
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        with self._lock:
            self._running.pop(pid, None)
            self.served += 1
        return reaped

    def hang_up(self) -> None:
        """As `close`, which nothing is gained by waiting with."""
        self.close()

    def close(self) -> None:
        """End every process."""
        for pid in tuple(self._running):
            with contextlib.suppress(SandboxError):  # another thread was faster
                self.reap(pid, kill=True)


def _start(kind: Kind, port: int) -> "subprocess.Popen[bytes]":
    command = [*PYTHON, "-c", _PROGRAM, kind, str(port), *roots(kind)]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd=Path(sys.executable).anchor,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"the {kind} worker could not be started: {error}") from None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it and, where there are such groups, what it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _reap(process: "subprocess.Popen[bytes]", *, wait: bool) -> Reaped:
    """How it ended, and what it took where the system tells; None where it has not."""
    if not hasattr(os, "wait4") or process.returncode is not None:
        return Reaped(exit_code=process.wait() if wait else process.poll())
    pid, status, usage = os.wait4(process.pid, 0 if wait else os.WNOHANG)
    if pid == 0:
        return Reaped(exit_code=None)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Reaped(
        exit_code=process.returncode,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * unit,
    )


def _accept(
    listener: socket.socket, token: bytes, process: "subprocess.Popen[bytes]"
) -> socket.socket:
    """The connection that shows the token; any other program on the machine may try, too."""
    listener.settimeout(1.0)
    for _ in range(int(START_SECONDS)):
        try:
            channel, _ = listener.accept()
        except TimeoutError:
            if process.poll() is not None:
                raise SandboxError(f"the worker ended with {process.returncode}") from None
            continue
        channel.settimeout(10.0)
        shown = b""
        while len(shown) < _TOKEN and (piece := channel.recv(_TOKEN - len(shown))):
            shown += piece
        if secrets.compare_digest(shown, token):
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return channel
        channel.close()
    raise TimeoutError
