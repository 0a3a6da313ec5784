"""Backpropagation by hand through J = sum((x * w - y)**2), one gradient for every node.

Holds the reference solution and the wrong solutions that are met most; it knows no student's code.
"""

import numpy as np

import reference_engine as torch
from grader import Assignment, array

hw = Assignment(
    "manual_backprop",
    title={
        "en": "Backpropagation by hand",
        "pt": "Retropropagação à mão",
        "es": "Retropropagación a mano",
    },
)


@hw.question(
    points=4,
    inputs={"x": array("n"), "w": array(1), "y": array("n")},
    autograd="forbidden",
    examples=[{"x": [0.0, 1.0, 2.0, 3.0], "w": [1.0], "y": [0.0, 2.0, 4.0, 6.0]}],
)
def manual_backprop(x, w, y):
    """The gradients of J = sum((x * w - y)**2) at every node, from the loss back to w."""
    x, w, y = torch.tensor(x), torch.tensor(w, requires_grad=True), torch.tensor(y)
    y_pred = x * w
    e = y_pred - y
    e2 = e**2
    for node in (e2, e, y_pred):
        node.retain_grad()
    e2.sum().backward()
    return {"de2": e2.grad, "de": e.grad, "dy_pred": y_pred.grad, "dw": w.grad}


@manual_backprop.misconception("missing_chain_factor")
def product_passed_as_it_is(x, w, y):
    """The gradient of y_pred handed on to w without the factor x."""
    de = 2 * (x * w - y)
    return {"de2": np.ones_like(x), "de": de, "dy_pred": de, "dw": de.sum()}


@manual_backprop.misconception("gradient_of_wrong_input")
def product_derived_by_the_other_factor(x, w, y):
    """The gradient of y_pred handed on to w with the factor w, which is x's derivative."""
    de = 2 * (x * w - y)
    return {"de2": np.ones_like(x), "de": de, "dy_pred": de, "dw": (de * w).sum()}


@manual_backprop.misconception("value_instead_of_gradient")
def values_of_the_forward_pass(x, w, y):
    """The nodes' values in place of their gradients."""
    e = x * w - y
    return {"de2": e**2, "de": e, "dy_pred": x * w, "dw": w}
