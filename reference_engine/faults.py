"""Wrong on purpose: which faults a computation makes possible, and the computation under one.

A fault is one mistake that a person makes with derivatives: a factor forgotten, a path left out, a
gradient not set to zero. It sits at a place of the computation, in every iteration alike, and is
injected through the observer seam alone. Nothing here knows of students or marks.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from reference_engine import _dispatch
from reference_engine._derivatives._table import Row, RowNode
from reference_engine._dispatch import Observer, observe
from reference_engine._graph import AccumulateGrad, Gradient, Node, next_sequence
from reference_engine._modes import state
from reference_engine._tensor import Tensor
from reference_engine._wrong_formulas import WRONG_FORMULAS

Site: TypeAlias = tuple[Any, ...]
"""A place of the computation: the row, and where in the code it was called from."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: what it is called, where it sits, and what is done there.

    `id` is the misconception's. `edge` counts the site's inputs that need a gradient; `amount` is
    what `change` needs to know. `operation` and `operand` say where it is as one would write it;
    None where there is no such name.
    """

    id: str
    change: str
    site: Site = ()
    edge: int = 0
    amount: float | str = 0.0
    operation: str | None = None
    operand: str | None = None


class Exhausted(Exception):  # noqa: N818 - an end, not an error of anyone's
    """A faulty run took many times the operations or the time of the true one."""


SLOWER = 10
"""How many times the operations of the true run a faulty one may take."""
SECONDS = 10.0
"""And how long it may take at most, beyond the true run's own time."""


# -- places ---------------------------------------------------------------------------------------

_PACKAGE = str(Path(__file__).parent)


def _place(row: Row) -> tuple[Site, Any]:
    """The site of the operation that is being observed, and the frame that called it."""
    frame: Any = sys._getframe(2)
    path: list[Any] = [row.name]
    while frame is not None:
        code = frame.f_code
        path.append((code.co_filename, code.co_name, code.co_firstlineno, frame.f_lasti))
        if not code.co_filename.startswith((_PACKAGE, "<torch")):
            break
        frame = frame.f_back
    return tuple(path), frame


_SYMBOLS = {
    "add": "+", "sub": "-", "rsub": "-", "rsub_number": "-", "mul": "*", "div": "/",
    "div_number": "/", "pow_number": "**", "pow": "**", "mm": "@", "mv": "@", "dot": "@",
    "bmm": "@", "neg": "-", "sum_dim": "sum", "mean_dim": "mean", "linear_addmm": "linear",
    "basic_index": "[]", "index": "[]", "select": "[]",
}  # fmt: skip


def _name_of(tensor: Any, frame: Any) -> str | None:
    """The name under which the caller knows a tensor."""
    if frame is None:
        return None
    return next((name for name, value in frame.f_locals.items() if value is tensor), None)


# -- what a run shows -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Input:
    """An input of a site that needs a gradient: the argument, the caller's name, its shape."""

    argument: str
    name: str | None
    shape: tuple[int, ...]
    shared: bool = False


@dataclass(slots=True)
class _Seen:
    """A site as it was first met."""

    row: Row
    inputs: list[_Input]
    result: tuple[int, ...]
    numbers: tuple[float, ...]
    exponent: float | None
    averages: bool
    weights: bool = False


