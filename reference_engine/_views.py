"""Views: tensors that share their base's storage and version, and what writing to one does.

Writing in place to a view rewrites the base's history: the base then comes from a node named
CopySlices, and the view, like every other view of that base, from the base again.
"""

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_engine import _dispatch, _errors, _modes
from reference_engine._graph import Edge, Gradient, Node, hooks_of
from reference_engine._modes import state, unrecorded

if TYPE_CHECKING:
    from reference_engine._tensor import Tensor


class View:
    """What a view knows of its base: the base, and the version that its own history speaks of.

    `origin` names what keeps a view from being written in place while recording: "several" where
    one operation gave it with others (unbind, split), "function" where a Function did, "no_grad"
    and "inference" where nothing was recorded; it is empty otherwise. `is_leaf` says that the view
    itself, not only its base, was made to require grad.
    """

    __slots__ = ("base", "is_leaf", "origin", "version")

    origin: str

    def __init__(self, source: "Tensor", *, several: bool) -> None:
        former = source._view
        self.base: Tensor = source if former is None else former.base
        self.is_leaf = False
        if former is not None and former.origin:
            self.origin = former.origin
        elif not unrecorded or state.enabled:
            self.origin = "several" if several else ""
        else:
            self.origin = "inference" if _modes.inference_used and state.inference else "no_grad"
        tracked = source._counter is not _dispatch.UNTRACKED
        self.version = source._counter[0] if tracked else 0


def share(source: "Tensor", result: "Tensor", *, several: bool) -> None:
    """Make a result a view of its source; one that is a copy after all stays on its own.

    A view requires grad where its base does, even one that was made while nothing was recorded.
    Where the base does not, the version that the two share remembers the view, for the base may
    come to require grad by a write.
    """
    array, below = source._array, result._array.base
    # As is usual; to ask NumPy takes longer.
    plain = below is not None and (below is array or below is array.base)
    if not plain and result._array.size and not np.may_share_memory(result._array, array):
        return
    counter: list[Any] = source._counter
    result._counter = counter
    if counter is _dispatch.UNTRACKED:
        return
    view = result._view = View(source, several=several)
    if result._array.dtype.kind != "f":
        return
    if view.base._requires_grad:
        result._requires_grad = True
        return
    if len(counter) == 1:
        counter.append(set())
    views = counter[1]
    views.add(weakref.ref(result, views.discard))


def require_grad(tensor: "Tensor") -> None:
    """Let a tensor require grad, and with it the views of it that were made before."""
    tensor._requires_grad = True
    counter: list[Any] = tensor._counter
    for reference in tuple(counter[1]) if len(counter) > 1 else ():
        view = reference()
        if view is not None and view._view.base is tensor:
            view._requires_grad = True


def check_in_place(target: "Tensor", *, will_require_grad: bool) -> None:
    """Refuse, while recording, to write where the history could not follow."""
    view = target._view
    if view is not None and (will_require_grad or target._requires_grad):
        if view.origin:
            raise RuntimeError(_refusal(target, view.origin, _errors.VIEW_WRITTEN))
        if target._requires_grad and view.base._grad_fn is None:
            raise RuntimeError(_errors.VIEW_OF_LEAF_IN_PLACE)
    if target._requires_grad and target.is_leaf:
        raise RuntimeError(_errors.LEAF_IN_PLACE)


def _refusal(target: "Tensor", origin: str, event: str) -> str:
    """PyTorch's message for a write to a view, or to what it shares its memory with."""
    node = target._grad_fn
    of_view = ""
    if node is not None:
        name = node.name().rstrip("0123456789").removesuffix("Backward")
        of_view = _errors.VIEW_OF_VIEW.get(origin, "")
        where = _errors.VIEW_OF_NODE.format(nr=target._output_nr, node=name) + of_view
    else:
        where = _errors.VIEW_MADE[origin]
    after = _errors.VIEW_MODE[origin] if node is None or of_view else ""
    return f"{where} and {event} modified inplace{after}. {_errors.VIEW_REASONS[origin]}"


