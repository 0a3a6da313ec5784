"""Batch normalisation by hand, forward and backward.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, array

hw = Assignment(
    "batchnorm_backprop",
    title={
        "en": "Backpropagation through batch normalisation",
        "pt": "Retropropagação na normalização em lote",
        "es": "Retropropagación en la normalización por lotes",
    },
)

EPS = 1e-5
INPUTS = {
    "x": array("n", "d", low=-3.0, high=3.0),
    "gamma": array("d", low=0.5, high=2.0),
    "beta": array("d"),
}

# Where the variance is large, nothing shows whether EPS was added, and where.
NARROW = {
    "x": [[0.004, 1.0], [-0.003, -2.0], [0.002, 0.5]],
    "gamma": [1.5, 0.8],
    "beta": [0.3, -0.6],
}


def normalised(x):
    mean = x.mean(0)
    variance = ((x - mean) ** 2).mean(0)
    return (x - mean) / (variance + EPS) ** 0.5


@hw.question(points=2, inputs=INPUTS, autograd="forbidden", examples=[NARROW])
def batchnorm_forward(x, gamma, beta):
    """x normalised over the batch, and gamma times that plus beta."""
    x_hat = normalised(torch.tensor(x))
    return {"x_hat": x_hat, "out": torch.tensor(gamma) * x_hat + torch.tensor(beta)}


@batchnorm_forward.misconception("wrong_axis")
def normalised_over_the_features(x, gamma, beta):
    x_hat = normalised(torch.tensor(x).T).T
    return {"x_hat": x_hat, "out": torch.tensor(gamma) * x_hat + torch.tensor(beta)}


@batchnorm_forward.misconception("reduced_all_axes")
def normalised_over_everything(x, gamma, beta):
    x_hat = normalised(torch.tensor(x).reshape(-1)).reshape(x.shape)
    return {"x_hat": x_hat, "out": torch.tensor(gamma) * x_hat + torch.tensor(beta)}


@batchnorm_forward.misconception(
    "missing_factor",
    message="Batch normalisation divides the sum of squares by the number of rows. By what does "
    "your variance divide it? Look at ddof, correction and unbiased.",
)
def variance_divided_by_one_less(x, gamma, beta):
    x = torch.tensor(x)
    x_hat = (x - x.mean(0)) / (x.var(0) + EPS) ** 0.5
    return {"x_hat": x_hat, "out": torch.tensor(gamma) * x_hat + torch.tensor(beta)}


@hw.question(
    points=3,
    inputs={**INPUTS, "dout": array("n", "d")},
    autograd="forbidden",
    examples=[{**NARROW, "dout": [[0.7, -1.2], [-0.4, 0.9], [1.3, 0.6]]}],
    unasked={"- mean": "what reaches the mean through the variance adds up to zero"},
)
def batchnorm_backprop(x, gamma, beta, dout):
    """The gradients of sum(dout * (gamma * x_hat + beta)), x_hat normalised over the batch."""
    dout = torch.tensor(dout)
    x, gamma, beta = (torch.tensor(one, requires_grad=True) for one in (x, gamma, beta))
    (gamma * normalised(x) + beta).backward(dout)
    return {"dbeta": beta.grad, "dgamma": gamma.grad, "dx": x.grad}
