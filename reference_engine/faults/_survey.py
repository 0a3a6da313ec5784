"""A true run of a computation, watched for what could go wrong in it."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reference_engine._derivatives._row_nodes import RowNode
from reference_engine._derivatives._table import Row
from reference_engine._dispatch import observe
from reference_engine._graph import Node
from reference_engine._modes import state
from reference_engine._observer import Observer
from reference_engine._tensor import Tensor
from reference_engine.faults._fault import DETACH, Site, name_of, place
from reference_engine.faults._otherwise import ALONG_AXES, OVER_AXES, REDUCTIONS, axis_of


# None is a dataclass: that takes longer to define than a small computation to be surveyed.
class Input:
    """An input of a site that needs a gradient: the argument, the caller's name, its shape."""

    def __init__(
        self, argument: str, name: str | None, shape: tuple[int, ...], position: int
    ) -> None:
        self.argument = argument
        self.name = name
        self.shape = shape
        self.position = position
        self.shared = False


class Seen:
    """A site as it was first met."""

    def __init__(
        self,
        row: Row,
        inputs: list[Input],
        result: tuple[int, ...],
        *,
        numbers: tuple[float, ...],
        exponent: float | None,
        averages: bool,
        along_last: bool,
    ) -> None:
        self.row = row
        self.inputs = inputs
        self.result = result
        self.numbers = numbers
        self.exponent = exponent
        self.averages = averages
        self.along_last = along_last
        self.weights = False
        self.times = 0


