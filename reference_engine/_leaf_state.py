"""What a leaf keeps beside its data: its hooks as a dict, and the dtype of its gradient."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from reference_engine import _dispatch, _errors
from reference_engine._graph import hooks_of
from reference_engine._tensor import Tensor
from reference_engine._types import dtype, of_numpy

_KEPT = "_accumulator_of_grad_dtype"
"""A leaf whose gradient has a dtype of its own keeps its node, which alone knows it."""


def _backward_hooks(tensor: Tensor) -> OrderedDict[int, Callable[..., Any]] | None:
    """The hooks on the tensor in order; None where there never were any."""
    node = tensor._grad_fn
    hooks = tensor._hooks if node is None else node.hooks
    found = None if hooks is None else hooks.tensors.get(tensor._output_nr)
    return None if found is None else OrderedDict(found)


def _set_backward_hooks(tensor: Tensor, hooks: dict[int, Callable[..., Any]] | None) -> None:
    """Put others in the place of the hooks; a tensor without gradient has none to call."""
    if not tensor._requires_grad:
        return
    node = tensor.grad_fn
    registered = (tensor._leaf_hooks() if node is None else hooks_of(node)).of_tensor(
        tensor._output_nr
    )
    registered.clear()
    registered.update(hooks or {})


def grad_dtype_of(tensor: Tensor) -> dtype | None:
    """The dtype of a leaf's gradient; None for any."""
    if tensor._grad_fn is not None:
        raise RuntimeError(_errors.GRAD_DTYPE_READ)
    node = tensor.__dict__.get(_KEPT)
    if node is None:
        return tensor.dtype
    return None if node.dtype is None else of_numpy(node.dtype)


def _set_grad_dtype(tensor: Tensor, value: dtype | None) -> None:
    """Let the leaf's gradients arrive in this dtype; in any, where it is None."""
    if tensor._grad_fn is not None:
        raise RuntimeError(_errors.GRAD_DTYPE_WRITTEN)
    if value is not None and not isinstance(value, dtype):
        raise RuntimeError(_errors.GRAD_DTYPE_TYPE.format(type=type(value).__name__))
    if value is not None and tensor._grad is not None and tensor._grad.dtype is not value:
        found = tensor._grad.dtype.legacy.lower()
        raise RuntimeError(_errors.GRAD_DTYPE_PRESENT.format(wanted=value.legacy, found=found))
    node = tensor.__dict__[_KEPT] = _dispatch.accumulator(tensor)
    node.dtype = None if value is None else value.numpy


def _refusing(error: str) -> Callable[[Any], None]:
    def delete(_: Tensor) -> None:
        raise RuntimeError(error)

    return delete


def bind() -> None:
    """Hang all of this on Tensor."""
    Tensor.grad_dtype = property(grad_dtype_of, _set_grad_dtype)  # type: ignore[attr-defined]
    Tensor._backward_hooks = property(  # type: ignore[attr-defined]
        _backward_hooks, _set_backward_hooks, _refusing(_errors.BACKWARD_HOOKS_DELETED)
    )
    Tensor.data = Tensor.data.deleter(_refusing(_errors.DATA_DELETED))  # type: ignore[method-assign, attr-defined]
    Tensor.requires_grad = Tensor.requires_grad.deleter(  # type: ignore[method-assign, attr-defined]
        _refusing(_errors.REQUIRES_GRAD_BOOL)
    )
