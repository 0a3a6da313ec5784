"""One submission under one policy: its cells are run when first needed, then names are asked for.

A cell that hangs or kills the process is run again statement by statement, without those that do; a
call that does costs only itself. What the answers are worth is decided elsewhere.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType, TracebackType
from typing import Literal, Self

from msgspec import Struct

from grader.messages import Message, render
from grader.outcomes import Answered, Outcome, PlainValue, Raised, Stopped, Undefined
from grader.sandbox.budget import Budget
from grader.sandbox.failures import MOST_STEPS, Failures, defines, undefined_name
from grader.sandbox.left_out import LeftOut
from grader.sandbox.limits import Limits
from grader.sandbox.process import INVALID, ChildStopped, StudentProcess
from grader.sandbox.protocol import (
    Absent,
    Answer,
    AskTrace,
    Call,
    Cell,
    CellStarted,
    FromChild,
    Ran,
    Read,
    Run,
    ToChild,
    Trace,
)
from grader.sandbox.protocol import Raised as RaisedFrame
from grader.sandbox.protocol.control import Kind
from grader.sandbox.starting import SandboxError
from grader.sandbox.turns import Turns
from grader.sandbox.values import Packing, from_protocol, to_raised

Form = Literal["notebook", "module"]

_NOTHING: Mapping[str, PlainValue] = MappingProxyType({})
_A_STATEMENT, _ALL_STATEMENTS = 1 / 3, 2 / 3
"""The parts of a cell's time that one statement has, and all have together, that are run apart."""


class Submission(Struct, frozen=True):
    """What is run: the sources of the code cells, as a notebook or a module, and how it is sown.

    `shows` has the numbers of the cells that print the value that they end in; `modules` are the
    sources of what they can import beside what is installed, by their names.
    """

    cells: Sequence[str]
    form: Form
    seed: int
    shows: Collection[int] = ()
    modules: Mapping[str, str] = {}


