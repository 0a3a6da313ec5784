"""torch.optim: what changes parameters by their gradients, and the rates at which it does."""

from importlib import import_module
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.optim import lr_scheduler
from reference_engine.optim.adagrad import Adadelta, Adagrad
from reference_engine.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from reference_engine.optim.asgd import ASGD
from reference_engine.optim.lbfgs import LBFGS
from reference_engine.optim.optimizer import Optimizer
from reference_engine.optim.rmsprop import RMSprop
from reference_engine.optim.rprop import Rprop
from reference_engine.optim.sgd import SGD

_NOT_COVERED = frozenset(("Muon", "SparseAdam", "swap_in_optimizer_params_and_state"))


def __getattr__(name: str) -> Any:
    if name == "swa_utils":  # these two are loaded when they are first named
        return import_module(f"{__name__}.swa_utils")
    if name == "Adafactor":
        return import_module(f"{__name__}.adafactor").Adafactor
    if name in _NOT_COVERED:
        raise NotCovered(f"optim.{name}")
    raise AttributeError(f"module 'torch.optim' has no attribute '{name}'")
