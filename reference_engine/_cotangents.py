"""Where a backward pass begins: the edges it starts along, and the cotangents that go there."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._derivatives._table import TABLE
from reference_engine._graph import AccumulateGrad, GradientEdge
from reference_engine._tensor import Tensor
from reference_engine._types import Size


def observed(tensors: Sequence[Tensor], starts: Sequence[Any], *, create_graph: bool) -> list[Any]:
    """The cotangents, or those that the observer puts in their place."""
    shown = list(starts) if create_graph else list(map(_dispatch.wrap, starts))
    found = _dispatch.observer.backward_pass(tensors, list(shown)) or shown  # type: ignore[union-attr]
    return found if create_graph else [one._array for one in found]


def beginning(
    tensors: Sequence[Any], gradients: Sequence[Any], *, create_graph: bool
) -> tuple[Sequence[Any], Sequence[Any]]:
    """The edges along which a backward pass starts, and the cotangents as its gradients are."""
    if len(tensors) == len(gradients) == 1 and gradients[0] is None and not create_graph:
        (loss,) = tensors  # as nearly always: all that follows, for it alone
        if isinstance(loss, Tensor) and loss._grad_fn is not None and loss._view is None:
            start = _ONES.get(type(loss._array))
            if start is not None:
                return (loss._grad_fn, loss._output_nr), (start,)
    if len(tensors) != len(gradients):
        _refuse_others(gradients)
        raise RuntimeError(
            _errors.GRADIENT_COUNT.format(tensors=len(tensors), gradients=len(gradients))
        )
    roots: list[Any] = []
    starts: list[Any] = []
    for index, tensor in enumerate(tensors):
        gradient = gradients[index]
        if type(tensor) is GradientEdge:
            tensor = _at_edge(tensor)  # noqa: PLW2901 - what stands for it
        array = tensor._array
        if gradient is None:
            if array.size != 1 and tensor._requires_grad:
                raise RuntimeError(_errors.NOT_SCALAR)
        elif not isinstance(gradient, Tensor):
            _refuse_others(gradients)
        elif gradient._array.shape != array.shape:
            raise RuntimeError(
                _errors.GRADIENT_SHAPE.format(
                    index=index, found=Size(gradient._array.shape), expected=Size(array.shape)
                )
            )
        node, number = _dispatch.gradient_edge(tensor)
        if node is None:
            raise RuntimeError(_errors.NO_GRAPH.format(index=index))
        roots += (node, number)
        if gradient is not None:
            start = _in_dtype(gradient, array.dtype)
            starts.append(start if create_graph else start._array)
        else:
            one: Any = np.full(array.shape, 1, array.dtype)[()]
            starts.append(_dispatch.wrap(one) if create_graph else one)
    return roots, starts


def _at_edge(edge: GradientEdge) -> Tensor:
    """A tensor of the shape and dtype of the gradient that arrives at an edge."""
    arriving = edge.node._input_metadata[edge.output_nr]
    tensor = _dispatch.wrap(np.empty(arriving.shape, arriving.dtype.numpy))
    if isinstance(edge.node, AccumulateGrad):
        return tensor.requires_grad_()
    tensor._grad_fn, tensor._output_nr = edge.node, edge.output_nr
    tensor._requires_grad = True
    return tensor


def _refuse_others(gradients: Sequence[Any]) -> None:
    for one in gradients:
        if one is not None and not isinstance(one, Tensor):
            raise TypeError(_errors.GRADIENT_TYPE.format(type=type(one).__name__))


_ONES: dict[type, Any] = {kind: kind(1) for kind in (np.float32, np.float64)}
"""The cotangents of losses, which are NumPy scalars."""


def _in_dtype(gradient: Tensor, kind: np.dtype[Any]) -> Tensor:
    """A cotangent in the dtype of the tensor that it is for."""
    if gradient._array.dtype == kind:
        return gradient
    return _dispatch.dispatch(TABLE["to_copy"], (gradient,), (kind,))  # type: ignore[no-any-return]
