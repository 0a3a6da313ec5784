"""The one funnel that every operation passes, and its observer seam.

A call takes the inputs' arrays, brings them to a common dtype, runs the row's forward and, where
a gradient will be due, records a node with what the row's formulas name. Faults, traces and
drawings watch through `observe`; while nobody does, the seam costs one test of one name.
"""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_engine import _errors, _saved, _views
from reference_engine._graph import AccumulateGrad, Edge, next_sequence
from reference_engine._modes import state
from reference_engine._promotion import CATEGORY, OF_TENSORS, PYTHON_NUMBERS, as_operand, dtype_name

if TYPE_CHECKING:
    from reference_engine._derivatives._table import Row
    from reference_engine._tensor import Tensor


class Observer:
    """What can be seen of a computation. Called in the thread that computes, before it goes on.

    An observer that wants the caller's line looks at the frames above it; one that wants another
    derivative replaces the result's `_grad_fn`.
    """

    def operation(self, row: "Row", inputs: Sequence[Any], results: "Sequence[Tensor]") -> None:
        """An operation was run, recorded or not (also under no_grad)."""

    def detached(self, tensor: "Tensor", result: "Tensor") -> None:
        """`detach()` or `.data` gave the same values outside the graph."""

    def leaf_written(self, leaf: "Tensor") -> None:
        """A leaf that requires grad was written in place, or its data replaced."""

    def backward_pass(self, roots: "Sequence[Tensor]") -> None:
        """A backward pass begins."""

    def gradient_read(self, tensor: "Tensor") -> None:
        """`.grad` was read."""

    def gradient_cleared(self, tensor: "Tensor") -> None:
        """`.grad` was set to None; `.grad.zero_()` is a read, and then an operation `zero`."""

    def truth_value(self, tensor: "Tensor") -> None:
        """`bool(tensor)` was asked: a branch or a loop depends on data."""


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

tensor_type: Any = None
"""The Tensor class; set by its module, which imports this one."""


class _Untracked(list[int]):
    """The version of inference tensors: they have none, so nothing can be saved with it."""

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError(_errors.INFERENCE_SAVED)


UNTRACKED = _Untracked([0])


NO_EDGE: Edge = (None, 0)


def dispatch(row: "Row", inputs: Sequence[Any], options: tuple[Any, ...] = ()) -> Any:
    """Run one operation on tensors, numbers and None; the Tensor, or tuple of them, it gives."""
    arrays: list[Any] = []
    mask = 0
    bit = 1
    for value in inputs:
        if isinstance(value, tensor_type):
            arrays.append(value._array)
            if value._requires_grad:
                mask |= bit
        else:
            arrays.append(value if type(value) in PYTHON_NUMBERS else as_operand(value))
        bit += bit
    if row.is_view:
        arrays[0] = storage(inputs[0])
    if row.promote is not None:
        row.promote(arrays)
    try:
        found = row.forward(*((arrays,) if row.is_variadic else arrays), *options)
    except (ValueError, IndexError) as error:
        raise _as_pytorch(error, arrays) from None
    if row.outputs is not None:
        return _several(row, inputs, options, mask, [wrap(one) for one in found])
    result = wrap(found)
    if row.is_view:
        _share(inputs[0], result, several=False)
    if not state.enabled:
        if state.inference:
            result._counter = UNTRACKED
    elif mask & row.gradient_mask and result._array.dtype.kind == "f":
        _record(row, inputs, options, mask, result)
    if observer is not None:
        observer.operation(row, inputs, (result,))
    return result


def dispatch_pair(row: "Row", first: "Tensor", second: Any, options: tuple[Any, ...]) -> Any:
    """`dispatch` of two operands, written out for those of one floating dtype, the usual case."""
    a = first._array
    mask = 1 if first._requires_grad else 0
    if isinstance(second, tensor_type):
        b = second._array
        if second._requires_grad:
            mask |= 2
        if b.dtype is not a.dtype:
            return dispatch(row, (first, second), options)
    elif type(second) is float:
        b = second
    else:
        return dispatch(row, (first, second), options)
    if a.dtype.kind != "f":
        return dispatch(row, (first, second), options)
    try:
        result = wrap(row.forward(a, b, *options))
    except ValueError as error:
        raise _as_pytorch(error, (a, b)) from None
    if not state.enabled:
        if state.inference:
            result._counter = UNTRACKED
    elif mask & row.gradient_mask:
        _record(row, (first, second), options, mask, result)
    if observer is not None:
        observer.operation(row, (first, second), (result,))
    return result


def _several(
    row: "Row",
    inputs: Sequence[Any],
    options: tuple[Any, ...],
    mask: int,
    results: "list[Tensor]",
) -> "tuple[Tensor, ...]":
    """The rest of `dispatch` for an operation with several results."""
    if row.is_view:
        for one in results:
            _share(inputs[0], one, several=True)
    if mask & row.gradient_mask and state.enabled:
        node = make_node(
            row,
            row.edges(mask)(inputs),
            tuple([one._array.shape for one in results]),
            tuple([one._array.dtype for one in results]),
            row.remember(mask)(inputs, options, results),
        )
        for number, one in enumerate(results):
            if one._array.dtype.kind == "f":
                one._grad_fn = node
                one._output_nr = number
                one._requires_grad = True
    if observer is not None:
        observer.operation(row, inputs, results)
    return tuple(results)


