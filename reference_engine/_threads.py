"""A stack of its own for what goes deeper than one thread's allows."""

from collections.abc import Callable
from typing import Any, TypeVar

_Found = TypeVar("_Found")


def in_another_thread(function: Callable[[], _Found]) -> _Found:
    """What a function gives, computed on a stack of its own while this thread waits."""
    from threading import Thread

    found: list[Any] = []

    def run() -> None:
        try:
            found.append(function())
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            found.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]  # type: ignore[no-any-return]
