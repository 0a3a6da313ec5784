"""torch.utils: data to learn from, and handles of hooks."""

from importlib import import_module
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.utils import data, hooks

_NOT_COVERED = frozenset(
    (
        "backend_registration", "benchmark", "bottleneck", "bundled_inputs",
        "collect_env", "cpp_backtrace", "debug_log", "deterministic", "dlpack",
        "file_baton", "flop_counter", "generate_methods_for_privateuse_backend",
        "get_cpp_backtrace", "hipify", "jit", "mkldnn", "mobile_optimizer", "model_dump",
        "model_zoo", "module_tracker", "rename_privateuse1_backend", "serialization", "set_module",
        "show_pickle", "strobelight", "swap_tensors", "tensorboard", "throughput_benchmark",
        "viz", "weak", "xnnpack",
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in {"checkpoint", "cpp_extension"}:  # loaded when they are first named
        return import_module(f"reference_engine.utils.{name}")
    if name in _NOT_COVERED:
        raise NotCovered(f"utils.{name}")
    raise AttributeError(f"module 'torch.utils' has no attribute '{name}'")
