import torch


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    grads = []
    for _ in range(steps):
        loss = ((x * w - y) ** 2).sum()
        loss.backward()
        grads.append(w.grad.item())
        with torch.no_grad():
            w -= lr * w.grad
            w.grad.zero_()
    return grads


def gradient(x):
    # the lecture prints 24 for ones(2, 2), so I pressed shift+enter until I got it
    for _ in range(8):
        y = x + 2
        z = y * y * 2
        out = z.mean()
        out.backward()
    return x.grad


print(gradient(torch.ones(2, 2, requires_grad=True)))
cell_runs = "24"


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
