"""An autograd engine of one's own, for numbers: the student writes the class Value.

Holds the reference solutions, computed by the engine, and a small `Value` with the bugs that are
met most; it knows no student's code.
"""

from functools import partial

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


OPERATORS = """lambda Value, a, b, n: (lambda a, b: (lambda out: (
    out.backward(), {"out": out.data, "da": a.grad, "db": b.grad})[1]
)(3 * a - b / 2 + (1 - a) * b ** n - 4))(Value(a), Value(b))"""


@hw.question(
    points=2,
    inputs={**TWO, "n": integer(3, 5)},
    call=OPERATORS,
    examples=[{"a": 0.5, "b": -1.5, "n": 4}],
)
def operators(a, b, n):
    """3 * a - b / 2 + (1 - a) * b**n - 4, with plain numbers on either side."""
    a, b = number(a), number(b)
    out = 3 * a - b / 2 + (1 - a) * b**n - 4
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


# -- the bugs that are met most -------------------------------------------------------------------


class Node:
    """A `Value` for numbers; `bug` is what is wrong with its backward pass, if anything."""

    def __init__(self, data, *sources, bug):
        self.data, self.grad, self.sources, self.bug = data, 0.0, sources, bug

    def __add__(self, other):
        other = self.lift(other)
        return Node(self.data + other.data, (self, 1.0), (other, 1.0), bug=self.bug)

    def __mul__(self, other):
        other = self.lift(other)
        return Node(self.data * other.data, (self, other.data), (other, self.data), bug=self.bug)

    def __pow__(self, power):
        return Node(self.data**power, (self, power * self.data ** (power - 1)), bug=self.bug)

    def __rsub__(self, other):
        return self * -1 + other

    def __sub__(self, other):
        return self + self.lift(other) * -1

    def __truediv__(self, other):
        return self * other**-1

    __radd__, __rmul__ = __add__, __mul__

    def lift(self, other):
        return other if isinstance(other, Node) else Node(other, bug=self.bug)

    def send(self):
        """Give the gradient on to what this was computed from."""
        for source, slope in self.sources:
            kept = 0.0 if self.bug == "overwritten" else source.grad
            source.grad = kept + slope * self.grad

    def backward(self):
        self.grad = 1.0
        if self.bug == "every visit":
            self.visit()
            return
        if self.bug in _ENDS:
            self.go_along(_ENDS[self.bug])
            return
        waiting, order, met = [(self, False)], [], set()
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif id(node) not in met:
                met.add(id(node))
                waiting += [(node, True), *((source, False) for source, _ in node.sources)]
        for node in reversed(order):
            node.send()

    def visit(self):
        self.send()
        for source, _ in self.sources:
            source.visit()

    def go_along(self, end):
        """Visit a list's nodes from one end, and put theirs on it, met before or not."""
        waiting = [self]
        while waiting:
            node = waiting.pop(end)
            node.send()
            waiting += [source for source, _ in node.sources]


_ENDS = {"stack": -1, "queue": 0}


def with_bug(call, bug, **arguments):
    """What the question's call gives for a class with this bug."""
    return eval(call)(partial(Node, bug=bug), **arguments)  # noqa: S307 - the question's own text


@operators.misconception("overwritten_gradient")
def operators_overwrite(a, b, n):
    return with_bug(OPERATORS, "overwritten", a=a, b=b, n=n)


@shared_nodes.misconception("overwritten_gradient")
def shared_nodes_overwrite(a, b):
    return with_bug(SHARED, "overwritten", a=a, b=b)


@shared_nodes.misconception("double_counted_path")
def shared_nodes_visited_again_and_again(a, b):
    return with_bug(SHARED, "every visit", a=a, b=b)


@shared_nodes.misconception("double_counted_path")
def shared_nodes_on_a_stack(a, b):
    return with_bug(SHARED, "stack", a=a, b=b)


@shared_nodes.misconception("double_counted_path")
def shared_nodes_in_a_queue(a, b):
    return with_bug(SHARED, "queue", a=a, b=b)


@deep_chain.misconception("overwritten_gradient")
def deep_chain_overwrites(a, n):
    return with_bug(DEEP, "overwritten", a=a, n=n)


@second_backward.misconception("overwritten_gradient")
def second_backward_overwrites(a, b):
    return with_bug(AGAIN, "overwritten", a=a, b=b)


@second_backward.misconception("zeroed_in_wrong_place")
def gradients_erased_before_every_pass(a, b):
    once = {"da": 2 * a * b**2, "db": 2 * a**2 * b + 1}
    return {"once": list(once.values()), "twice": list(once.values())}


@second_backward.misconception("accumulated_gradient")
def inner_gradients_kept_between_passes(a, b):
    return with_bug(AGAIN, None, a=a, b=b)
