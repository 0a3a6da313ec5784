"""torch.nn: what networks are made of."""

from importlib import import_module
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.nn import functional, init, modules, parameter, utils
from reference_engine.nn.modules import *  # noqa: F403
from reference_engine.nn.parameter import Buffer, Parameter


def __getattr__(name: str) -> Any:
    if name in {"parallel", "DataParallel"}:
        parallel = import_module(f"{__name__}.parallel")
        return parallel if name == "parallel" else parallel.DataParallel
    if name == "grad":
        return import_module(f"{__name__}.grad")
    home = parameter if name.startswith("Uninitialized") else modules
    found = getattr(home, name, None)
    if found is not None:
        return found
    from reference_engine.nn._pytorch_names import NN

    if name in NN:
        raise NotCovered(f"nn.{name}")
    raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")
