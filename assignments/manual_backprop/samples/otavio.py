import numpy as np
from numpy import ones_like


# Otávio Lima
def manual_backprop(x, w, y):
    y -= x * w              # agora y é o erro, com o sinal trocado
    de2 = ones_like(y)
    de = -2 * y
    dy_pred = de
    dw = (dy_pred * x).sum()
    return {"de2": de2, "de": de, "dy_pred": dy_pred, "dw": dw}
