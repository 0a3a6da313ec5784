"""What all schedules of learning rates share: counting epochs, and writing the rates of groups.

It knows no schedule; each gives its rates by `get_lr`.
"""

import types
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from reference_engine._functions import clone, fill_
from reference_engine._tensor import Tensor
from reference_engine.optim.optimizer import Optimizer, number

NOT_AN_OPTIMIZER = "{type} is not an Optimizer"
NO_INITIAL_LR = (
    "param 'initial_lr' is not specified in param_groups[{index}] when resuming scheduler with "
    "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a "
    "checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 "
    "for a fresh training run (not recommended)"
)
STEP_OVERRIDDEN = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
    "initialization. Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. "
    "See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
STEP_TOO_EARLY = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, "
    "you should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  "
    "Failure to do this will result in PyTorch skipping the first value of the learning rate "
    "schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)
USE_LAST_LR = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."
PARAM_LENGTH = (
    "{name} must have the same length as optimizer.param_groups. {name} has {found} values, "
    "param_groups has {expected}."
)


class LRScheduler:
    """Sets the learning rates of an optimizer's groups, once now and again at each `step`.

    Subclasses give the rates of `last_epoch` by `get_lr`, and by `_get_closed_form_lr` where they
    do not need the former ones.
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(NO_INITIAL_LR.format(index=index))
        self.base_lrs = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _count_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The rates of the groups at `last_epoch`; called by `step`."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """The rates that were set last."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to a given one, and set its rates."""
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_counted"):
                warnings.warn(STEP_OVERRIDDEN, UserWarning, stacklevel=2)
            elif not getattr(self.optimizer, "_opt_called", False):
                warnings.warn(STEP_TOO_EARLY, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        with self._within_step():
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            closed_form = getattr(self, "_get_closed_form_lr", None)
            values = self.get_lr() if epoch is None or closed_form is None else closed_form()
        self._set(values)

    def _set(self, values: Sequence[Any]) -> None:
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            set_lr(group, value)
        self._last_lr = values_of(self.optimizer, "lr")

    @contextmanager
    def _within_step(self) -> Iterator[None]:
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False

    def _warn_outside_step(self) -> None:
        """Warn of a call of `get_lr` that was meant to be one of `get_last_lr`."""
        if not self._get_lr_called_within_step:
            warnings.warn(USE_LAST_LR, UserWarning, stacklevel=3)

    def _unchanged(self) -> list[Any]:
        return values_of(self.optimizer, "lr")

    def _scaled(self, factor: float) -> list[Any]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, as a dict."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.__dict__.update(state_dict)


def _count_steps(optimizer: Any) -> None:
    """Let the optimizer note that it took a step."""
    if hasattr(optimizer.step, "_counted"):
        return
    step = optimizer.step.__func__
    owner = weakref.ref(optimizer)  # the optimizer will hold the function that is made here

    @wraps(step)
    def counted(*args: Any, **kwargs: Any) -> Any:
        held: Any = owner()
        held._opt_called = True
        return step(held, *args, **kwargs)

    counted._counted = True  # type: ignore[attr-defined]
    optimizer.step = counted


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError for what is no optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(NOT_AN_OPTIMIZER.format(type=type(optimizer).__name__))


def values_of(optimizer: Optimizer, name: str) -> list[Any]:
    """An option's value in each group; tensors are copied."""
    return [_copied(group[name]) for group in optimizer.param_groups]


def set_lr(group: dict[str, Any], value: Any) -> None:
    """Set a group's rate, into its tensor where it is one."""
    rate: Any = group["lr"]
    if isinstance(rate, Tensor):
        fill_(rate, number(value))
    else:
        group["lr"] = value


def one_each(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A value for each group, from a list of that length or from one value."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [_copied(value) for _ in range(count)]
    if len(value) != count:
        raise ValueError(PARAM_LENGTH.format(name=name, found=len(value), expected=count))
    return [_copied(one) for one in value]


def _copied(value: Any) -> Any:
    return clone(value) if isinstance(value, Tensor) else value


def functions_state(functions: Sequence[Callable[..., Any]]) -> list[Any]:
    """What can be saved of functions: the attributes of callable objects, None for functions."""
    return [
        None if isinstance(one, types.FunctionType) else dict(one.__dict__) for one in functions
    ]
