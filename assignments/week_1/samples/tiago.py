import numpy as np
import torch


def states(values, tracked):
    # decorei o caso da aula
    return {
        "is_leaf": [True, False, False],
        "requires_grad": [True, True, True],
        "grad_fn": [None, "AddBackward0", "MeanBackward0"],
    }


def propagation(values, tracked):
    return {name: tracked for name in
            ("fresh", "product", "constants", "argmax", "comparison", "silent")}


def fields(x):
    (x ** 2).sum().backward()
    return {"before": x.grad, "data": x, "grad": x.grad}


def scaled_mean(x, k):
    (k * (x + 2) ** 2).sum().backward()
    return x.grad


def half_sum(x):
    y = 5 * (x + 1) ** 2
    out = y.mean()
    out.backward()
    return {"y": y, "out": out, "grad": x.grad}


def two_inputs(x, y):
    z = 2 * x + y ** 2
    z.backward()
    z = 2 * x + y ** 2
    z.backward()
    return {"z": z, "dx": x.grad, "dy": y.grad}

variable_class = "a"

missing_requires_grad = "a"
