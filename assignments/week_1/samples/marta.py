import numpy as np
import torch


def states(values, tracked):
    x = torch.tensor(values, requires_grad=tracked)
    y = x + 2
    out = y.mean()
    ts = [x, y, out]
    return {
        "is_leaf": [t.is_leaf for t in ts],
        "requires_grad": [t.requires_grad for t in ts],
        "grad_fn": [t.grad_fn.name() if t.grad_fn else None for t in ts],
    }


def propagation(values, tracked):
    a = torch.tensor(values, requires_grad=tracked)
    b = torch.tensor(3.0)
    with torch.no_grad():
        silent = (a * b).requires_grad
    return {
        "fresh": b.requires_grad,
        "product": (a * b).requires_grad,
        "constants": (b * b).requires_grad,
        "argmax": a.argmax().requires_grad,
        "comparison": (a > 0).requires_grad,
        "silent": silent,
    }


def fields(x):
    before = x.grad
    (x ** 2).sum().backward()
    return {"before": before, "data": x.data, "grad": x.grad}


def scaled_mean(x, k):
    out = (k * (x + 2) ** 2).mean()
    out.backward()
    return x.grad


def half_sum(x):
    y = 5 * (x + 1) ** 2
    out = y.sum() / 2
    out.backward()
    return {"y": y, "out": out, "grad": x.grad}


def two_inputs(x, y):
    z = 2 * x + y ** 2
    z.backward()
    return {"z": z, "dx": x.grad, "dy": y.grad}

variable_class = "b"

missing_requires_grad = "d"
