"""Backward passes: `backward` and `grad`, and the two kinds of arithmetic that they run on.

An ordinary pass computes with ndarrays by the rows' own forwards. Under `create_graph=True` the
same formulas run on tensors by the public operations, and are recorded in their turn.
"""

import itertools
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from sys import getrefcount
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors, _hooks
from reference_engine._cotangents import beginning, observed
from reference_engine._derivatives._table import TABLE, Row
from reference_engine._graph import (
    Gradient,
    GradientEdge,
    Node,
    accumulate_grad,
)
from reference_engine._modes import state
from reference_engine._tensor import Tensor
from reference_engine._walk import run_backward


class _Namespace:
    """The operations that formulas name as `ops`, each made from its row when first named."""

    def __init__(self, of_row: Callable[[Row], Callable[..., Any]]) -> None:
        self._of_row = of_row

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found = self._of_row(TABLE[name])
        setattr(self, name, found)
        return found


def _recorded(row: Row) -> Callable[..., Any]:
    """A row as an operation on tensors, called as the formulas call the forwards."""
    count = len(row.inputs)
    defaults = row.defaults

    def call(*arguments: Any) -> Any:
        options = arguments[count:]
        missing = len(row.options) - len(options)
        if missing:
            options += defaults[len(defaults) - missing :]
        inputs = arguments[0] if row.is_variadic else arguments[:count]
        return _dispatch.dispatch(row, tuple(inputs), options)

    return call


class ArrayOperations:
    """Gradients are ndarrays; nothing is recorded."""

    namespace = _Namespace(lambda row: _expanded if row.name == "expand" else row.forward)
    recorded = False

    @staticmethod
    def add(a: Gradient, b: Gradient) -> Gradient:
        return a + b

    @staticmethod
    def fit(gradient: Gradient, node: Node, number: int) -> Gradient:
        """A gradient in the shape and dtype of the output that it arrives at."""
        shape, dtype = node.shape, node.dtype
        if node.several:
            shape, dtype = shape[number], dtype[number]
        if gradient.shape != shape:
            gradient = _summed_to(gradient, shape)
        if gradient.dtype is not dtype and dtype is not None:
            gradient = gradient.astype(dtype)
        return gradient

    @staticmethod
    def accumulate(leaf: Tensor, gradient: Gradient) -> None:
        grad = leaf._grad
        if grad is None:
            # A copy where anyone else holds the array: another leaf on its way, a view, a hook.
            if type(gradient) is np.ndarray and getrefcount(gradient) != _UNSHARED:
                gradient = gradient.copy()
            leaf._grad = _dispatch.wrap(gradient)
        else:
            array = grad._array
            if type(array) is np.ndarray and array.size < _FEW:
                array[...] = array + gradient
            else:
                grad._array += gradient  # in place, but for a scalar that nobody else can see
            grad._counter[0] += 1
        if leaf._hooks is not None:
            _hooks.after_accumulation(leaf)

    @staticmethod
    def to_tensor(gradient: Gradient) -> Tensor | None:
        return None if gradient is None else _dispatch.wrap(gradient)

    @staticmethod
    def from_tensor(gradient: Tensor | None) -> Gradient:
        return None if gradient is None else gradient._array

    @classmethod
    def run_tensor_hooks(cls, node: Node, received: Gradient) -> Gradient:
        """What arrived at a node, as the hooks of its outputs' tensors leave it."""
        return cls._changed(_hooks.of_tensors, node, received)

    @classmethod
    def run_pre_hooks(cls, node: Node, received: Gradient) -> Gradient:
        """What arrived at a node, as all hooks that are called before it leave it."""
        return cls._changed(_hooks.before, node, received)

    @classmethod
    def _changed(cls, hooks: Callable[..., Any], node: Node, received: Gradient) -> Gradient:
        changed = [cls.from_tensor(one) for one in hooks(node, cls._arrived(node, received))]
        if all(one is None for one in changed):
            return None
        return changed if node.several else changed[0]

    @classmethod
    def _arrived(cls, node: Node, received: Gradient) -> list[Tensor | None]:
        """The gradients that arrived, one for each output; None stands for no gradient at all."""
        if not node.several:
            return cls._as_tensors([received])
        return cls._as_tensors([None] * len(node.shape) if received is None else received)

    @classmethod
    def run_post_hooks(
        cls, node: Node, results: Sequence[Gradient], received: Gradient
    ) -> Sequence[Gradient]:
        """What a node gives, as its hooks leave it."""
        arrived = cls._arrived(node, received)
        changed = _hooks.after(node, cls._as_tensors(results), tuple(arrived))
        return [cls.from_tensor(one) for one in changed]

    @classmethod
    def _as_tensors(cls, gradients: Sequence[Gradient]) -> list[Tensor | None]:
        return [cls.to_tensor(gradient) for gradient in gradients]


