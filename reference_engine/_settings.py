"""PyTorch's switches: threads, determinism, precision, the default device.

They are kept and told, and change nothing: there is one way of computing here.
"""

from collections.abc import Callable
from typing import Any

from reference_engine._types import check_device, cpu, device
from reference_engine._warnings import Always


class _Switches:
    """What is set now."""

    threads = 1
    interop_threads = 1
    deterministic = False
    deterministic_warns = False
    matmul_precision = "highest"


def get_num_threads() -> int:
    """The number of threads asked for."""
    return _Switches.threads


def set_num_threads(int: int) -> None:
    """Ask for a number of threads."""
    if int <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _Switches.threads = int


def get_num_interop_threads() -> int:
    """The number of threads between operations asked for."""
    return _Switches.interop_threads


def set_num_interop_threads(int: int) -> None:
    """Ask for a number of threads between operations."""
    if int <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    _Switches.interop_threads = int


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic algorithms: all are."""
    _Switches.deterministic, _Switches.deterministic_warns = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether deterministic algorithms were asked for."""
    return _Switches.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether a warning was asked for in place of an error."""
    return _Switches.deterministic_warns


def get_deterministic_debug_mode() -> int:
    """0, 1 (warns) or 2 (raises)."""
    if not _Switches.deterministic:
        return 0
    return 1 if _Switches.deterministic_warns else 2


def set_deterministic_debug_mode(debug_mode: Any) -> None:
    """Set what `use_deterministic_algorithms` sets, by "default", "warn", "error" or a number."""
    mode = {"default": 0, "warn": 1, "error": 2}.get(debug_mode, debug_mode)
    use_deterministic_algorithms(mode > 0, warn_only=mode == 1)


def get_float32_matmul_precision() -> str:
    """The precision of matrix products asked for."""
    return _Switches.matmul_precision


def set_float32_matmul_precision(precision: str) -> None:
    """Ask for a precision of matrix products: they always have the highest."""
    _Switches.matmul_precision = precision


def is_warn_always_enabled() -> bool:
    """Whether warnings were asked for each time."""
    return Always.wanted


def set_warn_always(b: bool, /) -> None:
    """Ask for warnings each time."""
    Always.wanted = b


def set_flush_denormal(mode: bool) -> bool:
    """Ask for tiny numbers to become 0; False: they never do."""
    return False


def get_default_device() -> device:
    """The CPU."""
    return cpu


def set_default_device(device: Any) -> None:
    """Choose a device: the CPU."""
    check_device(device)


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False."""
    return False


def compile(model: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The function or module itself."""
    return (lambda function: function) if model is None else model


def is_vulkan_available() -> bool:
    """False."""
    return False


def compiled_with_cxx11_abi() -> bool:
    """True, as of PyTorch's own builds."""
    return True
