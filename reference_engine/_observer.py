"""What an observer of computations is told; how one is put in its place: `_dispatch.observe`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference_engine._derivatives._table import Row
    from reference_engine._tensor import Tensor


class Observer:
    """What can be seen of a computation. Called in the thread that computes, before it goes on.

    An observer that wants the caller's line looks at the frames above it; one that wants another
    derivative replaces the result's `_grad_fn`.
    """

    def operation(self, row: "Row", inputs: Sequence[Any], results: "Sequence[Tensor]") -> None:
        """An operation was run, recorded or not (also under no_grad)."""

    def detached(self, tensor: "Tensor", result: "Tensor") -> None:
        """`detach()` or `.data` gave the same values outside the graph."""

    def read_out(self, tensor: "Tensor", by: str, value: Any) -> None:
        """Numbers were taken out by `item`, `numpy` or a copy (`tensor`): what came of it."""

    def leaf_written(self, leaf: "Tensor") -> None:
        """A leaf that requires grad was written in place, or its data replaced."""

    def backward_pass(
        self, roots: "Sequence[Tensor]", cotangents: "list[Tensor]"
    ) -> "list[Tensor] | None":
        """A backward pass begins, with these cotangents or those that are returned."""

    def gradient_read(self, tensor: "Tensor") -> None:
        """`.grad` was read."""

    def gradient_cleared(self, tensor: "Tensor") -> None:
        """`.grad` was set to None; `.grad.zero_()` is a read, and then an operation `zero`."""

    def truth_value(self, tensor: "Tensor") -> None:
        """`bool(tensor)` was asked: a branch or a loop depends on data."""
