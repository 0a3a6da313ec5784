"""The one funnel that every operation passes, and its observer seam.

A call takes the inputs' arrays, brings them to a common dtype, runs the row's forward and, where
a gradient will be due, records a node with what the row's formulas name. Faults, traces and
drawings watch through `observe`; while nobody does, the seam costs one test of one name.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from reference_engine import _errors, _modes, _numpy_errors, _saved, _views
from reference_engine._graph import AccumulateGrad, Edge, GradientEdge
from reference_engine._modes import state, unrecorded
from reference_engine._observer import Observer
from reference_engine._promotion import CATEGORY, PYTHON_NUMBERS, as_operand, dtype_name

if TYPE_CHECKING:
    from reference_engine._derivatives._table import Row
    from reference_engine._tensor import Tensor


observer: Observer | None = None


@contextmanager
def observe(watching: Observer) -> Iterator[None]:
    """Let `watching` see what is computed inside; the former observer returns afterwards."""
    global observer
    former, observer = observer, watching
    try:
        yield
    finally:
        observer = former


step: Any = None
"""How a backward pass applies a node while anomaly detection is on; None: simply."""

backward: Any = None
"""A backward pass from tensors; set by the module `_backward`, which the first pass loads."""

with_tangent: Any = None
"""What is printed behind a tensor, while forward mode follows tangents; set by it."""

tensor_type: Any = None
"""The Tensor class; set by its module, which imports this one."""


class _Untracked(list[int]):
    """The version of inference tensors: they have none, so nothing can be saved with it."""

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError(_errors.INFERENCE_SAVED)


UNTRACKED = _Untracked([0])


NO_EDGE: Edge = (None, 0)

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_PLAIN_NUMBERS = frozenset({float, int})
_NUMBER = np.float64
"""What a full reduction gives; its dtype takes long to find."""


def dispatch(row: "Row", inputs: Sequence[Any], options: tuple[Any, ...] = ()) -> Any:
    """Run one operation on tensors, numbers and None; the Tensor, or tuple of them, it gives."""
    arrays: list[Any] = []
    required = tensors = 0
    bit = 1
    for value in inputs:
        if isinstance(value, tensor_type):
            arrays.append(value._array)
            tensors |= bit
            if value._requires_grad:
                required |= bit
        else:
            arrays.append(value if type(value) in PYTHON_NUMBERS else as_operand(value))
        bit += bit
    if row.is_view:
        arrays[0] = storage(inputs[0])
    if row.promote is not None:
        row.promote(arrays)
    try:
        if row.is_variadic:
            found = row.forward(arrays, *options)
        else:
            found = row.forward(*arrays, *options) if options else row.forward(*arrays)
    except (ValueError, IndexError) as error:
        raise _numpy_errors.as_pytorch(error, arrays) from None
    required &= row.gradient_mask
    if row.outputs is not None:
        return _several(row, inputs, options, (required, tensors), [wrap(one) for one in found])
    result = wrap(found)
    if row.is_view:
        _views.share(inputs[0], result, several=False)
    if _modes.inference_used and state.inference:
        if result._view is None:
            result._counter = UNTRACKED
    elif required and (not unrecorded or state.enabled) and found.dtype.kind == "f":
        plan = row.plans[-1 if row.is_variadic else required << 8 | tensors]
        node = plan.node(options, result, found.dtype, *inputs)
        if _saved.saved_hooks:
            _saved.pack(node)
        result._grad_fn = node
        result._requires_grad = True
    if observer is not None:
        observer.operation(row, inputs, (result,))
    return result


def dispatch_one(row: "Row", input: "Tensor", options: tuple[Any, ...] = ()) -> Any:
    """`dispatch` of one tensor, written out for a floating dtype and one result of its own."""
    array = input._array
    kind = array.dtype
    if (kind is not FLOAT64 and kind is not FLOAT32) or not row.is_simple:
        return dispatch(row, (input,), options)
    forward = row.forward
    try:
        if not options:
            found = forward(array)
        elif len(options) == 1:  # without the star, which costs as much as a small operation
            found = forward(array, options[0])
        else:
            found = forward(array, *options)
    except (ValueError, IndexError) as error:
        raise _numpy_errors.as_pytorch(error, (array,)) from None
    # As `wrap`, without the call.
    result: Tensor = new(tensor_type)
    result._array = found
    result._counter = [0]
    result._requires_grad = False
    result._grad_fn = None
    result._output_nr = 0
    result._grad = None
    result._view = None
    result._accumulator = None
    result._hooks = None
    if _modes.inference_used and state.inference:
        result._counter = UNTRACKED
    elif input._requires_grad and row.gradient_mask and (not unrecorded or state.enabled):
        kind = FLOAT64 if type(found) is _NUMBER else found.dtype
        if kind is FLOAT64 or kind.kind == "f":
            make = row.node_of_one
            if make is None:
                make = row.node_of_one = row.plan(1, 1).node
            node = make(options, result, kind, input)
            if _saved.saved_hooks:
                _saved.pack(node)
            result._grad_fn = node
            result._requires_grad = True
    if observer is not None:
        observer.operation(row, (input,), (result,))
    return result


def operator_of(
    row: "Row", others: tuple[type, ...], forward: Callable[[Any, Any], Any]
) -> Callable[["Tensor", Any], Any]:
    """An operator of two operands: `dispatch`, written out for those of one floating dtype.

    That is the usual case, and most of what coursework does. `others` are the operands it takes;
    any other is left to its own reflected operator. `forward` is the row's for such operands.
    """
    plan, options = row.plan, row.defaults
    of_tensors: list[Any] = [None] * 4
    of_number: list[Any] = [None] * 2

    def operator(self: "Tensor", other: Any) -> Any:
        a = self._array
        kind = a.dtype
        if isinstance(other, tensor_type):
            b = other._array
            if kind is not b.dtype or (kind is not FLOAT64 and kind is not FLOAT32):
                return dispatch(row, (self, other), options)
            required = 1 if self._requires_grad else 0
            if other._requires_grad:
                required += 2
            makers = of_tensors
        elif type(other) in _PLAIN_NUMBERS and (kind is FLOAT64 or kind is FLOAT32):
            b = other
            required = self._requires_grad
            makers = of_number
        elif isinstance(other, others):
            return dispatch(row, (self, other), options)
        elif isinstance(other, np.ndarray):
            return dispatch(row, (self, _from_numpy(other, self)), options)
        else:
            return NotImplemented
        # As `wrap`, without the call.
        result: Tensor = new(tensor_type)
        try:
            result._array = forward(a, b)
        except ValueError as error:
            raise _numpy_errors.as_pytorch(error, (a, b)) from None
        result._counter = [0]
        result._requires_grad = False
        result._grad_fn = None
        result._output_nr = 0
        result._grad = None
        result._view = None
        result._accumulator = None
        result._hooks = None
        if _modes.inference_used and state.inference:
            result._counter = UNTRACKED
        elif required and (not unrecorded or state.enabled):
            make = makers[required]
            if make is None:
                make = makers[required] = plan(required, 3 if makers is of_tensors else 1).node
            node = make(options, result, kind, self, other)
            if _saved.saved_hooks:
                _saved.pack(node)
            result._grad_fn = node
            result._requires_grad = True
        if observer is not None:
            observer.operation(row, (self, other), (result,))
        return result

    return operator


def _from_numpy(array: np.ndarray[Any, Any], beside: "Tensor") -> "Tensor":
    """An operand that is an ndarray, to which NumPy would bring the tensor `beside` it."""
    if beside._requires_grad:
        raise RuntimeError(_errors.NUMPY_REQUIRES_GRAD)
    from reference_engine._creation import from_numpy

    return from_numpy(array)


def _several(
    row: "Row",
    inputs: Sequence[Any],
    options: tuple[Any, ...],
    case: tuple[int, int],
    results: "list[Tensor]",
) -> "tuple[Tensor, ...]":
    """The rest of `dispatch` for an operation with several results."""
    if row.is_view:
        for one in results:
            _views.share(inputs[0], one, several=True)
    if _modes.inference_used and state.inference:
        for one in results:
            if one._view is None:
                one._counter = UNTRACKED
    elif case[0] and state.enabled:
        node = row.plan(*case).node(options, results, None, *inputs)
        if _saved.saved_hooks:
            _saved.pack(node)
        for number, one in enumerate(results):
            if one._array.dtype.kind == "f":
                one._grad_fn = node
                one._output_nr = number
                one._requires_grad = True
    if observer is not None:
        observer.operation(row, inputs, results)
    return tuple(results)


def wrap(array: Any) -> "Tensor":
    """A new tensor over an array, sharing its memory, or over a NumPy scalar."""
    result: Tensor = new(tensor_type)
    result._array = array
    result._counter = [0]
    result._requires_grad = False
    result._grad_fn = None
    result._output_nr = 0
    result._grad = None
    result._view = None
    result._accumulator = None
    result._hooks = None
    return result


new = object.__new__


def storage(tensor: "Tensor") -> np.ndarray[Any, Any]:
    """The tensor's array, to share or to write to.

    A 0-d result stays a NumPy scalar, with which arithmetic is much cheaper, until someone asks.
    """
    if type(tensor._array) is not np.ndarray:
        tensor._array = np.asarray(tensor._array)
    return tensor._array


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a tensor or number."""
    return value._array.shape if isinstance(value, tensor_type) else np.shape(value)


