import numpy as np


def backprop_manual(x, w, y):
    # tradução do nome: "manual backprop"
    e = x * w - y
    de = 2 * e
    return {"de2": np.ones_like(e), "de": de, "dy_pred": de, "dw": (de * x).sum()}


x = np.arange(4.0)
print(backprop_manual(x, np.ones(1), 2 * x)["dw"])
