# ruff: noqa: N999 - PyTorch's own name
"""torch._C: what some programs ask of a running backward pass and of the graph's own nodes.

The answers are looked up in the frames of the pass itself, so that no pass pays for them.
"""

import weakref
from types import SimpleNamespace
from typing import Any

from reference_engine import _errors
from reference_engine._functions import full_name
from reference_engine._graph import AccumulateGrad, Node
from reference_engine._modes import is_grad_enabled
from reference_engine._running import running_pass
from reference_engine._saved import SavedTensor, hooks_refused
from reference_engine._tensor import Tensor
from reference_engine._walk import count_arrivals
from reference_engine.autograd._function_nodes import Error, delayed_error, without_gradient

__all__ = ["is_grad_enabled"]


class DelayedError:
    """Gives tensors on as they are; their gradient raises a RuntimeError with a text."""

    def __init__(self, text: str | bytes, count: int) -> None:
        self._text = text.decode() if isinstance(text, bytes) else text

    def __call__(self, *tensors: Tensor | None) -> Any:
        found = delayed_error(self._text, tensors)
        return found[0] if len(found) == 1 else found


class UndefinedGrad:
    """Gives a tensor on as it is; it gets no gradient."""

    def __call__(self, tensor: Tensor) -> Tensor:
        return without_gradient(tensor)


_functions = SimpleNamespace(
    AccumulateGrad=AccumulateGrad, DelayedError=DelayedError, Error=Error,
    UndefinedGrad=UndefinedGrad,
)  # fmt: skip


def _keeps_graph() -> bool:
    """Whether the innermost backward pass of this thread keeps what was saved."""
    found = running_pass()
    return True if found is None else bool(found[1]["keep_graph"])


_autograd = SimpleNamespace(
    SavedTensor=SavedTensor,
    _get_current_graph_task_keep_graph=_keeps_graph,
    _saved_tensors_hooks_is_enabled=lambda: not hooks_refused,
)


class _WeakTensorRef:
    """A tensor that may be gone."""

    def __init__(self, tensor: Tensor) -> None:
        self._reference = weakref.ref(tensor)

    def expired(self) -> bool:
        """Whether the tensor is gone."""
        return self._reference() is None


def _current_graph_task_id() -> int:
    """The number of the innermost backward pass of this thread; -1 where none is running."""
    found = running_pass()
    return -1 if found is None else int(found[1]["task"])


def _current_autograd_node() -> Node | None:
    """The node that is being applied in this thread, or whose hooks are being called."""
    found = running_pass()
    node = None if found is None else found[0].get("node")
    return None if node is None else node.shown()


def _will_engine_execute_node(node: Node | Tensor) -> bool:
    """Whether the running backward pass applies a node."""
    if not isinstance(node, Node):
        raise RuntimeError(  # noqa: TRY004 - PyTorch's own type
            _errors.EXPECTS_NODE.format(type=full_name(type(node)))
        )
    found = running_pass()
    if found is None:
        raise RuntimeError(_errors.OUTSIDE_BACKWARD.format(name="_get_should_execute_nodes"))
    walk, _ = found
    if node not in count_arrivals(walk["roots"][::2]):
        return False
    if walk["applied"] is None:
        return True
    if walk["wanted"] and isinstance(node, AccumulateGrad) and node in walk["targets"]:
        raise RuntimeError(_errors.LEAF_OF_GRAD)
    return node in walk["applied"]