def check_overlap(target: np.ndarray[Any, Any], source: np.ndarray[Any, Any]) -> None:
    """Refuse to write to memory that an operand shows too, unless both show all of it alike.

    As PyTorch, only where both lie without gaps: it takes the others' word.
    """
    if not (_is_dense(target) and _is_dense(source)) or not np.may_share_memory(target, source):
        return
    a, b = target.__array_interface__["data"], source.__array_interface__["data"]
    if a != b or target.shape != source.shape or target.strides != source.strides:
        raise RuntimeError(_errors.PARTLY_OVERLAPPING)


def _is_dense(array: np.ndarray[Any, Any]) -> bool:
    flags = array.flags
    return isinstance(array, np.ndarray) and (flags.c_contiguous or flags.f_contiguous)


def write(array: np.ndarray[Any, Any], found: np.ndarray[Any, Any], *, name: str) -> None:
    """Write to memory that NumPy holds to be read only because several elements may share it."""
    shared = any(
        step == 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True)
    )
    if shared and name not in {"fill", "fill_tensor", "zero"}:
        raise RuntimeError(_errors.OVERLAPPING)
    array.flags.writeable = True
    array[...] = found


def rebase_history(target: "Tensor", node: Node) -> None:
    """Let a tensor that was just written come from the node of the operation that wrote it."""
    view = target._view
    if view is None:
        _attach(target, node)
        return
    base = view.base
    positions = positions_in(base._array, target._array)
    before = node.next_functions[0][0] is not None  # is there a gradient of what was overwritten?
    edges = (*_dispatch.gradient_edge(base), *node.edges[2 if before else 0 :])
    _attach(base, CopySlices(edges, base, node, positions, before=before))
    target._requires_grad = True
    refresh(target)


def _attach(tensor: "Tensor", node: Node) -> None:
    former = tensor._grad_fn
    if former is not None and former.hooks is not None:
        reference = former.hooks.retained.get(tensor._output_nr)
        if reference is not None and reference() is tensor:
            del former.hooks.retained[tensor._output_nr]
            hooks_of(node).retained[0] = reference
    tensor._grad_fn = node
    tensor._output_nr = 0
    if not tensor._requires_grad:
        require_grad(tensor)


def refresh(tensor: "Tensor") -> None:
    """Derive a view's history from its base, where the base was written since it was made."""
    from reference_engine._derivatives._table import TABLE

    view = tensor._view
    assert view is not None  # noqa: S101 - asked of views only
    if view.origin:
        raise RuntimeError(_refusal(tensor, view.origin, _errors.VIEW_CHANGED))
    row = TABLE["as_strided"]
    positions = positions_in(view.base._array, tensor._array)
    make = row.plan(1, 1).node
    _attach(tensor, make((positions,), tensor, tensor._array.dtype, view.base))
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

    __slots__ = ("_before", "_inner", "_positions")

    def __init__(
        self, edges: tuple[Any, ...], base: "Tensor", inner: Node, positions: Any, *, before: bool
    ) -> None:
        super().__init__(edges, base._array.shape, base._array.dtype)
        self._before = before
        self._inner = inner
        self._positions = positions

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    @property
    def next_functions(self) -> tuple[Edge, ...]:
        """The base before the write, and what was written."""
        return (super().next_functions[0], *self._inner.next_functions[1:])

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        ops = operations.namespace
        part = ops.as_strided(received, self._positions)
        arrived = [part] if self._inner.several else part
        results = list(self._inner.apply(arrived, operations))
        overwritten = results.pop(0) if self._before else None
        written = 0.0 if overwritten is None else operations.fit(overwritten, self._inner, 0)
        return [ops.as_strided_scatter(received, written, self._positions), *results]

    def release(self) -> None:
        self._inner.release()
