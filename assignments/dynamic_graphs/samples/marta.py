import torch


def branch(x):
    if x.sum() > 0:
        out = (x ** 2).sum()
    else:
        out = (3 * x).sum()
    out.backward()
    return x.grad


def loop(x, limit):
    y = x
    k = 0
    while y.sum() < limit:
        y = y * 2
        k += 1
    y.sum().backward()
    return {"doublings": k, "grad": x.grad}


def piecewise(x):
    xs = x.detach()
    return torch.where(xs > 0, 2 * xs, torch.full_like(xs, -3.0))
