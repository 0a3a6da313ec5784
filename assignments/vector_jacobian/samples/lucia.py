import torch


def vector_jacobian(x, v):
    y = x * 2
    while True:
        y = y * 2
        if y.norm() >= 1000:
            y = y * 2
            break
    y.backward(grad_output=v)
    return {"y": y, "grad": x.grad}


def gradient_from_values(x, v):
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    return y / x


def scalar_argument(x, v):
    (3 * (x + 2) ** 2).mean().backward()
    plain = x.grad.clone()
    x.grad.zero_()
    (3 * (x + 2) ** 2).mean().backward(torch.Tensor([1.0]))
    return {"plain": plain, "weighted": x.grad}


def jacobian(f, x):
    return torch.autograd.functional.jacobian(f, x).T


keyword = "v"
