"""Graphs that depend on the data: branches, loops, and entries that go different ways.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, real, tensor

hw = Assignment(
    "dynamic_graphs",
    title={
        "en": "Graphs that depend on the data",
        "pt": "Grafos que dependem dos dados",
        "es": "Grafos que dependen de los datos",
    },
)


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True)},
    # The entries' own signs say nothing of their sum's.
    examples=[
        {"x": [1.0, 2.0]},
        {"x": [-1.0, -2.0]},
        {"x": [3.0, -1.0, 0.5]},
        {"x": [-3.0, 1.0, 0.5]},
        {"x": [-1.0, 3.0]},
        {"x": [1.0, -3.0]},
    ],
    unasked={"sum x": "this sum is only looked at, to choose the branch"},
)
def branch(x):
    """The gradient of sum(x**2) where the sum of x is positive, else of sum(3 * x)."""
    out = (x**2).sum() if x.sum() > 0 else (3 * x).sum()
    out.backward()
    return x.grad


@branch.misconception("missing_factor")
def entries_themselves(x):
    return x.detach() if x.sum() > 0 else 3 * torch.ones_like(x)


@hw.question(
    points=2,
    inputs={
        "x": tensor("n", requires_grad=True, low=0.1, high=0.9),
        "limit": real(2.0, 900.0),
    },
    # A sum that reaches the limit exactly, one that is above it from the start, and one far below.
    examples=[
        {"x": [0.25, 0.25], "limit": 2.0},
        {"x": [0.5, 0.75, 0.875], "limit": 2.0},
        {"x": [0.125, 0.25], "limit": 1e6},
    ],
)
def loop(x, limit):
    """How often x has to be doubled until its sum reaches limit, and the gradient of that sum."""
    y, doublings = x, 0
    while y.sum() < limit:
        y = y * 2
        doublings += 1
    y.sum().backward()
    return {"doublings": doublings, "grad": x.grad}


def doubled_until(x, limit, size):
    y, doublings = x, 0
    while size(y) < limit:
        y = y * 2
        doublings += 1
    y.sum().backward()
    return {"doublings": doublings, "grad": x.grad}


@loop.misconception("wrong_stopping_rule")
def until_the_norm_is_there(x, limit):
    return doubled_until(x, limit, lambda y: y.norm())


@loop.misconception("wrong_stopping_rule")
def until_an_entry_is_there(x, limit):
    return doubled_until(x, limit, lambda y: y.max())


@loop.misconception("wrong_stopping_rule")
def until_the_mean_is_there(x, limit):
    return doubled_until(x, limit, lambda y: y.mean())


@loop.misconception("wrong_stopping_rule")
@loop.misconception("off_by_one_iteration")
def until_the_limit_is_passed(x, limit):
    return doubled_until(x, limit, lambda y: -1 if y.sum() == limit else y.sum())


@loop.misconception("off_by_one_iteration")
def doubled_at_least_once(x, limit):
    y, doublings = x * 2, 1
    while y.sum() < limit:
        y = y * 2
        doublings += 1
    y.sum().backward()
    return {"doublings": doublings, "grad": x.grad}


@hw.question(points=2, inputs={"x": tensor("n", requires_grad=True)})
def piecewise(x):
    """The gradient of the sum of x**2 over positive and of -3 * x over the other entries."""
    torch.where(x > 0, x**2, -3 * x).sum().backward()
    return x.grad
