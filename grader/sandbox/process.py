"""One student's process as the grader sees it: frames with a deadline, and how it ended.

Whatever the process sends is hostile: sizes are looked at before anything is read, and what is no
valid frame ends it. It knows no cells and no budgets.
"""

import io
import signal
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from grader.messages import Message
from grader.outcomes import Stopped
from grader.sandbox.limits import Limits
from grader.sandbox.plain import PlainProcesses
from grader.sandbox.protocol import (
    LENGTH,
    MAX_FRAME,
    FromChild,
    ProtocolError,
    Text,
    ToChild,
    pack,
    unpack_from_child,
)
from grader.sandbox.protocol.control import Fork, Reaped
from grader.sandbox.scratch import holds_more_than, remove
from grader.sandbox.zygote import Zygote, until_readable

_PIECE = 64 * 2**10
"""Read at once; for much larger ones the C library has memory mapped and unmapped each time."""

_SMALL = 4096
"""Bytes of a frame that is remembered, and not taken apart again where another is the same."""

_LEAST_TEXT = 256
"""What a frame of text counts at least: a flood of tiny ones is a flood, too."""

_LOOK_SECONDS = 0.25
"""How often the files of a process that is busy are looked at."""

_PATIENCE = 0.5
_PAUSE = 0.001
INVALID = Stopped("crashed", Message("stopped.invalid_frame"))


class ChildStopped(Exception):  # noqa: N818 - it reports the child's end, not a fault of ours
    """The process was stopped, or died.

    `seconds` is what a step took that ran out of time; `starved` says that it was the machine's
    fault.
    """

    def __init__(self, stopped: Stopped, *, seconds: float = 0.0) -> None:
        super().__init__(stopped.reason, stopped.detail)
        self.stopped = stopped
        self.seconds = seconds
        self.starved = False


