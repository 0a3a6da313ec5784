"""The one funnel that every operation passes, and its observer seam.

A call takes the inputs' arrays, brings them to a common dtype, runs the row's forward and, where
a gradient will be due, records a node with what the row's formulas name. Faults, traces and
drawings watch through `observe`; while nobody does, the seam costs one test of one name.
"""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from reference_engine import _errors, _views
from reference_engine._graph import AccumulateGrad, Edge, Node
from reference_engine._modes import state
from reference_engine._types import Defaults, Size, of_numpy

if TYPE_CHECKING:
    from reference_engine._derivatives._table import Row
    from reference_engine._tensor import Tensor


class Observer(Protocol):
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
        """`.grad` was set to None or to zero."""

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


tensor_type: Any = None
"""The Tensor class; set by its module, which imports this one."""


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


NO_EDGE: Edge = (None, 0)
NUMBER = -1
"""The "version" of a number saved in a tensor's place: freed like one, but never changed."""


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
            arrays.append(value)
        bit += bit
    if row.promote is not None:
        row.promote(arrays)
    try:
        found = row.forward(arrays, *options) if row.is_variadic else row.forward(*arrays, *options)
    except (ValueError, IndexError) as error:
        raise _as_pytorch(error, arrays) from None
    if row.outputs is None:
        result = wrap(found)
        results: tuple[Tensor, ...] = (result,)
    else:
        results = tuple([wrap(one) for one in found])
    if row.is_view:
        _share(row, inputs, results)
    if mask and state.enabled and row.is_recorded(mask, results):
        record(row, inputs, options, results, mask)
    if observer is not None:
        observer.operation(row, inputs, results)
    return results if row.outputs is not None else result


def tensor_of(saved: Saved, node: Node) -> "Tensor":
    """A saved result as a tensor again, with its place in the graph."""
    result = wrap(saved._array)
    result._counter = saved._counter
    result._grad_fn = node
    result._output_nr = saved.number
    result._requires_grad = True
    return result


def wrap(array: Any) -> "Tensor":
    """A new tensor over an array (or NumPy scalar), sharing its memory."""
    result: Tensor = tensor_type.__new_empty__()
    result._array = array if type(array) is np.ndarray else np.asarray(array)
    return result


def record(
    row: "Row",
    inputs: Sequence[Any],
    options: tuple[Any, ...],
    results: "Sequence[Tensor]",
    mask: int,
) -> None:
    """Make the node of an operation and hang it on the results that can have a gradient.

    `mask` has a bit for each input that requires grad.
    """
    node = make_node(row, edges_of(row, inputs), results)
    node.saved, node.versions = collect_saved(row.saves(mask), inputs, options, results)
    for number, one in enumerate(results):
        if one._array.dtype.kind == "f":
            one._grad_fn = node
            one._output_nr = number
            one._requires_grad = True


def edges_of(row: "Row", inputs: Sequence[Any]) -> list[Edge]:
    """The edges to the inputs that the row has formulas for."""
    if row.is_variadic:
        return [gradient_edge(value) for value in inputs]
    return [gradient_edge(inputs[position]) for position in row.differentiable]


def make_node(row: "Row", edges: Sequence[Edge], results: "Sequence[Tensor]") -> Any:
    """A node of the row's class for these results, with nothing saved yet."""
    outputs = tuple([(one._array.shape, one._array.dtype) for one in results])
    return row.node(tuple(edges), outputs)


def collect_saved(
    plan: Sequence[tuple[str, int]],
    inputs: Sequence[Any],
    options: tuple[Any, ...],
    results: "Sequence[Tensor]",
) -> tuple[list[Any], list[int | None]]:
    """The values that a plan of `Row.saves` asks for, and the versions of those that have one."""
    saved: list[Any] = []
    versions: list[int | None] = []
    for kind, index in plan:
        value: Any = None
        version = None
        if kind == "input":
            value = inputs[index]
            version = value._counter[0] if isinstance(value, tensor_type) else NUMBER
        elif kind == "result":
            one = results[index]
            value = Saved(one._array, one._counter, index)
            version = one._counter[0]
        elif kind == "option":
            value = options[index]
        elif kind == "shape":
            value = np.shape(as_array(inputs[index]))
        elif kind == "shapes":
            value = [one._array.shape for one in inputs]
        saved.append(value)
        versions.append(version)
    return saved, versions


def gradient_edge(value: Any) -> Edge:
    """The edge along which a tensor's gradient leaves an operation: (None, 0) where none is due."""
    if not isinstance(value, tensor_type) or not value._requires_grad:
        return NO_EDGE
    node = value.grad_fn if value._view is not None else value._grad_fn
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
    if state.enabled:
        _views.check_in_place(target, will_require_grad=bool(mask))
    arrays = [as_array(value) for value in inputs]
    if row.promote is not None:
        row.promote(arrays)
    try:
        found = np.asarray(row.forward(*arrays, *options))
    except (ValueError, IndexError) as error:
        raise _as_pytorch(error, arrays) from None
    _check_fits(found, target)
    if state.enabled and row.is_recorded(mask, (target,)):
        plan = row.saves(mask)
        edges = edges_of(row, inputs)
        if ("input", 0) in plan:  # the formula wants the value from before
            inputs = (wrap(target._array.copy()), *others)
        target._array[...] = found
        target._counter[0] += 1
        node = make_node(row, edges, (target,))
        node.saved, node.versions = collect_saved(plan, inputs, options, (target,))
        _views.rebase_history(target, node)
    else:
        target._array[...] = found
        target._counter[0] += 1
    if observer is not None:
        observer.operation(row, inputs, (target,))
        if target._requires_grad and target._grad_fn is None:
            observer.leaf_written(target)
    return target


