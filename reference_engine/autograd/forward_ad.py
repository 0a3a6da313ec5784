"""torch.autograd.forward_ad: dual tensors, whose tangents follow what is computed with them.

A tangent is not carried along: it is found when it is asked for, by differentiating twice what was
recorded since the dual tensors were made. Hence a dual tensor requires grad here, and under
`no_grad` it loses its tangent.
"""

from collections.abc import Sequence
from contextlib import ContextDecorator
from typing import Any, NamedTuple

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._graph import AccumulateGrad, Gradient, Node
from reference_engine._modes import enable_grad
from reference_engine._tensor import Tensor
from reference_engine._transforms import along_tangents, check_pair, ends_of

__all__ = [
    "UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual",
    "unpack_dual",
]  # fmt: skip

_current_level = -1
_ORIGIN = "origin of forward mode"
"""Under which the node of a dual tensor's variable notes its tangent, and since when it holds."""

_entered: list[object] = []
"""What stands for each level that is entered, the innermost last."""


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's value and, if it has one, its tangent."""

    primal: Tensor
    tangent: Tensor | None


class DualBackward(Node):
    """Gives a gradient on to what a dual tensor was made of, and to the tangent's variable."""

    __slots__ = ()

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        return [received, received]


def enter_dual_level() -> int:
    """Begin to follow tangents; the number of the level, of which there is but one."""
    global _current_level
    if _entered:
        raise RuntimeError(_errors.DUAL_NESTED)
    _entered.append(object())
    _dispatch.with_tangent = _with_tangent
    _current_level = 0
    return _current_level


def exit_dual_level(*, level: int | None = None) -> None:
    """Forget the tangents of the level that was entered last."""
    global _current_level
    if level is not None and level != _current_level:
        raise RuntimeError(_errors.DUAL_EXIT)
    if not _entered:
        raise RuntimeError(_errors.DUAL_NO_LEVEL)
    _entered.pop()
    _dispatch.with_tangent = None
    _current_level = -1


class dual_level(ContextDecorator):
    """Follows tangents inside."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *_: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The same values and memory, with a tangent."""
    if (_current_level if level is None else level) < 0:
        raise RuntimeError(_errors.DUAL_WITHOUT_LEVEL)
    check_pair(tensor, tangent)
    if _origins(tangent):
        raise RuntimeError(_errors.DUAL_TANGENT)
    if _origins(tensor):
        raise RuntimeError(_errors.DUAL_TWICE)
    variable = _dispatch.wrap(tensor._array).requires_grad_()
    origin = _dispatch.accumulator(variable)
    origin.metadata[_ORIGIN] = (_entered[-1], tangent)
    dual = tensor.detach()
    edges = (*_dispatch.gradient_edge(tensor), origin, 0)
    dual._grad_fn = DualBackward(edges, dual._array.shape, dual._array.dtype)
    dual._requires_grad = True
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The values, as a view of their own, and the tangent."""
    outside = (_current_level if level is None else level) < 0
    tangent = None if outside else _tangent_of(tensor)
    if tangent is None:
        followed = not tensor._requires_grad or _is_followed(tensor)
        return UnpackedDualTensor(tensor if followed else tensor.detach(), None)
    node = tensor.grad_fn
    if isinstance(node, DualBackward):
        primal = tensor.detach()
        primal._grad_fn, primal._output_nr = node.edges[:2]
        primal._requires_grad = primal._grad_fn is not None
        return UnpackedDualTensor(primal, tangent)
    return UnpackedDualTensor(tensor if _is_followed(tensor) else tensor.detach(), tangent)


def _origins(tensor: Tensor) -> list[AccumulateGrad]:
    """The nodes of this level's variables that a tensor depends on."""
    if not _entered or not tensor._requires_grad:
        return []
    found = ((one, one.metadata.get(_ORIGIN)) for one in ends_of(tensor))
    return [node for node, noted in found if noted is not None and noted[0] is _entered[-1]]


def _is_followed(tensor: Tensor) -> bool:
    """Whether a tensor depends on anything but variables of forward mode."""
    return any(_ORIGIN not in one.metadata for one in ends_of(tensor))


def _tangent_of(tensor: Tensor) -> Tensor | None:
    """The tangent of a tensor; None where it depends on no dual tensor."""
    origins = _origins(tensor)
    if not origins:
        return None
    node = tensor.grad_fn
    if isinstance(node, DualBackward):
        own: Tensor = node.edges[2].metadata[_ORIGIN][1]
        return own
    tangents = [one.metadata[_ORIGIN][1] for one in origins]
    with enable_grad():
        dummy = _dispatch.wrap(np.zeros_like(tensor._array)).requires_grad_()
        _dispatch.accumulator(dummy).metadata[_ORIGIN] = (None, None)
        variables = [one.variable for one in origins]
        (found,) = along_tangents([tensor], variables, [dummy], tangents)
    return found if found._requires_grad and _is_followed(found) else found.detach()


def _with_tangent(tensor: Tensor, suffixes: list[str]) -> list[str]:
    """What is printed behind a tensor's values, its tangent included."""
    tangent = _tangent_of(tensor)
    if tangent is None:
        return suffixes
    shown = suffixes if _is_followed(tensor) else []
    return [*(one.replace("DualBackward", "ViewBackward0") for one in shown), f"tangent={tangent}"]
