import torch

# Pilar Echeverría


def freeze_features(x, W, v):
    h = torch.tanh(x @ W)
    h.requires_grad = False  # congelar h
    perdida = ((h @ v) ** 2).mean()
    perdida.backward()
    return {"W": W.grad, "v": v.grad}


def three_ways(x):
    tracked = 2 * x
    detached = 2 * x.detach()
    with torch.no_grad():
        no_grad = 2 * x
    x.requires_grad = False
    switched_off = 2 * x
    return {
        "tracked": tracked,
        "detached": detached,
        "no_grad": no_grad,
        "switched_off": switched_off,
    }


def sgd_step(w, lr):
    perdida = (w**2).sum()
    perdida.backward()
    with torch.no_grad():
        w -= lr * w
    return w


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
