"""What a node saves for its backward pass, and the checks when it is taken out again.

Saved tensors carry the version they were saved at. Both classic errors live here and in the rows'
`unpack`: a graph that was freed, and a value that was modified in place.
"""

import weakref
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._graph import AccumulateGrad, Node
from reference_engine._modes import record, state

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
    """A saved tensor as a user's hook has packed it: its safety is the user's business.

    Its place in the graph is kept beside it; of a result of the node that saves it, the number.
    """

    __slots__ = ("_number", "_packed", "_place", "_unpack")

    _counter = (PACKED,)

    def __init__(self, tensor: "Tensor", pack: Any, unpack: Any, number: int | None = None) -> None:
        self._place = None if number is not None else _dispatch.gradient_edge(tensor)
        self._number = number
        version = tensor._counter[0]
        recording = state.enabled
        record(False)
        try:
            self._packed = pack(tensor)
        finally:
            record(recording)
        if tensor._counter[0] != version:
            raise RuntimeError(_errors.PACK_IN_PLACE)
        self._unpack = unpack

    def tensor(self, node: Any = None) -> "Tensor":
        """The tensor as the user's hook unpacks it, in its place in the graph of `node`."""
        found = self._unpacked()
        place = (node, self._number) if self._place is None else self._place
        if place[0] is None:
            return found
        return _placed(found, *place)

    def _unpacked(self) -> "Tensor":
        found = self._unpack(self._packed)
        if not isinstance(found, _dispatch.tensor_type):
            raise TypeError(_errors.UNPACK_TYPE.format(type=type(found).__name__))
        return found  # type: ignore[no-any-return]

    @property
    def _array(self) -> Any:
        return self._unpacked()._array


def _placed(tensor: "Tensor", node: Any, number: int | None) -> "Tensor":
    """The same values at an edge of a graph: at a leaf's, or as an output of an operation."""
    result = _dispatch.wrap(tensor._array)
    result._counter = tensor._counter
    result._requires_grad = True
    if isinstance(node, AccumulateGrad):
        result._accumulator = weakref.ref(node)
    else:
        result._grad_fn, result._output_nr = node, number or 0
    return result


class SavedTensor:
    """One value that a node has saved, to look at or to hang hooks on."""

    __module__ = "torch._C._autograd"

    def __new__(cls, node: Any = None, place: int = -1) -> Self:
        if node is None:
            raise RuntimeError(_errors.SAVED_FORBIDDEN)
        return object.__new__(cls)

    def __init__(self, node: Any, place: int) -> None:
        self._node = node
        self._place = place

    def _value(self) -> Any:
        return None if self._node.saved is None else self._node.saved[self._place]

    @property
    def data(self) -> Any:
        """What is kept: a tensor, or what a hook has made of it."""
        value = self._value()
        if type(value) is Packed:
            return value._packed
        return tensor_of(value, self._node).detach() if type(value) is Saved else value

    @property
    def unpack_hook(self) -> Any:
        """The hook that takes it out again, if there is one."""
        value = self._value()
        return value._unpack if type(value) is Packed else None

    def unpack(self) -> Any:
        """The tensor again; raises where it was freed, or modified in place since."""
        if self._node.saved is None:
            raise RuntimeError(_errors.SECOND_BACKWARD)
        return unpack(self._value(), self._node.versions[self._place], self._node)

    def register_hooks(self, *hooks: Any) -> None:
        """Keep what `pack_hook` makes of the tensor, and take it out by `unpack_hook`."""
        if len(hooks) != 2 or not all(map(callable, hooks)):
            given = ", ".join(map(repr, (self, *hooks)))
            raise TypeError(_errors.SAVED_HOOKS_TYPE.format(given=given))
        if self._node.saved is None:
            raise RuntimeError(_errors.SAVED_FREED)
        if self._value() is None:
            raise RuntimeError(_errors.SAVED_NONE)
        if type(self._value()) is Packed:
            raise RuntimeError(_errors.SAVED_HOOKED)
        pack_one(self._node, self._place, hooks)


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
    for place, version in enumerate(node.versions):
        if version is not None:
            pack_one(node, place, saved_hooks[-1])


def pack_one(node: Any, place: int, hooks: tuple[Any, Any]) -> None:
    """Let a (pack, unpack) pair of hooks pack one tensor that a node has saved."""
    value = node.saved[place]
    tensor = tensor_of(value, node) if type(value) is Saved else value
    packed = Packed(tensor, *hooks, value.number if type(value) is Saved else None)
    node.saved = (*node.saved[:place], packed, *node.saved[place + 1 :])
    node.versions = (*node.versions[:place], PACKED, *node.versions[place + 1 :])


def unpack(value: Any, version: int | None, node: Any) -> Any:
    """A saved value again; raises where it was modified in place since it was saved."""
    if version is None:
        return value
    if version == PACKED:
        return value.tensor(node)
    tensor = tensor_of(value, node) if type(value) is Saved else value
    if tensor._counter[0] != version:
        raise RuntimeError(_modified(tensor, version))
    return tensor


def _modified(tensor: "Tensor", expected: int) -> str:
    """PyTorch's message for a saved tensor that was modified in place."""
    producer = tensor.grad_fn
    origin = ""
    if producer is not None:
        operation, _, number = producer.name().rpartition("Backward")
        name = operation + number.removesuffix("0")
        origin = f", which is output {tensor.output_nr} of {name},"
    legacy = tensor.dtype.legacy
    return _errors.MODIFIED_IN_PLACE.format(
        kind="CPUBoolType" if legacy == "Bool" else f"torch.{legacy}Tensor",
        shape=list(tensor.shape),
        origin=origin,
        found=tensor._counter[0],
        expected=expected,
        hint=_errors.MODIFIED_HINT if _dispatch.step is None else _errors.MODIFIED_HINT_ANOMALY,
    )