def _check_fits(found: np.ndarray[Any, Any], target: "Tensor") -> None:
    """Refuse to write a result into a tensor of another shape, or of a lower category of dtype."""
    array = target._array
    if found.shape != array.shape:
        shape = list(array.shape)
        raise RuntimeError(_errors.IN_PLACE_SHAPE.format(shape=shape, broadcast=list(found.shape)))
    if _CATEGORY[found.dtype.kind] > _CATEGORY[array.dtype.kind]:
        raise RuntimeError(
            _errors.IN_PLACE_DTYPE.format(result=dtype_name(found), output=dtype_name(array))
        )


def _share(row: "Row", inputs: Sequence[Any], results: "Sequence[Tensor]") -> None:
    """Let views share their base's version; a result that is a copy after all stays on its own."""
    source = inputs[0]
    for one in results:
        if np.may_share_memory(one._array, source._array) or not one._array.size:
            one._counter = source._counter
            one._view = _views.View(source, several=row.outputs is not None)


# -- dtypes ---------------------------------------------------------------------------------------

_PYTHON_NUMBERS = (float, int, bool)


def promote(arrays: list[Any]) -> None:
    """Bring the operands to one dtype by PyTorch's rules, in place.

    Tensors with dimensions outrank 0-d tensors, which outrank Python numbers; a lower rank counts
    only if its category (bool, integer, floating) is higher.
    """
    first = None
    for value in arrays:
        if type(value) is np.ndarray:
            if first is None:
                first = value.dtype
            elif value.dtype is not first:
                break
        elif value is not None and type(value) not in _PYTHON_NUMBERS:
            break
    else:
        if first is not None and first.kind == "f":
            return
    _promote_slowly(arrays)


def promote_to_float(arrays: list[Any]) -> None:
    """As `promote`, then integers and bools to the default floating dtype."""
    promote(arrays)
    for position, value in enumerate(arrays):
        if type(value) is np.ndarray and value.dtype.kind != "f":
            arrays[position] = value.astype(Defaults.dtype.numpy)


def _promote_slowly(arrays: list[Any]) -> None:
    for position, value in enumerate(arrays):
        if value is not None and type(value) not in _PYTHON_NUMBERS:
            arrays[position] = as_operand(value)
    target = result_type(arrays)
    for position, value in enumerate(arrays):
        if type(value) is np.ndarray and value.dtype != target:
            arrays[position] = value.astype(target)


def as_operand(value: Any) -> Any:
    """A value that an operation can compute with: an ndarray or a Python number."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isinstance(value, (bool, int, float)):
        return value
    raise TypeError(
        f"an operation takes tensors and numbers, not {type(value).__name__}; convert it with "
        "torch.tensor(...)"
    )


_CATEGORY = {"b": 0, "i": 1, "u": 1, "f": 2}


def result_type(operands: Sequence[Any]) -> np.dtype[Any]:
    """The dtype that operands (ndarrays, Python numbers, None) are brought to."""
    ranked: list[np.dtype[Any] | None] = [None, None, None]
    for value in operands:
        if value is None:
            continue
        if isinstance(value, np.ndarray):
            rank, kind = (0 if value.ndim else 1), value.dtype
        else:
            rank, kind = 2, _dtype_of_number(value)
        former = ranked[rank]
        ranked[rank] = kind if former is None else promote_types(former, kind)
    target = None
    for kind in ranked:
        if kind is not None and (target is None or _CATEGORY[kind.kind] > _CATEGORY[target.kind]):
            target = kind
    assert target is not None  # noqa: S101 - an operation has an operand
    return target


def promote_types(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype for two tensors': the higher category's, or the wider of one category."""
    if _CATEGORY[a.kind] != _CATEGORY[b.kind]:
        return a if _CATEGORY[a.kind] > _CATEGORY[b.kind] else b
    return np.promote_types(a, b)


def _dtype_of_number(value: Any) -> np.dtype[Any]:
    if isinstance(value, bool):
        return np.dtype(np.bool_)
    return np.dtype(np.int64) if isinstance(value, int) else Defaults.dtype.numpy


# -- errors ---------------------------------------------------------------------------------------


def _as_pytorch(error: Exception, arrays: Sequence[Any]) -> Exception:
    """PyTorch's exception for one of NumPy's: a dimension out of range, shapes that do not fit."""
    if isinstance(error, np.exceptions.AxisError) and error.axis is not None:
        span = max(error.ndim or 0, 1)
        return IndexError(_errors.DIM_RANGE.format(low=-span, high=span - 1, dim=error.axis))
    if "could not be broadcast" in str(error):
        shapes = [value.shape for value in arrays if isinstance(value, np.ndarray)]
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


def dtype_name(array: np.ndarray[Any, Any]) -> str:
    """PyTorch's older name of an array's dtype, as its messages have it ("Float", "Long")."""
    return of_numpy(array.dtype).legacy


def size_of(value: Any) -> Size:
    """The shape of a tensor or number as PyTorch prints it."""
    return Size(np.shape(as_array(value)))
