"""An autograd engine of one's own, for numbers: the student writes the class Value.

Holds the reference solutions, computed by the engine; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, integer, real

hw = Assignment(
    "build_autograd",
    title={
        "en": "Build your own autograd",
        "pt": "Construa o seu próprio autograd",
        "es": "Construye tu propio autograd",
    },
)


def number(value):
    return torch.tensor(value, requires_grad=True, dtype=torch.float64)


TWO = {"a": real(-2.0, 2.0), "b": real(-2.0, 2.0)}

EXPRESSION = """lambda Value, a, b, c: (lambda a, b, c: (lambda out: (
    out.backward(), {"out": out.data, "da": a.grad, "db": b.grad, "dc": c.grad})[1]
)((a * b + c).tanh()))(Value(a), Value(b), Value(c))"""


@hw.question(
    points=3,
    inputs={"a": real(-0.9, 0.9), "b": real(-2.0, 2.0), "c": real(-0.9, 0.9)},
    call=EXPRESSION,
)
def expression(a, b, c):
    """The value of tanh(a * b + c) and its three partial derivatives."""
    a, b, c = number(a), number(b), number(c)
    out = torch.tanh(a * b + c)
    out.backward()
    return {"out": out.detach(), "da": a.grad, "db": b.grad, "dc": c.grad}


OPERATORS = """lambda Value, a, b: (lambda a, b: (lambda out: (
    out.backward(), {"out": out.data, "da": a.grad, "db": b.grad})[1]
)(3 * a - b / 2 + (1 - a) * b ** 3 - 4))(Value(a), Value(b))"""


@hw.question(points=2, inputs=TWO, call=OPERATORS)
def operators(a, b):
    """3 * a - b / 2 + (1 - a) * b**3 - 4, with plain numbers on either side."""
    a, b = number(a), number(b)
    out = 3 * a - b / 2 + (1 - a) * b**3 - 4
    out.backward()
    return {"out": out.detach(), "da": a.grad, "db": b.grad}


SHARED = """lambda Value, a, b: (lambda a, b: (lambda c: (lambda d: (
    (d * c + d).backward(), {"da": a.grad, "db": b.grad})[1]
)(c * c + a))(a * b + a))(Value(a), Value(b))"""


@hw.question(points=3, inputs=TWO, call=SHARED)
def shared_nodes(a, b):
    """c = a * b + a, d = c * c + a, J = d * c + d: every node is used more than once."""
    a, b = number(a), number(b)
    c = a * b + a
    d = c * c + a
    (d * c + d).backward()
    return {"da": a.grad, "db": b.grad}


DEEP = """lambda Value, a, n: (lambda a: (lambda out: (
    out.backward(), a.grad)[1]
)(__import__("functools").reduce(lambda y, _: y + a, range(n), a)))(Value(a))"""


@hw.question(points=2, inputs={"a": real(-2.0, 2.0), "n": integer(3000, 5000)}, call=DEEP)
def deep_chain(a, n):  # noqa: ARG001 - the sum does not depend on its terms
    """The gradient of a sum of n + 1 times a, added one after another."""
    return float(n + 1)


AGAIN = """lambda Value, a, b: (lambda a, b: (lambda out: (
    out.backward(), (once := (a.grad, b.grad)), out.backward(),
    {"once": list(once), "twice": [a.grad, b.grad]})[-1]
)((a * b) * (a * b) + b))(Value(a), Value(b))"""


@hw.question(points=2, inputs=TWO, call=AGAIN)
def second_backward(a, b):
    """The gradients of (a * b)**2 + b after one backward pass, and after a second one."""
    a, b = number(a), number(b)
    out = (a * b) * (a * b) + b
    out.backward(retain_graph=True)
    once = [a.grad.clone(), b.grad.clone()]
    out.backward()
    return {"once": once, "twice": [a.grad, b.grad]}