class TensorOperations(ArrayOperations):
    """Gradients are tensors, and what is computed with them is recorded."""

    namespace = _Namespace(_recorded)
    recorded = True

    @staticmethod
    def add(a: Gradient, b: Gradient) -> Gradient:
        return _dispatch.dispatch(TABLE["add"], (a, b), (1,))

    @classmethod
    def fit(cls, gradient: Gradient, node: Node, number: int) -> Gradient:
        shape, dtype = node.shape, node.dtype
        if node.several:
            shape, dtype = shape[number], dtype[number]
        if gradient._array.shape != shape:
            gradient = cls.namespace.sum_to(gradient, shape)
        if dtype is not None and gradient._array.dtype != dtype:
            gradient = cls.namespace.to_copy(gradient, dtype)
        return gradient

    @staticmethod
    def accumulate(leaf: Tensor, gradient: Gradient) -> None:
        if leaf._grad is None:
            leaf._grad = _dispatch.dispatch(TABLE["copy"], (None, gradient))
        else:
            leaf._grad = TensorOperations.add(leaf._grad, gradient)
        if leaf._hooks is not None:
            _hooks.after_accumulation(leaf)

    @staticmethod
    def to_tensor(gradient: Gradient) -> Tensor | None:
        return gradient  # type: ignore[no-any-return]

    @staticmethod
    def from_tensor(gradient: Tensor | None) -> Gradient:
        return gradient


class _Source(Node):
    """The origin of a gradient that nobody else holds."""

    __slots__ = ()

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        return (np.zeros(1),)


class _Measuring(ArrayOperations):
    """Leaves at its leaf how many references there are to a gradient that arrives unshared."""

    @staticmethod
    def accumulate(leaf: Any, gradient: Gradient) -> None:
        leaf._output_nr = getrefcount(gradient)


def _references_of_unshared() -> int:
    """How many references a leaf sees to a gradient that it alone receives, in this Python.

    The interpreter decides how many are its own, so that the number is measured, not known.
    """
    leaf = _dispatch.wrap(np.zeros(1))
    source = _Source((accumulate_grad(leaf), 0), (), np.dtype(np.float64))
    run_backward((source, 0), [np.float64(1)], True, _Measuring)
    return leaf._output_nr


_UNSHARED = _references_of_unshared()

_FEW = 256
"""Of so few numbers a copy takes less time than `+=` takes to ask whether its operands overlap."""

_summed_to = TABLE["sum_to"].forward


def _expanded(gradient: Any, shape: tuple[int, ...]) -> Any:
    """`expand` for a gradient, which need not be a view: one number is written out at once."""
    if gradient.ndim:
        return TABLE["expand"].forward(gradient, shape)
    filled = np.empty(shape, gradient.dtype)
    filled.fill(gradient)
    return filled


# -- the two entry points -------------------------------------------------------------------------


def backward(
    tensors: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Sequence[Any] | None,
) -> None:
    """Add the gradients of `tensors` to the leaves' `.grad` (only to `inputs`, if given).

    `gradients` are the cotangents, of the tensors' shapes; None for a scalar stands for one.
    """
    if inputs is not None and not inputs:
        raise RuntimeError(_errors.INPUTS_EMPTY)
    roots, starts = beginning(tensors, gradients, create_graph=create_graph)
    if create_graph:
        warnings.warn(_errors.CREATE_GRAPH_CYCLE, UserWarning, stacklevel=3)
    if inputs is None:
        _walk(tensors, roots, starts, retain_graph, create_graph=create_graph)
        return
    _check_inputs(inputs, _errors.RETAIN_WITHOUT_GRAD)
    for one in inputs:
        if isinstance(one, Tensor):
            one.retain_grad()
    _walk(
        tensors, roots, starts, retain_graph,
        create_graph=create_graph, inputs=inputs, capture=False,
    )  # fmt: skip


