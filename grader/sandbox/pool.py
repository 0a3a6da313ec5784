"""The sandbox: warm zygotes of each kind, and sessions of students' code in their children."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from threading import Lock
from types import TracebackType
from typing import Self

from grader.results import Isolation
from grader.sandbox.budget import Budget
from grader.sandbox.isolation import LEVELS, holds, isolation_of, reaches
from grader.sandbox.limits import Limits
from grader.sandbox.plain import PlainProcesses
from grader.sandbox.process import StudentProcess
from grader.sandbox.protocol.control import Executor, Kind, Layer, Level
from grader.sandbox.scratch import ScratchFolders
from grader.sandbox.session import Form, Session, Submission
from grader.sandbox.starting import SandboxError, Starting, can_fork
from grader.sandbox.turns import Turns
from grader.sandbox.values import Packing
from grader.sandbox.zygote import Zygote

__all__ = ["Sandbox", "SandboxError"]


class Sandbox:
    """Where students' code is run. Several threads may hold sessions at once.

    A zygote starts when its kind is first asked for; one that died is replaced once, and again
    only after a process came out of it. Leaving the context ends every process.

    `least` is the level of isolation below which nothing is run, `most` the one above which
    nothing is looked for. `executor` is what runs the cells; a Jupyter kernel leaves level `full`,
    or `limits` where that is not to be had. `few` says that there are only a few submissions, for
    which no worker is made ready at length; `starting` is a worker that was started beforehand,
    which the first kind takes over. Of `meanwhile` one thing after another is done while there is
    nothing but to wait.
    """

    def __init__(  # noqa: PLR0913 - each decides something of its own
        self,
        *,
        limits: Limits | None = None,
        least: Level = "limits",
        most: Level = "full",
        executor: Executor = "fast",
        few: bool = False,
        starting: Starting | None = None,
        meanwhile: Iterator[object] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.least = least
        self._most = most
        self._executor = executor
        self._few = few
        self._starting = starting
        self._meanwhile = meanwhile
        self._scratch = ScratchFolders()
        self._zygotes: dict[Kind, Zygote | PlainProcesses] = {}
        self._barren: dict[Kind, int] = {}
        self._closed = False
        self._turns = Turns()
        self._packing = Packing()
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

    def hang_up(self) -> None:
        """Have every process end; `close` waits for that."""
        with self._lock:
            self._closed = True
            for zygote in self._zygotes.values():
                zygote.hang_up()

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

    @property
    def isolation(self) -> Isolation:
        """What students' processes are kept by, as tried out on this machine; SandboxError."""
        return isolation_of(self.layers)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer that was looked for, and why it is lacking if it is; raises SandboxError.

        Where zygotes differ, the layers of the one that keeps its children least.
        """
        with self._lock:
            running = [one for one in self._zygotes.values() if one.alive]
        found = [one.layers for one in running or [self._zygote("numpy")]]
        return min(found, key=lambda layers: LEVELS.index(isolation_of(layers).level))

    def budget(self) -> Budget:
        """The seconds of a submission, for sessions that share them."""
        return Budget(self.limits.submission)

    def session(  # noqa: PLR0913 - as many facts
        self,
        kind: Kind,
        cells: Sequence[str],
        *,
        form: Form,
        seed: int,
        shows: Collection[int] = (),
        modules: Mapping[str, str] | None = None,
        budget: Budget | None = None,
    ) -> Session:
        """A session for the sources of a submission's code cells; nothing runs before it is asked.

        A module is one cell, run under the name "submission"; a notebook's run as "__main__". The
        cells numbered in `shows` print the value that they end in. `modules` are sources that they
        can import, by their names. `budget` is shared with other sessions.
        """
        submission = Submission(cells, form, seed, shows, modules or {})
        return Session(
            lambda: self._start(kind),
            submission,
            kind=kind,
            limits=self.limits,
            turns=self._turns,
            packing=self._packing,
            budget=budget or self.budget(),
        )

    def _start(self, kind: Kind) -> StudentProcess:
        zygote = self._zygote(kind)
        found = isolation_of(zygote.layers).level
        if not reaches(found, self.least):
            raise SandboxError(f"the {kind} worker has isolation {found!r}, not {self.least!r}")
        if holds(zygote.layers, "mount-namespace"):
            return StudentProcess(zygote, self.limits, None, meanwhile=self._meanwhile)
        try:
            scratch = self._scratch.new()
        except OSError as error:
            raise SandboxError(f"no scratch folder could be made: {error}") from None
        return StudentProcess(zygote, self.limits, scratch, meanwhile=self._meanwhile)

    def _zygote(self, kind: Kind) -> Zygote | PlainProcesses:
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox was closed")
            zygote = self._zygotes.get(kind)
            if zygote is not None and not zygote.alive:
                self._bury(zygote)
                zygote = None
            if zygote is None:
                zygote = self._zygotes[kind] = self._new(kind)
            return zygote

    def _new(self, kind: Kind) -> Zygote | PlainProcesses:
        if not can_fork():
            if self._executor == "jupyter":
                raise SandboxError("--executor jupyter needs Linux: leave it out")
            return PlainProcesses(kind)
        starting, self._starting = self._starting, None
        return Zygote(
            kind,
            self._scratch.home,
            most=self._most,
            executor=self._executor,
            few=self._few,
            starting=starting,
            meanwhile=self._meanwhile,
        )

    def _bury(self, zygote: Zygote | PlainProcesses) -> None:
        zygote.close()
        self._barren[zygote.kind] = 0 if zygote.served else self._barren.get(zygote.kind, 0) + 1
        if self._barren[zygote.kind] > 1:
            raise SandboxError(f"the {zygote.kind} worker died twice: {zygote.fault}")
