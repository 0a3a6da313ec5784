import torch


def freeze_features(x, W, v):
    W = W.detach()
    v = v.detach()
    h = torch.tanh(x @ W)
    loss = ((h @ v) ** 2).mean()
    if loss.requires_grad:
        loss.backward()
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
    loss = (w**2).sum()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    print("after the step:", w)


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
