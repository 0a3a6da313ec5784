"""Views: tensors that share their base's storage and version, and what writing to one does.

Writing in place to a view rewrites the base's history: the base then comes from a node named
CopySlices, and the view, like every other view of that base, from the base again.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._graph import Gradient, Node
from reference_engine._modes import state

if TYPE_CHECKING:
    from reference_engine._tensor import Tensor


class View:
    """What a view knows of its base: the base, and the version that its own history speaks of.

    `several` marks the views that one operation gave together (unbind, split), `untracked` those
    made while nothing was recorded.
    """

    __slots__ = ("base", "several", "untracked", "version")

    def __init__(self, source: "Tensor", *, several: bool) -> None:
        self.base: Tensor = source if source._view is None else source._view.base
        self.several = several
        self.untracked = not state.enabled
        tracked = source._counter is not _dispatch.UNTRACKED
        self.version = source._counter[0] if tracked else 0


def check_in_place(target: "Tensor", *, will_require_grad: bool) -> None:
    """Refuse, while recording, to write where the history could not follow."""
    if target._requires_grad and target._grad_fn is None:
        raise RuntimeError(_errors.LEAF_IN_PLACE)
    view = target._view
    if view is None:
        return
    base = view.base
    if not (will_require_grad or base._requires_grad):
        return
    if view.untracked:
        raise RuntimeError(_errors.VIEW_OF_NO_GRAD_IN_PLACE)
    if view.several:
        node = target.grad_fn
        name = "Unbind" if node is None else node.name().removesuffix("Backward0")
        raise RuntimeError(_errors.MULTIPLE_VIEW_IN_PLACE.format(nr=target.output_nr, node=name))
    if base._requires_grad and base._grad_fn is None:
        raise RuntimeError(_errors.VIEW_OF_LEAF_IN_PLACE)


def rebase_history(target: "Tensor", node: Node) -> None:
    """Let a tensor that was just written come from the node of the operation that wrote it."""
    view = target._view
    if view is None:
        _attach(target, node)
        return
    base = view.base
    positions = positions_in(base._array, target._array)
    edges = (*_dispatch.gradient_edge(base), *node.edges[2:])
    _attach(base, CopySlices(edges, base, node, positions))
    target._requires_grad = True
    refresh(target)


def _attach(tensor: "Tensor", node: Node) -> None:
    tensor._grad_fn = node
    tensor._output_nr = 0
    tensor._requires_grad = True


def refresh(tensor: "Tensor") -> None:
    """Derive a view's history from its base, where the base was written since it was made."""
    from reference_engine._derivatives._table import TABLE

    view = tensor._view
    assert view is not None  # noqa: S101 - asked of views only
    row = TABLE["as_strided"]
    positions = positions_in(view.base._array, tensor._array)
    _attach(tensor, row.plan(1, 1).node((view.base,), (positions,), tensor))
    view.version = tensor._counter[0]


def positions_in(
    base: np.ndarray[Any, Any], part: np.ndarray[Any, Any]
) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Where the elements of `part`, which shares memory with `base`, lie in `base.reshape(-1)`."""
    addresses = _addresses(base).reshape(-1)
    order = np.argsort(addresses, kind="stable")
    return order[np.searchsorted(addresses[order], _addresses(part))]


def _addresses(array: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.intp]]:
    start = array.__array_interface__["data"][0]
    addresses = np.full(array.shape, start, np.intp)
    for dim, (size, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        along = [1] * array.ndim
        along[dim] = size
        addresses += (np.arange(size) * stride).reshape(along)
    return addresses


class CopySlices(Node):
    """The history of a base after one of its views was written by the operation `inner`."""

    __slots__ = ("_inner", "_positions")

    def __init__(self, edges: tuple[Any, ...], base: "Tensor", inner: Node, positions: Any) -> None:
        super().__init__(edges, base._array.shape, base._array.dtype)
        self._inner = inner
        self._positions = positions

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        ops = operations.namespace
        part = ops.as_strided(received, self._positions)
        results = list(self._inner.apply(part, operations))
        written = 0.0 if results[0] is None else operations.fit(results[0], self._inner, 0)
        results[0] = ops.as_strided_scatter(received, written, self._positions)
        return results

    def release(self) -> None:
        self._inner.release()
