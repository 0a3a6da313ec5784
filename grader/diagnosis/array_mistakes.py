"""Mistakes in a reference that computes gradients by hand, with NumPy alone.

The reference is run on arrays that tell of each operation, and again with one of them done wrongly:
a factor left out, a sign turned, a sum taken for a mean. It knows operations and their places, no
derivatives and no student's answer.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from grader.assignment import Question, Solution
from grader.cases import Case
from grader.outcomes import TensorValue
from grader.solving import solve

Site: TypeAlias = tuple[Any, ...]
"""An operation's name, and where in the code it was called from."""


_Operands: TypeAlias = tuple[Any, ...]


class _Change(NamedTuple):
    """What an operation gives instead, from its operands and its right result."""

    id: str
    wrong: Callable[[_Operands, Any], Any]
    number: float | None = None
    """What is left out where that is a number, not an array."""


def array_mistakes(question: Question, case: Case) -> Iterator[tuple[tuple[str, ...], Solution]]:
    """The reference with an operation on arrays done wrongly, and what each stands for.

    Nothing where it is given tensors, or no array at all, or raises, or where neither the rules
    nor the names speak of gradients.
    """
    given = case.arguments.values()
    if any(isinstance(one, TensorValue) for one in given) or not any(
        isinstance(one, np.ndarray) for one in given
    ):
        return
    run = _Run()
    try:
        answer = solve(question, partial(_watched, question.reference, run), case.arguments)
    except Exception:  # noqa: BLE001 - what cannot be run on such arrays has no mistakes here
        return
    names = answer.keys() if isinstance(answer, dict) else ()
    of_gradients = _is_of_gradients(question, tuple(names))
    if not of_gradients and question.autograd != "forbidden":
        return
    for site, changes in run.sites.items():
        for number, change in enumerate(changes):
            if of_gradients or change.id not in _OF_GRADIENTS:
                run_with = partial(_Run, site, number, change.number)
                yield (change.id,), partial(_wrongly, question.reference, run_with)


_OF_GRADIENTS = frozenset({
    "missing_chain_factor", "missing_activation_derivative", "overwritten_gradient",
    "wrong_relu_mask", "activation_derivative_at_input", "activation_applied_twice",
    "wrong_activation_derivative",
})  # fmt: skip
"""What is said of derivatives only."""


def _is_of_gradients(question: Question, outputs: tuple[str, ...]) -> bool:
    """Whether the names say that gradients are asked for: `dW` of an input `W`, say."""
    of_inputs = {f"d{one}" for one in question.inputs} | {f"d_{one}" for one in question.inputs}
    words = ("grad", "back", "deriv")
    return bool(of_inputs.intersection(outputs)) or any(
        word in name.lower() for name in (question.id, *outputs) for word in words
    )


def _wrongly(reference: Solution, run: "Callable[[], _Run]", /, **arguments: Any) -> Any:
    return _watched(reference, run(), **arguments)


def _watched(reference: Solution, run: "_Run", /, **arguments: Any) -> Any:
    """What the reference gives for arrays that tell the run of what is done with them."""
    global _running  # noqa: PLW0603 - one run at a time: whoever solves holds the lock
    given = {
        name: value.view(_Array) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }
    for one in given.values():
        if isinstance(one, np.ndarray):
            run.sizes.update(one.shape, [one.size])
    former, _running = _running, run
    try:
        return reference(**given)
    finally:
        _running = former


_running: "_Run | None" = None


class _Run:
    """A run of the reference: what could go wrong at each place, or one mistake at one of them."""

    def __init__(
        self, site: Site | None = None, number: int = 0, left_out: float | None = None
    ) -> None:
        self.sites: dict[Site, tuple[_Change, ...]] = {}
        self.sizes: set[float] = set()
        self._wrong = site, number
        self._left_out = left_out
        self._activated: dict[int | None, tuple[Any, Any]] = {}

    def done(self, name: str, operands: _Operands, result: Any, axis: Any) -> Any:
        """The result of an operation, as the mistake has it."""
        if not isinstance(result, np.ndarray | np.generic) or result.dtype.kind not in "bf":
            return result
        site, number = self._wrong
        here = _site(name)
        if site is None or here == site:
            changes = tuple(self._changes(name, operands, result, axis))
            self.sites.setdefault(here, changes)
            if here == site and number < len(changes):
                self._check(changes[number])
                return np.asarray(changes[number].wrong(operands, result))
        if name == "tanh":
            self._activated[_begins(result)] = result, operands[0]
        return result

    def _check(self, change: _Change) -> None:
        """Raise ValueError where a number is another than it was, or is not the size it was."""
        averages = change.id == "sum_instead_of_mean"
        if (averages and change.number not in self.sizes) or (
            change.id == "missing_factor" and change.number != self._left_out
        ):
            raise ValueError("the number means something else here")

    def _changes(self, name: str, operands: _Operands, result: Any, axis: Any) -> Iterator[_Change]:
        if name in _CHANGES:
            yield from _CHANGES[name](operands, result, axis)
        if name in ("power", "square") or (name == "multiply" and _are_one(operands)):
            activated, before = self._activated.get(_begins(operands[0]), (None, None))
            if np.shape(activated) == np.shape(operands[0]):
                yield from _of_activation(name, operands, before)


def _begins(array: Any) -> int | None:
    """Where an array's numbers are kept."""
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else None


