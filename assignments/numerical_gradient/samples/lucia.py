import numpy as np


def numerical_gradient(f, x, eps):
    grad = np.zeros_like(x)
    for i in range(len(x)):
        grad[i] = (f(x + eps) - f(x - eps)) / (2 * eps)
    return grad


def predict_change(x, y, w, eps):
    g = 2 * ((x * w - y) * x).sum()
    return {"gradient": g, "change": g, "grows": g > 0}


def exact_change(x, y, w, eps):
    w += eps
    return ((x * w - y) ** 2).sum()


single_precision = "float32"
