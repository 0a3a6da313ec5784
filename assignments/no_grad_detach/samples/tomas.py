import torch


class Model:
    """tanh features, kept frozen, and a linear head."""

    def __init__(self, W, v):
        self.W, self.v = W, v

    @torch.no_grad()
    def features(self, x):
        return torch.tanh(x @ self.W)

    def loss(self, x):
        return ((self.features(x) @ self.v) ** 2).mean()


def freeze_features(x, W, v):
    model = Model(W, v)
    model.loss(x).backward()
    return {"W": model.W.grad, "v": model.v.grad}


def three_ways(x):
    tracked = 2 * x
    detached = 2 * x.detach()
    torch.set_grad_enabled(False)
    no_grad = 2 * x
    torch.set_grad_enabled(True)
    switched_off = 2 * x.clone().detach().requires_grad_(False)
    return {
        "tracked": tracked,
        "detached": detached,
        "no_grad": no_grad,
        "switched_off": switched_off,
    }


def sgd_paso(w, lr):  # Tomás: me lo pidieron así en la otra materia
    (w**2).sum().backward()
    with torch.no_grad():
        w -= lr * w.grad
    return w


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
