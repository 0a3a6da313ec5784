"""First gradients, each by autograd and by a formula of one's own: means, half sums, two inputs.

Holds the reference solutions, and one wrong solution that is met often; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, array, integer, real, tensor

hw = Assignment(
    "first_gradients",
    title={"en": "First gradients", "pt": "Primeiros gradientes", "es": "Primeros gradientes"},
)


def leaf(values):
    return torch.tensor(values, requires_grad=True)


def mean_of_squares(x, k):
    (k * (x + 2) ** 2).mean().backward()
    return x.grad


@hw.question(
    points=2,
    inputs={"x": tensor("n", "m", requires_grad=True), "k": integer(2, 7)},
    examples=[
        {"x": [[1.0, 1.0], [1.0, 1.0]], "k": 2},
        {"x": [[1.0, 1.0], [1.0, 1.0]], "k": 3},
    ],
)
def scaled_mean(x, k):
    """The gradient of mean(k * (x + 2)**2) with respect to x, by autograd."""
    return mean_of_squares(x, k)


@hw.question(
    points=2,
    inputs={"x": array("n", "m"), "k": integer(2, 7)},
    autograd="forbidden",
    examples=[{"x": [[1.0, 1.0], [1.0, 1.0]], "k": 2}],
)
def scaled_mean_formula(x, k):
    """The gradient of mean(k * (x + 2)**2) with respect to x, by a formula."""
    return mean_of_squares(leaf(x), k)


def half(x):
    y = 5 * (x + 1) ** 2
    out = 0.5 * y.sum()
    out.backward()
    return {"y": y.detach(), "out": out.detach(), "grad": x.grad}


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True, dtype="float64")},
    examples=[{"x": [1.0, 2.0]}],
)
def half_sum(x):
    """y = 5 * (x + 1)**2, the half of its sum, and the gradient of that, by autograd."""
    return half(x)


@hw.question(
    points=2,
    inputs={"x": array("n")},
    autograd="forbidden",
    examples=[{"x": [1.0, 2.0]}],
)
def half_sum_formula(x):
    """y = 5 * (x + 1)**2, the half of its sum, and the gradient of that, by a formula."""
    return half(leaf(x))


@half_sum.misconception("mean_instead_of_sum")
def mean_of_y(x):
    y = 5 * (x + 1) ** 2
    out = y.mean()  # half the sum only where there are two entries
    out.backward()
    return {"y": y.detach(), "out": out.detach(), "grad": x.grad}


@half_sum_formula.misconception("mean_instead_of_sum")
def mean_of_y_by_a_formula(x):
    y = 5 * (x + 1) ** 2
    return {"y": y, "out": y.mean(), "grad": 10 * (x + 1) / x.size}


def two(x, y):
    z = 2 * x + y**2
    z.backward()
    return {"z": z.detach(), "dx": x.grad, "dy": y.grad}


@hw.question(
    points=1,
    inputs={"x": tensor(requires_grad=True), "y": tensor(requires_grad=True)},
    examples=[{"x": 1.0, "y": 2.0}],
)
def two_inputs(x, y):
    """z = 2 * x + y**2 and its two partial derivatives, by autograd."""
    return two(x, y)


@hw.question(
    points=1,
    inputs={"x": real(-3.0, 3.0), "y": real(-3.0, 3.0)},
    autograd="forbidden",
    examples=[{"x": 1.0, "y": 2.0}],
)
def two_inputs_formula(x, y):
    """z = 2 * x + y**2 and its two partial derivatives, by formulas."""
    return two(
        torch.tensor(x, requires_grad=True, dtype=torch.float64),
        torch.tensor(y, requires_grad=True, dtype=torch.float64),
    )
