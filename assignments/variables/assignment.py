"""Tensors that take part in a graph: leaves, who requires gradients, what a tensor carries.

Holds the reference solutions; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, array, integer, one_of, tensor

hw = Assignment(
    "variables",
    title={
        "en": "Variables: tensors with a history",
        "pt": "Variáveis: tensores com história",
        "es": "Variables: tensores con historia",
    },
)


@hw.question(
    points=3,
    inputs={"values": array("n", dtype="float32"), "tracked": one_of(True, False)},
    examples=[{"values": [1.0, 1.0], "tracked": True}, {"values": [1.0, 1.0], "tracked": False}],
)
def states(values, tracked):
    """What x, y = x + 2 and out = y.mean() say of themselves."""
    x = torch.tensor(values, requires_grad=tracked)
    y = x + 2
    nodes = (x, y, y.mean())
    return {
        "is_leaf": [node.is_leaf for node in nodes],
        "requires_grad": [node.requires_grad for node in nodes],
        "grad_fn": [None if node.grad_fn is None else node.grad_fn.name() for node in nodes],
    }


@hw.question(
    points=3,
    inputs={"values": array("n", dtype="float32"), "tracked": one_of(True, False)},
    examples=[{"values": [1.0, 2.0], "tracked": True}, {"values": [1.0, 2.0], "tracked": False}],
)
def propagation(values, tracked):
    """Which results of a = tensor(values) and b = 3 require gradients, if a does or does not."""
    a = torch.tensor(values, requires_grad=tracked)
    b = torch.tensor(3.0)
    with torch.no_grad():
        silent = a * b
    results = {
        "fresh": b,
        "product": a * b,
        "constants": b * b,
        "argmax": a.argmax(),
        "comparison": a > 0,
        "silent": silent,
    }
    return {name: result.requires_grad for name, result in results.items()}


@hw.question(
    points=2,
    inputs={"values": array("n")},
    compare=("value", "shape", "dtype"),
)
def creation(values):
    """A tensor from a list and one from an ndarray, each with the dtype that it gets by itself."""
    return {"from_list": torch.tensor(values.tolist()), "from_array": torch.from_numpy(values)}


@hw.question(
    points=2,
    inputs={"values": array("n")},
    side_effects="allowed",
)
def sharing(values):
    """A tensor that shares the memory of values and one that does not, after values doubled."""
    shared = torch.from_numpy(values)
    copied = torch.tensor(values)
    values *= 2
    return {"shared": shared, "copied": copied}


@hw.question(
    points=2,
    inputs={"n": integer(3, 9), "w": tensor(1)},
    compare=("value", "shape", "dtype"),
)
def counting(n, w):
    """The numbers 0 to n - 1 as integers, doubled, and times a weight."""
    counts = torch.arange(n)
    return {"counts": counts, "doubled": 2 * counts, "weighted": counts * w}


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True)},
    compare=("value", "shape", "requires_grad"),
)
def fields(x):
    """The data and the gradient of x after the backward pass of sum(x**2), and x's grad before."""
    before = x.grad
    (x**2).sum().backward()
    return {"before": before, "data": x.data, "grad": x.grad}


hw.choice("old_variable", points=1, options=["a", "b", "c", "d"], answer="c")
hw.choice(
    "creator_today", points=1, options=["grad", "data", "grad_fn", "is_leaf"], answer="grad_fn"
)
