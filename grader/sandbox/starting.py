"""The start of a worker process, which loads what every kind needs before it is told its kind.

It knows nothing of what is said on the channel, and loads next to nothing: the sooner a worker
starts, the more of its own loading is done while the grader loads.
"""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

_PROGRAM = """
import sys
control, room, root = sys.argv[1:]
held = [bytes(479) for _ in range(int(room) * 1950)][::1500]
sys.path.insert(0, root)
import numpy  # before typing_extensions, with which its types take longer to make
from grader.sandbox.worker.zygote import main
main(int(control))
"""
# Python takes memory for small objects by the MiB, wherever there is some, and gives back what is
# empty. Taken at once it lies in a row, and stays there while an object is held in each.

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

# Not -I: that would ignore PYTHONHASHSEED, and the environment is ours entirely anyway. What is
# compiled on loading may be kept as ever; from then on workers write no bytecode.
PYTHON = (sys.executable, "-P", *(["-B"] if sys.dont_write_bytecode else []))
"""How a worker's interpreter is started."""

NO_FORK = "GRADER_NO_FORK"
"""An environment variable: set, students' code runs in plain subprocesses, as on Windows."""


class SandboxError(Exception):
    """The machine or the grader is at fault, never the student."""


class Starting:
    """A process that was started, and the grader's end of the channel to it; raises SandboxError.

    `room` is how many MiB of memory for small objects it has in a row, which can then become large
    pages. Whoever takes it over looks after it; until then it can be abandoned.
    """

    def __init__(self, room: int = 0) -> None:
        self._taken = False
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = _start(theirs, room)
            except BaseException:
                self._control.close()
                raise

    def take(self) -> "tuple[socket.socket, subprocess.Popen[bytes]]":
        """Take it over: the channel and the process."""
        self._taken = True
        return self._control, self._process

    def abandon(self) -> None:
        """End it where nobody took it over."""
        if self._taken:
            return
        self._control.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


_ahead: list[Starting] = []


def start_ahead() -> None:
    """Start a worker before it is sure that one is needed; it ends with this process at the latest.

    Where that is not possible, whoever needs one learns why.
    """
    if can_fork():
        with suppress(SandboxError, OSError):
            _ahead.append(Starting())


def started() -> Starting:
    """The worker that was started ahead, or else a new one; raises SandboxError."""
    return _ahead.pop() if _ahead else Starting()


def can_fork() -> bool:
    """Whether workers are forked here, as they are unless the environment says otherwise."""
    return sys.platform == "linux" and NO_FORK not in os.environ


def root(package: str) -> str:
    """The folder by which a package is found, a checkout or site-packages."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SandboxError(f"the package {package} cannot be found")
    return str(Path(spec.origin).resolve().parent.parent)


def _start(control: socket.socket, room: int) -> "subprocess.Popen[bytes]":
    command = [*PYTHON, "-c", _PROGRAM, str(control.fileno()), str(room), root("grader")]
    try:
        return subprocess.Popen(
            command,
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
        raise SandboxError(f"a worker could not be started: {error}") from None
