"""The computational graph: values in the order of the computation, and the nodes behind them.

Holds the reference solutions; it knows no student's code.
"""

from grader import Assignment, one_of, source, tensor

hw = Assignment(
    "computational_graph",
    title={
        "en": "The computational graph",
        "pt": "O grafo computacional",
        "es": "El grafo computacional",
    },
)


@hw.question(
    points=2,
    inputs={"x": tensor("n"), "w": tensor(1, requires_grad=True), "y": tensor("n")},
    examples=[{"x": [0.0, 1.0, 2.0, 3.0], "w": [1.0], "y": [0.0, 2.0, 4.0, 6.0]}],
)
def node_values(x, w, y):
    """The nodes of J = sum((x * w - y)**2) in the order of the computation."""
    y_pred = x * w
    e = y_pred - y
    e2 = e**2
    return {"y_pred": y_pred, "e": e, "e2": e2, "J": e2.sum()}


@hw.question(
    points=2,
    inputs={
        "x": tensor("n"),
        "w": tensor(1, requires_grad=True),
        "reduction": one_of("sum", "mean"),
    },
    examples=[
        {"x": [1.0, 2.0], "w": [1.0], "reduction": "sum"},
        {"x": [1.0, 2.0], "w": [1.0], "reduction": "mean"},
    ],
)
def node_names(x, w, reduction):
    """The name of grad_fn of x * w, of its square, and of the sum or mean of that."""
    product = x * w
    square = product**2
    last = square.sum() if reduction == "sum" else square.mean()
    return [node.grad_fn.name() for node in (product, square, last)]


@hw.question(
    points=3,
    inputs={
        "f": source(
            "lambda x: ((x + 2) ** 2).mean()",
            "lambda x: (2 * x.exp()).sum()",
            "lambda x: (x.tanh() - 1).pow(3).sum()",
            "lambda x: (x / 3).sigmoid().mean().log()",
            "lambda x: (x.exp() * x).sum()",
        ),
        "x": tensor("n", requires_grad=True),
    },
    cases=8,
    # Of two ways back it is the first that is asked for.
    examples=[{"f": "lambda x: (x.exp() * x).sum()", "x": [0.5, -1.0]}],
)
def walk_back(f, x):
    """The names of the nodes from f(x) back to x, each the first of the one before it."""
    names = []
    node = f(x).grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return names


@hw.question(
    points=2,
    inputs={"x": tensor("n"), "w": tensor("n", requires_grad=True)},
)
def constants(x, w):
    """x * w with x constant: the names behind its operands, and the gradients of the sum."""
    product = x * w
    nodes = [node for node, _ in product.grad_fn.next_functions]
    product.sum().backward()
    return {
        "operands": [None if node is None else node.name() for node in nodes],
        "x": x.grad,
        "w": w.grad,
    }


@constants.misconception("not_frozen")
def constant_tracked_too(x, w):
    return constants.reference(x.requires_grad_(), w)


@hw.question(
    points=2,
    inputs={
        "x": tensor("n"),
        "w": tensor("n", requires_grad=True),
        "frozen": one_of(True, False),
    },
    examples=[
        {"x": [2.0], "w": [3.0], "frozen": True},
        {"x": [2.0], "w": [3.0], "frozen": False},
    ],
    side_effects="allowed",
)
def leaves(x, w, frozen):
    """Who is a leaf among x, w, x * 2, x * w and (x * w).detach(), w frozen first or not."""
    if frozen:
        w.requires_grad_(False)
    product = x * w
    nodes = {"x": x, "w": w, "twice": x * 2, "product": product, "detached": product.detach()}
    return {name: node.is_leaf for name, node in nodes.items()}
