"""torch.optim.swa_utils: a model whose parameters are averages of another's, and its schedule."""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

import reference_engine as torch
from reference_engine.nn.modules.batchnorm import _BatchNorm
from reference_engine.nn.modules.module import Module
from reference_engine.optim._cyclic import ANNEAL
from reference_engine.optim._schedule import LRScheduler, one_each
from reference_engine.optim.optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn",
    "get_swa_multi_avg_fn", "update_bn",
]  # fmt: skip


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """The update of lists of averages that fade by `decay`."""
    _check_decay(decay)

    @torch.no_grad()
    def ema_update(averages: list[Any], current: list[Any], _: Any) -> None:
        for average, one in zip(averages, current, strict=True):
            if average.is_floating_point():
                average.lerp_(one, 1 - decay)
            else:
                average.copy_(average * decay + one * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """The update of lists of plain averages."""

    @torch.no_grad()
    def swa_update(averages: list[Any], current: list[Any], num_averaged: Any) -> None:
        share = 1 / (num_averaged + 1)
        for average, one in zip(averages, current, strict=True):
            if average.is_floating_point():
                average.lerp_(one, float(share))
            else:
                average.copy_(average + (one - average) * share)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """The average that fades by `decay`."""
    _check_decay(decay)

    @torch.no_grad()
    def ema_update(average: Any, current: Any, _: Any) -> Any:
        return decay * average + (1 - decay) * current

    return ema_update


def get_swa_avg_fn() -> Callable[..., Any]:
    """The plain average."""

    @torch.no_grad()
    def swa_update(average: Any, current: Any, num_averaged: Any) -> Any:
        return average + (current - average) / (num_averaged + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model that holds averages of its parameters: plain, or by a function.

    `avg_fn(average, current, count)` gives one average, `multi_avg_fn(averages, current, count)`
    updates all in place; `use_buffers` averages the buffers too, which are copied otherwise.
    """

    n_averaged: Any

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", torch.tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def _averaged(self, model: Module) -> list[Any]:
        tensors = chain(model.parameters(), model.buffers() if self.use_buffers else ())
        return [one.detach() for one in tensors]

    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters into the averages."""
        averages, current = self._averaged(self.module), self._averaged(model)
        if self.n_averaged == 0:
            for average, one in zip(averages, current, strict=True):
                average.copy_(one)
        elif self.avg_fn is None:
            update = self.multi_avg_fn or get_swa_multi_avg_fn()
            update(averages, current, self.n_averaged)
        else:
            for average, one in zip(averages, current, strict=True):
                average.copy_(self.avg_fn(average, one, self.n_averaged))
        if not self.use_buffers:
            buffers: Any = zip(self.module.buffers(), model.buffers(), strict=True)
            for mine, other in buffers:
                mine.detach().copy_(other.detach())
        self.n_averaged += 1


@torch.no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of all batch normalisations anew, over the loader's inputs."""
    momenta: dict[Any, Any] = {}
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
            module.momentum = None  # a mean over all batches
    if not momenta:
        return
    was_training = model.training
    model.train()
    for batch in loader:
        inputs = batch[0] if isinstance(batch, list | tuple) else batch
        model(inputs if device is None else inputs.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the present rates to `swa_lr` in `anneal_epochs` steps, then constant."""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for rate, group in zip(
            one_each("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True
        ):
            group["swa_lr"] = rate
        if anneal_strategy not in {"cos", "linear"}:
            raise ValueError(ANNEAL.format(found=anneal_strategy))
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far the rates have come after `step` steps: 0 to 1."""
        way = max(0, min(1, step / max(1, self.anneal_epochs)))
        return way if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * way)) / 2

    def get_lr(self) -> list[Any]:
        """The rates of the groups at this step."""
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            start = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            rates.append(goal * now + start * (1 - now))
        return rates
