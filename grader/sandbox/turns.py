"""Who may run when: students' processes side by side, or one alone where the machine is busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """A gate between threads; whoever waits to be alone keeps newcomers out."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running = 0
        self._alone = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run beside others."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
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
