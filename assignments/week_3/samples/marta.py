import numpy as np
import torch


def manual_backprop(xs, peso, alvo, verbose=False):
    """Devolve de2, de, dy_pred, dw, nesta ordem."""
    residuo = np.multiply(xs, peso) - alvo
    if verbose:
        mensagens.append(residuo)
    um = np.ones_like(residuo)
    dois_e = residuo + residuo
    return um, dois_e, dois_e, (dois_e * xs).sum(keepdims=True)


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


def mlp_backprop(x, W1, b1, W2, b2, y):
    hidden = np.tanh(x @ W1 + b1)
    prediction = hidden @ W2 + b2
    dprediction = 2 * (prediction - y) / y.size
    dz = (dprediction @ W2.T) * (1 - hidden ** 2)
    return {
        "dW2": hidden.T @ dprediction,
        "db2": dprediction.sum(axis=0),
        "dW1": x.T @ dz,
        "db1": dz.sum(axis=0),
    }

gradient_of_what = "b"

why_destroy = """The saved values are freed. In a loop each round makes a new graph, so keeping the
old ones would only fill the memory."""
