"""A student's process where there is no fork: started for one submission, connected by loopback.

Its protection is that it is a process of its own, with what limits the system knows.
"""

import contextlib
import os
import socket
import sys
import threading
from importlib import import_module
from typing import NoReturn

from grader.sandbox.protocol import LENGTH
from grader.sandbox.protocol.control import Fork, Kind, unpack_request
from grader.sandbox.worker.child import Child
from grader.sandbox.worker.loading import forget, load


def main(kind: Kind, port: int, roots: list[str]) -> NoReturn:
    """Read a token and the policy from standard input, connect, and serve; never returns.

    The token tells the grader that it is this process that connected.
    """
    token = sys.stdin.buffer.read(32)
    (size,) = LENGTH.unpack(sys.stdin.buffer.read(LENGTH.size))
    policy = unpack_request(sys.stdin.buffer.read(size))
    run_cells = load(kind, "fast", few=True)
    forget(roots)
    channel = socket.create_connection(("127.0.0.1", port))
    scratch = str(policy.scratch)
    os.chdir(scratch)
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    os.environ.clear()
    os.environ.update(kept | {"HOME": scratch, "TMPDIR": scratch, "TEMP": scratch})
    os.environ["MPLBACKEND"] = "Agg"
    _limit(policy)
    threading.Thread(target=_end_with_the_grader, args=(os.dup(0),), daemon=True).start()
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - for the students' code
    channel.sendall(token)
    child = Child(kind, run_cells)
    child.become_a_notebook()
    child.serve(channel)
    os._exit(0)


def _end_with_the_grader(its_end: int) -> None:
    # Nothing more is ever written there: this returns when the grader is gone.
    os.read(its_end, 1)
    os._exit(1)


def _limit(policy: Fork) -> None:
    try:
        resource = import_module("resource")
    except ImportError:
        return
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_CPU", policy.cpu),
        ("RLIMIT_FSIZE", policy.file_size),
        ("RLIMIT_NOFILE", policy.descriptors),
        ("RLIMIT_AS", policy.memory),
    ):
        # Some systems know only some of them, or refuse to lower one below what is in use.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))