def _record(
    row: "Row", inputs: Sequence[Any], options: tuple[Any, ...], mask: int, result: "Tensor"
) -> None:
    """Make the node of an operation that gave one result.

    `mask` has a bit for each input that requires grad.
    """
    array = result._array
    result._grad_fn = make_node(
        row,
        row.edges(mask)(inputs),
        array.shape,
        array.dtype,
        row.remember(mask)(inputs, options, (result,)),
    )
    result._requires_grad = True


def make_node(
    row: "Row",
    edges: tuple[Edge, ...],
    shape: Any,
    dtype: Any,
    memory: tuple[tuple[Any, ...], tuple[int | None, ...]],
) -> Any:
    """A node of the row's class; `memory` are the values saved and their versions.

    Without a constructor, which would cost as much as all that it does.
    """
    node = new(row.node)
    node.next_functions = edges
    node.shape = shape
    node.dtype = dtype
    node.sequence = next_sequence()
    node.hooks = None
    node._metadata = None
    node.saved, node.versions = _saved.pack(memory, node) if _saved.saved_hooks else memory
    return node


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
    if not isinstance(value, tensor_type) or not value._requires_grad:
        return NO_EDGE
    node = value._grad_fn if value._view is None else value.grad_fn
    return (accumulator(value), 0) if node is None else (node, value._output_nr)


def accumulator(leaf: "Tensor") -> AccumulateGrad:
    """The leaf's own node: one object as long as some graph holds it."""
    node = leaf._accumulator() if leaf._accumulator is not None else None
    if node is None:
        node = AccumulateGrad(leaf)
        node.hooks = leaf._hooks
        leaf._accumulator = weakref.ref(node)
    return node


def as_array(value: Any) -> Any:
    """A tensor's array; anything else as it is."""
    return value._array if isinstance(value, tensor_type) else value


def dispatch_in_place(
    row: "Row", target: "Tensor", others: Sequence[Any], options: tuple[Any, ...] = ()
) -> "Tensor":
    """Run an operation and write its result into its first input, history included."""
    inputs = (target, *others)
    mask = sum(
        1 << place
        for place, value in enumerate(inputs)
        if isinstance(value, tensor_type) and value._requires_grad
    )
    if target._counter is UNTRACKED and not state.inference:
        raise RuntimeError(_errors.INFERENCE_IN_PLACE)
    if state.enabled:
        _views.check_in_place(target, will_require_grad=bool(mask))
    arrays = [
        value._array if isinstance(value, tensor_type) else as_operand(value) for value in inputs
    ]
    if row.promote is not None:
        row.promote(arrays)
    try:
        found = np.asarray(row.forward(*arrays, *options))
    except (ValueError, IndexError) as error:
        raise _as_pytorch(error, arrays) from None
    _check_fits(found, target)
    recorded = mask & row.gradient_mask and state.enabled and target.is_floating_point()
    edges = row.edges(mask)(inputs) if recorded else ()
    if recorded and ("input", 0) in row.plan(mask):  # the formula wants the value from before
        inputs = (_from_before(target), *others)
    array = storage(target)
    # Versions as they are before the write: an operand that shares the memory is modified by it.
    saved, versions = row.remember(mask)(inputs, options, (target,)) if recorded else ((), ())
    array[...] = found
    if target._counter is not UNTRACKED:
        target._counter[0] += 1
    if recorded:
        versions = tuple(
            version + 1 if type(value) is _saved.Saved and version is not None else version
            for value, version in zip(saved, versions, strict=True)
        )  # but the result is saved as it is after the write
        node = make_node(row, edges, array.shape, array.dtype, (saved, versions))
        _views.rebase_history(target, node)
    if observer is not None:
        observer.operation(row, inputs, (target,))
        if target._requires_grad and target._grad_fn is None:
            observer.leaf_written(target)
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


def _share(source: "Tensor", result: "Tensor", *, several: bool) -> None:
    """Let a view share its base's version; a result that is a copy after all stays on its own."""
    if np.may_share_memory(result._array, source._array) or not result._array.size:
        result._counter = source._counter
        result._view = _views.View(source, several=several)


# -- errors ---------------------------------------------------------------------------------------


def _as_pytorch(error: Exception, arrays: Sequence[Any]) -> Exception:
    """PyTorch's exception for one of NumPy's: a dimension out of range, shapes that do not fit."""
    if isinstance(error, np.exceptions.AxisError) and error.axis is not None:
        span = max(error.ndim or 0, 1)
        return IndexError(_errors.DIM_RANGE.format(low=-span, high=span - 1, dim=error.axis))
    if "could not be broadcast" in str(error):
        shapes = [value.shape for value in arrays if isinstance(value, OF_TENSORS)]
        for other in shapes[1:]:
            mismatch = _broadcast_mismatch(shapes[0], other)
            if mismatch is not None:
                return RuntimeError(mismatch)
    return error


def _broadcast_mismatch(a: tuple[int, ...], b: tuple[int, ...]) -> str | None:
    dims = max(len(a), len(b))
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            return _errors.BROADCAST.format(a=a[-back], b=b[-back], dim=dims - back)
    return None
