"""Softmax and cross-entropy by hand: stable for large scores, and with its short gradient.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import numpy as np

import reference_engine as torch
from grader import Assignment, array, labels

hw = Assignment(
    "softmax_cross_entropy",
    title={
        "en": "Softmax and cross-entropy",
        "pt": "Softmax e entropia cruzada",
        "es": "Softmax y entropía cruzada",
    },
)

LARGE = {"z": [[1000.0, 999.0, 990.0], [-1000.0, -1002.0, -1001.0]]}
# The probability of the right class is rounded to 0 here, but its logarithm is -2000.
UNLIKELY = {"z": [[1000.0, -1000.0, 0.0], [2.0, 1.0, -0.5]], "t": [1, 0]}


@hw.question(points=2, inputs={"z": array("n", "c")}, autograd="forbidden", examples=[LARGE])
def softmax(z):
    """The probabilities of every row of scores."""
    return torch.softmax(torch.tensor(z), dim=1)


@softmax.misconception("wrong_axis")
def over_the_batch(z):
    return torch.softmax(torch.tensor(z), dim=0)


@softmax.misconception("wrong_axis")
def over_everything(z):
    return torch.softmax(torch.tensor(z).reshape(-1), dim=0).reshape(z.shape)


@hw.question(
    points=4,
    inputs={"z": array("n", "c"), "t": labels("n", "c")},
    autograd="forbidden",
    examples=[{**LARGE, "t": [1, 0]}, UNLIKELY],
)
def softmax_cross_entropy(z, t):
    """The mean cross-entropy of softmax(z) against the classes t, and its gradient."""
    z, t = torch.tensor(z, requires_grad=True), torch.tensor(t)
    log_probabilities = z - torch.logsumexp(z, dim=1, keepdim=True)
    loss = -log_probabilities[torch.arange(len(t)), t].mean()
    loss.backward()
    return {"loss": loss.detach(), "dz": z.grad}


def probabilities(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def right_loss(z, t):
    largest = z.max(axis=1)
    totals = largest + np.log(np.exp(z - largest[:, None]).sum(axis=1))
    return (totals - z[np.arange(len(t)), t]).mean()


@softmax_cross_entropy.misconception("missing_one_hot")
def nothing_subtracted(z, t):
    return {"loss": right_loss(z, t), "dz": probabilities(z) / len(t)}


@softmax_cross_entropy.misconception("label_off_by_one")
def one_column_to_the_left(z, t):
    one_hot = np.eye(z.shape[1])[t - 1]
    return {"loss": right_loss(z, t), "dz": (probabilities(z) - one_hot) / len(t)}


@softmax_cross_entropy.misconception("prediction_used_as_target")
def most_probable_class_subtracted(z, t):
    one_hot = np.eye(z.shape[1])[z.argmax(axis=1)]
    return {"loss": right_loss(z, t), "dz": (probabilities(z) - one_hot) / len(t)}


@softmax_cross_entropy.misconception("wrong_row_indexing")
def whole_columns_subtracted(z, t):
    p = probabilities(z)
    p[:, t] -= 1
    return {"loss": right_loss(z, t), "dz": p / len(t)}


@softmax_cross_entropy.misconception("softmax_applied_twice")
def probabilities_of_probabilities(z, t):
    p = probabilities(probabilities(z))
    one_hot = np.eye(z.shape[1])[t]
    return {"loss": right_loss(probabilities(z), t), "dz": (p - one_hot) / len(t)}


@softmax_cross_entropy.misconception("diagonal_jacobian")
def derivative_of_each_entry_for_itself(z, t):
    p = probabilities(z)
    return {"loss": right_loss(z, t), "dz": p * (1 - p) / len(t)}


@softmax_cross_entropy.misconception("diagonal_jacobian")
def only_the_target_moves(z, t):
    rows = np.arange(len(t))
    dz = np.zeros_like(z)
    dz[rows, t] = (probabilities(z)[rows, t] - 1) / len(t)
    return {"loss": right_loss(z, t), "dz": dz}
