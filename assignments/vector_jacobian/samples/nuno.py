import torch


def doubled(x):
    y = x * 2
    while y.norm() <= 1000:
        y = y * 2
    return y


def vector_jacobian(x, v):
    y = doubled(x)
    y.backward(v)
    return {"y": y.detach(), "grad": x.grad}


def gradient_from_values(x, v):
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    return y.detach() / x.detach()


def scalar_argument(x, v):
    (3 * (x + 2) ** 2).mean().backward()
    plain = x.grad
    x.grad.zero_()
    (3 * (x + 2) ** 2).mean().backward(v)
    return {"plain": plain, "weighted": x.grad}


def jacobian(f, x):
    return torch.autograd.grad(f(x).sum(), x)[0]


keyword = "grad_output"
