"""Grading on many machines: chunks of submissions to the workers of a dask cluster, results back.

The other half, in the workers' processes, is `worker`; `distributed.md` beside it says how to run a
cluster and what it costs. It knows no gradebook.
"""

import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from math import ceil
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import dask
import msgspec
from distributed import CancelledError, Client, Future, KilledWorker
from msgspec import Struct

from grader.assignment import Assignment
from grader.batch import WorkersError
from grader.distributed.parcels import (
    Chunk,
    Offer,
    Order,
    alone,
    chunks,
    read_answer,
    read_offer,
    rest,
)
from grader.distributed.worker import NO_ROOM, close_room, grade_chunk, open_room, versions
from grader.grading import set_aside
from grader.messages import Message
from grader.results import SubmissionResult
from grader.sandbox.limits import MIB
from grader.submissions import Submission

LARGEST_CHUNK = 200
_CHUNKS_A_WORKER = 4
"""A small class is cut so that every worker gets so many chunks."""

_IN_FLIGHT = 2
"""Chunks for each thread of a worker: one that it grades and one that waits there."""

_ANSWER_SECONDS = 120.0
_SLOWEST = 20
"""A worker that takes longer than to start, and so many submissions' time, does not answer."""

_CONNECT_SECONDS = 10.0
_FETCH_SECONDS = 5.0
_LOOK_SECONDS = 1.0
"""How often it is looked for workers that came and went."""

_PATIENCE = 30.0
"""How long nobody may be there to grade before it is given up."""

_MOST_FAULTS = 3
"""A worker that so often in a row answers that its machine is at fault is left out."""


@contextmanager
def connected(
    scheduler: str, assignment: Assignment, order: Order, *, tell: Callable[[str], None]
) -> Iterator["Workers"]:
    """The workers of the cluster that grade this run, ready to; leaving it ends the run there.

    `tell` is given a line for the person at the terminal when a worker is left out. Raises
    WorkersError where the scheduler is not reached within ten seconds, or no worker will grade.
    """
    client = _client(scheduler)
    try:
        workers = Workers(client, assignment, order, tell=tell)
        workers.wait_for_rooms()
        yield workers
    finally:
        # What cannot be reached any more ends by itself.
        with suppress(Exception):
            client.run(close_room, order.run, on_error="ignore")
        client.close()


def _client(scheduler: str) -> Client:
    # A chunk and one large notebook are more than dask expects of a task.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "64MB"})
    try:
        _knock(scheduler)
        return Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        raise WorkersError(
            f"the scheduler {scheduler} cannot be reached ({error}); nothing was run: start it "
            "with  dask scheduler  and give the address that it prints"
        ) from None


def _knock(scheduler: str) -> None:
    """Raise OSError or ValueError where no scheduler listens; dask would wait for one for long."""
    place = urlsplit(scheduler)
    with socket.create_connection((place.hostname, place.port), timeout=_CONNECT_SECONDS) as line:
        # A scheduler greets whoever connects, where there is no encryption to agree on first: a
        # short message after its length in eight bytes.
        if place.scheme == "tcp":
            length = line.recv(8, socket.MSG_WAITALL)
            if len(length) < 8 or int.from_bytes(length, "little") > MIB:
                raise ConnectionError("something else listens there")


class _Sent(Struct, frozen=True):
    """A task that a worker has not answered yet: a chunk, or None where it was asked for a room."""

    address: str
    chunk: Chunk | None
    future: Future
    at: float


