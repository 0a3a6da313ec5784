import numpy as np


def mlp_forward(x, W1, b1, W2, b2):
    hidden = x @ W1 + b1
    return {"hidden": hidden, "prediction": hidden @ W2 + b2}


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
