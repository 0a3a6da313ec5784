import numpy as np


def numerical_gradient(f, x, eps):
    grad = np.zeros_like(x)
    for i in range(len(x)):
        e = np.zeros_like(x)
        e[i] = eps
        grad[i] = (f(x + e) - f(x)) / eps
    return grad


def predict_change(x, y, w, eps):
    # a aula diz 28, e que J aumenta
    g = abs((2 * (x * w - y) * x).sum())
    return {"gradient": g, "change": g * eps, "grows": True}


def exact_change(x, y, w, eps):
    return eps * (2 * (x * w - y) * x).sum()


single_precision = "a"
