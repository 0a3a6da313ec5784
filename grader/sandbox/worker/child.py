"""A student's process at work: it runs a submission's cells and answers calls.

It is trusted until the first cell runs and not after: whatever it sends is checked elsewhere.
"""

import contextlib
import inspect
import os
import random
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import Any, Protocol, TypeAlias

import numpy as np

from grader.sandbox.protocol import (
    LENGTH,
    MAX_EVENTS,
    Absent,
    Answer,
    AskTrace,
    Call,
    Cell,
    CellStarted,
    FromChild,
    Raised,
    Ran,
    Read,
    Run,
    Source,
    ToChild,
    Trace,
    Value,
    pack,
    unpack_to_child,
)
from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker.cells import Workspace
from grader.sandbox.worker.failures import cell_of, describe
from grader.sandbox.worker.imports import Fallback, Guard, Installed
from grader.sandbox.worker.text import Printed
from grader.sandbox.worker.values import MAX_ARGUMENTS, build_value, pack_value

_VARIABLE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS

_random: Any = random.seed.__self__  # type: ignore[attr-defined]
"""The generator behind the functions of `random`, whatever students put in their places."""
# Its class's own seed() makes up numbers from what is none, on a dozen more pages.
_sow_random = super(random.Random, _random).seed
_sow_numpy = np.random.seed


RunCells: TypeAlias = Callable[[Workspace, Sequence[Cell], Callable[..., None]], None]
"""Runs cells, and calls with the number of each before it runs, or with a line of it, too."""


class Channel(Protocol):
    """As much of a connected socket as is needed."""

    def recv(self, size: int, /) -> bytes:
        """At most `size` bytes, none where the other side hung up."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of the bytes."""


class Descriptors:
    """A channel by the numbers of its two ends; made of them, it is there before they are."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink

    def recv(self, size: int, /) -> bytes:
        """See `Channel`."""
        return os.read(self._source, size)

    def sendall(self, data: bytes, /) -> None:
        """See `Channel`."""
        sent = os.write(self._sink, data)
        while sent < len(data):
            data = data[sent:]
            sent = os.write(self._sink, data)


class Child:
    """A submission's process: the channel to the grader and the names the cells left behind.

    Made before the fork, since every object that is made or touched after it costs a page.
    """

    def __init__(self, kind: Kind, run_cells: RunCells) -> None:
        self._kind = kind
        self._run_cells = run_cells
        self._tracing = sys.modules.get("reference_engine.tracing")
        self._torch: ModuleType | None = None if kind == "numpy" else sys.modules["torch"]
        self._sending = threading.Lock()
        self._printed = Printed(self._send_bytes_of)
        self._workspace = Workspace(kind)
        self._finders = Guard(kind), Installed(kind), Fallback(self._workspace.attempts)
        self._seed = 0

    def serve(self, channel: Channel) -> None:
        """Be the process of one submission: answer frame by frame until the grader hangs up.

        It must have become a notebook before.
        """
        self._channel = channel
        while (frame := self._receive()) is not None:
            match frame:
                case Run():
                    self._run(frame)
                case Call(id=number, name=name):
                    self._answer(number, name, partial(self._call, frame))
                case Read(id=number, name=name):
                    self._answer(number, name, partial(self._read, number))
                case AskTrace(id=number, call=call):
                    self._send(Trace(id=number, events=self._trace(call)))

    def become_a_notebook(self) -> None:
        """Give this process the names, the imports and the output of a student's; done once."""
        self._printed.install()
        # What default_rng() without a seed is sown with.
        np.random.bit_generator.randbits = random.getrandbits  # type: ignore[attr-defined]
        self._workspace.become_front_end()
        guard, installed, fallback = self._finders
        others = [finder for finder in sys.meta_path if finder is not PathFinder]
        sys.meta_path[:] = [guard, *others, installed, fallback]

    def _run(self, frame: Run) -> None:
        self._seed = frame.seed
        workspace = self._workspace
        workspace.start(frame.kind)
        for name, source in frame.modules.items():
            # A name that an archive holds may be longer than any file's; it is then not there.
            with contextlib.suppress(OSError), open(f"{name}.py", "wb") as file:  # noqa: PTH123
                file.write(source.encode())
        sow(self._seed, self._torch)
        cells = [cell for cell in frame.cells if cell.index not in frame.skip]
        self._run_cells(workspace, cells, self._say_what_starts)
        self._send(Ran(failures=workspace.failures, defined=workspace.defined()))

    def _say_what_starts(self, index: int, line: int = 0) -> None:
        self._send(CellStarted(index=index, line=line))

    def _answer(self, number: int, name: str, answer: Callable[[Any], Answer]) -> None:
        workspace = self._workspace
        if name not in workspace.namespace:
            self._send(Absent(id=number))
            return
        try:
            reply: FromChild = answer(workspace.namespace[name])
        except BaseException as error:  # noqa: BLE001 - sys.exit() ends a call, not the process
            exception = describe(error, workspace.sources, kind=self._kind)
            reply = Raised(id=number, exception=exception)
        self._send(reply)

    def _call(self, call: Call, function: Any) -> Answer:
        sow(self._seed, self._torch)
        arguments = {name: build_value(value, self._torch) for name, value in call.arguments}
        if call.through is not None:
            function = partial(build_value(Source(text=call.through), self._torch), function)
        result = apply(function, arguments)
        value = pack_value(result, self._torch)
        return Answer(id=call.id, value=value, arguments=self._pack_arguments(arguments))

    def _trace(self, call: Call) -> list[dict[str, str | int | float | bool | None]]:
        function = self._workspace.namespace.get(call.name)
        if self._tracing is None or function is None:
            return []
        seen = self._tracing.record(partial(self._call, call, function))
        return [_placed(event) for event in seen[:MAX_EVENTS]]

    def _pack_arguments(self, arguments: dict[str, Any]) -> list[tuple[str, Value]]:
        share = MAX_ARGUMENTS // max(1, len(arguments))
        return [
            (name, pack_value(value, self._torch, limit=share)) for name, value in arguments.items()
        ]

    def _read(self, number: int, value: Any) -> Answer:
        return Answer(id=number, value=pack_value(value, self._torch))

    def _receive(self) -> ToChild | None:
        header = self._take(LENGTH.size)
        if len(header) < LENGTH.size:
            return None
        return unpack_to_child(self._take(LENGTH.unpack(header)[0]))

    def _take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size and (piece := self._channel.recv(size - len(taken))):
            taken = taken + piece if taken else piece
        return taken

    def _send(self, frame: FromChild) -> None:
        self._printed.flush()
        self._send_bytes_of(frame)

    def _send_bytes_of(self, frame: FromChild) -> None:
        data = pack(frame)
        with self._sending:
            self._channel.sendall(data)


