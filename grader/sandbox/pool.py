"""The sandbox: warm zygotes of each kind, and sessions of students' code in their children."""

from collections.abc import Sequence
from threading import Lock
from types import TracebackType
from typing import Self

from grader.results import Isolation
from grader.sandbox.limits import Limits
from grader.sandbox.process import StudentProcess
from grader.sandbox.protocol.control import Kind
from grader.sandbox.scratch import ScratchFolders
from grader.sandbox.session import Form, Session, Submission
from grader.sandbox.zygote import SandboxError, Zygote

__all__ = ["Sandbox", "SandboxError"]


class Sandbox:
    """Where students' code is run. Several threads may hold sessions at once.

    A zygote starts when its kind is first asked for; one that died is replaced once, and again
    only after a process came out of it. Leaving the context ends every process.
    """

    isolation = Isolation(level="limits", layers=("process", "rlimits"))

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._scratch = ScratchFolders()
        self._zygotes: dict[Kind, Zygote] = {}
        self._barren: dict[Kind, int] = {}
        self._closed = False
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process and remove what they left behind."""
        with self._lock:
            self._closed = True
            for zygote in self._zygotes.values():
                zygote.close()
            self._zygotes.clear()
        self._scratch.close()

    def prepare(self, kind: Kind) -> None:
        """Start the zygote of a kind without waiting for it; raises SandboxError."""
        self._zygote(kind)

    def session(self, kind: Kind, cells: Sequence[str], *, form: Form, seed: int) -> Session:
        """A session for the sources of a submission's code cells; nothing runs before it is asked.

        A module is one cell, run under the name "submission"; a notebook's run as "__main__".
        """
        submission = Submission(cells=cells, form=form, seed=seed)
        return Session(lambda: self._start(kind), submission, kind=kind, limits=self.limits)

    def _start(self, kind: Kind) -> StudentProcess:
        zygote = self._zygote(kind)
        try:
            scratch = self._scratch.new()
        except OSError as error:
            raise SandboxError(f"no scratch folder could be made: {error}") from None
        return StudentProcess(zygote, self.limits, scratch)

    def _zygote(self, kind: Kind) -> Zygote:
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox was closed")
            zygote = self._zygotes.get(kind)
            if zygote is not None and not zygote.alive:
                self._bury(zygote)
                zygote = None
            if zygote is None:
                zygote = self._zygotes[kind] = Zygote(kind)
            return zygote

    def _bury(self, zygote: Zygote) -> None:
        zygote.close()
        self._barren[zygote.kind] = 0 if zygote.served else self._barren.get(zygote.kind, 0) + 1
        if self._barren[zygote.kind] > 1:
            raise SandboxError(f"the {zygote.kind} worker died twice: {zygote.fault}")
