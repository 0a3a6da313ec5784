"""Training a linear model, by hand and with an optimizer: the whole trajectory counts.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import numpy as np

import reference_engine as torch
from grader import Assignment, integer, real, tensor

hw = Assignment(
    "training_loop",
    title={"en": "The training loop", "pt": "O laço de treino", "es": "El bucle de entrenamiento"},
)

INPUTS = {
    "X": tensor("n", "d", low=-1.2, high=1.2),
    "y": tensor("n"),
    "lr": real(0.03, 0.09),
    "steps": integer(3, 6),
}


def trajectory(X, y, lr, steps):
    w = torch.zeros(X.shape[1], requires_grad=True, dtype=X.dtype)
    b = torch.zeros(1, requires_grad=True, dtype=X.dtype)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((X @ w + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        weights.append(w.detach().clone())
        biases.append(b.detach().clone())
    return {"losses": losses, "weights": weights, "biases": biases}


@hw.question(points=3, inputs=INPUTS)
def train_by_hand(X, y, lr, steps):
    """Gradient descent from zero on mean((X @ w + b - y)**2), updating w and b oneself."""
    return trajectory(X, y, lr, steps)


@hw.question(points=3, inputs=INPUTS)
def train_with_optimizer(X, y, lr, steps):
    """The same descent with torch.optim.SGD."""
    return trajectory(X, y, lr, steps)


@train_by_hand.misconception("off_by_one_iteration")
@train_with_optimizer.misconception("off_by_one_iteration")
def one_step_too_few(X, y, lr, steps):
    return trajectory(X, y, lr, steps - 1)


@train_by_hand.misconception("off_by_one_iteration")
@train_with_optimizer.misconception("off_by_one_iteration")
def one_step_too_many(X, y, lr, steps):
    return trajectory(X, y, lr, steps + 1)


def one_after_the_other(X, y, lr, steps, *, bias_first):
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), torch.zeros(1, dtype=X.dtype)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        losses.append(((X @ w + b - y) ** 2).mean().item())
        for moves_bias in (bias_first, not bias_first):
            e = X @ w + b - y
            if moves_bias:
                b = b - lr * 2 * e.mean()
            else:
                w = w - lr * 2 * e @ X / len(y)
        weights.append(w)
        biases.append(b)
    return {"losses": losses, "weights": weights, "biases": biases}


@train_by_hand.misconception("updated_before_gradient")
def weights_moved_before_the_bias(X, y, lr, steps):
    return one_after_the_other(X, y, lr, steps, bias_first=False)


@train_by_hand.misconception("updated_before_gradient")
def bias_moved_before_the_weights(X, y, lr, steps):
    return one_after_the_other(X, y, lr, steps, bias_first=True)


def by_hand(X, y, lr, steps, mistake):
    rate = {"sum for the bias": len(y), "no bias": 0}.get(mistake, 1) * lr
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), torch.zeros(1, dtype=X.dtype)
    first = X @ w + b - y
    losses, weights, biases = [], [], []
    for _ in range(steps):
        e = first if mistake == "one forward pass" else X @ w + b - y
        losses.append((e**2).mean().item())
        w, b = w - lr * 2 * e @ X / len(y), b - rate * 2 * e.mean()
        weights.append(w)
        biases.append(b)
    return {"losses": losses, "weights": weights, "biases": biases}


@train_by_hand.misconception("stale_forward")
def one_forward_pass_for_all_steps(X, y, lr, steps):
    return by_hand(X, y, lr, steps, "one forward pass")


@train_by_hand.misconception("sum_instead_of_mean")
def bias_moved_by_the_sum(X, y, lr, steps):
    return by_hand(X, y, lr, steps, "sum for the bias")


@train_by_hand.misconception("parameters_never_updated")
@train_with_optimizer.misconception("parameters_never_updated")
def bias_left_alone(X, y, lr, steps):
    return by_hand(X, y, lr, steps, "no bias")


@train_by_hand.misconception("loss_used_as_gradient")
def loss_subtracted(X, y, lr, steps):
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), torch.zeros(1, dtype=X.dtype)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        loss = ((X @ w + b - y) ** 2).mean()
        w, b = w - lr * loss, b - lr * loss
        losses.append(loss.item())
        weights.append(w)
        biases.append(b)
    return {"losses": losses, "weights": weights, "biases": biases}


@train_by_hand.misconception("broadcast_loss")
@train_with_optimizer.misconception("broadcast_loss")
def every_prediction_against_every_target(X, y, lr, steps):
    w = torch.zeros(X.shape[1], 1, requires_grad=True, dtype=X.dtype)
    b = torch.zeros(1, requires_grad=True, dtype=X.dtype)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((X @ w + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        weights.append(w.detach().flatten().clone())
        biases.append(b.detach().clone())
    return {"losses": losses, "weights": weights, "biases": biases}


@hw.question(
    points=2,
    inputs={"X": tensor("n", "d", low=-1.2, high=1.2), "y": tensor("n")},
    # Neither w nor b alone comes near these targets.
    examples=[{"X": [[-1.0], [0.0], [0.5], [1.0]], "y": [2.0, 5.0, 6.5, 8.5]}],
)
def fit(X, y):
    """Weights w and b whose mean squared error is close to the least that there is."""
    ones = torch.ones(len(X), 1, dtype=X.dtype)
    design = torch.cat([X, ones], 1)
    # The ridge is far below what is asked, and serves data with fewer points than weights.
    ridge = 1e-6 * torch.eye(design.shape[1], dtype=X.dtype)
    both = torch.linalg.solve(design.T @ design + ridge, design.T @ y)
    return {"w": both[:-1], "b": both[-1:]}


@fit.property
def is_close_to_the_least_loss(X, y, answer):
    """The loss with your w and b is at most 0.02 above the least that there is."""
    design = np.hstack([X, np.ones((len(X), 1))])
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    found = np.append(np.ravel(answer["w"]), answer["b"])
    return np.mean((design @ found - y) ** 2) <= np.mean((design @ best - y) ** 2) + 0.02
