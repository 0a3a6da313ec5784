import torch

# Júlia Monteiro


def freeze_features(x, W, v):
    h = torch.tanh(x @ W)
    perda = torch.mean((h @ v) ** 2)
    perda.backward()
    W.grad.zero_()  # congela W
    return {"W": W.grad, "v": v.grad}


def three_ways(x):
    out = {}
    out["tracked"] = 2 * x
    out["detached"] = 2 * x.detach()
    with torch.no_grad():
        out["no_grad"] = 2 * x
    x.requires_grad = False
    out["switched_off"] = 2 * x
    return out


def sgd_step(w, lr):
    perda = (w**2).sum()
    perda.backward()
    with torch.no_grad():
        w.add_(-lr * w.grad)
    return w


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
