"""Hooks of a module: how they are registered, and a call or a backward pass that runs them.

It knows of a module no more than its `forward` and its tables of hooks.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from reference_engine._graph import Hooks, RemovableHandle
from reference_engine._modes import state
from reference_engine._tensor import Tensor
from reference_engine.autograd.function import Function


class Hook:
    """One hook and how it wants to be called."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        with_kwargs: bool = False,
        always_call: bool = False,
        full: bool = True,
    ) -> None:
        self.full = full
        self.function = function
        self.with_kwargs = with_kwargs
        self.always_call = always_call

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


class _Everywhere:
    """Hooks on every module."""

    def __init__(self) -> None:
        self.forward_pre, self.forward = Hooks(), Hooks()
        self.backward_pre, self.backward = Hooks(), Hooks()
        self.parameters, self.buffers, self.modules = Hooks(), Hooks(), Hooks()

    def on_calls(self) -> bool:
        """Whether any of them is about calls or backward passes."""
        return bool(self.forward_pre or self.forward or self.backward_pre or self.backward)


EVERYWHERE = _Everywhere()


def replaced(hooks: Hooks, module: Any, name: str, value: Any) -> Any:
    """What is registered under a name, as the hooks on registrations leave it."""
    for hook in tuple(hooks.values()):
        found = hook(module, name, value)
        value = value if found is None else found
    return value


def register(hooks: Hooks, hook: Hook, *, prepend: bool = False) -> RemovableHandle:
    """Add a hook behind the others, or before them; the handle takes it away again."""
    earlier = dict(hooks)
    handle = RemovableHandle(hooks, hook)
    if prepend:
        for number in earlier:
            hooks[number] = hooks.pop(number)
    return handle


