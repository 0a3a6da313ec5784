import torch


def features(x, W):
    return torch.tanh(x @ W)


def head(h, v):
    return h @ v


def freeze_features(x, W, v):
    loss = (head(features(x, W).detach(), v) ** 2).mean()
    loss.backward()
    return {"W": W.grad, "v": v.grad}


def three_ways(x):
    tracked = 2 * x
    detached = 2 * x.detach()
    with torch.no_grad():
        no_grad = 2 * x
    switched_off = 2 * x.requires_grad_(False)
    return {
        "tracked": tracked,
        "detached": detached,
        "no_grad": no_grad,
        "switched_off": switched_off,
    }


def sgd_step(w, lr):
    loss = (w**2).sum()
    loss.backward()
    with torch.no_grad():
        w = w - lr * w.grad
    return w


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
