"""The gradient as a number: differences, the change of the loss for a small step, and rounding.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import numpy as np

import reference_engine as torch
from grader import Assignment, array, real, source

hw = Assignment(
    "numerical_gradient",
    title={
        "en": "The gradient as a number",
        "pt": "O gradiente como número",
        "es": "El gradiente como número",
    },
)


@hw.question(
    points=3,
    inputs={
        "f": source("lambda v: (v[0] * v ** 3).sum()"),
        "x": array("n"),
        "eps": real(0.05, 0.2),
    },
    autograd="forbidden",
)
def numerical_gradient(f, x, eps):
    """The gradient of f at x by central differences of step eps."""
    gradient = x * 0
    for index in range(len(x)):
        step = x * 0
        step[index] = eps
        gradient[index] = (f(x + step) - f(x - step)) / (2 * eps)
    return gradient


@numerical_gradient.misconception("one_sided_difference")
def forward_difference(f, x, eps):
    gradient = np.zeros_like(x)
    for index in range(len(x)):
        step = np.zeros_like(x)
        step[index] = eps
        gradient[index] = (f(x + step) - f(x)) / eps
    return gradient


@numerical_gradient.misconception("one_sided_difference")
def backward_difference(f, x, eps):
    return forward_difference(f, x, -eps)


@numerical_gradient.misconception("one_sided_difference")
@numerical_gradient.misconception("wrong_step_division")
def forward_difference_over_both_steps(f, x, eps):
    return forward_difference(f, x, eps) / 2


@numerical_gradient.misconception("wrong_perturbation")
def steps_that_are_not_taken_back(f, x, eps):
    gradient, step = np.zeros_like(x), np.zeros_like(x)
    for index in range(len(x)):
        step[index] = eps
        gradient[index] = (f(x + step) - f(x - step)) / (2 * eps)
    return gradient


@numerical_gradient.misconception("wrong_perturbation")
def all_coordinates_at_once(f, x, eps):
    return np.full_like(x, (f(x + eps) - f(x - eps)) / (2 * eps))


@hw.question(
    points=3,
    inputs={"x": array("n"), "y": array("n"), "w": real(-2.0, 2.0), "eps": real(0.0005, 0.002)},
    autograd="forbidden",
    examples=[
        {"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 2.0, 4.0, 6.0], "w": 1.0, "eps": 0.001},
        {"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 2.0, 4.0, 6.0], "w": 3.0, "eps": 0.001},
        {"x": [1.0, -2.0, 0.5], "y": [-1.0, 2.0, -4.0], "w": -0.5, "eps": 0.001},
    ],
)
def predict_change(x, y, w, eps):
    """For J = sum((x * w - y)**2): dJ/dw, the change that it predicts for w + eps, the sign."""
    w = torch.tensor(w, requires_grad=True, dtype=torch.tensor(x).dtype)
    ((torch.tensor(x) * w - torch.tensor(y)) ** 2).sum().backward()
    return {"gradient": w.grad, "change": w.grad * eps, "grows": bool(w.grad > 0)}


@hw.question(
    points=1,
    inputs={"x": array("n"), "y": array("n"), "w": real(-2.0, 2.0), "eps": real(0.05, 0.2)},
    autograd="forbidden",
    examples=[{"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 2.0, 4.0, 6.0], "w": 1.0, "eps": 0.1}],
)
def exact_change(x, y, w, eps):
    """J(w + eps) - J(w), computed and not predicted."""
    return ((x * (w + eps) - y) ** 2).sum() - ((x * w - y) ** 2).sum()


hw.choice("single_precision", points=1, options=["a", "b", "c", "d"], answer="b")
