"""Schedules made of others, one after the other or all together, and the one that waits."""

import warnings
from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from typing import Any

from reference_engine.optim._schedule import (
    EPOCH_DEPRECATION_WARNING,
    LRScheduler,
    check_optimizer,
    set_lr,
    values_of,
)
from reference_engine.optim.optimizer import Optimizer

NO_SCHEDULER = "{name} expects at least one scheduler{purpose}, but got no scheduler."
NO_OPTIMIZER = "{name} at index {index} should have `optimizer` as its attribute."
PLATEAU_INSIDE = (
    "{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
    "specified when calling `step`, but got one at index {index} in the given schedulers sequence."
)
OTHER_OPTIMIZER = (
    "{name} expects all schedulers to belong to the same optimizer, but got scheduler {scheduler} "
    "at index {index} has {found}, which is different from {expected}."
)
MILESTONES = (
    "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
    "milestone points, but got number of schedulers {schedulers} and the number of milestones to "
    "be equal to {milestones}"
)
MIN_LRS = "expected {expected} min_lrs, got {found}"
GROUPS_ADDED = (
    "The number of param groups in the `optimizer` ({groups}) differs from when "
    "`ReduceLROnPlateau` was initialized ({rates}), usually due to a new param group being added "
    "to the optimizer. Please modify the `min_lrs` field to match the length of the `optimizer` "
    "param groups."
)


class _Combined(LRScheduler):
    """A schedule that owns others."""

    _schedulers: Sequence[Any]

    def _check(self, optimizer: Any) -> None:
        name = type(self).__name__
        for index, scheduler in enumerate(self._schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(NO_OPTIMIZER.format(name=name, index=index))
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(PLATEAU_INSIDE.format(name=name, index=index))  # noqa: TRY004 - PyTorch's
            if optimizer is not scheduler.optimizer:
                raise ValueError(
                    OTHER_OPTIMIZER.format(
                        name=name,
                        scheduler=type(scheduler).__name__,
                        index=index,
                        found=scheduler.optimizer,
                        expected=type(optimizer).__name__,
                    )
                )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the states of the schedulers inside."""
        inside = [scheduler.state_dict() for scheduler in self._schedulers]
        return super().state_dict() | {"_schedulers": inside}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        rest = dict(state_dict)
        for scheduler, state in zip(self._schedulers, rest.pop("_schedulers"), strict=True):
            scheduler.load_state_dict(state)
        super().load_state_dict(rest)


class SequentialLR(_Combined):
    """One schedule after the other; the next begins at each milestone."""

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        if not schedulers:
            raise ValueError(NO_SCHEDULER.format(name=type(self).__name__, purpose=""))
        self._schedulers = schedulers
        self._check(optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                MILESTONES.format(schedulers=len(schedulers), milestones=len(milestones))
            )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            set_lr(group, group["initial_lr"])
        _undo_step(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch, in the schedule that is at work then."""
        self.last_epoch += 1
        place = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[place]
        if place > 0 and self._milestones[place - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo_step(scheduler: Any) -> None:
    """Take back the step that each schedule took when it was made."""
    if hasattr(scheduler, "_schedulers"):
        for one in scheduler._schedulers:
            _undo_step(one)
    elif hasattr(scheduler, "last_epoch"):
        scheduler.last_epoch -= 1


class ChainedScheduler(_Combined):
    """Schedules that all take each step, one on top of the other."""

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if len(schedulers) < 1:
            name = type(self).__name__
            raise ValueError(NO_SCHEDULER.format(name=name, purpose=" to be chained"))
        self._schedulers = schedulers
        self.optimizer = optimizer or schedulers[0].optimizer
        self._check(self.optimizer)
        self._last_lr = values_of(self.optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Let every schedule take its step."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values_of(self.optimizer, "lr")


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` once a metric has not got better for more than `patience` epochs."""

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        check_optimizer(optimizer)
        self.factor = factor
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        several = isinstance(min_lr, (list, tuple))
        if several and len(min_lr) != count:
            raise ValueError(MIN_LRS.format(expected=count, found=len(min_lr)))
        self.default_min_lr = None if several else min_lr
        self.min_lrs = list(min_lr) if several else [min_lr] * count
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = values_of(optimizer, "lr")
        if mode not in {"min", "max"}:
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in {"rel", "abs"}:
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.mode_worse = inf if mode == "min" else -inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take note of an epoch's metric; lower the rates where it has not got better."""
        current = float(metrics)
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = values_of(self.optimizer, "lr")

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs after a reduction are not counted yet."""
        return self.cooldown_counter > 0

    def _is_better(self, current: float) -> bool:
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return current < bound if self.mode == "min" else current > bound

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(GROUPS_ADDED.format(groups=len(groups), rates=len(self.min_lrs)))
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            former = float(group["lr"])
            rate = max(former * self.factor, least)
            if former - rate > self.eps:
                set_lr(group, rate)