def grad(
    outputs: Sequence[Tensor],
    inputs: Sequence[Any],
    grad_outputs: Sequence[Tensor | None],
    *,
    retain_graph: bool | None,
    create_graph: bool,
    allow_unused: bool,
    materialize_grads: bool,
) -> tuple[Tensor | None, ...]:
    """The gradients of the outputs' sum with respect to each input; nothing accumulates."""
    if not inputs:
        raise RuntimeError(_errors.GRAD_INPUTS_EMPTY)
    roots, starts = beginning(outputs, grad_outputs, create_graph=create_graph)
    _check_inputs(inputs, _errors.INPUT_NO_GRAD)
    found = _walk(outputs, roots, starts, retain_graph, create_graph=create_graph, inputs=inputs)
    operations = TensorOperations if create_graph else ArrayOperations
    results: list[Tensor | None] = []
    for index, (one, gradient) in enumerate(zip(inputs, found, strict=True)):
        if gradient is None and not (allow_unused or materialize_grads):
            raise RuntimeError(_errors.UNUSED_INPUT.format(index=index))
        if gradient is None and materialize_grads:
            if isinstance(one, GradientEdge):
                raise RuntimeError(_errors.MATERIALIZED_EDGE)
            results.append(_dispatch.wrap(np.zeros_like(one._array)).requires_grad_(create_graph))
        elif gradient is not None and not create_graph:
            results.append(operations.to_tensor(gradient.copy()))
        else:
            results.append(gradient)
    return tuple(results)


def _walk(
    tensors: Sequence[Tensor],
    roots: Sequence[Any],
    starts: list[Any],
    retain_graph: bool | None,
    *,
    create_graph: bool,
    inputs: Sequence[Any] | None = None,
    capture: bool = True,
) -> list[Gradient]:
    mine = vars(state)  # this thread's, found once
    if mine["depth"] == _DEEP:
        again = partial(_walk, create_graph=create_graph, inputs=inputs, capture=capture)
        return _in_another_thread(partial(again, tensors, roots, starts, retain_graph))
    task = next_task()  # noqa: F841 - looked for by `_running`
    callbacks: list[Callable[[], None]] = []
    if _dispatch.observer is not None:
        starts = observed(tensors, starts, create_graph=create_graph)
    special: dict[str, Any] = {}
    if inputs is not None:
        wanted = [_dispatch.gradient_edge(one) for one in inputs]
        special = {"wanted": wanted, "capture": capture}
    if _dispatch.step is not None:
        special["step"] = _dispatch.step
    keep_graph = create_graph if retain_graph is None else retain_graph
    operations = TensorOperations if create_graph else ArrayOperations
    recording, mine["enabled"] = mine["enabled"], create_graph
    mine["depth"] += 1
    try:
        found = _run_quietly(roots, starts, keep_graph, operations, **special)
        for callback in callbacks:  # grows as it is gone through
            callback()
    finally:
        mine["depth"] -= 1
        mine["enabled"] = recording
    return found


_run_quietly = np.errstate(all="ignore")(run_backward)

_DEEP = 50
"""So many backward passes inside one another are as deep as one thread's stack goes."""


def _in_another_thread(function: Callable[[], list[Gradient]]) -> list[Gradient]:
    """What a function gives, computed on a stack of its own while this thread waits."""
    from threading import Thread

    found: list[Any] = []

    def run() -> None:
        try:
            found.append(function())
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            found.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]  # type: ignore[no-any-return]


next_task = itertools.count().__next__
"""Numbers backward passes."""


def _check_inputs(inputs: Sequence[Any], without_grad: str) -> None:
    for one in inputs:
        if isinstance(one, GradientEdge):
            continue
        if not isinstance(one, Tensor):
            raise RuntimeError(_errors.INPUT_TYPE.format(type=type(one).__name__))  # noqa: TRY004 - PyTorch's
        if not one._requires_grad:
            raise RuntimeError(without_grad)


_dispatch.backward = backward
