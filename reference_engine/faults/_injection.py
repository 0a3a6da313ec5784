"""A run under faults: watches as the run goes by, and makes each mistake at its place."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_engine import _dispatch
from reference_engine._derivatives._row_nodes import RowNode
from reference_engine._derivatives._table import Row
from reference_engine._dispatch import observe
from reference_engine._modes import state
from reference_engine._observer import Observer
from reference_engine._tensor import Tensor
from reference_engine.faults._fault import (
    DETACH,
    SIZE,
    Exhausted,
    Fault,
    Site,
    is_size,
    place,
)
from reference_engine.faults._nodes import Faulty, Through, factor_of, operands_of, record
from reference_engine.faults._otherwise import (
    ALONG_AXES,
    OVER_AXES,
    SIZES,
    branches_exchanged,
    every_pair,
    over_another_axis,
    softmax_first,
)
from reference_engine.faults._survey import Survey, note_sizes, number_among, number_of

if TYPE_CHECKING:
    from reference_engine._graph import Node

SLOWER = 10
"""How many times the operations of the true run a faulty one may take."""
SECONDS = 10.0
"""And how long it may take at most, beyond the true run's own time."""


def inject(run: Callable[[], Any], *faults: Fault, operations: int | None = None) -> Any:
    """What `run` returns under the faults; raises what it raises, or Exhausted.

    `operations` is how many the true run takes; without it only time is limited.
    """
    if any(one.change == "other_truth" for one in faults):
        faults = tuple(_at_its_turn(one, run) for one in faults)
    watching = Injection(faults, None if operations is None else SLOWER * operations)
    with observe(watching):
        return run()


def _at_its_turn(fault: Fault, run: Callable[[], object]) -> Fault:
    """A loop that ends one turn early or late, with the number of the answer to be changed."""
    if fault.change != "other_truth":
        return fault
    survey = Survey()
    with observe(survey):
        run()
    ends = survey.truths.index(False) + 1 if False in survey.truths else 0
    return fault._replace(amount=ends if fault.amount == "end" else ends - 1)


