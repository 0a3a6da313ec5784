import torch


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    gradients = []
    for i in range(steps):
        J = ((x * w - y) ** 2).sum()
        J.backward()
        with torch.no_grad():
            w -= lr * w.grad
        w.grad.zero_()
        gradients.append(w.grad.item())
    return gradients


def gradient(x):
    y = x + 2
    z = y * y * 2
    out = z.mean()
    out.backward()
    return x.grad


# the last question is in my notebook, I will send it later
