import numpy as np


def manual_backprop(x, w, y):
    de2 = np.ones(len(x))
    e = x * w - y
    de = 2 * e
    dy_pred = de
    # soma as parcelas, da primeira até a última
    dw = 0.0
    for i in range(0, len(x) - 1):
        dw += dy_pred[i] * x[i]
    return {"de2": de2, "de": de, "dy_pred": dy_pred, "dw": dw}