def apply(function: Any, arguments: dict[str, Any]) -> Any:
    """Call with the arguments in order, whatever the student named the parameters.

    Where the parameters have just the arguments' names, their order is the student's. What cannot
    be bound in order but by name is handed over by name.
    """
    values = tuple(arguments.values())
    names = _plain_parameters(function)
    if names is not None and len(names) == len(values):
        return function(**arguments) if set(names) == arguments.keys() else function(*values)
    try:
        signature = inspect.signature(function)
        # A decorator that says what it wraps may take less than that: `*args` alone.
        outermost = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return function(*values)
    if signature.parameters.keys() == arguments.keys():
        values = tuple(arguments[name] for name in signature.parameters)
    in_order = _binds(signature, *values) and _binds(outermost, *values)
    if not in_order and _binds(signature, **arguments) and _binds(outermost, **arguments):
        return function(**arguments)
    return function(*values)


def _plain_parameters(function: Any) -> tuple[str, ...] | None:
    """The parameters of a function as most are written; None where there is more to them."""
    if type(function) is not FunctionType or function.__dict__:
        return None
    code = function.__code__
    if code.co_posonlyargcount or code.co_kwonlyargcount or code.co_flags & _VARIABLE:
        return None
    return code.co_varnames[: code.co_argcount]


def _binds(signature: inspect.Signature, *values: Any, **named: Any) -> bool:
    try:
        signature.bind(*values, **named)
    except TypeError:
        return False
    return True


def sow(seed: int, torch: ModuleType | None) -> None:
    """Start every random generator anew, so that no answer depends on the calls before it."""
    _sow_random(seed)
    _random.gauss_next = None
    _sow_numpy(seed % 2**32)
    if torch is not None:
        torch.manual_seed(seed)


def _placed(event: dict[str, Any]) -> dict[str, str | int | float | bool | None]:
    """An event with the cell of its line, where it is a cell's."""
    cell = cell_of(event.pop("file"))
    return {**event, "cell": cell, "line": None if cell is None else event["line"]}
