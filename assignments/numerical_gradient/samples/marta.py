import numpy as np


def numerical_gradient(f, x, eps):
    grad = np.zeros_like(x)
    for i in range(len(x)):
        e = np.zeros_like(x)
        e[i] = eps
        grad[i] = (f(x + e) - f(x - e)) / (2 * eps)
    return grad


def predict_change(x, y, w, eps):
    g = (2 * (x * w - y) * x).sum()
    return {"gradient": g, "change": g * eps, "grows": g > 0}


def exact_change(x, y, w, eps):
    J = lambda w: ((x * w - y) ** 2).sum()
    return J(w + eps) - J(w)


single_precision = "b"
