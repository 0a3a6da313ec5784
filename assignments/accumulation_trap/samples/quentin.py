import torch


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    grads = []
    for _ in range(steps):
        loss = ((x * w - y) ** 2).sum()
        loss.backward()
        grads.append(w.grad.clone())
        with torch.no_grad():
            w = w - lr * w.grad
    return grads


def gradient(x):
    for _ in range(2):
        loss = (2 * (x + 2) ** 2).mean()
        loss.backward()
    return x.grad


cell_runs = "8"


second_lecture_runs = "2"


def passes_and_zeros(w, k, passes):
    adding, zeroing = [], []
    for _ in range(passes):
        (w * k).sum().backward()
        adding.append(w.grad.clone())
    w.grad.zero_()
    for _ in range(passes):
        (w * k).sum().backward()
        zeroing.append(w.grad.clone())
        w.grad.zero_()
    return {"adding": adding, "zeroing": zeroing, "left": w.grad}
