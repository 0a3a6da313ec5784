"""Wrong gradients of the softmax cross-entropy, for any question that asks for the right one.

They take the place of the gradient in the reference's own answer. It knows scores and classes as
they are given, and by its numbers which output is their gradient; no engine, no student's answer.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from grader.assignment import Question, Solution


class _Scores(NamedTuple):
    """The scores, the classes, the probabilities, and one-hot rows of the right classes."""

    z: Any
    t: Any
    p: Any
    y: Any


_Wrong: TypeAlias = Callable[[_Scores], Any]
"""A wrong gradient of the loss of each row."""


def wrong_gradients(
    question: Question, scores: str, classes: str
) -> Iterator[tuple[tuple[str, ...], Solution]]:
    """The reference's answers with a wrong gradient of the scores, and what each stands for.

    The solutions raise ValueError where no output is the right gradient.
    """
    for ids, wrong in _WRONG:
        solution = partial(_with, question, scores, classes, wrong)
        yield ids, partial(solution, averaged=True)
        # Whoever forgets the average as well makes two mistakes.
        yield (*ids, "sum_instead_of_mean"), partial(solution, averaged=False)


def _with(
    question: Question,
    scores: str,
    classes: str,
    wrong: _Wrong,
    /,
    *,
    averaged: bool,
    **arguments: Any,
) -> Any:
    """The reference's answer with the gradient of the scores replaced."""
    answer = question.reference(**arguments)
    z, t = _numbers(arguments[scores]), _numbers(arguments[classes]).astype(np.int64)
    given = _Scores(z, t, _softmax(z), _one_hot(z, t))
    outputs = answer if isinstance(answer, dict) else {"": answer}
    name, count = _gradient(outputs, given)
    if count == 1 and not averaged:
        raise ValueError("nothing is averaged")
    gradient = wrong(given) / (count if averaged else 1)
    return {**outputs, name: gradient} if isinstance(answer, dict) else gradient


def _gradient(outputs: Mapping[str, Any], given: _Scores) -> tuple[str, int]:
    """Which output is the right gradient, and over how many rows its loss averages."""
    right = given.p - given.y
    for name, value in outputs.items():
        found = _numbers(value)
        for count in (len(right), 1):
            if found.shape == right.shape and np.allclose(count * found, right, atol=1e-6):
                return name, count
    raise ValueError("no output is the gradient of the cross-entropy")


def _numbers(value: Any) -> Any:
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def _softmax(z: Any) -> Any:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _one_hot(z: Any, t: Any) -> Any:
    return np.eye(z.shape[1])[t]


def _whole_columns(given: _Scores) -> Any:
    wrong = given.p.copy()
    wrong[:, given.t] -= 1
    return wrong


_WRONG: tuple[tuple[tuple[str, ...], _Wrong], ...] = (
    (("missing_one_hot",), lambda one: one.p),
    (("wrong_row_indexing",), _whole_columns),
    (("softmax_applied_twice",), lambda one: _softmax(one.p) - one.y),
    (("diagonal_jacobian",), lambda one: one.p * (1 - one.p)),
    (("diagonal_jacobian",), lambda one: (one.p - 1) * one.y),
    (("diagonal_jacobian",), lambda one: (one.p - one.y) * one.p * (1 - one.p)),
    (("missing_activation_derivative",), lambda one: -one.y / one.p),
    (("missing_activation_derivative",), lambda one: one.z - one.y),
    (("label_off_by_one",), lambda one: one.p - _one_hot(one.z, one.t - 1)),
    (("prediction_used_as_target",), lambda one: one.p - _one_hot(one.z, one.z.argmax(axis=1))),
)
