"""What can be asked of a backward pass while it runs, and how a node is applied outside of one."""

from collections.abc import Sequence
from sys import _getframe
from typing import Any

from reference_engine import _backward, _errors
from reference_engine._graph import Node
from reference_engine._walk import run_backward


def running_pass() -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What the innermost backward pass of this thread knows: of the walk, and of the pass.

    The frames below are asked, so that no pass pays for it; None where none is running.
    """
    frame: Any = _getframe(1)
    walk: dict[str, Any] = {}
    while frame is not None:
        if frame.f_code is run_backward.__code__:
            walk = frame.f_locals
        elif frame.f_code is _backward._walk.__code__:
            return walk, frame.f_locals
        frame = frame.f_back
    return None


def apply_node(node: Node, gradients: Sequence[Any]) -> Any:
    """What a node gives for gradients that are tensors: one tensor, or a tuple."""
    expected = len(node._input_metadata)
    if len(gradients) != expected:
        text = _errors.CALL_COUNT.format(expected=expected, found=len(gradients))
        raise TypeError(text)
    received = list(gradients) if node.several else gradients[0]
    results = iter(node.apply(received, _backward.TensorOperations))
    every = len(node.edges) == 2 * len(node.next_functions)
    found = tuple(
        next(results) if every or one is not None else None for one, _ in node.next_functions
    )
    return found[0] if len(found) == 1 else found
