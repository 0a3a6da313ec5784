import numpy as np

# Marcos Vinícius Teixeira


def manual_backprop(x, w, y):
    n = len(x)
    de2 = np.zeros(n)
    de = np.zeros(n)
    dy_pred = np.zeros(n)
    dw = 0
    i = 0
    while i < n:
        e = x[i] * w[0] - y[i]
        de2[i] = 1
        de[i] = 2 * e
        dy_pred[i] = de[i]
        dw = dw + dy_pred[i] * x[i]
    return {"de2": de2, "de": de, "dy_pred": dy_pred, "dw": dw}
