"""Nodes of the graph whose gradients are as a mistake makes them."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from reference_engine import _dispatch
from reference_engine._derivatives._table import Row
from reference_engine._graph import AccumulateGrad, Gradient, Node, sequence
from reference_engine._tensor import Tensor
from reference_engine.faults._fault import Exhausted, Fault
from reference_engine.faults._wrong_formulas import (
    WRONG_FORMULAS,
    WRONG_PRODUCTS,
    in_every_row,
)


def operands_of(row: Row, node: Any, inputs: Sequence[Any], fault: Fault) -> tuple[Any, Any]:
    """The value of the argument that a fault concerns, and of the other where there is one."""
    while isinstance(node, Faulty):
        node = node._node
    if row.is_variadic:
        return None, None
    at = fault.edge
    values = [_dispatch.as_array(one) for one in inputs]
    if row.name == "pow_number":
        return values[at], node._unpacked().get("exponent")
    other = values[1 - at] if len(values) == 2 else None
    return values[at], other


def record(row: Row, inputs: Sequence[Any], result: Tensor) -> None:
    """Record an operation that was run where nothing is recorded."""
    required = tensors = 0
    for place, one in enumerate(inputs):
        if isinstance(one, Tensor):
            tensors |= 1 << place
            required |= one._requires_grad << place
    required &= row.gradient_mask
    if required and not row.options and result._array.dtype.kind == "f":
        result._grad_fn = row.plan(required, tensors).node((), result, result._array.dtype, *inputs)
        result._requires_grad = True


class Faulty(Node):
    """A node whose gradients are as one fault makes them."""

    __slots__ = ("_factor", "_fault", "_given", "_node", "_operands", "_result", "several")

    def __init__(
        self,
        node: Node,
        fault: Fault,
        operands: tuple[Any, Any],
        result: Any,
        factor: float,
        *,
        given: dict[Node, Any],
    ) -> None:
        super().__init__(node.edges, node.shape, node.dtype)
        self.several = node.several
        self._node = node
        self._fault = fault
        self._operands = operands
        self._result = result
        self._factor = factor
        self._given = given

    def name(self) -> str:
        return self._node.name()

    def release(self) -> None:
        self._node.release()

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        if self._fault.change == "nothing_arrives":
            received = received * 0 + 1
        results = list(self._node.apply(received, operations))
        at = self._place()
        following = None if at is None else self.edges[2 * at]
        if at is None or following is None or results[at] is None:
            return results
        if operations.recorded:
            changed = self._changed_recorded(received, results[at])
        else:
            changed = self._changed(received, results[at], following)
            self._accept(changed, following)
        results[at] = changed
        return results

    def _changed(self, received: Any, gradient: Any, following: Node) -> Any:
        fault = self._fault
        match fault.change:
            case "cut":
                return None
            case "scaled":
                return gradient * gradient.dtype.type(fault.amount)
            case "exponent_lost":
                return gradient / self._operands[1]
            case "dropped":
                return received
            case "transposed":
                return np.swapaxes(gradient, -1, -2)
            case "reshaped":
                other = self._operands[1].reshape(self._operands[1].shape[::-1])
                return received @ other if self._argument() == "self" else other @ received
            case "last_only":
                last = np.zeros_like(gradient)
                last[-1:] = gradient[-1:]
                return last
            case "overwritten":
                return self._not_yet_given(gradient, following)
            case "overwritten_backwards":
                return self._in_place_of_the_former(gradient, following)
            case "next_class":
                return np.roll(gradient, 1, axis=-1)
            case "largest_class":
                return _at_the_largest(self._operands[0], gradient)
            case "every_row":
                return np.broadcast_to(in_every_row(gradient), gradient.shape)
            case "averaged_otherwise" | "averaged_otherwise_value":
                return gradient * gradient.dtype.type(self._factor)
            case "formula":
                value, other = self._operands
                wrong = WRONG_FORMULAS[fault.site[0], self._argument()][int(fault.amount)][1]
                return received * wrong(value, other, self._result, received)
            case "product":
                value, other = self._operands
                wrong = WRONG_PRODUCTS[fault.site[0], self._argument()][int(fault.amount)][1]
                return wrong(value, other, self._result, received)
            case "summed_up":
                return np.full(following.shape, np.sum(gradient), gradient.dtype)
            case "averaged":
                return gradient * gradient.dtype.type(prod(following.shape) / gradient.size)
            case _:
                return gradient

    def _changed_recorded(self, received: Any, gradient: Any) -> Any:
        """The same under create_graph, for what tensors can do by themselves."""
        fault = self._fault
        match fault.change:
            case "cut":
                return None
            case "scaled":
                return gradient * fault.amount
            case "exponent_lost":
                return gradient / self._operands[1]
            case "averaged_otherwise" | "averaged_otherwise_value":
                return gradient * self._factor
            case "dropped":
                return received
            case "nothing_arrives":
                return gradient
            case _:
                raise Exhausted

    def _not_yet_given(self, gradient: Any, following: Node) -> Any:
        """What `=` for `+=` leaves of a loop's contributions: the last one, which comes first."""
        node = self._innermost()
        part = node.row.is_view  # of what was sliced, the slice alone is written
        touched = gradient != 0 if part else np.ones(gradient.shape, bool)
        given = self._given.setdefault(following, np.zeros(gradient.shape, bool))
        left = np.where(given, 0, gradient).astype(gradient.dtype)
        given |= touched
        return left

    def _in_place_of_the_former(self, gradient: Any, following: Node) -> Any:
        """The same where the rounds are taken backwards: what adds up to the first one's alone."""
        former = self._given.get(following, np.zeros_like(gradient))
        touched = gradient != 0 if self._innermost().row.is_view else True
        self._given[following] = np.where(touched, gradient, former)
        return self._given[following] - former

    def _argument(self) -> str:
        return str(self._innermost().row.inputs[self._fault.edge])

    def _place(self) -> int | None:
        """Where among the gradients that of the fault's input is; None where it needs none here."""
        node, at = self._innermost(), self._fault.edge
        if node.row.is_variadic:
            return at
        required = [one for one in node.row.differentiable if node.plan.required >> one & 1]
        return required.index(at) if at in required else None

    def _innermost(self) -> Any:
        """The node of the operation itself."""
        node: Any = self._node
        while isinstance(node, Faulty):
            node = node._node
        return node

    def _accept(self, gradient: Any, following: Node) -> None:
        """Let a leaf take a gradient of a shape that is not its own, as the mistake has it."""
        if self._fault.change in ("not_summed", "transposed") and isinstance(
            following, AccumulateGrad
        ):
            following.shape = gradient.shape


def _at_the_largest(values: Any, gradient: Any) -> Any:
    """The gradient of every row moved to the row's largest entry."""
    moved = np.zeros_like(gradient)
    np.put_along_axis(moved, values.argmax(-1, keepdims=True), gradient.sum(-1, keepdims=True), -1)
    return moved


class Through(Node):
    """What a `detach` that was ignored is, and an operation left out: the tensor itself."""

    __slots__ = ()

    def __init__(self, tensor: Tensor) -> None:
        edges = _dispatch.gradient_edge(tensor)
        super().__init__(edges, tensor._array.shape, tensor._array.dtype)
        self.sequence = next(sequence)

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        return (received,)


def factor_of(text: str, shape: tuple[int, ...], count: float, sizes: Sequence[int]) -> float:
    """What a reduction's result is multiplied by: a name of it, since sizes differ by the case."""
    if text == "one less":
        return count / (count - 1) if count > 1 else 1.0
    above, _, below = text.rpartition("/")
    if not above:
        return count
    kind, _, number = below.partition(" ")
    divisor = count
    if kind == "axis":
        divisor = shape[int(number)]
    elif kind == "size":
        divisor = sizes[int(number)]
    return (count if above == "count" else 1.0) / divisor
