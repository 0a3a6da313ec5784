"""Runs the hooks of a node on gradients that are tensors, and checks what they return.

How gradients become tensors, and arrays again, is the business of the backward pass.
"""

from collections.abc import Callable, Sequence
from typing import Any

from reference_engine import _dispatch, _errors
from reference_engine._derivatives._table import TABLE
from reference_engine._graph import Node, hooks_of
from reference_engine._tensor import Tensor


def of_tensors(node: Node, received: list[Tensor | None]) -> list[Tensor | None]:
    """What arrived at a node, as the hooks of its outputs' tensors leave it.

    Tensors that retain their `.grad` see what the others have left.
    """
    hooks = hooks_of(node)
    for number, registered in hooks.tensors.items():
        for hook in tuple(registered.values()):
            gradient = received[number]
            changed = hook(gradient)
            if changed is None:
                continue
            if gradient is None:
                raise RuntimeError(_errors.HOOK_FOR_NONE)
            received[number] = _checked(changed, gradient, hook)
    for number, reference in hooks.retained.items():
        tensor = reference()
        gradient = received[number]
        if tensor is not None and gradient is not None:
            tensor._grad = _retained(tensor._grad, gradient)
    return received


def before(node: Node, received: list[Tensor | None]) -> list[Tensor | None]:
    """What arrived at a node, as the hooks of its outputs' tensors and its own leave it."""
    received = of_tensors(node, received)
    for hook in tuple(hooks_of(node).pre.values()):
        received = _all_checked(hook(tuple(received)), received, hook)
    return received


def after(
    node: Node, results: list[Tensor | None], received: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """What a node gives, as its hooks leave it."""
    following = node.next_functions
    due = [True] * len(results)
    if len(results) < len(following):  # hooks see every input, also those that need no gradient
        due = [one is not None for one, _ in following]
    found = iter(results)
    seen = [next(found) if one else None for one in due]
    for hook in tuple(hooks_of(node).post.values()):
        seen = _all_checked(hook(tuple(seen), received), seen, hook)
    return [one for one, wanted in zip(seen, due, strict=True) if wanted]


def after_accumulation(leaf: Tensor) -> None:
    """Tell the hooks of a leaf that its `.grad` has grown."""
    if leaf._hooks is None:
        return
    for hook in tuple(leaf._hooks.accumulated.values()):
        returned = hook(leaf)
        if isinstance(returned, Tensor):
            raise RuntimeError(_errors.POST_HOOK_RETURNED)  # noqa: TRY004 - PyTorch's own type
        if returned is not None:
            raise TypeError(_errors.HOOK_TYPE.format(type=type(returned).__name__))


def _retained(former: Tensor | None, gradient: Tensor) -> Tensor:
    if former is None:
        return _dispatch.dispatch(TABLE["clone"], (gradient,))  # type: ignore[no-any-return]
    return _dispatch.dispatch(TABLE["add"], (former, gradient), (1,))  # type: ignore[no-any-return]


def _all_checked(
    changed: Any, former: Sequence[Tensor | None], hook: Callable[..., Any]
) -> list[Tensor | None]:
    """What a hook of a node returned, one gradient for each that it was given."""
    if changed is None:
        return list(former)
    if not isinstance(changed, tuple):
        raise TypeError(_errors.HOOK_TUPLE.format(type=type(changed).__name__))
    if len(changed) != len(former):
        raise RuntimeError(
            _errors.HOOK_COUNT.format(name=_name(hook), found=len(changed), expected=len(former))
        )
    checked: list[Tensor | None] = []
    for one, gradient in zip(changed, former, strict=True):
        if one is not None and gradient is None:
            raise RuntimeError(_errors.HOOK_FOR_NONE)
        checked.append(None if one is None else _checked(one, gradient, hook))
    return checked


def _checked(changed: Any, gradient: Any, hook: Callable[..., Any]) -> Tensor:
    """A gradient that a hook returned; of the shape and dtype of the one it was given."""
    if not isinstance(changed, Tensor):
        raise TypeError(_errors.HOOK_TYPE.format(type=type(changed).__name__))
    if changed._array.dtype != gradient._array.dtype:
        raise RuntimeError(
            _errors.HOOK_CHANGED_TYPE.format(
                name=_name(hook), former=gradient.dtype.legacy, found=changed.dtype.legacy
            )
        )
    if changed._array.shape != gradient._array.shape:
        raise RuntimeError(_errors.HOOK_CHANGED_SIZE.format(name=_name(hook)))
    return changed


def _name(hook: Callable[..., Any]) -> str:
    return getattr(hook, "__name__", repr(hook))
