"""Gradients of gradients: second derivatives, a gradient penalty, Hessian-vector products.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, source, tensor

hw = Assignment(
    "higher_order",
    title={
        "en": "Gradients of gradients",
        "pt": "Gradientes de gradientes",
        "es": "Gradientes de gradientes",
    },
)

FUNCTIONS = source(
    "lambda x: (x ** 3).sum()",
    "lambda x: (x.sin() * x).sum()",
    "lambda x: (x.exp() + x ** 2).sum()",
)
MIXED = source(
    "lambda x: (x ** 2).sum() ** 2",
    "lambda x: (x[0] * x ** 3).sum()",
    "lambda x: x.sum().sin() + (x ** 3).sum()",
)


@hw.question(points=2, inputs={"f": FUNCTIONS, "x": tensor("n", requires_grad=True)}, cases=6)
def second_derivative(f, x):
    """The first and the second derivative of f in each entry of x; f treats entries apart."""
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    return {"first": first.detach(), "second": second}


@second_derivative.misconception("accumulated_gradient")
def second_added_to_the_first(f, x):
    f(x).backward(create_graph=True)
    first = x.grad.detach().clone()
    x.grad.sum().backward()
    return {"first": first, "second": x.grad}


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True), "w": tensor("n", requires_grad=True)},
    unasked=dict.fromkeys(
        ("* received", "* self"), "the gradient of x * w for w plays no part in the penalty"
    ),
)
def gradient_penalty(x, w):
    """(norm of d out/dx - 1)**2 for out = sum(tanh(x * w)), and its gradient for w."""
    (gx,) = torch.autograd.grad(torch.tanh(x * w).sum(), x, create_graph=True)
    penalty = (gx.norm() - 1) ** 2
    (gw,) = torch.autograd.grad(penalty, w)
    return {"penalty": penalty.detach(), "dw": gw}


@gradient_penalty.misconception("accumulated_gradient")
def penalty_added_to_the_output(x, w):
    torch.tanh(x * w).sum().backward(create_graph=True)
    penalty = (x.grad.norm() - 1) ** 2
    penalty.backward()
    return {"penalty": penalty.detach(), "dw": w.grad}


@gradient_penalty.misconception("gradient_of_wrong_input")
def penalty_derived_by_x(x, w):
    (gx,) = torch.autograd.grad(torch.tanh(x * w).sum(), x, create_graph=True)
    penalty = (gx.norm() - 1) ** 2
    (again,) = torch.autograd.grad(penalty, x)
    return {"penalty": penalty.detach(), "dw": again}


@hw.question(
    points=2,
    inputs={"f": MIXED, "x": tensor("n", requires_grad=True), "v": tensor("n")},
    cases=6,
)
def hessian_vector(f, x, v):
    """The product of the Hessian of f at x with v."""
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(first @ v, x)
    return product


@hessian_vector.misconception("cotangent_ignored")
def rows_added_up(f, x, v):  # noqa: ARG001 - the mistake: v has no use
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(first.sum(), x)[0]


@hessian_vector.misconception("diagonal_jacobian")
def rows_added_up_times_v(f, x, v):
    return rows_added_up(f, x, v) * v


@hessian_vector.misconception("accumulated_gradient")
def product_added_to_the_gradient(f, x, v):
    f(x).backward(create_graph=True)
    (x.grad @ v).backward()
    return x.grad
