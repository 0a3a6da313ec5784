"""The start-up self-test: a hostile child tries what each layer is there to stop.

A layer counts only where everything it must stop failed. What honest programs do must work.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from grader.sandbox.protocol.control import Fork, Layer
from grader.sandbox.worker.lockdown import kernel, own_user
from grader.sandbox.worker.lockdown.layers import CHANNEL, Layers, plan

_Attempts: TypeAlias = Mapping[str, Sequence[Callable[[], Any]]]

_MIB = 2**20
_MEMORY = 1024 * _MIB
_SECONDS = 20.0


def prove(layers: Layers, home: str) -> tuple[Layer, ...]:
    """Every layer, and why it does not count where it does not.

    Raises RuntimeError where a child under these layers cannot do what honest programs do.
    """
    with _someone_to_signal(layers) as other:
        held = _ask_hostile_child(layers, home, other=other)
        if layers.users is not None:
            held |= _ask_another_user(layers.users, home, other=other)
    expected = {"rlimits"}
    if layers.users is not None:
        expected.add("own-user")
    if layers.namespaces:
        expected |= set(_on_namespaces(home, 0))
    if layers.files is not None:
        expected.add("landlock")
    if layers.calls is not None:
        expected.add("seccomp")
    names = [
        *_on_namespaces(home, 0),
        *_on_users(home, 0),
        *_on_the_rest(layers.canary, 0, layers.kernel_runs),
    ]
    return tuple(
        Layer(
            name=name,
            lacking=""
            if name in expected & held
            else "a hostile program got through it"
            if name in expected
            else layers.lacking.get("namespaces" if "namespace" in name else name, "not asked for"),
        )
        for name in names
    )


@contextlib.contextmanager
def _someone_to_signal(layers: Layers) -> Iterator[int]:
    """A process that is no child's business: the zygote, or one with a number that is only its own.

    In namespaces every child, too, calls a first and a second process by 1 and 2.
    """
    if not layers.namespaces:
        yield os.getpid()
        return
    sleepers = [kernel.start_sleeper(0) for _ in range(2)]
    try:
        yield sleepers[-1]
    finally:
        for pid in sleepers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _on_namespaces(home: str, other: int) -> _Attempts:
    return {
        "user-namespace": [lambda: os.setgroups([1]), lambda: os.nice(-5)],
        "pid-namespace": [lambda: os.kill(other, 0)],
        "network-namespace": [_reach_loopback],
        "mount-namespace": [lambda: Path(home).stat(), lambda: Path("/written").write_text("x")],
    }


def _on_users(home: str, other: int) -> _Attempts:
    private = Path(home, "private")
    return {
        "own-user": [
            private.read_bytes,
            lambda: private.chmod(0o644),
            private.with_name("written").touch,
            lambda: os.kill(other, 0),
            lambda: Path(f"/proc/{other}/environ").read_bytes(),
            lambda: os.setuid(0),
            lambda: os.setgroups([0]),
            lambda: os.nice(-5),
        ]
    }


def _on_the_rest(canary: str, other: int, kernel_runs: bool) -> _Attempts:
    by_a_kernel = [] if kernel_runs else [lambda: socket.socket(socket.AF_UNIX), _start_a_process]
    return {
        "landlock": [
            lambda: Path(canary).read_bytes(),
            lambda: os.open(canary, os.O_WRONLY),
            lambda: os.listdir("/"),  # noqa: PTH208 - the call itself is meant
        ],
        "seccomp": [
            lambda: socket.socket(socket.AF_INET),
            lambda: os.kill(other, 0),
            lambda: os.setpriority(os.PRIO_PROCESS, 0, 1),
            *by_a_kernel,
        ],
        "rlimits": [lambda: bytearray(_MEMORY), _take_descriptors],
    }


def _ask_hostile_child(layers: Layers, home: str, *, other: int) -> set[str]:
    Path(layers.canary).read_bytes()  # where it cannot be read anyway, nothing would be proved
    scratch = Path(home, f"proof-{os.getpid()}")
    if not layers.namespaces:
        scratch.mkdir()
    policy = Fork(
        scratch=None if layers.namespaces else str(scratch),
        memory=_MEMORY,
        cpu=int(_SECONDS),
        file_size=_MIB,
        files=_MIB,
        descriptors=64,
    )
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lock_down = plan(policy, theirs.fileno(), layers)
    process = layers.fork()
    if process is None:
        try:
            _be_hostile(lambda: lock_down(policy.scratch), layers, home=home, other=other)
        finally:
            os._exit(1)
    with ours:
        theirs.close()
        ours.settimeout(_SECONDS)
        try:
            report = ours.recv(2**16)
        except TimeoutError:
            report = b""
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    if not layers.namespaces:
        with contextlib.suppress(OSError):
            scratch.rmdir()
    held, broken = msgspec.json.decode(report, type=tuple[set[str], str]) if report else (set(), "")
    if broken or not report:
        raise RuntimeError(f"a child cannot work under its layers: {broken or 'it died'}")
    return held


def _ask_another_user(users: own_user.Users, home: str, *, other: int) -> set[str]:
    """What a child cannot do that has another user and is kept by nothing else."""
    private = Path(home, "private")
    private.touch(mode=0o600)
    pid = os.fork()
    if pid == 0:
        held: set[str] = set()
        try:
            own_user.become(users.take())
            held = _those_that_hold(_on_users(home, other))
        finally:
            os._exit(not held)
    _, status = os.waitpid(pid, 0)
    private.unlink()
    return {"own-user"} if status == 0 else set()


def _be_hostile(lock_down: Callable[[], None], layers: Layers, *, home: str, other: int) -> None:
    held: set[str] = set()
    broken = ""
    try:
        if layers.namespaces:
            held |= _those_that_hold(_on_namespaces(home, other))
        lock_down()
        held |= _those_that_hold(_on_the_rest(layers.canary, other, layers.kernel_runs))
        _be_honest()
    except Exception as error:  # noqa: BLE001 - told, whatever it is
        broken = f"{type(error).__name__}: {error}"
    os.write(CHANNEL, msgspec.json.encode((held, broken)))


def _those_that_hold(attempts: _Attempts) -> set[str]:
    return {layer for layer, tries in attempts.items() if all(map(_fails, tries))}


def _fails(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (OSError, ValueError, MemoryError):
        return True
    return False


def _be_honest() -> None:
    path = Path("honest")
    path.write_text("x", encoding="ascii")
    path.unlink()
    thread = threading.Thread(target=os.getpid)
    thread.start()
    thread.join()


def _take_descriptors() -> None:
    taken = []
    try:
        for _ in range(1000):
            taken.append(os.dup(0))  # noqa: PERF401 - what is taken until then is given back
    finally:
        for descriptor in taken:
            os.close(descriptor)


def _reach_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone:
        anyone.connect(("127.0.0.1", 9))


def _start_a_process() -> None:
    if os.fork() == 0:
        os._exit(0)
