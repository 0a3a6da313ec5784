"""Backward passes: `backward` and `grad`, and the two kinds of arithmetic that they run on.

An ordinary pass computes with ndarrays by the rows' own forwards. Under `create_graph=True` the
same formulas run on tensors by the public operations, and are recorded in their turn.
"""

import itertools
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from sys import _getframe, getrefcount
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors, _hooks, _modes
from reference_engine._cotangents import beginning, observed
from reference_engine._derivatives._table import TABLE, Row
from reference_engine._graph import Gradient, GradientEdge, Node
from reference_engine._memory_order import laid_as, lies_as
from reference_engine._quiet import IGNORED, treat, treat_again
from reference_engine._tensor import Tensor
from reference_engine._threads import in_another_thread
from reference_engine._walk import run_backward


def _namespace(of_row: Callable[[Row], Callable[..., Any]]) -> Any:
    """The operations that formulas name as `ops`, each made from its row when first named.

    A module: of an object that makes its attributes on demand the others are read slowly too.
    """
    made = ModuleType("ops")

    def made_of_row(name: str) -> Callable[..., Any]:
        found = of_row(TABLE[name])
        setattr(made, name, found)
        return found

    made.__getattr__ = made_of_row  # type: ignore[method-assign]
    return made


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

    namespace = _namespace(lambda row: _expanded if row.name == "expand" else row.forward)
    recorded = False

    @staticmethod
    def add(a: Gradient, b: Gradient) -> Gradient:
        return a + b

    @staticmethod
    def fit(gradient: Gradient, node: Node, number: int) -> Gradient:
        """A gradient in the shape and dtype of the output that it arrives at."""
        shape, dtype = node.shape, node.dtype
        if type(dtype) is tuple:  # of several outputs
            shape, dtype = shape[number], dtype[number]
        elif gradient.dtype is dtype:  # then it is the shape that does not fit
            return _summed_to(gradient, shape)
        if gradient.shape != shape:
            gradient = _summed_to(gradient, shape)
        if gradient.dtype is not dtype and dtype is not None:
            gradient = gradient.astype(dtype)
        return gradient

    @staticmethod
    def accumulate(leaf: Tensor, gradient: Gradient) -> None:
        if not leaf._requires_grad:  # not any more
            return
        grad = leaf._grad
        if grad is None:
            # A copy where anyone else holds the array: another leaf on its way, a view, a hook.
            if gradient.strides != leaf._array.strides and not lies_as(gradient, leaf._array):
                gradient = laid_as(gradient, leaf._array)
            elif type(gradient) is np.ndarray and (
                getrefcount(gradient) != _UNSHARED
                or (gradient.base is not None and getrefcount(gradient.base) != _UNSHARED_BASE)
            ):
                gradient = gradient.copy("K")
            leaf._grad = _dispatch.wrap(gradient)
        else:
            array = grad._array
            if (
                array.size < _FEW
                and getrefcount(array) == _UNSEEN
                and array.base is None  # what a view's views refer to is its base
                and gradient.dtype is array.dtype
            ):
                grad._array = array + gradient
            else:
                grad._array += gradient
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

    namespace = _namespace(_recorded)
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
            from reference_engine._derivatives.recorded import summed_to

            gradient = summed_to(cls.namespace, gradient, shape)
        if dtype is not None and gradient._array.dtype != dtype:
            gradient = cls.namespace.to_copy(gradient, dtype)
        return gradient

    @staticmethod
    def accumulate(leaf: Tensor, gradient: Gradient) -> None:
        if not leaf._requires_grad:
            return
        if leaf._grad is None:
            found = leaf._grad = _dispatch.dispatch(TABLE["copy"], (None, gradient))
            if not lies_as(found._array, leaf._array):
                found._array = laid_as(found._array, leaf._array)
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
    source = _Source((_dispatch.accumulator(leaf), 0), (), np.dtype(np.float64))
    run_backward((source, 0), [np.float64(1)], True, _Measuring)
    return leaf._output_nr


_UNSHARED = _references_of_unshared()

_UNSHARED_BASE = getrefcount(np.zeros(2)[:1].base)
"""References to what a view shows, where nothing else holds it."""

_FEW = 256
"""Of so few numbers a copy takes less time than `+=` takes to ask whether its operands overlap."""


def _references_of_unseen(tensor: Tensor) -> int:
    """How many references there are to the array of a tensor that nobody else holds."""
    array = tensor._array
    return getrefcount(array)


_UNSEEN = _references_of_unseen(_dispatch.wrap(np.zeros(1)))

_summed_to = TABLE["sum_to"].forward


def _expanded(gradient: Any, shape: tuple[int, ...]) -> Any:
    """`expand` for a gradient, which need not be a view: one number is written out at once."""
    if type(gradient) is np.float64:  # as of most losses: its other attributes take long to find
        filled = np.empty(shape)
    elif gradient.ndim:
        return TABLE["expand"].forward(gradient, shape)
    else:
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
    starts: Sequence[Any],
    retain_graph: bool | None,
    *,
    create_graph: bool,
    inputs: Sequence[Any] | None = None,
    capture: bool = True,
) -> list[Gradient]:
    if len(_running) >= _DEEP and _depth() >= _DEEP:
        again = partial(_walk, create_graph=create_graph, inputs=inputs, capture=capture)
        return in_another_thread(partial(again, tensors, roots, starts, retain_graph))
    task = next(tasks)
    callbacks: list[Callable[[], None]] = []
    if _dispatch.observer is not None:
        starts = observed(tensors, starts, create_graph=create_graph)
    wanted: Any = None if inputs is None else [_dispatch.gradient_edge(one) for one in inputs]
    keep_graph = create_graph if retain_graph is None else retain_graph
    operations = TensorOperations if create_graph else ArrayOperations
    mine = _modes.state.__dict__  # this thread's, found once
    recording = mine["enabled"]
    _running.append(task)
    _modes.unrecorded.append(None)
    mine["enabled"] = create_graph
    warned = treat(IGNORED)
    try:
        found = run_backward(
            roots, starts, keep_graph, operations,
            step=_dispatch.step, wanted=wanted, capture=capture,
        )  # fmt: skip
        for callback in callbacks:  # grows as it is gone through
            callback()
    finally:
        treat_again(warned)
        if mine["enabled"] is not create_graph:  # as a hook has left it
            _modes.record(create_graph)
        mine["enabled"] = recording
        _modes.unrecorded.pop()
        _running.pop()
    return found


_running: list[int] = []
"""As many as there are backward passes now, in all threads."""

_DEEP = 50
"""So many backward passes inside one another are as deep as one thread's stack goes."""


def _depth() -> int:
    """How many backward passes run in this thread, each inside the one before."""
    frame: FrameType | None = _getframe(1)
    found = 0
    while frame is not None:
        found += frame.f_code is _walk.__code__
        frame = frame.f_back
    return found - 1  # without the one that asks


tasks = itertools.count()
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
