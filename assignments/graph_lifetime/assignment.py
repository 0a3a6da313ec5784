"""How long a graph lives: the second backward pass, retain_graph, and the forward pass again.

Holds the reference solutions; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, integer, source, tensor

hw = Assignment(
    "graph_lifetime",
    title={
        "en": "The life of a graph",
        "pt": "A vida de um grafo",
        "es": "La vida de un grafo",
    },
)


@hw.question(points=3, inputs={"x": tensor("n", requires_grad=True)})
def graph_lifetime(x):
    """J = sum(x**3): x.grad after one pass, after a second without zeroing, and afresh after both.

    `fresh` is the gradient of a new forward pass, nothing left over from those before.
    """
    out = (x**3).sum()
    out.backward(retain_graph=True)
    first = x.grad.clone()
    out.backward()
    both = x.grad.clone()
    x.grad.zero_()
    (x**3).sum().backward()
    return {"first": first, "both": both, "fresh": x.grad.clone()}


@hw.question(
    points=3,
    inputs={
        "f": source(
            "lambda w: (w * 3).sum()",
            "lambda w: (w + 2).sum()",
            "lambda w: (w ** 2).sum()",
            "lambda w: w.mean()",
        ),
        "w": tensor("n", requires_grad=True),
    },
    cases=8,
    examples=[
        {"f": "lambda w: (w * 3).sum()", "w": [1.0, 1.0]},
        {"f": "lambda w: (w + 2).sum()", "w": [1.0, 1.0]},
    ],
)
def second_pass(f, w):
    """Whether a second backward pass through f(w) raises, and w.grad after the attempt."""
    out = f(w)
    out.backward()
    try:
        out.backward()
    except RuntimeError:
        return {"raises": True, "grad": w.grad}
    return {"raises": False, "grad": w.grad}


@second_pass.misconception("backward_twice")
def graph_kept_for_the_second_pass(f, w):
    out = f(w)
    out.backward(retain_graph=True)
    out.backward()
    return {"raises": False, "grad": w.grad}


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True), "passes": integer(2, 5)},
)
def retained(x, passes):
    """x.grad after several passes through one graph of sum(exp(x))."""
    out = torch.exp(x).sum()
    for _ in range(passes):
        out.backward(retain_graph=True)
    return x.grad


@retained.misconception("wrong_stopping_rule")
@retained.misconception("zeroed_in_wrong_place")
def zeroed_between_the_passes(x, passes):  # noqa: ARG001 - the mistake: one pass is left
    return torch.exp(x).detach()


hw.choice("after_backward", points=1, options=["a", "b", "c", "d"], answer="b")
