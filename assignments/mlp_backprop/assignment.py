"""Backpropagation by hand through a network of one hidden layer.

Holds the reference solutions; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, array

hw = Assignment(
    "mlp_backprop",
    title={
        "en": "Backpropagation through a network",
        "pt": "Retropropagação em uma rede",
        "es": "Retropropagación en una red",
    },
)

PARAMETERS = {
    "W1": array("d", "h", low=-0.8, high=0.8),
    "b1": array("h", low=-0.5, high=0.5),
    "W2": array("h", "o"),
    "b2": array("o"),
}
DATA = {"x": array("n", "d", low=-1.5, high=1.5)}


@hw.question(points=2, inputs={**DATA, **PARAMETERS}, autograd="forbidden")
def mlp_forward(x, W1, b1, W2, b2):
    """The hidden layer tanh(x @ W1 + b1) and the prediction hidden @ W2 + b2."""
    x, W1, b1, W2, b2 = map(torch.tensor, (x, W1, b1, W2, b2))
    hidden = torch.tanh(x @ W1 + b1)
    return {"hidden": hidden, "prediction": hidden @ W2 + b2}


@hw.question(
    points=4,
    inputs={**DATA, **PARAMETERS, "y": array("n", "o")},
    autograd="forbidden",
)
def mlp_backprop(x, W1, b1, W2, b2, y):  # noqa: PLR0913 - a network has its parameters
    """The gradients of mean((tanh(x @ W1 + b1) @ W2 + b2 - y)**2), the mean over all entries."""
    x, y = torch.tensor(x), torch.tensor(y)
    W1, b1, W2, b2 = (torch.tensor(one, requires_grad=True) for one in (W1, b1, W2, b2))
    hidden = torch.tanh(x @ W1 + b1)
    prediction = hidden @ W2 + b2
    ((prediction - y) ** 2).mean().backward()
    return {"dW2": W2.grad, "db2": b2.grad, "dW1": W1.grad, "db1": b1.grad}
