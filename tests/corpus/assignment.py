"""Questions of the kinds that courses ask, for the corpus of answers beside this file.

Holds the reference solutions alone: no wrong solution is declared here, so that the corpus measures
what is recognised without them. It knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, array, integer, labels, real, source, tensor

hw = Assignment("corpus", title="Questions with many answers")

EPS = 1e-5


@hw.question(
    points=4,
    inputs={
        "x": array("n", "d", low=-1.5, high=1.5),
        "W1": array("d", "h", low=-0.8, high=0.8),
        "b1": array("h", low=-0.5, high=0.5),
        "W2": array("h", "o"),
        "b2": array("o"),
        "y": array("n", "o"),
    },
    autograd="forbidden",
)
def mlp_backprop(x, W1, b1, W2, b2, y):  # noqa: PLR0917 - a network has its parameters
    """The gradients of mean((tanh(x @ W1 + b1) @ W2 + b2 - y)**2), the mean over all entries."""
    x, y = torch.tensor(x), torch.tensor(y)
    W1, b1, W2, b2 = (torch.tensor(one, requires_grad=True) for one in (W1, b1, W2, b2))
    hidden = torch.tanh(x @ W1 + b1)
    prediction = hidden @ W2 + b2
    ((prediction - y) ** 2).mean().backward()
    return {"dW2": W2.grad, "db2": b2.grad, "dW1": W1.grad, "db1": b1.grad}


@hw.question(
    points=2,
    inputs={"z": array("n", "c"), "t": labels("n", "c")},
    autograd="forbidden",
)
def softmax_cross_entropy(z, t):
    """The mean cross-entropy of softmax(z) against the classes t, and its gradient."""
    z, t = torch.tensor(z, requires_grad=True), torch.tensor(t)
    log_probabilities = z - torch.logsumexp(z, dim=1, keepdim=True)
    loss = -log_probabilities[torch.arange(len(t)), t].mean()
    loss.backward()
    return {"loss": loss.detach(), "dz": z.grad}


@hw.question(
    points=3,
    inputs={
        "x": array("n", "d", low=-3.0, high=3.0),
        "gamma": array("d", low=0.5, high=2.0),
        "beta": array("d"),
        "dout": array("n", "d"),
    },
    autograd="forbidden",
)
def batchnorm_backprop(x, gamma, beta, dout):
    """The gradients of sum(dout * (gamma * x_hat + beta)), x_hat normalised over the batch."""
    dout = torch.tensor(dout)
    x, gamma, beta = (torch.tensor(one, requires_grad=True) for one in (x, gamma, beta))
    mean = x.mean(0)
    variance = ((x - mean) ** 2).mean(0)
    x_hat = (x - mean) / (variance + EPS) ** 0.5
    (gamma * x_hat + beta).backward(dout)
    return {"dbeta": beta.grad, "dgamma": gamma.grad, "dx": x.grad}


@hw.question(
    points=3,
    inputs={
        "X": tensor("n", "d", low=-1.2, high=1.2),
        "y": tensor("n"),
        "lr": real(0.03, 0.09),
        "steps": integer(3, 6),
    },
)
def linear_regression(X, y, lr, steps):
    """Gradient descent from zero on mean((X @ w + b - y)**2): the losses before each step, w, b."""
    w = torch.zeros(X.shape[1], requires_grad=True, dtype=X.dtype)
    b = torch.zeros(1, requires_grad=True, dtype=X.dtype)
    losses = []
    for _ in range(steps):
        loss = ((X @ w + b - y) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
    return {"losses": losses, "w": w.detach(), "b": b.detach()}


@hw.question(
    points=1,
    inputs={"X": array("n", "d"), "y": array("n"), "w": array("d"), "lam": real(0.1, 0.9)},
    autograd="forbidden",
)
def ridge_gradient(X, y, w, lam):
    """The gradient of mean((X @ w - y)**2) + lam * sum(w**2) with respect to w."""
    X, y, w = torch.tensor(X), torch.tensor(y), torch.tensor(w, requires_grad=True)
    (((X @ w - y) ** 2).mean() + lam * (w**2).sum()).backward()
    return w.grad


@hw.question(
    points=3,
    inputs={
        "X": array("n", "d"),
        "w": array("d", low=-1.5, high=1.5),
        "b": real(-0.9, 0.9),
        "t": labels("n", 2),
    },
    autograd="forbidden",
)
def logistic_regression(X, w, b, t):
    """The gradients of the mean binary cross-entropy of sigmoid(X @ w + b) against t."""
    X, t = torch.tensor(X), torch.tensor(t).to(torch.tensor(X).dtype)
    w, b = (torch.tensor(one, requires_grad=True, dtype=X.dtype) for one in (w, b))
    z = X @ w + b
    z.retain_grad()
    p = torch.sigmoid(z)
    (-(t * torch.log(p) + (1 - t) * torch.log(1 - p))).mean().backward()
    return {"dz": z.grad, "dw": w.grad, "db": b.grad}


@hw.question(
    points=1,
    inputs={"x": array("n", "m"), "k": integer(3, 7)},
    autograd="forbidden",
)
def scaled_mean(x, k):
    """The gradient of mean(k * (x + 2)**2) with respect to x."""
    x = torch.tensor(x, requires_grad=True)
    (k * (x + 2) ** 2).mean().backward()
    return x.grad


@hw.question(points=1, inputs={"x": tensor("n", requires_grad=True)})
def half_sum(x):
    """The gradient of the half of sum(5 * (x + 1)**2) with respect to x."""
    y = 5 * (x + 1) ** 2
    out = 0.5 * y.sum()
    out.backward()
    return x.grad


@hw.question(points=2, inputs={"x": real(-3.0, 3.0), "y": real(-3.0, 3.0)})
def two_inputs(x, y):
    """The value of z = 2 * x + y**2, and its gradients with respect to x and y."""
    x = torch.tensor(x, requires_grad=True, dtype=torch.float64)
    y = torch.tensor(y, requires_grad=True, dtype=torch.float64)
    z = 2 * x + y**2
    z.backward()
    return {"z": z.detach(), "dx": x.grad, "dy": y.grad}


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True), "v": tensor("n")},
)
def vector_jacobian(x, v):
    """y = x doubled at least once and until its norm is 1000 or more; and v times dy/dx."""
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


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
    inputs={"a": real(-0.9, 0.9), "b": real(-2.0, 2.0), "c": real(-0.9, 0.9)},
    autograd="forbidden",
)
def chain(a, b, c):
    """J = a * tanh(a * b + c), with e = a * b, d = e + c, o = tanh(d): the gradient of every node.

    `da` counts both ways from a to J.
    """
    a, b, c = (torch.tensor(one, requires_grad=True, dtype=torch.float64) for one in (a, b, c))
    e = a * b
    d = e + c
    o = torch.tanh(d)
    for node in (e, d, o):
        node.retain_grad()
    (o * a).backward()
    return {"do": o.grad, "dd": d.grad, "de": e.grad, "dc": c.grad, "db": b.grad, "da": a.grad}


@hw.question(
    points=3,
    inputs={"x": array("n", "m"), "g": array("n", "m")},
    autograd="forbidden",
)
def activations(x, g):
    """What relu, sigmoid, tanh and softplus at x hand back when g arrives from above."""
    upstream = torch.tensor(g)
    gradients = {}
    for name, function in (
        ("relu", torch.relu),
        ("sigmoid", torch.sigmoid),
        ("tanh", torch.tanh),
        ("softplus", lambda x: torch.log(1 + torch.exp(x))),
    ):
        leaf = torch.tensor(x, requires_grad=True)
        function(leaf).backward(upstream)
        gradients[name] = leaf.grad
    return gradients


@hw.question(
    points=2,
    inputs={"x": tensor("n", requires_grad=True), "v": tensor("n")},
)
def custom_function(x, v):
    """y = x * sigmoid(x), written as an autograd Function, and the gradient of sum(v * y)."""
    y = x * torch.sigmoid(x)
    (v * y).sum().backward()
    return {"y": y.detach(), "grad": x.grad}


@hw.question(
    points=2,
    inputs={
        "f": source("lambda v: (v[0] * v ** 3).sum()"),
        "x": array("n"),
        "eps": real(0.05, 0.2),
    },
    autograd="forbidden",
)
def numerical_gradient(f, x, eps):
    """The gradient of f at x by central differences of step eps."""
    gradient = x * 0
    for index in range(len(x)):
        step = x * 0
        step[index] = eps
        gradient[index] = (f(x + step) - f(x - step)) / (2 * eps)
    return gradient