@dataclass(slots=True)
class _Survey(Observer):
    """Watches a true run for what could go wrong in it."""

    sites: dict[Site, _Seen] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    operations: int = 0
    leaves: list[Tensor] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    zeroed: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    detached_at: list[Site] = field(default_factory=list)
    cotangents: bool = False
    passes: int = 0
    _uses: list[tuple[Node, _Input]] = field(default_factory=list)
    _gradients: dict[int, int] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)
    _products: dict[int, _Seen] = field(default_factory=dict)
    values: dict[Site, Any] = field(default_factory=dict)
    truths: list[bool] = field(default_factory=list)
    unrecorded: bool = False
    scaled: list[Site] = field(default_factory=list)

    def operation(self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        self.operations += 1
        for one in inputs:
            if isinstance(one, Tensor):
                _note_sizes(self.sizes, one)
                if one._requires_grad and one._grad_fn is None:
                    self._leaf(one)
        if row.name == "zero" and id(results[0]) in self._gradients:
            self._note(self.zeroed, self._gradients[id(results[0])])
        if len(results) > 1:
            return
        node: Any = results[0]._grad_fn
        site, frame = _place(row)
        self.values.setdefault(site, results[0]._array)
        if not state.enabled and any(
            isinstance(one, Tensor) and one._requires_grad for one in inputs
        ):
            self.unrecorded |= results[0] is not inputs[0]
        if not state.enabled and row.name == "mul" and _number_among(inputs) is not None:
            self._note(self.scaled, site)
        if type(node) is not row.node:
            return
        seen = self.sites.get(site)
        if seen is None:
            seen = self.sites[site] = _seen(row, inputs, results[0], node, frame)
        self._kept.append(node)
        if row.name == "mul":
            self._products[id(node)] = seen
        elif row.name in ("sum", "dot"):
            # Summing up what was multiplied is how a cotangent is written out.
            weighted = self._products.get(id(node.edges[0]))
            if weighted is not None and len(weighted.inputs) == 1:
                weighted.weights = True
        self._uses += zip(node.edges[::2], seen.inputs, strict=False)

    def truth_value(self, tensor: Tensor) -> None:
        self.truths.append(bool(tensor._array.any()))

    def detached(self, tensor: Tensor, result: Tensor) -> None:
        if tensor._requires_grad:
            self._note(self.detached_at, _place(_DETACH)[0])

    def leaf_written(self, leaf: Tensor) -> None:
        self._note(self.written, self._leaf(leaf))

    def backward_pass(
        self, roots: Sequence[Tensor], cotangents: list[Tensor]
    ) -> list[Tensor] | None:
        self.passes += 1
        self.cotangents |= any(np.any(one._array != 1) for one in cotangents)
        counts = Counter(id(node) for node, _ in self._uses)
        for node, one in self._uses:
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
        return _number_of(self.leaves, tensor)

    @staticmethod
    def _note(notes: list[Any], one: Any) -> None:
        if one not in notes:
            notes.append(one)


def _number_among(inputs: Sequence[Any]) -> float | None:
    """The Python number that an operation was given beside a tensor."""
    return next((float(one) for one in inputs if type(one) in (int, float)), None)


def _note_sizes(sizes: list[int], tensor: Tensor) -> None:
    """Add a tensor's sizes to those met so far, in the order of their first appearance."""
    sizes += [size for size in tensor._array.shape if size not in sizes]


def _number_of(leaves: list[Tensor], tensor: Tensor) -> int:
    """The number of a leaf in the order of their first appearance, the same in every run."""
    for number, one in enumerate(leaves):
        if one is tensor:
            return number
    leaves.append(tensor)
    return len(leaves) - 1


def _seen(row: Row, inputs: Sequence[Any], result: Tensor, node: RowNode, frame: Any) -> _Seen:
    operands: Sequence[Any] = inputs
    if row.is_variadic:
        positions = [at for at, one in enumerate(node.edges[::2]) if one is not None]
        arguments = ["tensors"] * len(positions)
    else:
        positions = [at for at in row.differentiable if node.plan.required >> at & 1]
        arguments = [row.inputs[at] for at in positions]
    saved = dict(zip(node.plan.names, node.saved or (), strict=True))
    exponent = saved.get("exponent")
    return _Seen(
        row,
        [
            _Input(argument, _name_of(operands[at], frame), operands[at]._array.shape)
            for argument, at in zip(arguments, positions, strict=True)
        ],
        result._array.shape,
        tuple(float(one) for one in operands if type(one) in (int, float)),
        float(exponent) if isinstance(exponent, int | float) else None,
        saved.get("reduction") in ("mean", 1),
    )


class _Detach:
    """Stands for the row that detaching does not have."""

    name = "detach"


_DETACH: Any = _Detach()


# -- which faults there are -----------------------------------------------------------------------


def enumerate_faults(run: Callable[[], object]) -> tuple[Fault, ...]:
    """The faults that a true run of a computation makes possible, in the order of their places.

    `run` computes everything anew whenever it is called.
    """
    survey = _Survey()
    with observe(survey):
        run()
    found = [
        fault
        for site, seen in survey.sites.items()
        for fault in _faults_of(site, seen, survey.sizes)
    ]
    return tuple(dict.fromkeys([*found, *_events(survey)]))


ACTIVATIONS = frozenset({
    "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "elu", "gelu", "silu", "log_sigmoid",
    "softmax", "log_softmax", "hardtanh", "relu6",
})  # fmt: skip
_PRODUCTS = frozenset({"mm", "mv", "bmm", "linear_addmm", "addmm"})
_REDUCTIONS = frozenset({"sum", "sum_dim", "mean", "mean_dim"})
_INDEXING = frozenset({"index", "basic_index", "select", "gather", "nll_loss", "index_select"})
_NO_DERIVATIVE = frozenset({"clone", "copy", "to_copy", "contiguous"})


def _faults_of(site: Site, seen: _Seen, sizes: Sequence[int]) -> Iterator[Fault]:
    for edge, one in enumerate(seen.inputs):

        def fault(
            identifier: str, change: str, amount: float | str = 0.0, *, edge: int = edge,
            one: _Input = one,
        ) -> Fault:  # fmt: skip
            operation = _SYMBOLS.get(seen.row.name, seen.row.name)
            return Fault(identifier, change, site, edge, amount, operation, one.name)

        yield from _of_paths(seen, one, fault)
        if seen.row.is_view or seen.row.name in _NO_DERIVATIVE:
            continue
        yield from _of_derivatives(seen, one, fault)
        yield from _of_broadcasting(seen, one, fault)
        yield from _of_averages(seen, one, sizes, fault)


def _of_paths(seen: _Seen, one: _Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    if one.shared:
        yield fault("overwritten_gradient", "cut")
        yield fault("double_counted_path", "scaled", 2.0)
    else:
        yield fault("detached_wrong_branch", "cut")


def _of_derivatives(seen: _Seen, one: _Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    row = seen.row
    shape = seen.result
    if _is_elementwise(seen, one):
        if seen.weights:
            yield fault("cotangent_ignored", "dropped")
        elif row.name in ACTIVATIONS:
            yield fault("missing_activation_derivative", "dropped")
        elif seen.numbers or row.name in {"div_number", "pow_of_number"}:
            yield fault("missing_factor", "dropped")
        else:
            yield fault("missing_chain_factor", "dropped")
        wrong = WRONG_FORMULAS.get((row.name, one.argument), ())
        for number, (identifier, _) in enumerate(wrong):
            yield fault(identifier, "formula", float(number))
    yield fault("wrong_sign", "scaled", -1.0)
    if seen.exponent not in (None, 0.0, 1.0, -1.0):
        yield fault("missing_factor", "scaled", 1 / float(seen.exponent or 1.0))
    if row.name in _PRODUCTS and len(one.shape) == 2 and len(shape) > 0:
        yield fault("missing_transpose", "transposed")
        if row.name == "mm":
            yield fault("missing_transpose", "reshaped")


def _is_elementwise(seen: _Seen, one: _Input) -> bool:
    if seen.row.name in _PRODUCTS or seen.row.name in _REDUCTIONS:
        return False
    try:
        return np.broadcast_shapes(one.shape, seen.result) == seen.result
    except ValueError:
        return False


def _of_broadcasting(seen: _Seen, one: _Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    broadcast = _is_elementwise(seen, one) or one.argument == "bias"
    if not broadcast or prod(one.shape) >= prod(seen.result):
        return
    yield fault("unreduced_broadcast", "not_summed")
    yield fault("mean_instead_of_sum", "averaged")
    if prod(one.shape) > 1:
        yield fault("reduced_all_axes", "summed_up")


def _of_averages(
    seen: _Seen, one: _Input, sizes: Sequence[int], fault: Callable[..., Fault]
) -> Iterator[Fault]:
    """A reduction that loses or gains its 1/n: over everything, one axis, or another size."""
    if seen.row.name not in _REDUCTIONS and "reduction" not in seen.row.options:
        return
    averages = seen.row.name.startswith("mean") or seen.averages
    factors: dict[str, str] = {
        "count" if averages else "1/count": "sum_instead_of_mean"
        if averages
        else "mean_instead_of_sum"
    }
    if len(one.shape) > 1:
        for axis in range(len(one.shape)):
            name = "mean_over_batch_only" if axis == 0 else "mean_over_classes"
            factors[f"count/axis {axis}" if averages else f"1/axis {axis}"] = name
    for number, size in enumerate(sizes):
        if size not in one.shape and size > 1:
            factors[f"1/size {number}"] = "mean_over_classes"
    for factor, identifier in factors.items():
        yield fault(identifier, "averaged_otherwise", factor)
        yield fault(identifier, "averaged_otherwise_value", factor)
    if len(one.shape) > 0:
        yield fault("overwritten_gradient", "last_only")


def _factor(text: str, shape: tuple[int, ...], count: float, sizes: Sequence[int]) -> float:
    """What a reduction's result is multiplied by: a name of it, since sizes differ by the case."""
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


def _events(survey: _Survey) -> Iterator[Fault]:
    """Faults of gradients kept, cleared, read and used, rather than of an operation."""
    if survey.cotangents:
        yield Fault("cotangent_ignored", "cotangent_ones")
        yield Fault("cotangent_normalised", "cotangent_normalised")
    if survey.unrecorded:
        yield Fault("not_frozen", "no_grad_ignored")
    if True in survey.truths and False in survey.truths:
        yield Fault("off_by_one_iteration", "other_truth", amount="last")
        yield Fault("off_by_one_iteration", "other_truth", amount="end")
    for site in survey.scaled:
        yield Fault("gradient_times_learning_rate", "scaled_again", site, operation="*")
    if survey.passes:
        for k in (2, 3):
            yield Fault("accumulated_gradient", "passes", amount=k)
    for change, identifier, numbers in (
        ("not_zeroed", "accumulated_gradient", survey.zeroed),
        ("zeroed_before_read", "read_after_zeroing", survey.read if survey.zeroed else []),
        ("not_updated", "parameters_never_updated", survey.written),
        ("not_updated", "zeroed_in_wrong_place", survey.written if survey.zeroed else []),
        ("reversed_update", "ascent_instead_of_descent", survey.written),
    ):
        if numbers:
            yield Fault(identifier, change, amount=-1)
        if len(numbers) > 1:
            for number in numbers:
                yield Fault(identifier, change, amount=number)
    for site in survey.detached_at:
        yield Fault("not_frozen", "attached", site, operation="detach")
    for one in survey.read:
        for other in survey.read:
            if one != other:
                yield Fault("gradient_of_wrong_input", "read_of_another", (one, other))


# -- a run under a fault --------------------------------------------------------------------------


def inject(run: Callable[[], Any], *faults: Fault, operations: int | None = None) -> Any:
    """What `run` returns under the faults; raises what it raises, or Exhausted.

    `operations` is how many the true run takes; without it only time is limited.
    """
    if any(one.change == "other_truth" for one in faults):
        faults = tuple(_at_its_turn(one, run) for one in faults)
    watching = _Injection(faults, None if operations is None else SLOWER * operations)
    with observe(watching):
        return run()


def _at_its_turn(fault: Fault, run: Callable[[], object]) -> Fault:
    """A loop that ends one turn early or late, with the number of the answer to be changed."""
    if fault.change != "other_truth":
        return fault
    survey = _Survey()
    with observe(survey):
        run()
    ends = survey.truths.index(False) + 1 if False in survey.truths else 0
    return replace(fault, amount=ends if fault.amount == "end" else ends - 1)


def forward_values(run: Callable[[], object]) -> dict[Site, Any]:
    """The value that each operation of a run first gave, by its place."""
    survey = _Survey()
    with observe(survey):
        run()
    return survey.values


def count_operations(run: Callable[[], object]) -> int:
    """How many operations a run takes."""
    survey = _Survey()
    with observe(survey):
        run()
    return survey.operations


class _Injection(Observer):
    """Makes the mistakes as the run goes by."""

    def __init__(self, faults: Sequence[Fault], operations: int | None) -> None:
        self._left = operations
        self._until = time.monotonic() + SECONDS
        self._at: dict[Site, list[Fault]] = {}
        self._events: dict[str, Fault] = {}
        self._others: list[Fault] = []
        for fault in faults:
            if fault.change == "read_of_another":
                self._others.append(fault)
            elif fault.site:
                self._at.setdefault(fault.site, []).append(fault)
            else:
                self._events[fault.change] = fault
        self._rows = {site[0] for site in self._at}
        self._sizes: list[int] = []
        self._truths = 0
        self._leaves: list[Tensor] = []
        self._before: dict[int, Any] = {}
        self._cleared: dict[int, Tensor] = {}
        self._gradients: dict[int, tuple[Tensor, Any]] = {}

    def operation(self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        self._spend()
        self._keep(row, inputs, results)
        for one in inputs:
            if isinstance(one, Tensor):
                _note_sizes(self._sizes, one)
        result = results[0]
        if "no_grad_ignored" in self._events and not state.enabled and result is not inputs[0]:
            _record(row, inputs, result)
        if row.name not in self._rows or len(results) > 1:
            return
        node: Any = result._grad_fn
        if not state.enabled:
            again = [
                one for one in self._at.get(_place(row)[0], ()) if one.change == "scaled_again"
            ]
            number = _number_among(inputs)
            if again and number is not None:
                result._array = result._array * result._array.dtype.type(number)
            return
        if type(node) is not row.node:
            return
        for fault in self._at.get(_place(row)[0], ()):
            operands = _operands(row, node, inputs, fault)
            factor = 1.0
            if fault.change.startswith("averaged_otherwise"):
                shape = operands[0].shape
                count = prod(shape) / max(1, prod(result._array.shape))
                factor = _factor(str(fault.amount), shape, count, self._sizes)
            if fault.change == "averaged_otherwise_value":
                result._array = result._array * result._array.dtype.type(factor)
            node = _Faulty(node, fault, operands, result._array, factor)
        result._grad_fn = node

    def _spend(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Exhausted
        if time.monotonic() > self._until:
            raise Exhausted

    def truth_value(self, tensor: Tensor) -> None:
        self._truths += 1
        fault = self._events.get("other_truth")
        if fault is not None and self._truths == fault.amount:
            tensor._array = np.logical_not(tensor._array)

    def detached(self, tensor: Tensor, result: Tensor) -> None:
        if "detach" in self._rows and tensor._requires_grad and _place(_DETACH)[0] in self._at:
            result._grad_fn = _Through(tensor)
            result._requires_grad = True

    # -- the gradients of leaves ------------------------------------------------------------------

    def _keep(self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        """Remember leaves as they are before anyone writes to them, and undo a zeroing."""
        in_place = bool(inputs) and inputs[0] is results[0]
        if in_place and row.name == "zero" and id(results[0]) in self._gradients:
            gradient, former = self._gradients[id(results[0])]
            if self._concerns("not_zeroed", gradient):
                gradient._grad._array = former.copy()  # type: ignore[union-attr]
        if not in_place:
            for one in inputs:
                if isinstance(one, Tensor) and one._requires_grad and one._grad_fn is None:
                    number = _number_of(self._leaves, one)
                    self._before.setdefault(number, one._array.copy())

    def _concerns(self, change: str, leaf: Tensor) -> bool:
        fault = self._events.get(change)
        return fault is not None and fault.amount in (-1, _number_of(self._leaves, leaf))

    def leaf_written(self, leaf: Tensor) -> None:
        number = _number_of(self._leaves, leaf)
        before = self._before.get(number)
        if before is not None and before.shape == leaf._array.shape:
            if self._concerns("not_updated", leaf):
                leaf._array = before.copy()
            elif self._concerns("reversed_update", leaf):
                leaf._array = 2 * before - leaf._array
        self._before[number] = leaf._array.copy()

    def gradient_cleared(self, tensor: Tensor) -> None:
        if tensor._grad is not None and self._concerns("not_zeroed", tensor):
            self._cleared[id(tensor)] = tensor
            self._gradients[id(tensor)] = (tensor, tensor._grad)

    def gradient_read(self, tensor: Tensor) -> None:
        gradient = tensor._grad
        if gradient is None or tensor._grad_fn is not None:
            return
        number = _number_of(self._leaves, tensor)
        if self._concerns("zeroed_before_read", tensor):
            gradient._array = np.zeros_like(gradient._array)
        self._gradients[id(gradient)] = (tensor, gradient._array.copy())
        for fault in self._others:
            mine, other = fault.site
            if mine == number and other < len(self._leaves):
                tensor._grad = self._leaves[other]._grad

    def backward_pass(
        self, roots: Sequence[Tensor], cotangents: list[Tensor]
    ) -> list[Tensor] | None:
        for key, tensor in self._cleared.items():
            if tensor._grad is None:
                tensor._grad = self._gradients[key][1]
        self._cleared.clear()
        if "passes" in self._events:
            k = self._events["passes"].amount
            return [_dispatch.wrap(one._array * one._array.dtype.type(k)) for one in cotangents]
        if "cotangent_ones" in self._events:
            return [_dispatch.wrap(np.ones_like(one._array)) for one in cotangents]
        if "cotangent_normalised" in self._events:
            return [_dispatch.wrap(one._array / np.linalg.norm(one._array)) for one in cotangents]
        return None


def _operands(row: Row, node: Any, inputs: Sequence[Any], fault: Fault) -> tuple[Any, Any]:
    """The value of the argument that a fault concerns, and of the other where there is one."""
    while isinstance(node, _Faulty):
        node = node._node
    if row.is_variadic:
        return None, None
    positions = [at for at in row.differentiable if node.plan.required >> at & 1]
    at = positions[fault.edge]
    values = [_dispatch.as_array(one) for one in inputs]
    other = values[1 - at] if len(values) == 2 else None
    return values[at], other


def _record(row: Row, inputs: Sequence[Any], result: Tensor) -> None:
    """Record an operation that was run where nothing is recorded."""
    required = tensors = 0
    for place, one in enumerate(inputs):
        if isinstance(one, Tensor):
            tensors |= 1 << place
            required |= one._requires_grad << place
    required &= row.gradient_mask
    if required and not row.options and result._array.dtype.kind == "f":
        result._grad_fn = row.plan(required, tensors).node(inputs, (), result)
        result._requires_grad = True


class _Faulty(Node):
    """A node whose gradients are as one fault makes them."""

    __slots__ = ("_factor", "_fault", "_node", "_operands", "_result", "several")

    def __init__(
        self, node: Node, fault: Fault, operands: tuple[Any, Any], result: Any, factor: float
    ) -> None:
        super().__init__(node.edges, node.shape, node.dtype)
        self.several = node.several
        self._node = node
        self._fault = fault
        self._operands = operands
        self._result = result
        self._factor = factor

    def name(self) -> str:
        return self._node.name()

    def release(self) -> None:
        self._node.release()

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        results = list(self._node.apply(received, operations))
        at = self._fault.edge
        following = self.edges[2 * at]
        if following is None or results[at] is None:
            return results
        if operations.recorded:
            changed = _changed_recorded(self._fault, received, results[at], self._factor)
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
            case "averaged_otherwise" | "averaged_otherwise_value":
                return gradient * gradient.dtype.type(self._factor)
            case "formula":
                value, other = self._operands
                wrong = WRONG_FORMULAS[fault.site[0], self._argument()][int(fault.amount)][1]
                return received * wrong(value, other, self._result, received)
            case "summed_up":
                return np.full(following.shape, np.sum(gradient), gradient.dtype)
            case "averaged":
                return gradient * gradient.dtype.type(prod(following.shape) / gradient.size)
            case _:
                return gradient

    def _argument(self) -> str:
        node: Any = self._node
        while isinstance(node, _Faulty):
            node = node._node
        positions = [at for at in node.row.differentiable if node.plan.required >> at & 1]
        return str(node.row.inputs[positions[self._fault.edge]])

    def _accept(self, gradient: Any, following: Node) -> None:
        """Let a leaf take a gradient of a shape that is not its own, as the mistake has it."""
        if self._fault.change in ("not_summed", "transposed") and isinstance(
            following, AccumulateGrad
        ):
            following.shape = gradient.shape


def _changed_recorded(fault: Fault, received: Any, gradient: Any, factor: float) -> Any:
    """The same under create_graph, for what tensors can do by themselves."""
    match fault.change:
        case "cut":
            return None
        case "scaled":
            return gradient * fault.amount
        case "averaged_otherwise" | "averaged_otherwise_value":
            return gradient * factor
        case "dropped":
            return received
        case _:
            raise Exhausted


class _Through(Node):
    """What a `detach` that was ignored is: the tensor itself."""

    __slots__ = ()

    def __init__(self, tensor: Tensor) -> None:
        edges = _dispatch.gradient_edge(tensor)
        super().__init__(edges, tensor._array.shape, tensor._array.dtype)
        self.sequence = next_sequence()

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        return (received,)