def _are_one(operands: _Operands) -> bool:
    return _begins(operands[0]) is not None and _begins(operands[0]) == _begins(operands[1])


class _Array(np.ndarray[Any, Any]):
    """An array that tells the run of what is done with it."""

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        plain = tuple(map(_plain, inputs))
        result = getattr(ufunc, method)(*plain, **options)
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        if _running is not None:
            result = _running.done(name, plain, result, options.get("axis"))
        if out is None:
            return _telling(result)
        out[0][...] = result
        return out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = super().__array_function__(func, types, args, kwargs)
        if _running is not None and func is np.where and len(args) == 3:
            plain = tuple(map(_plain, args))
            result = _running.done("where", plain, _plain(result), None)
        return _telling(result)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, _Array) else value


def _telling(value: Any) -> Any:
    """The same as an array that tells, also a number of NumPy's."""
    if isinstance(value, np.floating):
        return np.asarray(value).view(_Array)
    return value.view(_Array) if type(value) is np.ndarray else value


_NUMPY = str(Path(np.__file__).parent)


def _site(name: str) -> Site:
    frame: Any = sys._getframe(2)  # noqa: SLF001 - the reference's line
    while frame.f_code.co_filename == __file__ or frame.f_code.co_filename.startswith(_NUMPY):
        frame = frame.f_back
    positions = [*frame.f_code.co_positions()]
    return name, frame.f_code.co_filename, *positions[frame.f_lasti // 2]


# -- what goes wrong ------------------------------------------------------------------------------


def _of_products(operands: _Operands, _: Any, __: Any) -> Iterator[_Change]:
    for kept in (0, 1):
        left_out = _left_out(operands[1 - kept])
        yield _Change(left_out, partial(_only, kept), _number(operands[1 - kept]))
        if left_out == "missing_activation_derivative":
            yield _Change("wrong_relu_mask", partial(_by_its_own_sign, kept))


def _of_quotients(operands: _Operands, _: Any, __: Any) -> Iterator[_Change]:
    yield _Change(_left_out(operands[1]), partial(_only, 0), _number(operands[1]))
    if _number(operands[1]) is not None:
        yield _Change("sum_instead_of_mean", partial(_only, 0), _number(operands[1]))


def _of_additions(operands: _Operands, _: Any, __: Any) -> Iterator[_Change]:
    if np.shape(operands[0]) == np.shape(operands[1]):
        yield _Change("overwritten_gradient", partial(_only, 0))
        yield _Change("overwritten_gradient", partial(_only, 1))


def _of_differences(_: _Operands, __: Any, ___: Any) -> Iterator[_Change]:
    yield _Change("wrong_sign", lambda _, right: -right)


def _of_sums(operands: _Operands, result: Any, axis: Any) -> Iterator[_Change]:
    count = np.size(operands[0]) / max(1, np.size(result))
    yield _Change("mean_instead_of_sum", lambda _, right: right / count)
    if axis is not None and np.size(result) > 1:
        yield _Change(
            "reduced_all_axes", lambda given, right: np.full_like(right, np.sum(given[0]))
        )


def _of_masks(_: _Operands, __: Any, ___: Any) -> Iterator[_Change]:
    yield _Change("wrong_relu_mask", lambda _, right: ~right)
    yield _Change("wrong_activation_derivative", lambda given, right: right * given[0])


def _of_choices(_: _Operands, __: Any, ___: Any) -> Iterator[_Change]:
    yield _Change("wrong_relu_mask", lambda given, _: np.where(~given[0], *given[1:]))


_CHANGES: Mapping[str, Callable[[_Operands, Any, Any], Iterator[_Change]]] = {
    "multiply": _of_products,
    "divide": _of_quotients,
    "add": _of_additions,
    "subtract": _of_differences,
    "negative": _of_differences,
    "add.reduce": _of_sums,
    "greater": _of_masks,
    "greater_equal": _of_masks,
    "less": _of_masks,
    "less_equal": _of_masks,
    "where": _of_choices,
}
"""By the operation: from its operands, its result, and the axis that it runs along."""


def _of_activation(name: str, operands: _Operands, before: Any) -> Iterator[_Change]:
    """What else may be taken for the result of an activation where that is an operand."""
    for identifier, value in (
        ("activation_derivative_at_input", before),
        ("activation_applied_twice", np.tanh(operands[0])),
    ):
        rest = [value] * (len(operands) - 1) if name == "multiply" else operands[1:]
        yield _Change(identifier, partial(_given, getattr(np, name)(value, *rest)))


def _given(wrong: Any, _: _Operands, __: Any) -> Any:
    return wrong


def _number(operand: Any) -> float | None:
    return float(operand) if np.ndim(operand) == 0 else None


def _left_out(operand: Any) -> str:
    """What it is to leave out a factor: a number, a mask, or something else."""
    if np.ndim(operand) == 0:
        return "missing_factor"
    is_mask = np.asarray(operand).dtype.kind == "b"
    return "missing_activation_derivative" if is_mask else "missing_chain_factor"


def _only(kept: int, operands: _Operands, right: Any) -> Any:
    return np.broadcast_to(operands[kept], np.shape(right))


def _by_its_own_sign(kept: int, operands: _Operands, right: Any) -> Any:
    """What arrives, cut off where it is negative itself."""
    return np.broadcast_to(operands[kept] * (operands[kept] > 0), np.shape(right))
