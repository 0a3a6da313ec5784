"""The graph of a computation as plain data: leaves, operations, cuts, backward passes, each where.

It watches through the observer seam alone, and says nothing of what is right.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from reference_engine._dispatch import Observer, as_array, observe
from reference_engine._modes import state
from reference_engine._tensor import Tensor

Event: TypeAlias = dict[str, str | int | float | bool | None]
"""What was seen: `event` says of what kind, `file` and `line` where in the caller's code."""

MOST = 500
"""Events kept of one computation; what comes later is not recorded."""

_PACKAGE = str(Path(__file__).parent)


def record(run: Callable[[], object]) -> list[Event]:
    """What is seen of a computation, oldest first, also where it raises.

    - `leaf`: `name`, `shape`, `passes` (backward passes whose sum its gradient is)
    - `operation`: `name`, `recorded`
    - `cut`: `name` of the tensor, `by` (data, detach, no_grad, item, numpy, tensor), `used`:
      whether something was computed with what was cut off; an unused one changed nothing, and
      one that a leaf was updated by is none
    - `backward`
    """
    watching = _Recorder()
    with suppress(Exception), observe(watching):
        run()
    return watching.events


class _Recorder(Observer):
    """Keeps what it sees, and holds the tensors that were cut off to see them used."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._cuts: list[tuple[Any, Event]] = []
        self._leaves: list[tuple[Tensor, Event]] = []
        self._passes = 0

    def operation(self, row: Any, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        result = results[0]
        required = False
        in_place = bool(inputs) and result is inputs[0]
        for one in inputs:
            required |= isinstance(one, Tensor) and one._requires_grad
            if not (in_place and one is result):
                self._meet(one)
        if row.name == "zero":
            self._clear(result)
        self._note("operation", name=row.name, recorded=result._grad_fn is not None)
        if required and not state.enabled and not in_place:
            self._cut(row.name, "no_grad", result)

    def detached(self, tensor: Tensor, result: Tensor) -> None:
        if tensor._requires_grad:
            # The two differ in that `.data` has a version of its own.
            by = "detach" if result._counter is tensor._counter else "data"
            self._cut(_name_of(tensor), by, result)

    def read_out(self, tensor: Tensor, by: str, value: Any) -> None:
        if tensor._requires_grad:
            self._cut(_name_of(tensor), by, value)
            return
        for cut, event in self._cuts:
            if cut is tensor and by == "numpy":
                self._cut(str(event["name"]), by, value)
                return

    def backward_pass(
        self, roots: Sequence[Tensor], cotangents: list[Tensor]
    ) -> list[Tensor] | None:
        self._note("backward")
        for _, event in self._leaves:
            event["passes"] = int(event["passes"] or 0) + 1
        return None

    def leaf_written(self, leaf: Tensor) -> None:
        frame = _caller()
        for _, event in self._cuts:
            if event["by"] == "data" and frame is not None and event["line"] == frame.f_lineno:
                event["used"] = False

    def gradient_cleared(self, tensor: Tensor) -> None:
        for leaf, event in self._leaves:
            if leaf is tensor:
                event["passes"] = 0

    def _clear(self, gradient: Tensor) -> None:
        for leaf, event in self._leaves:
            if leaf._grad is gradient:
                event["passes"] = 0

    def _meet(self, one: Any) -> None:
        """See an operand: a leaf for the first time, or something that was cut off before."""
        if isinstance(one, Tensor) and one._requires_grad:
            if one._grad_fn is None and all(one is not leaf for leaf, _ in self._leaves):
                shape = str(tuple(one._array.shape))
                event = self._note("leaf", name=_name_of(one), shape=shape, passes=0)
                if event is not None:
                    self._leaves.append((one, event))
            return
        for cut, event in self._cuts:
            if not event["used"] and _is_same(cut, one):
                event["used"] = True

    def _cut(self, name: str | None, by: str, result: Any) -> None:
        event = self._note("cut", name=name, by=by, used=False)
        if event is not None:
            self._cuts.append((result, event))

    def _note(self, kind: str, **known: str | float | bool | None) -> Event | None:
        if len(self.events) >= MOST:
            return None
        frame = _caller()
        event: Event = {"event": kind, **known, "file": None, "line": None}
        if frame is not None:
            event |= {"file": frame.f_code.co_filename, "line": frame.f_lineno}
        self.events.append(event)
        return event


def _is_same(cut: Any, one: Any) -> bool:
    """Whether an operand is what was cut off, or holds its numbers."""
    if isinstance(cut, Tensor):
        return cut is one
    if isinstance(one, Tensor | float):
        return bool(np.array_equal(np.asarray(cut), np.asarray(as_array(one))))
    return False


def _caller() -> Any:
    """The innermost frame that is none of the engine's."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<torch")):
        frame = frame.f_back
    return frame


def _name_of(tensor: Tensor) -> str | None:
    """The name under which the caller knows a tensor."""
    frame = _caller()
    while frame is not None and frame.f_code.co_name == "<listcomp>":
        frame = frame.f_back
    if frame is None:
        return None
    return next((name for name, value in frame.f_locals.items() if value is tensor), None)
