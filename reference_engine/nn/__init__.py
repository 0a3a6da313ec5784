"""torch.nn: what networks are made of."""

from importlib import import_module
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.nn import functional, init, modules, parameter, utils
from reference_engine.nn.modules import *  # noqa: F403
from reference_engine.nn.parameter import Buffer, Parameter


def __getattr__(name: str) -> Any:
    found = _starred() if name == "__all__" else _lazily(name)
    if found is None:
        from reference_engine.nn._pytorch_names import NN

        if name in NN:
            raise NotCovered(f"nn.{name}")
        raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")
    return found


def _lazily(name: str) -> Any:
    """What is made when it is first asked for; None where there is no such name."""
    if name in {"parallel", "DataParallel"}:
        parallel = import_module(f"{__name__}.parallel")
        return parallel if name == "parallel" else parallel.DataParallel
    if name == "grad":
        return import_module(f"{__name__}.grad")
    home = parameter if name.startswith("Uninitialized") else modules
    return getattr(home, name, None)


def _starred() -> list[str]:
    """What `from torch.nn import *` gives: also what is made later, and no file of the modules'."""
    from reference_engine.nn._pytorch_names import NN

    return sorted(one for one in NN if one in globals() or _lazily(one) is not None)
