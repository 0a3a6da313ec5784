import torch


def branch(x):
    out = (x ** 2).sum() if (x > 0).all() else (3 * x).sum()
    out.backward()
    return x.grad


def loop(x, limit):
    y, n = x, 0
    while y.sum() <= limit:
        y = y * 2
        n += 1
    y.sum().backward()
    return {"doublings": n, "grad": x.grad}


def piecewise(x):
    return torch.where(x > 0, x, torch.full_like(x, -3.0)).detach()
