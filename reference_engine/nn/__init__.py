"""torch.nn: what networks are made of."""

from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.nn import functional, init, modules, parameter, utils
from reference_engine.nn.modules import *  # noqa: F403
from reference_engine.nn.parameter import Buffer, Parameter


def __getattr__(name: str) -> Any:
    home = parameter if name.startswith("Uninitialized") else modules
    found = getattr(home, name, None)
    if found is not None:
        return found
    from reference_engine.nn._pytorch_names import NN

    if name in NN:
        raise NotCovered(f"nn.{name}")
    raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")
