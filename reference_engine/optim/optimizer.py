"""What all optimizers share: parameter groups, state, their saving and loading, and the step.

It knows no update rule; `ElementwiseOptimizer` asks its subclasses for one, parameter by parameter.
"""

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from itertools import chain
from typing import Any, NamedTuple

from reference_engine._creation import tensor
from reference_engine._functions import to
from reference_engine._graph import Hooks, RemovableHandle
from reference_engine._modes import enable_grad, no_grad, set_grad_enabled
from reference_engine._tensor import Tensor
from reference_engine._types import float32, float64, get_default_dtype

Group = dict[str, Any]

PARAMS_TYPE = (
    "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
    "{type}"
)
NO_PARAMS = "optimizer got an empty parameter list"
GROUP_TYPE = "param_group must be a dict, but got {type}"
UNORDERED = (
    "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
    "in sets will change between runs. Please use a list instead."
)
SOME_NAMES = "all optimizer params should be with/without names. Some param names are missing"
GROUPS_NAMES = (
    "all optimizer param groups should be with/without names. cannot add param group {which} names "
    "to the optimizer"
)
PARAM_TYPE = "optimizer can only optimize Tensors, but one of the params is {type}"
NON_LEAF = "can't optimize a non-leaf Tensor"
DUPLICATES = (
    "optimizer contains a parameter group with duplicate parameters; in future, this will cause an "
    "error; see github.com/pytorch/pytorch/issues/40967 for more information"
)
IN_TWO_GROUPS = "some parameters appear in more than one parameter group"
REQUIRED = "parameter group didn't specify a value of required optimization parameter {name}"
GROUP_COUNT = "loaded state dict has a different number of parameter groups"
GROUP_SIZE = (
    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
)
HOOK_RESULT = "{function} must return None or a tuple of (new_args, new_kwargs), but got {found}."
TENSOR_LR = "Tensor lr must be 1-element"
FUSED_DIFFERENTIABLE = "`fused` does not support `differentiable`"
FUSED_FOREACH = "`fused` and `foreach` cannot be `True` together."
CAPTURABLE = "If capturable=True, {what} must be on supported devices: {devices}."


