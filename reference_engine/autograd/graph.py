"""torch.autograd.graph: nodes and edges of the graph, and hooks on what they save."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from reference_engine import _dispatch, _saved
from reference_engine._graph import GradientEdge, Node
from reference_engine._tensor import Tensor

__all__ = [
    "GradientEdge", "Node", "disable_saved_tensors_hooks", "get_gradient_edge", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge at which the gradient of a tensor arrives."""
    if not tensor._requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    node, number = _dispatch.gradient_edge(tensor)
    assert node is not None  # noqa: S101 - a tensor that requires grad has an edge
    return GradientEdge(node, number)


class saved_tensors_hooks:
    """What is saved inside is kept as `pack_hook` returns it, and read by `unpack_hook`."""

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self._hooks = (pack_hook, unpack_hook)

    def __enter__(self) -> None:
        if _saved.hooks_refused:
            raise RuntimeError(_saved.hooks_refused[-1])
        _saved.saved_hooks.append(self._hooks)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _saved.saved_hooks.pop()


class save_on_cpu(saved_tensors_hooks):
    """Keeps what is saved on the CPU, where it is anyway."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor, lambda tensor: tensor)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse hooks on saved tensors inside, with this message."""
    _saved.hooks_refused.append(error_message)
    try:
        yield
    finally:
        _saved.hooks_refused.pop()
