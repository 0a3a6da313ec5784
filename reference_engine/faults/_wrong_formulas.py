"""Derivatives as they are often got wrong, beside the id of the misconception each stands for.

Each is the local derivative that takes the place of the right one, from the argument's value, the
other argument's (or None), the result, and the gradient that arrived. Keyed by the row's name and
the argument; a number beside it says nothing of where it is used.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

WrongFormula: TypeAlias = Callable[[Any, Any, Any, Any], Any]


def _logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


_AT_INPUT = "activation_derivative_at_input"
_TWICE = "activation_applied_twice"
_OTHER = "wrong_activation_derivative"
_MASK = "wrong_relu_mask"

WRONG_FORMULAS: dict[tuple[str, str], tuple[tuple[str, WrongFormula], ...]] = {
    ("tanh", "self"): (
        (_AT_INPUT, lambda x, _, y, g: 1 - x * x),
        (_TWICE, lambda x, _, y, g: 1 - np.tanh(y) ** 2),
        (_OTHER, lambda x, _, y, g: y * (1 - y)),
        (_OTHER, lambda x, _, y, g: _logistic(x) * (1 - _logistic(x))),
        (_OTHER, lambda x, _, y, g: 1 - y),
        (_OTHER, lambda x, _, y, g: 1 - np.tanh(x) * x),
        (_OTHER, lambda x, _, y, g: 1 + y * y),
        (_OTHER, lambda x, _, y, g: y * y),
        (_OTHER, lambda x, _, y, g: y),
        (_OTHER, lambda x, _, y, g: np.where(x > 0, 1.0, 0.0)),
        (_OTHER, lambda x, _, y, g: np.where(y > 0, 1.0, 0.0)),
        (_OTHER, lambda x, _, y, g: 1 - np.abs(y)),
        (_OTHER, lambda x, _, y, g: (1 - y) ** 2),
        (_OTHER, lambda x, _, y, g: np.sqrt(1 - y * y)),
    ),
    ("sigmoid", "self"): (
        (_AT_INPUT, lambda x, _, y, g: x * (1 - x)),
        (_TWICE, lambda x, _, y, g: _logistic(y) * (1 - _logistic(y))),
        (_OTHER, lambda x, _, y, g: 1 - y * y),
        (_OTHER, lambda x, _, y, g: 1 - y),
        (_OTHER, lambda x, _, y, g: y),
        (_OTHER, lambda x, _, y, g: y * y),
        (_OTHER, lambda x, _, y, g: y * (1 + y)),
        (_OTHER, lambda x, _, y, g: np.where(x > 0, 1.0, 0.0)),
        (_OTHER, lambda x, _, y, g: 1 - np.tanh(x) ** 2),
        (_OTHER, lambda x, _, y, g: np.exp(-x)),
    ),
    ("relu", "self"): (
        (_MASK, lambda x, _, y, g: np.where(x > 0, 0.0, 1.0)),
        (_MASK, lambda x, _, y, g: np.where(g > 0, 1.0, 0.0)),
        (_MASK, lambda x, _, y, g: np.where(x > 0, 1.0, -1.0)),
        (_OTHER, lambda x, _, y, g: y),
        (_OTHER, lambda x, _, y, g: x),
        (_OTHER, lambda x, _, y, g: y * (1 - y)),
        (_OTHER, lambda x, _, y, g: 1 - y * y),
    ),
    ("softplus", "self"): (
        (_AT_INPUT, lambda x, _, y, g: _logistic(y)),
        (_OTHER, lambda x, _, y, g: _logistic(x) * (1 - _logistic(x))),
        (_OTHER, lambda x, _, y, g: 1 - _logistic(x)),
    ),
    ("exp", "self"): (
        (_AT_INPUT, lambda x, _, y, g: x),
        (_TWICE, lambda x, _, y, g: np.exp(y)),
        (_OTHER, lambda x, _, y, g: x * np.exp(x - 1)),
        (_OTHER, lambda x, _, y, g: 1 / y),
    ),
    ("log", "self"): (
        (_OTHER, lambda x, _, y, g: 1 / y),
        (_OTHER, lambda x, _, y, g: x),
        (_OTHER, lambda x, _, y, g: y),
    ),
    ("sqrt", "self"): (
        ("missing_factor", lambda x, _, y, g: 1 / y),
        (_AT_INPUT, lambda x, _, y, g: 0.5 / x),
        (_OTHER, lambda x, _, y, g: 0.5 * y),
    ),
    ("sin", "self"): ((_AT_INPUT, lambda x, _, y, g: np.cos(y)), (_OTHER, lambda x, _, y, g: y)),
    ("cos", "self"): ((_AT_INPUT, lambda x, _, y, g: -np.sin(y)), (_OTHER, lambda x, _, y, g: y)),
    ("softmax", "self"): (
        ("diagonal_jacobian", lambda x, _, y, g: y * (1 - y)),
        ("diagonal_jacobian", lambda x, _, y, g: y),
    ),
    ("div", "other"): (
        ("missing_chain_factor", lambda b, a, y, g: -a / b),
        ("missing_chain_factor", lambda b, a, y, g: 1 / b),
        ("missing_chain_factor", lambda b, a, y, g: -1 / (b * b)),
        ("missing_chain_factor", lambda b, a, y, g: a / b),
    ),
    ("mul", "self"): (("gradient_of_wrong_input", lambda a, b, y, g: a),),
    ("mul", "other"): (("gradient_of_wrong_input", lambda b, a, y, g: b),),
    ("pow_number", "self"): (
        ("missing_factor", lambda x, n, y, g: n * y),
        ("missing_chain_factor", lambda x, n, y, g: n * y),
        ("missing_chain_factor", lambda x, n, y, g: n),
    ),
    ("div", "self"): (("missing_chain_factor", lambda a, b, y, g: b),),
}
"""By row and argument."""


def _given_to_the_class(y: Any, g: Any) -> Any:
    """What the probabilities hand back of a loss that looks at one class alone."""
    return np.exp(y) * np.sum(g, axis=-1, keepdims=True)


def in_every_row(g: Any) -> Any:
    """What each column gets where it gets anything in some row."""
    return np.sum(g, axis=0) / np.maximum(np.count_nonzero(g, axis=0), 1)


WRONG_PRODUCTS: dict[tuple[str, str], tuple[tuple[str, WrongFormula], ...]] = {
    ("log_softmax", "self"): (
        ("missing_one_hot", lambda z, _, y, g: -_given_to_the_class(y, g)),
        ("wrong_row_indexing", lambda z, _, y, g: in_every_row(g) - _given_to_the_class(y, g)),
        ("diagonal_jacobian", lambda z, _, y, g: g * (1 - np.exp(y))),
        (
            "diagonal_jacobian",
            lambda z, _, y, g: -_given_to_the_class(y, g) * (1 - np.exp(y)),
        ),
    ),
}
"""The same for the whole product of what arrives and the derivative, along the last axis."""
