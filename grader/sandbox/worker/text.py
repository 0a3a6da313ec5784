"""What students print, as frames: the writers behind sys.stdout and sys.stderr."""

import codecs
import io
import sys
from collections.abc import Callable
from typing import Any, Literal

from grader.sandbox.protocol import Text

_CHUNK = 64 * 2**10


class _Frames(io.RawIOBase):
    """A raw stream whose bytes leave as `Text` frames."""

    def __init__(self, stream: Literal["stdout", "stderr"], send: Callable[[Text], None]) -> None:
        super().__init__()
        self._stream: Literal["stdout", "stderr"] = stream
        self._send = send
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        piece = bytes(memoryview(data)[:_CHUNK])
        text = self._decode(piece)
        if text:
            self._send(Text(stream=self._stream, text=text))
        return len(piece)


class Printed:
    """Takes the place of sys.stdout and sys.stderr; `flush` sends what is still held back."""

    def __init__(self, send: Callable[[Text], None]) -> None:
        self._out = _writer("stdout", send)
        self._error = _writer("stderr", send)

    def install(self) -> None:
        """Be sys.stdout and sys.stderr."""
        sys.stdout = sys.__stdout__ = self._out  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self._error  # type: ignore[misc]

    def flush(self) -> None:
        """Send what was printed up to now."""
        _flush(self._out)
        _flush(self._error)


def _flush(writer: io.TextIOWrapper) -> None:
    try:  # noqa: SIM105 - before and after every frame, and on fewer pages
        writer.flush()
    except ValueError:  # students may close it
        pass


def _writer(stream: Literal["stdout", "stderr"], send: Callable[[Text], None]) -> io.TextIOWrapper:
    raw = io.BufferedWriter(_Frames(stream, send))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="\n")
