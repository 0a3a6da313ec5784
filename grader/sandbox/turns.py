"""Who may run when: students' processes side by side, or one alone where the machine is busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class Turns:
    """A gate between threads: whoever is within runs beside others.

    It is passed for every question that a student's process is asked. Whoever waits to be alone
    keeps newcomers out.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._running = 0
        self._alone = False

    def __enter__(self) -> None:
        """Run beside others, as soon as nobody is or waits to be alone."""
        with self._lock:
            while self._alone:
                self._changed.wait()
            self._running += 1

    def __exit__(self, *_: object) -> None:
        """Let whoever waits to be alone know."""
        with self._lock:
            self._running -= 1
            if self._alone:
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run when nobody else does."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: self._running == 0)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
