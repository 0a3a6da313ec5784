"""The graph of a computation as plain data: leaves, operations, cuts, backward passes, each where.

It watches through the observer seam alone, and says nothing of what is right.
"""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from reference_engine._dispatch import as_array, observe
from reference_engine._modes import state
from reference_engine._observer import Observer
from reference_engine._tensor import Tensor

Event: TypeAlias = dict[str, str | int | float | bool | None]
"""What was seen: `event` says of what kind, `file` and `line` where in the caller's code."""

MOST = 500
"""Events kept of one computation; what comes later is not recorded."""

_VARIANT = re.compile(r"_(of_)?(number|tensor|dims?|in_place)$")
"""What the engine adds to the name of an operation that it has several rows for."""

_PACKAGE = str(Path(__file__).parent)


def record(run: Callable[[], object]) -> list[Event]:
    """What is seen of a computation, oldest first, also where it raises.

    - `leaf`: `name`, `shape`, `digest`, `passes` (backward passes whose sum its gradient is)
    - `operation`: `name`, `shape`, `digest`, `recorded`, `inputs`
    - `cut`: `name` of the tensor, `by` (data, detach, no_grad, item, numpy, tensor), `inputs`,
      `used`: whether something was computed with what was cut off; an unused one changed nothing,
      and one that a leaf was updated by is none
    - `backward`: `inputs`

    `inputs` are the places in the list, "0 3", of the events that something was computed from;
    `digest` is a number that other values, or the same in another order, do not have.
    """
    watching = _Recorder()
    with suppress(Exception), observe(watching):
        run()
    return watching.events


class _Recorder(Observer):
    """Keeps what it sees, and holds the tensors that were cut off to see them used."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._cuts: list[tuple[Any, Event, int]] = []
        self._leaves: list[tuple[Tensor, Event]] = []
        self._places: dict[int, tuple[Tensor, int]] = {}

    def operation(self, row: Any, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        result = results[0]
        required = False
        in_place = bool(inputs) and result is inputs[0]
        sources = []
        for one in inputs:
            required |= isinstance(one, Tensor) and one._requires_grad
            if not (in_place and one is result):
                self._meet(one)
            sources.append(self._place_of(one))
        if row.name == "zero":
            self._clear(result)
        recorded = result._grad_fn is not None
        self._note(
            "operation",
            sources,
            name=_VARIANT.sub("", row.name),
            recorded=recorded,
            shape=_shape(result),
            digest=_digest(result),
        )
        if recorded or not in_place:  # a leaf that is updated stays what it is
            for one in results:
                self._put(one)
        if required and not state.enabled and not in_place:
            self._cut(row.name, "no_grad", result, source=result)

    def detached(self, tensor: Tensor, result: Tensor) -> None:
        if tensor._requires_grad:
            # The two differ in that `.data` has a version of its own.
            by = "detach" if result._counter is tensor._counter else "data"
            self._cut(_name_of(tensor), by, result, source=tensor)

    def read_out(self, tensor: Tensor, by: str, value: Any) -> None:
        if tensor._requires_grad:
            self._cut(_name_of(tensor), by, value, source=tensor)
            return
        for cut, event, _ in self._cuts:
            if cut is tensor and by == "numpy":
                self._cut(str(event["name"]), by, value, source=tensor)
                return

    def backward_pass(
        self, roots: Sequence[Tensor], cotangents: list[Tensor]
    ) -> list[Tensor] | None:
        self._note("backward", [self._place_of(one) for one in roots])
        for _, event in self._leaves:
            event["passes"] = int(event["passes"] or 0) + 1
        return None

    def leaf_written(self, leaf: Tensor) -> None:
        frame = _caller()
        for _, event, _ in self._cuts:
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
                digest = _digest(one)
                event = self._note(
                    "leaf", name=_name_of(one), shape=_shape(one), digest=digest, passes=0
                )
                if event is not None:
                    self._leaves.append((one, event))
                    self._put(one)
            return
        for cut, event, _ in self._cuts:
            if not event["used"] and _is_same(cut, one):
                event["used"] = True

    def _cut(self, name: str | None, by: str, result: Any, *, source: Tensor) -> None:
        if source._requires_grad:
            self._meet(source)
        event = self._note("cut", [self._place_of(source)], name=name, by=by, used=False)
        if event is not None:
            self._cuts.append((result, event, len(self.events) - 1))
            self._put(result)

    def _put(self, tensor: Any) -> None:
        """Remember that the latest event is what a tensor comes from; it is held, as its id is."""
        if isinstance(tensor, Tensor) and len(self.events) < MOST:
            self._places[id(tensor)] = (tensor, len(self.events) - 1)

    def _place_of(self, one: Any) -> int | None:
        """The place of the event that an operand comes from; None where it was never met."""
        if id(one) in self._places:
            return self._places[id(one)][1]
        return next((place for cut, _, place in self._cuts if _is_same(cut, one)), None)

    def _note(
        self, kind: str, sources: Sequence[int | None] = (), **known: str | float | bool | None
    ) -> Event | None:
        if len(self.events) >= MOST:
            return None
        frame = _caller()
        event: Event = {"event": kind, **known, "file": None, "line": None}
        if kind != "leaf":
            event["inputs"] = " ".join(str(one) for one in sources if one is not None)
        if frame is not None:
            event |= {"file": frame.f_code.co_filename, "line": frame.f_lineno}
        self.events.append(event)
        return event


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor._array.shape))


def _digest(tensor: Tensor) -> float:
    values = tensor._array.astype(np.float64).ravel()
    with np.errstate(all="ignore"):
        return float(values @ _weights(values.size))


@lru_cache(maxsize=64)
def _weights(size: int) -> Any:
    return np.cos(np.arange(size))


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