def call(module: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What calling the module gives, with its hooks run around `forward`."""
    after = (*EVERYWHERE.forward.values(), *module._forward_hooks.values())
    pending = [one for one in after if one.always_call]
    try:
        return _call(module, args, named, pending)
    except Exception:
        for hook in pending:
            _call_after(module, hook, args, named, None)
        raise


def _call(module: Any, args: tuple[Any, ...], named: dict[str, Any], pending: list[Hook]) -> Any:
    for hook in (*EVERYWHERE.forward_pre.values(), *module._forward_pre_hooks.values()):
        args, named = _call_before(module, hook, args, named)
    watch = None
    old_style = [one for one in module._backward_hooks.values() if not one.full]
    watched = len(module._backward_hooks) > len(old_style) or module._backward_pre_hooks
    if watched or EVERYWHERE.backward or EVERYWHERE.backward_pre:
        watch = _BackwardWatch(module)
        args = watch.enter(args)
    result = module.forward(*args, **named)
    for hook in (*EVERYWHERE.forward.values(), *module._forward_hooks.values()):
        if hook in pending:
            pending.remove(hook)
        changed = _call_after(module, hook, args, named, result)
        result = result if changed is None else changed
    if old_style:
        _hook_last_node(module, old_style, result)
    return result if watch is None else watch.leave(result)


def _hook_last_node(module: Any, hooks: Sequence[Hook], result: Any) -> None:
    """Hang old backward hooks on the node that made the output, whatever its inputs are."""
    first = result
    while isinstance(first, (tuple, list, dict)):
        first = next(iter(first.values())) if isinstance(first, dict) else first[0]
    if isinstance(first, Tensor) and first.grad_fn is not None:
        warnings.warn(_NON_FULL, FutureWarning, stacklevel=5)
        for hook in hooks:
            first.grad_fn.register_hook(partial(hook, module))


_NON_FULL = (
    "Using a non-full backward hook when the forward contains multiple autograd Nodes is "
    "deprecated and will be removed in future versions. This hook will be missing some grad_input. "
    "Please use register_full_backward_hook to get the documented behavior."
)


def _call_before(
    module: Any, hook: Hook, args: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not hook.with_kwargs:
        replaced = hook(module, args)
        if replaced is None:
            return args, named
        return (replaced if isinstance(replaced, tuple) else (replaced,)), named
    replaced = hook(module, args, named)
    if replaced is None:
        return args, named
    if not isinstance(replaced, tuple) or len(replaced) != 2:
        raise RuntimeError(
            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
            f"{replaced}."
        )
    return replaced


def _call_after(
    module: Any, hook: Hook, args: tuple[Any, ...], named: dict[str, Any], result: Any
) -> Any:
    if hook.with_kwargs:
        return hook(module, args, named, result)
    return hook(module, args, result)


class _BackwardWatch:
    """Brings the gradients of a module's inputs and outputs together, for one call.

    Identity nodes stand before and behind the module: the one behind sees the gradients of the
    outputs, the one before hands both to the hooks.
    """

    def __init__(self, module: Any) -> None:
        self._module = module
        self._hooks = [*EVERYWHERE.backward.values(), *module._backward_hooks.values()]
        self._pre_hooks = [*EVERYWHERE.backward_pre.values(), *module._backward_pre_hooks.values()]
        self._inputs: list[int] | None = None
        self._input_count = 0
        self._received: Sequence[Any] | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs, with a node before the module if one of them requires grad."""
        self._input_count = len(args)
        args, self._inputs, node = _behind_a_node(args)
        if node is not None:
            node.register_hook(self._gradients_of_inputs)
        return args

    def leave(self, result: Any) -> Any:
        """The result, with a node behind the module; tuples may hold what is no tensor."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
                stacklevel=6,
            )
        outputs = result if isinstance(result, tuple) else (result,)
        outputs, places, node = _behind_a_node(outputs)
        if node is None:
            return result
        node.register_hook(
            lambda _, received: self._gradients_of_outputs(received, places, len(outputs))
        )
        return outputs if isinstance(result, tuple) else outputs[0]

    def _gradients_of_outputs(
        self, received: Sequence[Any], places: Sequence[int], count: int
    ) -> tuple[Any, ...]:
        gradients: Sequence[Any] = _spread(received, places, count)
        for hook in self._pre_hooks:
            replaced = hook(self._module, gradients)
            if replaced is not None:
                if len(replaced) != count:
                    raise RuntimeError(
                        "Backward pre hook returned an invalid number of grad_output, got "
                        f"{len(replaced)}, but expected {count}"
                    )
                gradients = replaced
        if self._inputs is None:
            self._call_without_inputs(gradients)
        else:
            self._received = gradients
        return tuple(gradients[place] for place in places)

    def _call_without_inputs(self, gradients: Sequence[Any]) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See https://docs.pytorch.org/docs/main/"
            "generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for more "
            "details.",
            stacklevel=2,
        )
        for hook in self._hooks:
            found = hook(self._module, (None,) * self._input_count, gradients)
            if found is not None and not (
                isinstance(found, tuple) and all(one is None for one in found)
            ):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )

    def _gradients_of_inputs(self, gradients: Sequence[Any], _: Any) -> Any:
        if self._received is None or self._inputs is None:
            return None  # the gradient reached the inputs on another way than through the outputs
        found: Sequence[Any] = _spread(gradients, self._inputs, self._input_count)
        for hook in self._hooks:
            replaced = hook(self._module, found, self._received)
            if replaced is not None:
                if len(replaced) != len(found):
                    raise RuntimeError(
                        "Backward hook returned an invalid number of grad_input, got "
                        f"{len(replaced)}, but expected {len(found)}"
                    )
                found = replaced
        self._received = None
        return tuple(found[place] for place in self._inputs)


class BackwardHookFunction(Function):
    """Hands tensors through unchanged, and their gradients back."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.mark_non_differentiable(*[one for one in tensors if not one.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        return gradients


def _behind_a_node(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any, Any]:
    """The values with their tensors led through one identity node; their places; that node."""
    places = [place for place, one in enumerate(values) if isinstance(one, Tensor)]
    tensors = [values[place] for place in places]
    if not (state.enabled and any(one.requires_grad for one in tensors)):
        return values, None, None
    led = list(values)
    node = None
    for place, one in zip(places, BackwardHookFunction.apply(*tensors), strict=True):
        led[place] = one
        node = one.grad_fn if node is None else node
    return tuple(led), places, node


def _spread(values: Sequence[Any], places: Sequence[int], count: int) -> tuple[Any, ...]:
    """The values at their places among `count`, None elsewhere."""
    found = [None] * count
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return tuple(found)
