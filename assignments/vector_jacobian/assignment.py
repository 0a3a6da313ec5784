"""Backward from a vector: what the argument of backward() does, and Jacobians row by row.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, source, tensor

hw = Assignment(
    "vector_jacobian",
    title={
        "en": "Backward from a vector",
        "pt": "Backward a partir de um vetor",
        "es": "Backward desde un vector",
    },
)

INPUTS = {"x": tensor("n", requires_grad=True), "v": tensor("n")}
# Most draws are multiplied by 256 or 512: so small or large an x as these is not, and the last is
# long enough from the start. The third is 1000 long, to the digit, when it has been doubled.
SIZES = [
    {"x": [0.05, -0.02], "v": [1.0, 0.1]},
    {"x": [30.0, -70.0, 55.0], "v": [1.0, 0.1, 0.001]},
    {"x": [300.0, -400.0], "v": [0.6, -0.2]},
    {"x": [900.0, -1200.0], "v": [0.3, -0.7]},
]


LOOKED_AT = {"linalg_vector_norm y": "the norm is only looked at, to end the loop"}


def doubled(x):
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    return y


@hw.question(points=2, inputs=INPUTS, examples=SIZES, unasked=LOOKED_AT)
def vector_jacobian(x, v):
    """y = x doubled at least once and until its norm is 1000 or more; and v times dy/dx."""
    y = doubled(x)
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


@vector_jacobian.misconception("off_by_one_iteration")
def one_doubling_too_many(x, v):
    y = doubled(x) * 2
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


@vector_jacobian.misconception("off_by_one_iteration")
def one_doubling_too_few(x, v):
    y = doubled(x) / 2
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


@vector_jacobian.misconception("off_by_one_iteration")
def no_first_doubling(x, v):
    y = x
    while y.norm() < 1000:
        y = y * 2
    y = y.clone()
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


def doubled_until(x, v, is_long):
    y = x * 2
    while not is_long(y):
        y = y * 2
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


@vector_jacobian.misconception("wrong_stopping_rule")
def until_an_entry_is_long(x, v):
    return doubled_until(x, v, lambda y: y.abs().max() >= 1000)


@vector_jacobian.misconception("wrong_stopping_rule")
def until_a_positive_entry_is_long(x, v):
    return doubled_until(x, v, lambda y: y.max() >= 1000 or y.abs().max() > 1e9)


@vector_jacobian.misconception("wrong_stopping_rule")
@vector_jacobian.misconception("off_by_one_iteration")
def until_the_norm_is_above(x, v):
    return doubled_until(x, v, lambda y: y.norm() > 1000)


@vector_jacobian.misconception("wrong_stopping_rule")
def until_the_squares_are_long(x, v):
    return doubled_until(x, v, lambda y: (y**2).sum() >= 1000)


@vector_jacobian.misconception("wrong_stopping_rule")
def until_the_sizes_are_long_together(x, v):
    return doubled_until(x, v, lambda y: y.abs().sum() >= 1000)


@hw.question(points=1, inputs=INPUTS, examples=SIZES, unasked=LOOKED_AT)
def gradient_from_values(x, v):
    """The same gradient from x, y and v alone: v * (y / x)."""
    y = doubled(x)
    y.backward(v)
    return x.grad


@hw.question(
    points=2,
    inputs={"x": tensor("n", "m", requires_grad=True), "v": tensor()},
    examples=[{"x": [[1.0, 1.0], [1.0, 1.0]], "v": 1.0}],
)
def scalar_argument(x, v):
    """x.grad of mean(3 * (x + 2)**2): by backward() alone, and by backward with the argument v."""
    (3 * (x + 2) ** 2).mean().backward()
    plain = x.grad.clone()
    x.grad.zero_()
    (3 * (x + 2) ** 2).mean().backward(v)
    return {"plain": plain, "weighted": x.grad}


@hw.question(
    points=3,
    inputs={
        "f": source(
            "lambda x: x ** 3",
            "lambda x: x * x.sum()",
            "lambda x: torch.tanh(x) * x[0]",
            "lambda x: torch.stack([x.sum(), (x ** 2).sum()])",
        ),
        "x": tensor("n", requires_grad=True),
    },
    cases=8,
    examples=[
        {"f": "lambda x: torch.stack([x.sum(), (x ** 2).sum()])", "x": [1.5, 2.0, -3.0]},
    ],
)
def jacobian(f, x):
    """All partial derivatives of f at x: row i holds those of entry i of f(x)."""
    y = f(x)
    rows = [torch.autograd.grad(y[i], x, retain_graph=True)[0] for i in range(len(y))]
    return torch.stack(rows)


@jacobian.misconception("diagonal_jacobian")
def nothing_beside_the_diagonal(f, x):
    return torch.diag(torch.autograd.grad(f(x).sum(), x)[0])


hw.choice("keyword", points=1, options=["gradient", "grad_output", "grad", "v"], answer="gradient")