class Survey(Observer):
    """Watches a true run for what could go wrong in it."""

    def __init__(self) -> None:
        self.sites: dict[Site, Seen] = {}
        self.valued: dict[Site, Seen] = {}
        self.values: dict[Site, Any] = {}
        self.sizes: list[int] = []
        self.axes: dict[int, str] = {}
        self.leaves: list[Tensor] = []
        self.written: list[int] = []
        self.zeroed: list[int] = []
        self.zeroed_at: list[Site] = []
        self.read: list[int] = []
        self.detached_at: list[Site] = []
        self.scaled: list[Site] = []
        self.pairs: list[Site] = []
        self.copies: list[tuple[Site, Tensor, Any]] = []
        self.truths: list[bool] = []
        self.passes = 0
        self.cotangents = False
        self.unrecorded = False
        self.single_loss = False
        self._uses: list[tuple[Node, Node, Input]] = []
        self._gradients: dict[int, int] = {}
        self._kept: list[Any] = []
        self._products: dict[int, Seen] = {}
        self._weighted: dict[int, Seen] = {}
        self._reduced: dict[Site, tuple[str, Node | None]] = {}
        self._noted: set[Site] = set()
        self._taken: set[Node] = set()

    def operation(self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        for one in inputs:
            if isinstance(one, Tensor):
                note_sizes(self.sizes, one)
                if one._requires_grad and one._grad_fn is None:
                    self._leaf(one)
        if row.name == "zero" and id(results[0]) in self._gradients:
            self._note(self.zeroed, self._gradients[id(results[0])])
            self._note(self.zeroed_at, place(row)[0])
        if len(results) > 1:
            return
        node: Any = results[0]._grad_fn
        site, frame = place(row)
        self.values.setdefault(site, results[0]._array)
        if not state.enabled and any(
            isinstance(one, Tensor) and one._requires_grad for one in inputs
        ):
            self.unrecorded |= results[0] is not inputs[0]
        if not state.enabled and row.name == "mul" and number_among(inputs) is not None:
            self._note(self.scaled, site)
        self._note_values(row, inputs, results[0], site)
        if results[0] is not inputs[0] and site not in self.valued and not row.is_variadic:
            self.valued[site] = _valued(row, inputs, results[0])
        if not isinstance(node, RowNode) or node.row is not row:
            return
        seen = self.sites.get(site)
        if seen is None:
            seen = self.sites[site] = _seen(row, inputs, results[0], node, frame)
        seen.times += 1
        # What begins as a constant, such as a first state of zeros, is none in later rounds.
        known = {one.position: one for one in seen.inputs}
        positions = _positions(row, node)
        for at in positions:
            if at not in known:
                known[at] = _input(row, inputs, at, frame)
                seen.inputs.append(known[at])
        self._kept.append(node)
        if row.name == "mul":
            self._products[id(node)] = seen
        elif row.name in ("sum", "dot"):
            # Summing up what was multiplied is how a cotangent is written out.
            weighted = self._products.get(id(node.edges[0]))
            if weighted is not None and len(weighted.inputs) == 1 and not weighted.numbers:
                self._weighted[id(node)] = weighted
        edges = node.edges[::2]
        if row.is_variadic:
            edges = tuple(edges[at] for at in positions)
        self._uses += (
            (node, edge, known[at])
            for edge, at in zip(edges, positions, strict=True)
            if edge is not None
        )

    def _note_values(self, row: Row, inputs: Sequence[Any], result: Tensor, site: Site) -> None:
        """What could be wrong with an operation's value, recorded or not."""
        if row.name == "clone":
            self.copies.append((site, inputs[0], result._array))
        if site in self._noted:
            return
        self._noted.add(site)
        if row.name in ALONG_AXES | OVER_AXES:
            axis = axis_of(row, inputs, result._array)
            if axis is not None:
                self.axes.setdefault(axis, row.name)
        elif row.name in REDUCTIONS and isinstance(inputs[0], Tensor):
            self._reduced[site] = row.name, result._grad_fn
        elif row.name == "sub" and _are_vectors(inputs):
            self.pairs.append(site)

    @property
    def needed_copies(self) -> list[Site]:
        """Where something was copied that was written to afterwards."""
        return list(
            dict.fromkeys(
                site
                for site, tensor, former in self.copies
                if not np.array_equal(tensor._array, former, equal_nan=True)
            )
        )

    @property
    def looked_at(self) -> dict[Site, str]:
        """Numbers made of tensors that no gradient comes through: to end a loop, say."""
        return {
            site: name for site, (name, node) in self._reduced.items() if node not in self._taken
        }

    def truth_value(self, tensor: Tensor) -> None:
        self.truths.append(bool(tensor._array.any()))

    def detached(self, tensor: Tensor, result: Tensor) -> None:
        if tensor._requires_grad:
            self._note(self.detached_at, place(DETACH)[0])

    def leaf_written(self, leaf: Tensor) -> None:
        self._note(self.written, self._leaf(leaf))

    def backward_pass(
        self, roots: Sequence[Tensor], cotangents: list[Tensor]
    ) -> list[Tensor] | None:
        self.passes += 1
        self.cotangents |= any(np.any(one._array != 1) for one in cotangents)
        # What was only looked at, to end a loop say, is no path that a gradient takes.
        taken = _behind(roots)
        self._taken |= taken
        for root in roots:
            if id(root._grad_fn) in self._weighted:
                self._weighted[id(root._grad_fn)].weights = True
        self.single_loss |= len(roots) == 1 and roots[0]._array.size == 1
        uses = [(node, one) for user, node, one in self._uses if user in taken]
        counts = Counter(id(node) for node, _ in uses)
        for node, one in uses:
            one.shared |= counts[id(node)] > 1
        self._uses.clear()
        return None

    def gradient_read(self, tensor: Tensor) -> None:
        if tensor._grad is not None and tensor._grad_fn is None:
            number = self._leaf(tensor)
            self._gradients[id(tensor._grad)] = number
            self._kept.append(tensor._grad)
            self._note(self.read, number)

    def gradient_cleared(self, tensor: Tensor) -> None:
        if tensor._grad is not None:
            self._note(self.zeroed, self._leaf(tensor))

    def _leaf(self, tensor: Tensor) -> int:
        return number_of(self.leaves, tensor)

    @staticmethod
    def _note(notes: list[Any], one: Any) -> None:
        if one not in notes:
            notes.append(one)


def _are_vectors(inputs: Sequence[Any]) -> bool:
    """Whether two tensors are vectors of the same length, and not of one entry."""
    shapes = [one._array.shape for one in inputs if isinstance(one, Tensor)]
    return len(shapes) == 2 and shapes[0] == shapes[1] and len(shapes[0]) == 1 != shapes[0][0]


def _behind(roots: Sequence[Tensor]) -> set[Node]:
    """The nodes that a backward pass from these roots reaches."""
    met: set[Node] = set()
    waiting = [root._grad_fn for root in roots]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in met:
            met.add(node)
            waiting += node.edges[::2]
    return met


def number_among(inputs: Sequence[Any]) -> float | None:
    """The Python number that an operation was given beside a tensor."""
    return next((float(one) for one in inputs if type(one) in (int, float)), None)


def note_sizes(sizes: list[int], tensor: Tensor) -> None:
    """Add a tensor's sizes to those met so far, in the order of their first appearance."""
    sizes += [size for size in tensor._array.shape if size not in sizes]


def number_of(leaves: list[Tensor], tensor: Tensor) -> int:
    """The number of a leaf in the order of their first appearance, the same in every run."""
    for number, one in enumerate(leaves):
        if one is tensor:
            return number
    leaves.append(tensor)
    return len(leaves) - 1


def _seen(row: Row, inputs: Sequence[Any], result: Tensor, node: RowNode, frame: Any) -> Seen:
    saved = dict(zip(node.plan.names, node.saved or (), strict=True))
    exponent = saved.get("exponent")
    return Seen(
        row,
        [_input(row, inputs, at, frame) for at in _positions(row, node)],
        result._array.shape,
        numbers=tuple(float(one) for one in inputs if type(one) in (int, float)),
        exponent=float(exponent) if isinstance(exponent, int | float) else None,
        averages=saved.get("reduction") in ("mean", 1),
        along_last=row.name in ALONG_AXES and saved.get("dim") in (-1, inputs[0]._array.ndim - 1),
    )


def _positions(row: Row, node: RowNode) -> list[int]:
    """Which inputs of a call need a gradient, by their places among all."""
    if row.is_variadic:
        return [at for at, one in enumerate(node.edges[::2]) if one is not None]
    return [at for at in row.differentiable if node.plan.required >> at & 1]


def _input(row: Row, inputs: Sequence[Any], at: int, frame: Any) -> Input:
    argument = "tensors" if row.is_variadic else row.inputs[at]
    return Input(argument, name_of(inputs[at], frame), inputs[at]._array.shape, at)


def _valued(row: Row, inputs: Sequence[Any], result: Tensor) -> Seen:
    """A site where what is asked for is a value: what it is of, and no derivative."""
    operands = [
        Input(argument, None, one._array.shape, at)
        for at, (argument, one) in enumerate(zip(row.inputs, inputs, strict=False))
        if isinstance(one, Tensor) and one._array.dtype.kind == "f"
    ]
    return Seen(
        row,
        operands,
        result._array.shape,
        numbers=tuple(float(one) for one in inputs if type(one) in (int, float)),
        exponent=None,
        averages=False,
        along_last=row.name in ALONG_AXES and axis_of(row, inputs, result._array) == 1,
    )


def forward_values(run: Callable[[], object]) -> dict[Site, Any]:
    """The value that each operation of a run first gave, by its place."""
    survey = Survey()
    with observe(survey):
        run()
    return survey.values


def count_operations(run: Callable[[], object]) -> int:
    """How many operations a run takes."""
    counter = _Counter()
    with observe(counter):
        run()
    return counter.operations


class _Counter(Observer):
    def __init__(self) -> None:
        self.operations = 0

    def operation(self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        self.operations += 1
