import torch


def freeze_features(x, W, v):
    h = torch.tanh(x @ W).detach()
    loss = ((h @ v) ** 2).sum()
    loss.backward()
    return {"W": W.grad, "v": v.grad}


def three_ways(x):
    tracked = 2 * x
    detached = 2 * x.detach()
    no_grad = 2 * x  # forgot the "with" here?
    x.requires_grad = False
    switched_off = 2 * x
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
        w += lr * w.grad
    return w


def through_data(x):
    (x * x ** 2).sum().backward()
    tracked = x.grad.clone()
    (x.data * x ** 2).sum().backward()
    return {"tracked": tracked, "hidden": x.grad}


unassigned_detach = "tracked"
