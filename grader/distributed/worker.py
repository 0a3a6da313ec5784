"""Grades chunks of submissions in a worker process of a cluster, for a client on another machine.

What it is handed and hands back is bytes, typed as they are read. It knows no gradebook, and of the
cluster only the folder that a worker keeps its files in.
"""

import importlib.metadata
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import msgspec
from distributed import get_worker

import grader
from grader.assignment import AssignmentError
from grader.catalogue import load
from grader.distributed.parcels import Offer, Order, digest_of
from grader.grading import Grader
from grader.sandbox.isolation import reaches
from grader.sandbox.pool import Sandbox, SandboxError
from grader.submissions import Submission

CHUNK_SECONDS = 5.0
"""After so long a chunk is given back, graded or not: nobody waits for one for long."""

NO_ROOM = "there is no room for this run"
"""The answer of another process than the one that made the offer."""

_FORGOTTEN_SECONDS = 900.0
"""A room that nobody used for so long belongs to a client that was killed."""


class _Room:
    """What one run has in this process: a grader, its sandbox, and the assignment's files."""

    def __init__(self, order: Order) -> None:
        self.used = time.monotonic()
        self.closed = False
        with ExitStack() as held:
            folder = TemporaryDirectory(prefix="assignment-", dir=get_worker().local_directory)
            place = Path(held.enter_context(folder))
            for name, data in order.files.items():
                file = place / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            sandbox = Sandbox(limits=order.limits, least=order.least, executor=order.executor)
            held.enter_context(sandbox)
            assignment = load(place / order.file)
            self.grader = Grader(assignment, sandbox, seed=order.seed, torch=order.torch)
            self.layers = sandbox.layers
            self.isolation = sandbox.isolation
            self._held = held.pop_all()

    def grade(self, submissions: Sequence[bytes]) -> list[bytes]:
        began = time.monotonic()
        results = []
        for encoded in submissions:
            submission = msgspec.msgpack.decode(encoded, type=Submission)
            results.append(msgspec.msgpack.encode(self.grader.grade(submission)))
            self.used = time.monotonic()
            if self.closed or self.used - began > CHUNK_SECONDS:
                break
        return results

    def close(self) -> None:
        self.closed = True
        self._held.close()


_rooms: dict[str, _Room] = {}
_lock = Lock()


def versions() -> dict[str, str]:
    """What decides marks beside the assignment and the seed, empty where it is not installed."""
    found = {"autograd-grader": grader.__version__}
    found["Python"] = ".".join(map(str, sys.version_info[:2]))
    for package in ("numpy", "torch", "ipykernel"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = ""
    return found


def open_room(wanted: dict[str, str], order: bytes) -> bytes:
    """Get ready for a run; the answer is an encoded `Offer`.

    Refused is a run of other versions than `wanted`, before anything else of it is looked at, and
    one that demands more isolation than this machine gives, as the sandbox has just tried out.
    """
    try:
        with _lock:
            offer = _other_version(wanted) or _offer(order)
    except Exception as error:  # noqa: BLE001 - dask loses exceptions that it cannot pickle
        offer = Offer(refusal=f"it failed: {_told(error)}")
    return msgspec.msgpack.encode(offer)


def grade_chunk(run: str, submissions: Sequence[bytes]) -> list[bytes] | str:
    """The encoded results of the first submissions of a chunk, of all unless it takes long.

    Where it fails it says why; that is `NO_ROOM` where the run was not ordered from this process.
    """
    room = _rooms.get(run)
    if room is None:
        return NO_ROOM
    try:
        return room.grade(submissions)
    except Exception as error:  # noqa: BLE001 - as above
        return f"it failed: {_told(error)}"


def close_room(run: str) -> None:
    """End what a run has here, also while a chunk is being graded."""
    room = _rooms.pop(run, None)
    if room is not None:
        room.close()


def _other_version(wanted: Mapping[str, str]) -> Offer | None:
    here = versions()
    for name, version in wanted.items():
        if here[name] != version:
            return Offer(
                refusal=f"{name} is {_installed(here[name])} there, and {_installed(version)} "
                "here: give both the same environment"
            )
    return None


def _installed(version: str) -> str:
    return version or "not installed"


def _offer(encoded: bytes) -> Offer:
    order = msgspec.msgpack.decode(encoded, type=Order)
    if digest_of(order.files) != order.digest:
        return Offer(refusal="the assignment's files did not arrive whole")
    _close_forgotten()
    room = _rooms.get(order.run)
    try:
        room = room or _Room(order)
    except (AssignmentError, SandboxError, OSError) as error:
        return Offer(refusal=str(error))
    if not reaches(room.isolation.level, order.least):
        lacking = ", ".join(one.name for one in room.layers if one.lacking)
        room.close()
        return Offer(
            refusal=f"isolation {order.least!r} is not to be had there, only "
            f"{room.isolation.level!r} (lacking: {lacking})",
            reason="isolation",
        )
    _rooms[order.run] = room
    return Offer(isolation=room.isolation)


def _close_forgotten() -> None:
    latest = time.monotonic() - _FORGOTTEN_SECONDS
    for run in [run for run, room in _rooms.items() if room.used < latest]:
        close_room(run)


def _told(error: Exception) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
