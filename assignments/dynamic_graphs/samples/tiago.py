import torch


def branch(x):
    (x ** 2).sum().backward()
    return x.grad


def loop(x, limit):
    y = x * 2
    k = 1
    while y.sum() < limit:
        y = y * 2
        k += 1
    y.sum().backward()
    return {"doublings": k + 1, "grad": x.grad}


def piecewise(x):
    (x > 0).sum().backward()
    return x.grad