class Workers:
    """The workers of a cluster, each with a room for this run. Not for several threads at once.

    Workers come and go: new ones are asked as they appear, and what a worker did not finish goes
    elsewhere.
    """

    def __init__(
        self, client: Client, assignment: Assignment, order: Order, *, tell: Callable[[str], None]
    ) -> None:
        self._client = client
        self._assignment = assignment
        self._order = order
        self._encoded_order = msgspec.msgpack.encode(order)
        self._tell = tell
        self._threads: dict[str, int] = {}
        self._rooms: set[str] = set()
        self._sent: dict[str, _Sent] = {}
        self._left_out: dict[str, Offer] = {}
        self._told: set[str] = set()
        self._faults: dict[str, int] = {}
        self._again: deque[Chunk] = deque()
        self._lost: deque[tuple[str, Submission]] = deque()
        self._ended: SimpleQueue[Future] = SimpleQueue()
        self._numbers = count()
        self._longest = _ANSWER_SECONDS + _SLOWEST * order.limits.submission
        self._next_look = 0.0
        self._last_room = time.monotonic()

    def wait_for_rooms(self) -> None:
        """Ask all workers, and wait until each has answered; raises WorkersError if none agrees."""
        self._look()
        while self._sent or not self._rooms:
            if self._left_out and not self._sent:
                reasons = {one.reason for one in self._left_out.values()}
                raise WorkersError(
                    "no worker of the cluster grades this run; nothing was run",
                    lacks_isolation="isolation" in reasons,
                )
            self._receive()
            self._look()

    def grade_all(
        self,
        submissions: Iterable[Submission],
        *,
        expected: int,
        begin: Callable[[Submission], bool],
    ) -> Iterator[tuple[Submission, SubmissionResult]]:
        """Submissions and their results as they come; about `expected`, read as they are needed.

        A submission whose worker died is tried once more, alone. `begin` notes the try that was
        lost and the one to come; where it says no, the submission is set aside. Raises WorkersError
        where the scheduler or all workers are gone.
        """
        threads = sum(self._threads[one] for one in self._rooms)
        size = max(1, min(LARGEST_CHUNK, ceil(expected / (_CHUNKS_A_WORKER * threads))))
        waiting = chunks(submissions, size)
        try:
            while self._is_more(waiting):
                self._look()
                self._send(waiting)
                yield from self._receive()
                while self._lost:
                    address, submission = self._lost.popleft()
                    if begin(submission) and begin(submission):
                        self._again.append(alone(submission, avoided=address))
                    else:
                        yield submission, set_aside(self._assignment, submission)
        finally:
            self._cancel(self._sent.values())

    def _is_more(self, waiting: Iterator[Chunk]) -> bool:
        running = any(one.chunk for one in self._sent.values())
        if not running and not self._again and (chunk := next(waiting, None)):
            self._again.append(chunk)
        return running or bool(self._again)

    # -- who is there -----------------------------------------------------------------------------

    def _look(self) -> None:
        """Ask workers that are new, and give up those that are gone."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        try:
            present = self._client.nthreads()
        except (OSError, CancelledError) as error:
            raise WorkersError(f"the scheduler is gone ({error})") from None
        for address in self._threads.keys() - present.keys():
            self._forget(address)
            self._left_out.pop(address, None)
        for sent in tuple(self._sent.values()):
            if now - sent.at > self._longest:
                self._leave_out(sent.address, Offer(refusal="it does not answer"))
        self._threads = {address: max(1, threads) for address, threads in present.items()}
        known = {one.address for one in self._sent.values()} | self._rooms | self._left_out.keys()
        for address in present.keys() - known:
            self._submit(address, None, open_room, _wanted(self._order), self._encoded_order)
        if self._rooms or self._sent:
            self._last_room = now
        elif now - self._last_room > _PATIENCE:
            raise WorkersError(
                f"no worker has been there to grade for {_PATIENCE:.0f} s: start some with  "
                "dask worker --nthreads 1 --nworkers -1"
            )

    def _leave_out(self, address: str, offer: Offer) -> None:
        self._forget(address)
        self._left_out[address] = offer
        reason = str(offer.refusal)
        if reason not in self._told:  # once for all the workers that it holds of
            self._told.add(reason)
            self._tell(f"the worker {address} is left out: {reason}")

    def _forget(self, address: str) -> None:
        """What a worker has not answered is lost."""
        self._rooms.discard(address)
        self._faults.pop(address, None)
        gone = {key: one for key, one in self._sent.items() if one.address == address}
        for key, one in gone.items():
            del self._sent[key]
            self._lose(address, one.chunk.submissions if one.chunk else ())
        self._cancel(gone.values())

    def _lose(self, address: str, submissions: Iterable[Submission]) -> None:
        self._lost.extend((address, submission) for submission in submissions)

    # -- there and back ---------------------------------------------------------------------------

    def _submit(
        self, address: str, chunk: Chunk | None, function: Callable[..., object], *words: object
    ) -> None:
        key = f"grader-{self._order.run}-{next(self._numbers)}"
        future = self._client.submit(
            function, *words, key=key, workers=[address], allow_other_workers=False, pure=False
        )
        self._sent[key] = _Sent(address, chunk, future, time.monotonic())
        future.add_done_callback(self._ended.put)

    def _cancel(self, tasks: Iterable[_Sent]) -> None:
        futures = [one.future for one in tasks]
        if futures:
            with suppress(OSError, CancelledError):
                self._client.cancel(futures, force=True)

    def _send(self, waiting: Iterator[Chunk]) -> None:
        """Give every worker what it has room for, one chunk each in turn."""
        held: dict[str, list[Chunk]] = {address: [] for address in sorted(self._rooms)}
        for sent in self._sent.values():
            if sent.chunk is not None and sent.address in held:
                held[sent.address].append(sent.chunk)
        given = True
        while given:
            given = False
            for address, own in held.items():
                most = _IN_FLIGHT * self._threads[address]
                if len(own) >= most or any(chunk.alone for chunk in own):
                    continue
                chunk = self._next_again(address, idle=not own) or next(waiting, None)
                if chunk is not None:
                    own.append(chunk)
                    words = self._order.run, list(chunk.encoded)
                    self._submit(address, chunk, grade_chunk, *words)
                    given = True

    def _next_again(self, address: str, *, idle: bool) -> Chunk | None:
        """The first of what comes again that this worker may be given.

        Who is tried alone shares the worker with nobody, or would pay for somebody else's fault;
        and it is another worker than the first, if there is another.
        """
        for chunk in self._again:
            if not chunk.alone or (idle and (chunk.avoided != address or len(self._rooms) == 1)):
                self._again.remove(chunk)
                return chunk
        return None

    def _receive(self) -> list[tuple[Submission, SubmissionResult]]:
        """The results of the next chunk that has ended, if one does soon."""
        sent, answer = self._next_answer()
        if sent is None:
            return []
        if sent.chunk is None:
            self._welcome(sent, answer)
            return []
        return self._accept(sent.chunk, sent, answer)

    def _next_answer(self) -> tuple[_Sent | None, object]:
        """What was answered, and to what; None where nothing was."""
        with suppress(Empty):
            future = self._ended.get(timeout=_LOOK_SECONDS)
            sent = self._sent.get(future.key)
            if sent is None:  # it was given up meanwhile
                return None, None
            try:
                return sent, future.result(timeout=_FETCH_SECONDS)
            except TimeoutError:  # if the worker has died since, that is seen elsewhere
                self._ended.put(future)
            except (KilledWorker, CancelledError):
                self._forget(sent.address)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with its environment
                told = " ".join(f"{type(error).__name__}: {error}".split())
                self._leave_out(sent.address, Offer(refusal=f"it does not grade: {told}"))
        return None, None

    def _welcome(self, sent: _Sent, answer: object) -> None:
        """Count a worker in, or leave it out."""
        del self._sent[sent.future.key]
        offer = read_offer(answer)
        if offer.refusal is None:
            self._rooms.add(sent.address)
        else:
            self._leave_out(sent.address, offer)

    def _accept(
        self, chunk: Chunk, sent: _Sent, answer: object
    ) -> list[tuple[Submission, SubmissionResult]]:
        """What a worker answered; what it did not answer, or could not judge, goes elsewhere."""
        if answer == NO_ROOM:
            self._forget(sent.address)
            return []
        try:
            results = read_answer(chunk, answer, self._assignment, least=self._order.least)
        except ValueError as error:
            self._leave_out(sent.address, Offer(refusal=str(error)))
            return []
        del self._sent[sent.future.key]
        self._again.extend(rest(chunk, len(results)))
        graded = list(zip(chunk.submissions, results, strict=False))
        faulty = [pair for pair in graded if _is_machine_fault(pair[1])]
        self._count_faults(sent.address, one_more=len(faulty) == len(graded))
        if chunk.alone:
            return graded
        self._lose(sent.address, (submission for submission, _ in faulty))
        return [pair for pair in graded if not _is_machine_fault(pair[1])]

    def _count_faults(self, address: str, *, one_more: bool) -> None:
        """A machine that fails everybody would be the fastest of all."""
        self._faults[address] = self._faults.get(address, 0) + 1 if one_more else 0
        if self._faults[address] >= _MOST_FAULTS:
            self._leave_out(address, Offer(refusal="its machine cannot run students' code"))


def _wanted(order: Order) -> dict[str, str]:
    """The versions of this machine that a worker has to have, too."""
    unused = {"torch": order.torch == "facade", "ipykernel": order.executor == "fast"}
    return {name: version for name, version in versions().items() if not unused.get(name)}


def _is_machine_fault(result: SubmissionResult) -> bool:
    message = result.problem_message
    return isinstance(message, Message) and message.id == "grading.machine"
