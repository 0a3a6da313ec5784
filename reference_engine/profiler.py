"""torch.profiler: which operations ran, how often, and how long they took.

Backward passes are not taken apart, and there is no device whose time could be told.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from enum import Enum
from functools import wraps
from typing import Any, Self

from reference_engine import _dispatch
from reference_engine._dispatch import observe
from reference_engine._observer import Observer

__all__ = ["ProfilerActivity", "profile", "record_function", "schedule"]


class ProfilerActivity(Enum):
    """What PyTorch can watch; here only the processor."""

    CPU = 0
    XPU = 1
    CUDA = 2
    MTIA = 3
    HPU = 4


class Event:
    """All calls of one operation: their number and microseconds."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.count = 0
        self.cpu_time_total = 0.0

    @property
    def cpu_time(self) -> float:
        """The mean time of a call, in microseconds."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all calls: operations do not call each other."""
        return self.cpu_time_total


class EventList(list[Event]):
    """What was seen, an event for each operation."""

    def table(self, sort_by: str | None = None, row_limit: int = 100, **_: Any) -> str:
        """The events as text, by an attribute of theirs if wanted, the largest first."""
        events: list[Event] = list(self)
        if sort_by is not None:
            events.sort(key=lambda one: getattr(one, sort_by, one.cpu_time_total), reverse=True)
        events = events[: None if row_limit == -1 else row_limit]
        width = max([len(one.key) for one in events] + [len("Name")])
        lines = [f"{'Name':>{width}}  {'CPU total':>12}  {'CPU time avg':>12}  {'# of Calls':>10}"]
        rule = "  ".join("-" * size for size in (width, 12, 12, 10))
        lines = [rule, *lines, rule]
        lines += [
            f"{one.key:>{width}}  {one.cpu_time_total:>10.3f}us  {one.cpu_time:>10.3f}us  "
            f"{one.count:>10}"
            for one in events
        ]
        total = sum(one.cpu_time_total for one in self)
        return "\n".join([*lines, rule, f"CPU time total: {total:.3f}us", ""])

    def total_average(self) -> Event:
        """All events as one."""
        found = Event("Total")
        found.count = sum(one.count for one in self)
        found.cpu_time_total = sum(one.cpu_time_total for one in self)
        return found

    def __str__(self) -> str:
        return self.table()


class _Watching(Observer):
    """Counts operations; the observer before it goes on seeing everything."""

    def __init__(self, former: Observer | None) -> None:
        self.events: dict[str, Event] = {}
        self.since = time.perf_counter()
        self.former = former
        if former is not None:
            for name in vars(Observer):
                if not name.startswith("_") and name != "operation":
                    setattr(self, name, getattr(former, name))

    def operation(self, row: Any, inputs: Sequence[Any], results: Sequence[Any]) -> None:
        self.note(f"aten::{row.name}")
        if self.former is not None:
            self.former.operation(row, inputs, results)
        self.since = time.perf_counter()

    def note(self, key: str, since: float | None = None) -> None:
        """Add a call that has just ended."""
        event = self.events.setdefault(key, Event(key))
        event.count += 1
        event.cpu_time_total += (time.perf_counter() - (since or self.since)) * 1e6


class profile:
    """Inside, operations are counted and timed: `with profile() as prof: ...`.

    An operation's time is taken from the end of the one before it.
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        activities: Any = None,
        schedule: Any = None,
        on_trace_ready: Callable[[Any], Any] | None = None,
        **_: Any,
    ) -> None:
        self.enabled = enabled
        self._ready = on_trace_ready
        self._stack = ExitStack()
        self._watching: _Watching | None = None

    def __enter__(self) -> Self:
        if self.enabled:
            self._watching = _Watching(_dispatch.observer)
            self._stack.enter_context(observe(self._watching))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self._ready is not None:
            self._ready(self)

    def start(self) -> None:
        """Begin, without `with`."""
        self.__enter__()

    def stop(self) -> None:
        """End, without `with`."""
        self.__exit__()

    def step(self) -> None:
        """Nothing: all steps are watched."""

    def key_averages(self, *_: Any, **__: Any) -> EventList:
        """The events, in the order of their first calls."""
        if self._watching is None:
            raise AssertionError("Profiler must be initialized before querying results")
        return EventList(self._watching.events.values())

    def events(self) -> EventList:
        """As `key_averages`: single calls are not kept."""
        return self.key_averages()

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The table of `key_averages`."""
        return self.key_averages().table(*args, **kwargs)

    def total_average(self) -> Event:
        """All events as one."""
        return self.key_averages().total_average()

    def __str__(self) -> str:
        return str(self.key_averages())


class record_function:
    """Names a part of what is watched; also a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> Self:
        self._since = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(_dispatch.observer, _Watching):
            _dispatch.observer.note(self.name, self._since)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return call


def schedule(**steps: int) -> Callable[[int], Any]:
    """When PyTorch would watch; here all steps are watched."""
    return lambda step: step
