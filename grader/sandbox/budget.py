"""A submission's seconds: each step of running it has a deadline, and uses some of them up.

It knows no processes; whoever waits for one raises TimeoutError past the deadline.
"""

import time
from types import TracebackType

from grader.messages import Message
from grader.outcomes import Stopped
from grader.sandbox.process import ChildStopped


class Budget:
    """The submission's seconds, which its steps use up one by one."""

    def __init__(self, seconds: float) -> None:
        self.had_a_second_chance = False
        self._seconds = seconds
        self._spent = 0.0

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left."""
        return self._spent >= self._seconds

    @property
    def used_up(self) -> Stopped:
        """What is said where nothing is left."""
        told = Message("stopped.submission", {"seconds": f"{self._seconds:g}"})
        return Stopped("timeout", told)

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._seconds - self._spent

    def step(self, limit: float) -> "_Step":
        """A step that takes so many seconds at most."""
        return _Step(self, limit)

    def spend(self, seconds: float) -> None:
        """Note what a step took."""
        self._spent += seconds

    def run_again(self) -> None:
        """Count from nothing, for another run of the whole; the second chance stays used up."""
        self._spent = 0.0

    def start_again(self) -> None:
        """Count from nothing, the second chance: what was used was the machine's fault."""
        self.had_a_second_chance = True
        self._spent = 0.0


class _Step:
    """Entered, it gives the deadline; a TimeoutError within becomes a ChildStopped."""

    def __init__(self, budget: Budget, limit: float) -> None:
        self._budget = budget
        self._limit = limit

    def __enter__(self) -> float:
        self._began = time.monotonic()
        return self._began + min(self._limit, self._budget.left)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        budget = self._budget
        seconds = time.monotonic() - self._began
        budget.spend(seconds)
        if isinstance(error, TimeoutError):
            late = Stopped("timeout", f"{self._limit:g} s")
            stopped = budget.used_up if budget.is_used_up else late
            raise ChildStopped(stopped, seconds=seconds) from None