def gradient_edge(value: Any) -> Edge:
    """The edge along which a tensor's gradient leaves an operation: (None, 0) where none is due."""
    if not isinstance(value, tensor_type):
        return (value.node, value.output_nr) if isinstance(value, GradientEdge) else NO_EDGE
    if not value._requires_grad:
        return NO_EDGE
    view = value._view
    node = value._grad_fn if view is None else value.grad_fn
    if node is not None:
        return node, value._output_nr
    if view is not None and not view.is_leaf:  # its base requires grad, but nothing was recorded
        return NO_EDGE
    return accumulator(value), 0


def accumulator(leaf: "Tensor") -> AccumulateGrad:
    """The leaf's own node: one object as long as some graph holds it."""
    reference = leaf._accumulator
    if reference is not None:
        node = reference()
        if node is not None:
            return node
    made: AccumulateGrad = AccumulateGrad()
    array = leaf._array
    made.edges = ()
    made.shape = array.shape
    made.dtype = array.dtype
    made.hooks = leaf._hooks
    made.variable = leaf
    leaf._accumulator = ref(made)
    return made


def as_array(value: Any) -> Any:
    """A tensor's array; anything else as it is."""
    return value._array if isinstance(value, tensor_type) else value


def dispatch_in_place(
    row: "Row", target: "Tensor", others: Sequence[Any], options: tuple[Any, ...] = ()
) -> "Tensor":
    """Run an operation and write its result into its first input, history included."""
    inputs = (target, *others)
    required = tensors = 0
    for place, value in enumerate(inputs):
        if isinstance(value, tensor_type):
            tensors |= 1 << place
            required |= value._requires_grad << place
    if target._counter is UNTRACKED and not state.inference:
        raise RuntimeError(_errors.INFERENCE_IN_PLACE)
    if state.enabled:
        _views.check_in_place(target, will_require_grad=bool(required))
    arrays = [
        value._array if isinstance(value, tensor_type) else as_operand(value) for value in inputs
    ]
    for value in others:
        if isinstance(value, tensor_type) and value._counter is target._counter:
            _views.check_overlap(target._array, value._array)
    if row.promote is not None:
        row.promote(arrays)
    try:
        found = np.asarray(row.forward(*arrays, *options))
    except (ValueError, IndexError) as error:
        raise _numpy_errors.as_pytorch(error, arrays) from None
    _check_fits(found, target)
    array = storage(target)
    required &= row.gradient_mask
    recorded = required and state.enabled and target.is_floating_point()
    if recorded:
        plan = row.plan(required, tensors)
        if plan.saves(row.inputs[0]):  # as it was before the write
            inputs = (_from_before(target), *others)
        # An operand that shares the memory is modified by the write; the result is not.
        node = plan.node(options, target, array.dtype, *inputs)
        node.versions = tuple(
            version + 1 if type(value) is _saved.Saved else version
            for value, version in zip(node.saved, node.versions, strict=True)
        )
    try:
        array[...] = found
    except ValueError:
        _views.write(array, found, name=row.name)
    if target._counter is not UNTRACKED:
        target._counter[0] += 1
    if recorded:
        if _saved.saved_hooks:
            _saved.pack(node)
        _views.rebase_history(target, node)
    if observer is not None:
        observer.operation(row, inputs, (target,))
        leaf = target if target._view is None else target._view.base
        if leaf._requires_grad and leaf._grad_fn is None:
            observer.leaf_written(leaf)
    return target


def _from_before(target: "Tensor") -> "Tensor":
    """A copy of a tensor that is about to be written, with the history that it has now."""
    copied = wrap(target._array.copy())
    copied._grad_fn = target.grad_fn
    copied._output_nr = target._output_nr
    copied._requires_grad = target._requires_grad
    return copied


def _check_fits(found: np.ndarray[Any, Any], target: "Tensor") -> None:
    """Refuse to write a result into a tensor of another shape, or of a lower category of dtype."""
    array = target._array
    if found.shape != array.shape:
        shape = list(array.shape)
        raise RuntimeError(_errors.IN_PLACE_SHAPE.format(shape=shape, broadcast=list(found.shape)))
    if CATEGORY[found.dtype.kind] > CATEGORY[array.dtype.kind]:
        raise RuntimeError(
            _errors.IN_PLACE_DTYPE.format(result=dtype_name(found), output=dtype_name(array))
        )
