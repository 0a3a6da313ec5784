import torch
from torch.func import grad, jacrev, vmap


def f(x):
    return (x ** 3).sum()


x = torch.tensor([1.0, 2.0])
print(grad(f)(x), grad(lambda t: grad(lambda u: u ** 3)(t))(torch.tensor(2.0)))
print(jacrev(lambda t: t * t.sum())(x))
print(vmap(torch.dot)(torch.ones(3, 2), torch.arange(6.0).view(3, 2)))
w = torch.tensor([0.5, -0.5])
per_sample = vmap(grad(lambda w, x, y: (w @ x - y) ** 2), in_dims=(None, 0, 0))
print(per_sample(w, torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 0.0])))
