"""Wrong gradients of the softmax cross-entropy, for any question that asks for the right one.

They take the place of the gradient in the reference's own answer. It knows scores and classes as
they are given, and by its numbers which output is their gradient; no engine, no student's answer.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from grader.assignment import Question, Solution

_Wrong: TypeAlias = Callable[[Any, Any, Any], Any]
"""A wrong gradient, from the scores, the classes, and the probabilities."""


def wrong_gradients(
    question: Question, scores: str, classes: str
) -> Iterator[tuple[tuple[str, ...], Solution]]:
    """The reference's answers with a wrong gradient of the scores in them, and what each stands for.

    The solutions raise ValueError where no output is the right gradient.
    """
    for ids, wrong in _WRONG:
        for averaged in (True, False):
            # Whoever forgets the average as well makes two mistakes.
            more = () if averaged else ("sum_instead_of_mean",)
            yield (*ids, *more), partial(_with, question, scores, classes, wrong, averaged)


def _with(
    question: Question,
    scores: str,
    classes: str,
    wrong: _Wrong,
    averaged: bool,  # noqa: FBT001 - bound beforehand
    **arguments: Any,
) -> Any:
    """The reference's answer with the gradient of the scores replaced, and the loss if it goes."""
    answer = question.reference(**arguments)
    z, t = (_numbers(arguments[name]) for name in (scores, classes))
    t = t.astype(np.int64)
    p = _softmax(z)
    right = p - _one_hot(z, t)
    outputs = answer if isinstance(answer, dict) else {None: answer}
    for name, value in outputs.items():
        found = _numbers(value)
        for count in (len(z), 1):
            if found.shape == z.shape and np.allclose(found, right / count, rtol=1e-5, atol=1e-7):
                if count == 1 and not averaged:
                    raise ValueError("nothing is averaged here")
                gradient = wrong(z, t, p) / (count if averaged else 1)
                return {**outputs, name: gradient} if isinstance(answer, dict) else gradient
    raise ValueError("no output is the gradient of the cross-entropy")


def _numbers(value: Any) -> Any:
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def _softmax(z: Any) -> Any:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _one_hot(z: Any, t: Any) -> Any:
    return np.eye(z.shape[1])[t]


def _columns(z: Any, t: Any, p: Any) -> Any:
    wrong = p.copy()
    wrong[:, t] -= 1
    return wrong


_WRONG: tuple[tuple[tuple[str, ...], _Wrong], ...] = (
    (("missing_one_hot",), lambda z, t, p: p),
    (("wrong_row_indexing",), _columns),
    (("softmax_applied_twice",), lambda z, t, p: _softmax(p) - _one_hot(z, t)),
    (("diagonal_jacobian",), lambda z, t, p: p * (1 - p)),
    (("diagonal_jacobian",), lambda z, t, p: (p - 1) * _one_hot(z, t)),
    (("missing_activation_derivative",), lambda z, t, p: -_one_hot(z, t) / p),
    (("missing_activation_derivative",), lambda z, t, p: z - _one_hot(z, t)),
    (("label_off_by_one",), lambda z, t, p: p - _one_hot(z, t - 1)),
    (("prediction_used_as_target",), lambda z, t, p: p - _one_hot(z, z.argmax(axis=1))),
)
