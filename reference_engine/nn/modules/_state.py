"""Taking a module's state down and putting it back: methods of nn.Module, and their hooks.

How tensors are matched and copied stands in `_loading`.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from reference_engine._graph import Hooks, RemovableHandle
from reference_engine.nn.modules import _loading


def state_dict(self: Any, *, destination: Any = None, prefix: str = "", keep_vars: bool = False):  # type: ignore[no-untyped-def]
    """Parameters and persistent buffers by dotted name, sharing their data."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    local = {"version": self._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = local
    for hook in self._of_state("_state_dict_pre_hooks"):
        hook(self, prefix, keep_vars)
    self._save_to_state_dict(destination, prefix, keep_vars)
    if type(self).get_extra_state is not get_extra_state:
        destination[prefix + _loading.EXTRA] = self.get_extra_state()
    for name, module in self._modules.items():
        if module is not None:
            module.state_dict(
                destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
            )
    for hook in self._of_state("_state_dict_hooks"):
        found = hook(self, destination, prefix, local)
        destination = destination if found is None else found
    return destination


def _save_to_state_dict(self: Any, destination: Any, prefix: str, keep_vars: bool) -> None:
    for name, tensor in _loading.persistent(self):
        if tensor is not None:
            destination[prefix + name] = tensor if keep_vars else tensor.detach()


def get_extra_state(self: Any) -> Any:
    """What else belongs to the state; where a subclass defines it, it is taken down too."""
    raise RuntimeError(_loading.NO_EXTRA.format(verb="get"))


def set_extra_state(self: Any, state: Any) -> None:
    """Put back what `get_extra_state` gave."""
    raise RuntimeError(_loading.NO_EXTRA.format(verb="set"))


def _of_state(self: Any, table: str) -> list[Callable[..., Any]]:
    return list(self.__dict__[table].values()) if table in self.__dict__ else []


def _hook_on_state(self: Any, table: str, hook: Callable[..., Any]) -> RemovableHandle:
    return RemovableHandle(self.__dict__.setdefault(table, Hooks()), hook)


def register_state_dict_pre_hook(self: Any, hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, prefix, keep_vars)` before the state is taken down."""
    return _hook_on_state(self, "_state_dict_pre_hooks", hook)


def register_state_dict_post_hook(self: Any, hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, state_dict, prefix, local_metadata)` after the state is taken down."""

    def post(*given: Any) -> None:
        if hook(*given) is not None:
            raise RuntimeError("state_dict post-hook must return None")

    return _hook_on_state(self, "_state_dict_hooks", post)


def _register_state_dict_hook(self: Any, hook: Callable[..., Any]) -> RemovableHandle:
    return _hook_on_state(self, "_state_dict_hooks", hook)


def register_load_state_dict_pre_hook(self: Any, hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook` with the module and what `_load_from_state_dict` gets, before that."""
    return _hook_on_state(self, "_load_state_dict_pre_hooks", partial(hook, self))


def _register_load_state_dict_pre_hook(
    self: Any, hook: Callable[..., Any], with_module: bool = False
) -> RemovableHandle:
    bound = partial(hook, self) if with_module else hook
    return _hook_on_state(self, "_load_state_dict_pre_hooks", bound)


def register_load_state_dict_post_hook(self: Any, hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, incompatible_keys)` when the state is back."""
    return _hook_on_state(self, "_load_state_dict_post_hooks", hook)


def load_state_dict(self: Any, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
    """Copy a state into this module and its descendants, or `assign` its tensors.

    Returns the keys that were missing and those that were not expected; `strict` raises
    RuntimeError where there are any. Sizes must always agree.
    """
    return _loading.load_state_dict(self, state_dict, strict=strict, assign=assign)


def _load_from_state_dict(
    self: Any,
    state_dict: dict[str, Any],
    prefix: str,
    local_metadata: dict[str, Any],
    strict: bool,
    missing_keys: list[str],
    unexpected_keys: list[str],
    error_msgs: list[str],
) -> None:
    for hook in self._of_state("_load_state_dict_pre_hooks"):
        hook(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
            error_msgs,
        )  # fmt: skip
    _loading.load_own(
        self,
        state_dict,
        prefix,
        assign=local_metadata.get("assign_to_params_buffers", False),
        strict=strict,
        missing=missing_keys,
        unexpected=unexpected_keys,
        problems=error_msgs,
    )
