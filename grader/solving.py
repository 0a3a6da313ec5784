"""Runs an instructor's solutions on a case's arguments, and reads what they return as plain data.

It knows nothing of what is right: a reference and a wrong solution are run alike.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import numpy as np

from grader.assignment import Question, Solution, Variable
from grader.outcomes import Ndarray, PlainValue, SourceText, TensorValue, Uncrossable

_NUMBERS = "biuf"

Precision: TypeAlias = type[np.float32] | type[np.float64] | None
"""What floating-point inputs are cast to; None leaves them as they are."""

alone = threading.RLock()
"""Held by whoever computes with the engine here: faults are injected into the whole process."""


def solve(
    question: Question | Variable,
    solution: Solution,
    arguments: Mapping[str, PlainValue],
    *,
    floating: Precision = None,
    nudge: bool = False,
) -> PlainValue:
    """What a solution returns for fresh copies of the arguments, cast to a precision.

    With `nudge` they are moved by one unit in the last place of that precision.
    """

    def data(values: Ndarray) -> Ndarray:
        if values.dtype.kind != "f" or floating is None:
            return values.copy()
        cast = values.astype(floating)
        return np.nextafter(cast, cast.dtype.type(np.inf)) if nudge else cast

    torch = torch_of(question)
    with alone:
        return _solve_alone(solution, arguments, data, torch)


def _solve_alone(
    solution: Solution,
    arguments: Mapping[str, PlainValue],
    data: Callable[[Ndarray], Ndarray],
    torch: Any,
) -> PlainValue:
    built = {name: _build(value, data, torch) for name, value in arguments.items()}
    with np.errstate(all="ignore"):
        return _plain(solution(**built), torch)


def _build(value: PlainValue, data: Callable[[Ndarray], Ndarray], torch: Any) -> Any:
    match value:
        case TensorValue():
            return torch.tensor(data(value.data), requires_grad=value.requires_grad)
        case SourceText():
            return eval(value.text, {"np": np, "torch": torch})  # noqa: S307 - the instructor's own
        case np.ndarray():
            return data(value)
        case _:
            return copy.deepcopy(value)


def torch_of(item: Question | Variable) -> Any:
    """What the assignment's file gets when it imports the engine: that, or the real PyTorch."""
    reference: Any = item.reference
    own_builtins = reference.__builtins__
    return own_builtins["__import__"]("reference_engine")


def _plain(value: Any, torch: Any) -> PlainValue:
    """What a solution returned as plain data; Uncrossable where it is something else."""
    if value is None or type(value) in (bool, int, float, str):
        return cast("PlainValue", value)
    if isinstance(value, np.ndarray | np.generic):
        data = np.array(value)
        return data if data.dtype.kind in _NUMBERS else Uncrossable(f"array of {data.dtype}")
    if isinstance(value, dict):
        return {str(key): _plain(entry, torch) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        entries = [_plain(entry, torch) for entry in value]
        return entries if isinstance(value, list) else tuple(entries)
    if isinstance(value, torch.Tensor):
        return _plain_tensor(value)
    return Uncrossable(type(value).__name__)


def _plain_tensor(tensor: Any) -> TensorValue:
    # Asking for the gradient of any other tensor is a warning in PyTorch.
    keeps_gradient = tensor.is_leaf or tensor.retains_grad
    gradient = tensor.grad if keeps_gradient else None
    return TensorValue(
        np.array(tensor.detach().numpy()),
        requires_grad=tensor.requires_grad,
        is_leaf=tensor.is_leaf,
        grad_fn=None if tensor.grad_fn is None else tensor.grad_fn.name(),
        grad=None if gradient is None else np.array(gradient.detach().numpy()),
    )


def outputs_of(item: Question | Variable, value: PlainValue) -> dict[str, PlainValue]:
    """The outputs by name: the entries of a dict, or a single one under the item's own id."""
    return value if isinstance(value, dict) else {item.id: value}


def numbers(value: PlainValue) -> Ndarray:
    """All floating-point numbers within a value, in order, as a flat float64 array."""
    found = [np.zeros(0)]
    for leaf in leaves(value):
        data = leaf.data if isinstance(leaf, TensorValue) else leaf
        if isinstance(data, float) or (isinstance(data, np.ndarray) and data.dtype.kind == "f"):
            found.append(np.asarray(data, dtype=np.float64).ravel())
    return np.concatenate(found)


def leaves(value: PlainValue) -> Iterator[PlainValue]:
    """Every value within a value that is no list, tuple or dict, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for entry in value:
            yield from leaves(entry)
    else:
        yield value
