"""torch.cuda of a build without CUDA: there is no device, and asking for one says so."""

from importlib import import_module
from typing import Any, NoReturn

from reference_engine import _errors
from reference_engine._errors import NotCovered


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: it would take effect when CUDA is initialised."""


manual_seed_all = manual_seed


def seed() -> None:
    """Nothing."""


seed_all = empty_cache = seed


def memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def get_arch_list() -> list[str]:
    """No architectures."""
    return []


def _refuse(*_: Any, **__: Any) -> NoReturn:
    """Say that there is no CUDA."""
    raise AssertionError(_errors.NO_CUDA)


current_device = get_device_name = get_device_properties = get_device_capability = _refuse
synchronize = set_device = current_stream = mem_get_info = init = _refuse
get_rng_state = set_rng_state = initial_seed = _refuse

_CONSTRUCTORS = frozenset(
    f"{kind}Tensor"
    for kind in ("Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")
)


class _NoConstructor:
    """`torch.cuda.FloatTensor` and its like, which may be named."""

    def __init__(self, name: str) -> None:
        self.__name__ = f"torch.cuda.{name}"

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        name = self.__name__.rpartition(".")[2]
        raise TypeError(_errors.NO_CUDA_TYPE.format(name=name))


def __getattr__(name: str) -> Any:
    if name == "amp":  # loaded when it is first named
        return import_module(f"{__name__}.amp")
    if name in _CONSTRUCTORS:
        return _NoConstructor(name)
    if name.startswith("__"):
        raise AttributeError(f"module 'torch.cuda' has no attribute '{name}'")
    raise NotCovered(f"cuda.{name}")