class Session:
    """A submission's processes, one after another, each forked only when the last one is gone.

    `start` gives a fresh process. Not for several threads at once. Every method may raise
    SandboxError; what the student's code does is always an outcome.
    """

    def __init__(  # noqa: PLR0913 - what all sessions of a sandbox share, too
        self,
        start: Callable[[], StudentProcess],
        submission: Submission,
        *,
        kind: Kind,
        limits: Limits,
        turns: Turns,
        packing: Packing,
        budget: Budget,
    ) -> None:
        self._start = start
        self._packing = packing
        self._turns = turns
        self._form = submission.form
        self._seed = submission.seed % 2**63
        self._cells = [_clean(source) for source in submission.cells]
        self._shows = submission.shows
        self._modules = {name: _clean(one) for name, one in submission.modules.items()}
        self._kind = kind
        self._limits = limits
        self._process: StudentProcess | None = None
        self._ran: Ran | None = None
        self._failures = Failures((), (), kind)
        self._left_out = LeftOut()
        self._apart = limits.cell * _ALL_STATEMENTS
        self._printed = ""
        self._screens: dict[int, str] = {}
        self._budget = budget
        self._answered = 0
        self._asked = 0

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
        """End the submission's process."""
        if self._process is not None:
            self._printed = self._process.printed
            process, self._process = self._process, None
            process.dismiss()

    def call(
        self, name: str, arguments: Mapping[str, PlainValue], *, through: str | None = None
    ) -> Outcome:
        """Call what the cells left behind under `name`, the arguments in their order.

        With `through`, the source of a function, that is called with it and then the arguments.
        The arguments come back as they are after the call. Those given may not be changed later.
        """
        packed = self._packing.pack(arguments)
        return self._outcome(
            name,
            lambda number: Call(id=number, name=name, arguments=packed, through=through),
            arguments,
        )

    def read(self, name: str) -> Outcome:
        """The value that the cells left behind under `name`."""
        return self._outcome(name, lambda number: Read(id=number, name=name))

    def trace(
        self, name: str, arguments: Mapping[str, PlainValue], *, through: str | None = None
    ) -> tuple[Mapping[str, str | int | float | bool | None], ...]:
        """What the engine sees of a `call`; nothing where it cannot be made, or by no engine."""
        packed = self._packing.pack(arguments)
        call = Call(id=0, name=name, arguments=packed, through=through)
        try:
            reply = self._ask(lambda number: AskTrace(id=number, call=call))
        except ChildStopped:
            self.close()
            return ()
        return tuple(reply.events) if isinstance(reply, Trace) else ()

    @property
    def failures(self) -> tuple[Raised | Stopped, ...]:
        """What failed when the cells were last run, cell by cell, or was left out."""
        return tuple(failure for _, failure in self.failed_cells)

    @property
    def failed_cells(self) -> tuple[tuple[int, Raised | Stopped], ...]:
        """The same with the numbers of their cells, from 0."""
        self._run_if_never()
        found: list[tuple[int, Raised | Stopped]] = [
            *self._left_out.reasons(),
            *self._failures.in_order(),
        ]
        return tuple(sorted(found, key=lambda one: one[0]))

    @property
    def defined(self) -> frozenset[str]:
        """The names of the functions and classes that the cells left behind."""
        self._run_if_never()
        return frozenset() if self._ran is None else frozenset(self._ran.defined)

    @property
    def screens(self) -> Mapping[int, str]:
        """What each cell printed, but for errors and warnings, when the cells were last run."""
        return self._screens

    @property
    def printed(self) -> str:
        """What the latest process printed, at most `limits.text` characters."""
        return self._printed if self._process is None else self._process.printed

    def _outcome(
        self,
        name: str,
        frame: Callable[[int], ToChild],
        arguments: Mapping[str, PlainValue] = _NOTHING,
    ) -> Outcome:
        try:
            reply = self._ask_once_more_if_starved(frame)
        except ChildStopped as stop:
            self.close()
            return stop.stopped
        match reply:
            case Answer():
                after = self._packing.unpack(reply.arguments, arguments)
                return Answered(from_protocol(reply.value), after)
            case RaisedFrame():
                return self._for_want_of(
                    self._failures.behind(to_raised(reply.exception, self._kind))
                )
            case Absent():
                because = self._root(self._explanation(name))
                if isinstance(because, Raised):
                    because = self._failures.behind(because)
                return Undefined(because)
            case _:
                self.close()
                return INVALID

    def _ask_once_more_if_starved(self, frame: Callable[[int], ToChild]) -> FromChild:
        """Ask, and where the machine was too busy to answer ask again while nothing else runs.

        Only once a submission: a program that sleeps looks the same.
        """
        try:
            with self._turns:
                return self._ask(frame)
        except ChildStopped as stop:
            process = self._process
            if process is not None:
                process.close()
            self.close()
            starved = stop.starved or (process is not None and _starved(stop, process))
            if self._budget.had_a_second_chance or not starved:
                raise
        self._budget.start_again()
        with self._turns.alone():
            return self._ask(frame)

    def _ask(self, frame: Callable[[int], ToChild]) -> FromChild:
        process = self._ready()
        self._asked += 1
        question = frame(self._asked)
        with self._budget.step(self._limits.call) as deadline:
            process.send(question, deadline)
            reply = process.receive(deadline)
        self._note_size(max(0, process.received - process.sent))
        if not _answers(reply, question) or not self._is_of_a_cell(reply):
            raise ChildStopped(INVALID)
        return reply

    def _note_size(self, size: int) -> None:
        """Stop a process whose answer is too much beside those before, all of which are kept."""
        if self._answered + size > self._limits.answers:
            told = Message("stopped.answers", {"size": self._limits.answers // 2**20})
            raise ChildStopped(Stopped("output_limit", told))
        self._answered += size

    def _ready(self) -> StudentProcess:
        """The process with the cells run; raises ChildStopped where the time is used up."""
        while self._process is None:
            if self._budget.is_used_up:
                raise ChildStopped(self._budget.used_up)
            began = time.monotonic()
            self._process = self._start()
            if self._left_out:  # the first is the grader's, later ones its own fault
                self._budget.spend(time.monotonic() - began)
            try:
                self._ran = self._run(self._process)
            except BaseException:
                self.close()
                raise
            if self._ran is None:
                began = time.monotonic()
                self.close()
                self._budget.spend(time.monotonic() - began)
            else:
                self._failures = Failures(self._ran.failures, self._cells, self._kind)
        return self._process

    def _run(self, process: StudentProcess) -> Ran | None:
        """Run the cells; None where one stopped the process, which will do without what did."""
        running: tuple[int, int] | None = None
        before = ""
        self._screens = {}
        try:
            with self._budget.step(self._limits.cell) as deadline:
                process.send(self._run_frame(), deadline)
            while True:
                # What is done with a frame is the submission's time, too: it may send very many.
                with self._step(running) as deadline:
                    frame = process.receive(deadline)
                    screen = process.screen
                    if running is not None and len(screen) > len(before):
                        said = self._screens.get(running[0], "")
                        self._screens[running[0]] = said + screen[len(before) :]
                    before = screen
                    if isinstance(frame, Ran) and self._is_of_a_cell(frame):
                        return frame
                    running = self._next_cell(frame, running)
        except ChildStopped as stop:
            if self._budget.is_used_up:
                raise
            if stop.stopped.reason == "timeout" and not self._budget.had_a_second_chance:
                process.close()
                stop.starved = _starved(stop, process)
                if stop.starved:
                    raise
            if running is None:
                why = render(stop.stopped.detail)
                raise SandboxError(
                    f"a student's process ended before its first cell: {why}"
                ) from None
            self._left_out.note(*running, stop.stopped, as_a_whole=self._apart <= 0)
            return None

    @contextmanager
    def _step(self, running: tuple[int, int] | None) -> Iterator[float]:
        """A step of running cells, up to the deadline that it gives."""
        if running is None or self._left_out.lines_of(running[0]) is None:
            with self._budget.step(self._limits.cell) as deadline:
                yield deadline
            return
        # What is run apart has had its time once, and must leave some to the rest.
        left = self._budget.left
        try:
            limit = min(self._limits.cell * _A_STATEMENT, self._apart)
            with self._budget.step(limit) as deadline:
                yield deadline
        finally:
            self._apart -= left - self._budget.left

    def _run_frame(self) -> Run:
        cells = [
            Cell(
                index=index,
                source=source,
                shows=index in self._shows,
                without=self._left_out.lines_of(index),
            )
            for index, source in enumerate(self._cells)
        ]
        return Run(
            cells=cells,
            skip=self._left_out.cells,
            seed=self._seed,
            kind=self._form,
            modules=self._modules,
        )

    def _next_cell(self, frame: FromChild, running: tuple[int, int] | None) -> tuple[int, int]:
        # Every start gives a cell or a statement its time, so each may start only once, in order.
        if not isinstance(frame, CellStarted):
            raise ChildStopped(INVALID)
        last = (-1, 0) if running is None else running
        begins = frame.index, frame.line
        is_apart = self._left_out.lines_of(frame.index) is not None
        is_line = frame.index == last[0] and is_apart
        if not last < begins or frame.index >= len(self._cells) or bool(frame.line) != is_line:
            raise ChildStopped(INVALID)
        return begins

    def _run_if_never(self) -> None:
        if self._ran is None:
            try:
                with self._turns:
                    self._ready()
            except ChildStopped:
                self.close()

    def _is_of_a_cell(self, frame: FromChild) -> bool:
        """Whether every cell that a frame's exceptions name is one of the submission's."""
        match frame:
            case Ran(failures=exceptions):
                pass
            case RaisedFrame(exception=exception):
                exceptions = [exception]
            case _:
                return True
        return all(one.cell is None or 0 <= one.cell < len(self._cells) for one in exceptions)

    def _for_want_of(self, error: Raised) -> Raised | Undefined:
        """What a call raised, or the name that it lacks, where what should define that failed."""
        name = undefined_name(error)
        because = None if name is None else self._root(self._explanation(name))
        if because is None or (isinstance(because, Raised) and because.forbidden):
            return error
        return Undefined(because, name)

    def _root(self, failure: Raised | Stopped | None) -> Raised | Stopped | None:
        """The failure itself, or the one that its missing name is missing because of."""
        for _ in range(MOST_STEPS):
            name = undefined_name(failure)
            deeper = None if name is None else self._explanation(name)
            if deeper is None:
                break
            failure = deeper
        return failure

    def _explanation(self, name: str) -> Raised | Stopped | None:
        """The failure because of which `name` is not there, found where its text defines it."""
        for index, source in enumerate(self._cells):
            if name not in source:
                continue
            left_out = self._left_out.reason(index) if defines(source, name) else None
            found = self._failures.defining(name, index) or left_out
            if found is not None:
                return found
        return None


def _starved(stop: ChildStopped, process: StudentProcess) -> bool:
    """Whether a process that ran out of time got less than half of it on a processor.

    Where the system does not tell, it may have.
    """
    if stop.stopped.reason != "timeout":
        return False
    return process.seconds_used is None or process.seconds_used < stop.seconds / 2


def _answers(reply: FromChild, question: ToChild) -> bool:
    match question, reply:
        case Call(id=asked), Answer(id=number):
            names = [name for name, _ in question.arguments]
            return number == asked and [name for name, _ in reply.arguments] == names
        case Read(id=asked), Answer(id=number):
            return number == asked and not reply.arguments
        case ((Call(id=asked) | Read(id=asked)), (RaisedFrame(id=number) | Absent(id=number))):
            return number == asked
        case AskTrace(id=asked), Trace(id=number):
            return number == asked
    return False


def _clean(source: str) -> str:
    """Without lone surrogates, which JSON can hold and no frame can."""
    return source.encode("utf-8", "replace").decode("utf-8")
