"""Práctica 2. Martina López."""
import torch


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    pasos = []
    for _ in range(steps):
        perdida = ((x * w - y) ** 2).sum()
        perdida.backward()
        with torch.no_grad():
            paso = lr * w.grad
            w -= paso
        pasos.append(paso)
        w.grad.zero_()
    return pasos


def gradient(x):
    y = x + 2
    z = y * y * 2
    z.sum().backward()  # hay que reducir a un escalar
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
