import warnings

import torch

warnings.filterwarnings("ignore")

# Vitória Prado


def freeze_features(x, W, v):
    h = torch.tensor(torch.tanh(x @ W))  # cópia, sem grafo (dá um aviso, mas funciona)
    erro = (h * v).sum(dim=1)
    perda = (erro * erro).mean()
    perda.backward()
    return {"W": W.grad, "v": v.grad}


def three_ways(x):
    tracked = 2 * x
    detached = 2 * x.detach()
    with torch.no_grad():
        no_grad = 2 * x
    x.requires_grad = False
    switched_off = 2 * x
    return {
        "tracked": tracked.sum(),
        "detached": detached.sum(),
        "no_grad": no_grad.sum(),
        "switched_off": switched_off.sum(),
    }


def sgd_step(w, lr):
    perda = (w**2).sum()
    perda.backward()
    with torch.no_grad():
        w -= lr * w.grad
    return w.data