class _Required:
    """Marks a default that every group must give itself."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer:
    """Parameters in groups, each with its options; subclasses define `step`.

    `params` are tensors, (name, tensor) pairs, or dicts with "params" and the options of a group.
    Raises TypeError for what is none of these, ValueError where there is nothing to optimize.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._add_hooks()
        if isinstance(params, Tensor):
            raise TypeError(PARAMS_TYPE.format(type=typename(params)))
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = list(params)
        if not groups:
            raise ValueError(NO_PARAMS)
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _add_hooks(self) -> None:
        """Empty lists of hooks, and a `step` of the class that calls them."""
        self._hooks: dict[str, Hooks] = defaultdict(Hooks)
        kind: Any = type(self)
        if not hasattr(kind.step, "hooked"):
            kind.step = _hooked(kind.step)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults, "state": self.state, "param_groups": self.param_groups,
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_hooks" not in self.__dict__:
            self._add_hooks()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            for name in sorted(group):
                if name != "params":
                    text += f"    {name}: {group[name]}\n"
        return f"{text})"

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once; subclasses say how."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or fill them with zeros where `set_to_none` is false."""
        for param in self._parameters():
            grad: Any = param.grad
            if grad is None:
                continue
            if set_to_none:
                param.grad = None
                continue
            if grad.grad_fn is None:
                grad.requires_grad_(False)
            else:
                grad.detach_()
            grad.zero_()

    def _parameters(self) -> Iterator[Tensor]:
        return chain.from_iterable(group["params"] for group in self.param_groups)

    def add_param_group(self, param_group: Group) -> None:
        """Optimize further parameters: "params", and options that differ from the defaults.

        Raises TypeError for what is no tensor, ValueError for tensors that cannot be optimized
        or that another group has already.
        """
        if not isinstance(param_group, dict):
            raise TypeError(GROUP_TYPE.format(type=type(param_group)))
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError(UNORDERED)
        members = [given] if isinstance(given, Tensor) else list(given)
        names = [one[0] for one in members if isinstance(one, tuple)]
        params = [one[1] if isinstance(one, tuple) else one for one in members]
        if names and len(names) != len(params):
            raise ValueError(SOME_NAMES)
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        for param in params:
            self._check_parameter(param)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(REQUIRED.format(name=name))
            param_group.setdefault(name, default)
        if len(params) != len(set(params)):
            warnings.warn(DUPLICATES, stacklevel=3)
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                which = "with" if "param_names" in param_group else "without"
                raise ValueError(GROUPS_NAMES.format(which=which))
        if not set(self._parameters()).isdisjoint(params):
            raise ValueError(IN_TWO_GROUPS)
        self.param_groups.append(param_group)

    def _check_parameter(self, param: Any) -> None:
        if not isinstance(param, Tensor):
            raise TypeError(PARAM_TYPE.format(type=typename(param)))
        if self.defaults.get("differentiable"):
            return
        if not (param.is_leaf or param.retains_grad):
            raise ValueError(NON_LEAF)

    # -- saving and loading -----------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state by parameters' numbers, and the groups with numbers for parameters."""
        for before in list(self._hooks["state_dict_pre"].values()):
            before(self)
        numbers: dict[int, int] = {}
        for number, param in enumerate(self._parameters()):
            numbers.setdefault(id(param), number)
        found: dict[str, Any] = {
            "state": {
                numbers[id(key)] if isinstance(key, Tensor) else key: value
                for key, value in self.state.items()
            },
            "param_groups": [
                {name: value for name, value in group.items() if name != "params"}
                | {"params": [numbers[id(param)] for param in group["params"]]}
                for group in self.param_groups
            ],
        }
        for after in list(self._hooks["state_dict_post"].values()):
            replaced = after(self, found)
            found = found if replaced is None else replaced
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave; state is cast to its parameter's dtype.

        Raises ValueError where the groups do not match this optimizer's.
        """
        state_dict = state_dict.copy()
        for before in list(self._hooks["load_state_dict_pre"].values()):
            replaced = before(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        saved = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError(GROUP_COUNT)
        for mine, theirs in zip(self.param_groups, saved, strict=True):
            if len(mine["params"]) != len(theirs["params"]):
                raise ValueError(GROUP_SIZE)
        numbers = chain.from_iterable(group["params"] for group in saved)
        params = dict(zip(numbers, self._parameters(), strict=True))
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = _cast(params[key], value)
            else:
                state[key] = value
        for mine, theirs in zip(self.param_groups, saved, strict=True):
            theirs["params"] = mine["params"]
            if "param_names" in mine:
                theirs.setdefault("param_names", mine["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for after in list(self._hooks["load_state_dict_post"].values()):
            after(self)

    # -- hooks ------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return other arguments."""
        return RemovableHandle(self._hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return RemovableHandle(self._hooks["step_post"], hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer)` before the state is saved."""
        return RemovableHandle(self._hooks["state_dict_pre"], hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after; it may return another dict."""
        return RemovableHandle(self._hooks["state_dict_post"], hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; it may return another dict."""
        return RemovableHandle(self._hooks["load_state_dict_pre"], hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer)` after the state was loaded."""
        return RemovableHandle(self._hooks["load_state_dict_post"], hook)


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """A `step` that calls the optimizer's hooks before and after."""

    @wraps(step)
    def call(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if not self._hooks:
            return step(self, *args, **kwargs)
        for before in list(self._hooks["step_pre"].values()):
            replaced = before(self, args, kwargs)
            if replaced is None:
                continue
            if not isinstance(replaced, tuple) or len(replaced) != 2:
                raise RuntimeError(HOOK_RESULT.format(function=step, found=replaced))
            args, kwargs = replaced
        found = step(self, *args, **kwargs)
        for after in list(self._hooks["step_post"].values()):
            after(self, args, kwargs)
        return found

    call.hooked = True  # type: ignore[attr-defined]
    return call


def _cast(param: Any, value: Any, key: Any = None) -> Any:
    """Loaded state as its parameter wants it: floating tensors in its dtype, but the step count."""
    if isinstance(value, Tensor):
        cast = key != "step" and param.is_floating_point()
        return to(value, param.dtype) if cast else value
    if isinstance(value, dict):
        return {name: _cast(param, one, name) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(param, one) for one in value)
    return value


class ElementwiseOptimizer(Optimizer):
    """An optimizer that treats each parameter on its own, by `_update`."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter that has a gradient; return the loss of `closure`, if given."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with set_grad_enabled(True) if self.defaults.get("differentiable") else no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    grad = param.grad
                    if grad is not None:
                        self._update(param, -grad if group["maximize"] else grad, group)
        return loss

    def _update(self, param: Tensor, grad: Any, group: Group) -> None:
        """Write the new value of one parameter."""
        raise NotImplementedError

    def _begin(self, param: Tensor, group: Group) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        raise NotImplementedError

    def _state_of(self, param: Tensor, group: Group) -> dict[str, Any]:
        """The state of a parameter, begun where it has none; its step is counted."""
        state: dict[str, Any] = self.state[param]
        if not state:
            state.update(self._begin(param, group))
        state["step"] += 1
        return state


class Rule(NamedTuple):
    """What an option must satisfy, and the words of PyTorch's error where it does not."""

    holds: bool
    text: str


def check(lr: Any, rules: Iterable[Rule]) -> None:
    """Raise ValueError where the learning rate or another option is out of range."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError(TENSOR_LR)
    if not 0.0 <= lr:  # noqa: SIM300 - the order shows in the error of what is no number
        raise ValueError(f"Invalid learning rate: {lr}")
    for rule in rules:
        if not rule.holds:
            raise ValueError(f"Invalid {rule.text}")


def check_fused(defaults: Mapping[str, Any]) -> None:
    """Raise RuntimeError for options that exclude each other; otherwise `fused` changes nothing."""
    if defaults["fused"] and defaults["differentiable"]:
        raise RuntimeError(FUSED_DIFFERENTIABLE)
    if defaults["fused"] and defaults["foreach"]:
        raise RuntimeError(FUSED_FOREACH)


def check_capturable(
    group: Group, what: str = "params and state_steps", *, xla: bool = True
) -> None:
    """Raise the AssertionError of a step with `capturable`, which the CPU does not have."""
    if group["capturable"]:
        devices = ["cuda", "xpu", "hpu", "privateuseone", "xla"]
        raise AssertionError(CAPTURABLE.format(what=what, devices=devices if xla else devices[:-1]))


def number(value: Any) -> Any:
    """A Python number, from one or from a tensor of one element."""
    return value.item() if isinstance(value, Tensor) else value


def decayed(param: Tensor, grad: Any, group: Group) -> Any:
    """The gradient with weight decay's part, the derivative of a penalty on the squares."""
    decay = group["weight_decay"]
    return grad.add(param, alpha=number(decay)) if decay != 0 else grad


def counter(start: float = 0.0) -> Tensor:
    """A 0-d tensor that counts steps."""
    kind = float64 if get_default_dtype() is float64 else float32
    return tensor(start, dtype=kind)


def typename(value: Any) -> str:
    """PyTorch's name of a value's type, such as "torch.FloatTensor" or "list"."""
    if isinstance(value, Tensor):
        return f"torch.{value.dtype.legacy}Tensor"
    kind = type(value)
    if kind.__module__ == "builtins":
        return kind.__name__
    module = kind.__module__.replace("reference_engine", "torch", 1)
    return f"{module}.{kind.__qualname__}"