class Injection(Observer):
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
            elif fault.change == "other_size":
                for site in fault.site:
                    self._at.setdefault(site, []).append(fault)
            elif fault.site:
                self._at.setdefault(fault.site, []).append(fault)
            else:
                self._events[fault.change] = fault
        self._rows = {site[0] for site in self._at}
        self._measures = any(
            one.change.startswith("averaged_otherwise") or one.amount == SIZE for one in faults
        )
        self._numbers_leaves = bool(self._events or self._others or "zero" in self._rows)
        self._sizes: list[int] = []
        self._truths = 0
        self._leaves: list[Tensor] = []
        self._before: dict[int, Any] = {}
        self._cleared: dict[int, Tensor] = {}
        self._gradients: dict[int, tuple[Tensor, Any]] = {}
        self._given: dict[Node, Any] = {}
        self._loss: Any = None
        self._met: Counter[Site] = Counter()
        self._first_values: dict[tuple[Site, int], Any] = {}
        self._first_gradients: dict[int, Any] = {}

    def operation(self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor]) -> None:
        self._spend()
        here: Sequence[Fault] = ()
        if row.name in self._rows and len(results) == 1:
            here = self._at.get(place(row)[0], ())
        if self._numbers_leaves:
            self._keep(row, inputs, results, here)
        if self._measures:
            for one in inputs:
                if isinstance(one, Tensor):
                    note_sizes(self._sizes, one)
        result = results[0]
        if "no_grad_ignored" in self._events and not state.enabled and result is not inputs[0]:
            record(row, inputs, result)
        if "axis" in self._events and row.name in ALONG_AXES | OVER_AXES:
            axis = self._events["axis"].amount
            other = None if axis == "all" else int(axis)
            _become(result, over_another_axis(row, inputs, result._array, other))
        if "former_values" in self._events and result._grad_fn is not None:
            site, _ = place(row)
            first = self._first_values.setdefault((site, self._met[site]), result._array)
            self._met[site] += 1
            result._array = first
        for fault in here:
            self._check_number(fault, row, inputs)
            self._otherwise(fault, row, inputs, result)
        node: Any = result._grad_fn
        if isinstance(node, RowNode) and node.row is row and state.enabled:
            for fault in here:
                operands = operands_of(row, node, inputs, fault)
                factor = self._factor(fault, row, operands[0], result)
                node = Faulty(node, fault, operands, result._array, factor, given=self._given)
            result._grad_fn = node

    def _check_number(self, fault: Fault, row: Row, inputs: Sequence[Any]) -> None:
        """End a run in which a number is another, or no size, than where the fault was found."""
        if fault.change not in ("dropped", "left_out") or fault.amount == 0.0:
            return
        number = number_among(inputs)
        fits = is_size(row, number or 0.0, self._sizes)
        if number is not None and not (fits if fault.amount == SIZE else number == fault.amount):
            raise Exhausted

    def _factor(self, fault: Fault, row: Row, operand: Any, result: Tensor) -> float:
        """What a reduction is multiplied by where it is averaged over another number."""
        if not fault.change.startswith("averaged_otherwise"):
            return 1.0
        # Of every row of scores one class counts.
        counted = operand.shape[:1] if row.name == "nll_loss" else operand.shape
        count = prod(counted) / max(1, prod(result._array.shape))
        return factor_of(str(fault.amount), operand.shape, count, self._sizes)

    def _otherwise(self, fault: Fault, row: Row, inputs: Sequence[Any], result: Tensor) -> None:
        """Give a result another value, which all that follows takes for the right one."""
        match fault.change:
            case "left_out":
                (tensor, *_) = (one for one in inputs if isinstance(one, Tensor))
                result._array = tensor._array.copy()
                if result._grad_fn is not None:
                    result._grad_fn = Through(tensor)
            case "twice":
                _become(result, softmax_first(row, inputs, result._array))
            case "every_pair":
                _become(result, every_pair(inputs))
            case "branches_exchanged":
                _become(result, branches_exchanged(inputs))
            case "not_copied":
                result._array = _dispatch.storage(inputs[0])
            case "negated":
                result._array = -result._array
            case "averaged_otherwise_value":
                factor = self._factor(fault, row, inputs[0]._array, result)
                result._array = result._array * result._array.dtype.type(factor)
            case "scaled_again" if not state.enabled:
                number = number_among(inputs) or 1.0
                result._array = result._array * result._array.dtype.type(number)
            case "other_size":
                size = SIZES[str(fault.amount)](inputs[0]._array)
                result._array = np.asarray(size, result._array.dtype)
            case _:
                pass

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
        if "fixed_rounds" in self._events:
            tensor._array = np.asarray(self._truths <= int(self._events["fixed_rounds"].amount))

    def detached(self, tensor: Tensor, result: Tensor) -> None:
        if "detach" in self._rows and tensor._requires_grad and place(DETACH)[0] in self._at:
            result._grad_fn = Through(tensor)
            result._requires_grad = True

    # -- the gradients of leaves ------------------------------------------------------------------

    def _keep(
        self, row: Row, inputs: Sequence[Any], results: Sequence[Tensor], here: Sequence[Fault]
    ) -> None:
        """Remember leaves as they are before anyone writes to them, and undo a zeroing."""
        in_place = bool(inputs) and inputs[0] is results[0]
        if in_place and row.name == "zero" and id(results[0]) in self._gradients:
            gradient, former = self._gradients[id(results[0])]
            if self._concerns("not_zeroed", gradient) or here:
                gradient._grad._array = former.copy()  # type: ignore[union-attr]
        if not in_place:
            for one in inputs:
                if isinstance(one, Tensor) and one._requires_grad and one._grad_fn is None:
                    number = number_of(self._leaves, one)
                    self._before.setdefault(number, one._array.copy())

    def _concerns(self, change: str, leaf: Tensor) -> bool:
        fault = self._events.get(change)
        return fault is not None and fault.amount in (-1, number_of(self._leaves, leaf))

    def leaf_written(self, leaf: Tensor) -> None:
        number = number_of(self._leaves, leaf)
        before = self._before.get(number)
        if before is not None and before.shape == leaf._array.shape:
            if self._concerns("not_updated", leaf):
                leaf._array = before.copy()
            elif self._concerns("reversed_update", leaf):
                leaf._array = 2 * before - leaf._array
            elif self._concerns("loss_subtracted", leaf) and leaf._grad is not None:
                leaf._array = before + _rate(leaf._array - before, leaf._grad._array) * self._loss
        self._before[number] = leaf._array.copy()

    def gradient_cleared(self, tensor: Tensor) -> None:
        if tensor._grad is not None and self._concerns("not_zeroed", tensor):
            self._cleared[id(tensor)] = tensor
            self._gradients[id(tensor)] = (tensor, tensor._grad)

    def gradient_read(self, tensor: Tensor) -> None:
        gradient = tensor._grad
        if gradient is None or tensor._grad_fn is not None:
            return
        number = number_of(self._leaves, tensor)
        if self._concerns("zeroed_before_read", tensor):
            gradient._array = np.zeros_like(gradient._array)
        if "former_values" in self._events:
            first = self._first_gradients.setdefault(number, gradient._array.copy())
            gradient._array = first.copy()
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
        self._given.clear()
        self._met.clear()
        self._loss = roots[0]._array
        if "passes" in self._events:
            k = self._events["passes"].amount
            return [_dispatch.wrap(one._array * one._array.dtype.type(k)) for one in cotangents]
        if "cotangent_ones" in self._events:
            return [_dispatch.wrap(np.ones_like(one._array)) for one in cotangents]
        if "cotangent_normalised" in self._events:
            return [_dispatch.wrap(one._array / np.linalg.norm(one._array)) for one in cotangents]
        return None


def _become(result: Tensor, other: Tensor | None) -> None:
    """Let a result be another tensor, if there is one: its numbers and its place in the graph."""
    if other is not None:
        result._array = other._array
        result._grad_fn = other._grad_fn


def _rate(change: Any, gradient: Any) -> Any:
    """What a leaf's gradient was multiplied by in an update."""
    at = np.unravel_index(np.argmax(np.abs(gradient)), np.shape(gradient))
    return change[at] / gradient[at]
