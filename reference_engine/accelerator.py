"""torch.accelerator of a machine that has none."""

from typing import Any, NoReturn

from reference_engine import _errors


def is_available() -> bool:
    """False."""
    return False


def current_accelerator(check_available: bool = False) -> None:
    """None."""


def device_count() -> int:
    """0."""
    return 0


def _refuse(*_: Any, **__: Any) -> NoReturn:
    """Say that there is no accelerator."""
    raise RuntimeError(_errors.NO_ACCELERATOR)


current_device_index = current_stream = set_device_index = set_stream = synchronize = _refuse
