from __future__ import annotations

import torch
from torch import Tensor


class Neuron:
    """One weight, no bias."""

    def __init__(self, weight: float) -> None:
        self.weight = torch.tensor(weight, requires_grad=True)

    def __call__(self, x: Tensor) -> Tensor:
        return self.weight * x

    def update(self, lr: float) -> None:
        with torch.no_grad():
            self.weight.sub_(lr * self.weight.grad)
        self.weight.grad = None


def training_gradients(x: Tensor, y: Tensor, w: float, lr: float, steps: int) -> list[float]:
    neuron = Neuron(w)
    history: list[float] = []
    for _ in range(steps):
        loss = torch.sum((neuron(x) - y) ** 2)
        loss.backward()
        history.append(neuron.weight.grad.item())
        neuron.update(lr)
    return history


def gradient(x: Tensor) -> Tensor:
    leaf = x.detach().clone().requires_grad_(True)
    torch.mean(2 * (leaf + 2) ** 2).backward()
    return leaf.grad


cell_runs: str = "8"


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
