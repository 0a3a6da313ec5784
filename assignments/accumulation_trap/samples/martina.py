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
