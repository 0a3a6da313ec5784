import torch


def scaled_mean(x, k):
    out = (k * (x + 2) ** 2).mean()
    out.backward()
    return x.grad


def scaled_mean_formula(x, k):
    return 2 * k * (x + 2) / x.size


def half_sum(x):
    y = 5 * (x + 1) ** 2
    out = y.sum() / 2
    out.backward()
    return {"y": y, "out": out, "grad": x.grad}


def half_sum_formula(x):
    y = 5 * (x + 1) ** 2
    return {"y": y, "out": y.sum() / 2, "grad": 5 * (x + 1)}


def two_inputs(x, y):
    z = 2 * x + y ** 2
    z.backward()
    return {"z": z, "dx": x.grad, "dy": y.grad}


def two_inputs_formula(x, y):
    return {"z": 2 * x + y ** 2, "dx": 2, "dy": 2 * y}
