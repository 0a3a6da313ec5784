import torch


def second_derivative(f, x):
    (first,) = torch.autograd.grad(f(x), x)
    (second,) = torch.autograd.grad(first.sum(), x)
    return {"first": first, "second": second}


def gradient_penalty(x, w):
    out = torch.tanh(x * w).sum()
    out.backward()
    penalty = (x.grad.norm() - 1) ** 2
    return {"penalty": penalty, "dw": w.grad}


def hessian_vector(f, x, v):
    # so a diagonal
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return h * v
