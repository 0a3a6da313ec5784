import torch


def freeze_features(x, W, v):
    h = torch.tanh(x @ W)
    h = h.detach()
    y = h @ v
    loss = y.pow(2).mean()
    loss.backward()
    return {"W": W.grad, "v": v.grad}


def three_ways(x):
    # começo pela opção 1 da aula
    x.requires_grad = False
    switched_off = 2 * x
    detached = 2 * x.detach()
    with torch.no_grad():
        no_grad = 2 * x
    tracked = 2 * x  # fora do with volta a rastrear
    return {
        "tracked": tracked,
        "detached": detached,
        "no_grad": no_grad,
        "switched_off": switched_off,
    }


def sgd_step(w, lr):
    loss = (w**2).sum()
    loss.backward()
    grad = w.grad.clone()
    w.grad.zero_()
    with torch.no_grad():
        w -= lr * grad
    return w


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
