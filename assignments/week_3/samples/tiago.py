import numpy as np
import torch


def manual_backprop(x, w, y):
    y_pred = x * w
    e = y_pred - y
    de2 = np.ones(e.shape)
    de = 2 * e * de2
    dy_pred = 1 * de
    # w es un solo número: se suman todos los gradientes que le llegan
    dw = dy_pred.sum()
    return {"de2": de2, "de": de, "dy_pred": dy_pred, "dw": dw}


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


def mlp_backprop(x, W1, b1, W2, b2, y):
    hidden = np.tanh(x @ W1 + b1)
    prediction = hidden @ W2 + b2
    dprediction = 2 * (prediction - y) / len(y)
    dz = dprediction @ W2.T
    return {
        "dW2": hidden.T @ dprediction,
        "db2": dprediction,
        "dW1": x.T @ dz,
        "db1": dz,
    }

gradient_of_what = "a"
