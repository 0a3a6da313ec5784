"""What a node saves for its backward pass, and the checks when it is taken out again.

Saved tensors carry the version they were saved at. Both classic errors live here and in the rows'
`unpack`: a graph that was freed, and a value that was modified in place.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._graph import Node

if TYPE_CHECKING:
    from reference_engine._tensor import Tensor

saved_hooks: list[tuple[Any, Any]] = []
"""(pack, unpack) hooks on saved tensors, the innermost last."""

PACKED = -2
"""The "version" of a packed tensor."""

hooks_refused: list[str] = []
"""Why hooks on saved tensors are refused now, the innermost reason last."""


class Saved:
    """A result kept for the backward pass: its array and version, but not the tensor itself.

    A tensor would hold its node, and the node the tensor: a cycle that only the garbage collector
    could free.
    """

    __slots__ = ("_array", "_counter", "number")

    def __init__(self, array: np.ndarray[Any, Any], counter: list[int], number: int) -> None:
        self._array = array
        self._counter = counter
        self.number = number


class Packed:
    """A saved tensor as a user's hook has packed it: its safety is the user's business."""

    __slots__ = ("_packed", "_unpack")

    _counter = (PACKED,)

    def __init__(self, tensor: "Tensor", pack: Any, unpack: Any) -> None:
        self._packed = pack(tensor)
        self._unpack = unpack

    def tensor(self) -> "Tensor":
        """The tensor as the user's hook unpacks it."""
        found = self._unpack(self._packed)
        if not isinstance(found, _dispatch.tensor_type):
            raise TypeError(_errors.UNPACK_TYPE.format(type=type(found).__name__))
        return found  # type: ignore[no-any-return]

    @property
    def _array(self) -> Any:
        return self.tensor()._array


def tensor_of(saved: Saved, node: Node) -> "Tensor":
    """A saved result as a tensor again, with its place in the graph."""
    result = _dispatch.wrap(saved._array)
    result._counter = saved._counter
    if saved._array.dtype.kind == "f":
        result._grad_fn = node
        result._output_nr = saved.number
        result._requires_grad = True
    return result


def pack(node: Any) -> None:
    """Let the innermost hook pack every tensor that a node has saved."""
    hook, unpack = saved_hooks[-1]
    values: list[Any] = list(node.saved)
    versions: list[int | None] = list(node.versions)
    for place, version in enumerate(versions):
        if version is not None:
            value = values[place]
            tensor = tensor_of(value, node) if type(value) is Saved else value
            values[place] = Packed(tensor, hook, unpack)
            versions[place] = PACKED
    node.saved = tuple(values)
    node.versions = tuple(versions)


def unpack(value: Any, version: int | None, node: Node) -> Any:
    """A saved value again; raises where it was modified in place since it was saved."""
    if version is None:
        return value
    if version == PACKED:
        return value.tensor()
    tensor = tensor_of(value, node) if type(value) is Saved else value
    if tensor._counter[0] != version:
        raise RuntimeError(_modified(tensor, version))
    return tensor


def _modified(tensor: "Tensor", expected: int) -> str:
    """PyTorch's message for a saved tensor that was modified in place."""
    producer = tensor.grad_fn
    origin = ""
    if producer is not None:
        name = producer.name().rstrip("0123456789").removesuffix("Backward")
        origin = f", which is output {tensor.output_nr} of {name},"
    return _errors.MODIFIED_IN_PLACE.format(
        legacy=tensor.dtype.legacy,
        shape=list(tensor.shape),
        origin=origin,
        found=tensor._counter[0],
        expected=expected,
        hint=_errors.MODIFIED_HINT if _dispatch.step is None else _errors.MODIFIED_HINT_ANOMALY,
    )