class StudentProcess:
    """A child of a zygote. Deadlines are times of `time.monotonic()`.

    `scratch` is a folder for it alone, None where it brings its own in memory. `received` counts
    the bytes of the latest frame that was no text. Of `meanwhile` one thing after another is done
    while there is nothing but to wait.

    `send` and `receive` raise TimeoutError past the deadline, ChildStopped when the process died
    or broke the protocol, SandboxError when the machine is at fault. After any of these the only
    thing left is `close`.
    """

    def __init__(
        self,
        zygote: Zygote | PlainProcesses,
        limits: Limits,
        scratch: Path | None,
        *,
        meanwhile: Iterator[object] | None = None,
    ) -> None:
        self._zygote = zygote
        self._meanwhile = meanwhile
        self._limits = limits
        self._scratch = scratch
        self._memory = limits.memory_of(zygote.kind)
        self._cpu = int(limits.submission) + 1
        self._buffer = bytearray()
        self._printed = io.StringIO()
        self._screen = io.StringIO()
        self._kept = 0
        self._drained = 0
        self._looked_at_the_disk = time.monotonic()
        self._reaped: Reaped | None = None
        self._ended = False
        self._patience = 0.0
        self.sent = 0
        self.received = 0
        try:
            self._pid, self._channel = zygote.start(self._policy())
        except BaseException:
            self._remove_scratch()
            raise

    @property
    def printed(self) -> str:
        """What was printed until now, cut to the limit."""
        return self._printed.getvalue()

    @property
    def screen(self) -> str:
        """The same without errors and warnings."""
        return self._screen.getvalue()

    @property
    def seconds_used(self) -> float | None:
        """Seconds of processor time, once it is closed; None where they are not measured."""
        return self._reaped.cpu if self._reaped is not None and self._reaped.peak else None

    def send(self, frame: ToChild, deadline: float) -> None:
        """Send a frame; raises ProtocolError where it is too large."""
        data = memoryview(pack(frame))
        self.sent = len(data)
        while data:
            self._be_patient(deadline)
            try:
                data = data[self._channel.send(data) :]
            except TimeoutError:
                continue
            except OSError:
                raise ChildStopped(self._autopsy()) from None

    def receive(self, deadline: float) -> FromChild:
        """The next frame that is no text; text is kept on the way."""
        while True:
            body = self._receive_body(deadline)
            try:
                frame = _unpack(body)
            except ProtocolError:
                raise ChildStopped(INVALID) from None
            if not isinstance(frame, Text):
                self.received = len(body)
                return frame
            self._keep(frame, len(body))

    def close(self) -> None:
        """End the process and all it started, and remove its scratch folder."""
        try:
            # Where the zygote is gone, the child went with it.
            if not self._ended and self._zygote.alive:
                self._ended = True
                self._reaped = self._zygote.reap(self._pid, kill=True)
        finally:
            # Not before: it would wake up only to end by itself.
            self._channel.close()
            self._remove_scratch()

    def dismiss(self) -> None:
        """`close`, without waiting for the end where nothing is to be cleaned up after it."""
        zygote = self._zygote
        waits = self._ended or self._scratch is not None
        if waits or not isinstance(zygote, Zygote) or not zygote.alive:
            self.close()
            return
        self._ended = True
        with self._channel:
            zygote.end(self._pid)

    def _remove_scratch(self) -> None:
        if self._scratch is not None:
            remove(self._scratch)

    def _policy(self) -> Fork:
        return Fork(
            scratch=None if self._scratch is None else str(self._scratch),
            memory=self._memory,
            cpu=self._cpu,
            file_size=self._limits.file_size,
            files=self._limits.files,
            descriptors=self._limits.descriptors,
        )

    def _receive_body(self, deadline: float) -> bytes:
        self._fill(LENGTH.size, deadline)
        (size,) = LENGTH.unpack_from(self._buffer)
        if size > MAX_FRAME:
            told = Message("stopped.answer", {"size": size})
            raise ChildStopped(Stopped("output_limit", told))
        end = LENGTH.size + size
        self._fill(end, deadline)
        body = bytes(self._buffer[LENGTH.size : end])
        del self._buffer[:end]
        return body

    def _fill(self, size: int, deadline: float) -> None:
        """Read until the buffer holds so many bytes."""
        while len(self._buffer) < size:
            if self._meanwhile is not None:
                until_readable(self._channel, self._meanwhile)
            self._look_at_the_disk()
            self._be_patient(deadline)
            try:
                piece = self._channel.recv(_PIECE)
            except TimeoutError:
                continue
            except ConnectionError:
                piece = b""
            if not piece:
                raise ChildStopped(self._autopsy())
            self._buffer += piece

    def _be_patient(self, deadline: float) -> None:
        """Wait for the process until the deadline, or until its files are to be looked at."""
        patience = min(_left(deadline), _LOOK_SECONDS)
        if patience != self._patience:
            self._channel.settimeout(patience)
            self._patience = patience

    def _look_at_the_disk(self) -> None:
        """Stop a process that holds too much; also one that talks while it writes is looked at."""
        if self._scratch is None or time.monotonic() - self._looked_at_the_disk < _LOOK_SECONDS:
            return
        self._looked_at_the_disk = time.monotonic()
        if holds_more_than(self._scratch, self._limits.files):
            told = Message("stopped.files", {"size": self._limits.files // 2**20})
            raise ChildStopped(Stopped("output_limit", told))

    def _keep(self, frame: Text, size: int) -> None:
        self._drained += max(size, _LEAST_TEXT)
        if self._drained > self._limits.drained:
            raise ChildStopped(Stopped("output_limit", Message("stopped.printed")))
        piece = frame.text[: self._limits.text - self._kept]
        if piece:
            self._printed.write(piece)
            self._kept += len(piece)
            if frame.stream == "stdout":
                self._screen.write(piece)

    def _autopsy(self) -> Stopped:
        """Why the process hung up. It is asked before it is killed, or every end were a kill."""
        self._channel.close()
        give_up = time.monotonic() + _PATIENCE
        reaped = self._zygote.reap(self._pid, kill=False)
        while reaped.exit_code is None:
            time.sleep(_PAUSE)
            if time.monotonic() > give_up:
                self._ended = True
                self._reaped = self._zygote.reap(self._pid, kill=True)
                return Stopped("crashed", Message("stopped.channel"))
            reaped = self._zygote.reap(self._pid, kill=False)
        self._reaped = reaped
        self._ended = True
        return self._verdict(reaped.exit_code, reaped)

    def _verdict(self, exit_code: int, reaped: Reaped) -> Stopped:
        if exit_code >= 0:
            return Stopped("crashed", Message("stopped.exit_status", {"status": exit_code}))
        if reaped.cpu >= self._cpu:
            return Stopped("timeout", Message("stopped.processor_time", {"seconds": self._cpu}))
        # Where an allocation fails inside a library it often ends in an abort or a fault.
        if reaped.peak >= self._memory // 2:
            return Stopped("memory", f"{self._memory // 2**20} MiB")
        return Stopped("crashed", f"signal {-exit_code} ({_signal_name(-exit_code)})")


def _unpack(body: bytes) -> FromChild:
    return _unpack_again(body) if len(body) <= _SMALL else unpack_from_child(body)


_unpack_again = lru_cache(maxsize=256)(unpack_from_child)
"""Most of a class give the same answers to the last bit."""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
