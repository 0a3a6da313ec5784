"""Hooks on every module there is: on calls, on backward passes, on what is registered."""

from collections.abc import Callable
from typing import Any

from reference_engine._graph import Hooks, RemovableHandle
from reference_engine.nn.modules._hooks import EVERYWHERE, Hook, register

__all__ = [
    "register_module_buffer_registration_hook", "register_module_forward_hook",
    "register_module_forward_pre_hook", "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook", "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]  # fmt: skip


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before every module's `forward`."""
    return register(EVERYWHERE.forward_pre, Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every module's `forward`."""
    made = Hook(hook, with_kwargs=with_kwargs, always_call=always_call)
    return register(EVERYWHERE.forward, made)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` for every module in a backward pass."""
    return register(EVERYWHERE.backward_pre, Hook(hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` for every module in a backward pass."""
    return register(EVERYWHERE.backward, Hook(hook))


def _registration(hooks: Hooks) -> Callable[[Callable[..., Any]], RemovableHandle]:
    def register_one(hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, name, what)` before it is registered; it may return another."""
        return RemovableHandle(hooks, hook)

    return register_one


register_module_parameter_registration_hook = _registration(EVERYWHERE.parameters)
register_module_buffer_registration_hook = _registration(EVERYWHERE.buffers)
register_module_module_registration_hook = _registration(EVERYWHERE.modules)
