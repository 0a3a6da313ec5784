import torch


def vector_jacobian(x, v):
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    y.backward(torch.ones(len(y)))
    return {"y": y, "grad": x.grad}


def gradient_from_values(x, v):
    return v * 512


def scalar_argument(x, v):
    out = (3 * (x + 2) ** 2).mean()
    out.backward(retain_graph=True)
    plain = x.grad.clone()
    out.backward(v)
    return {"plain": plain, "weighted": x.grad}


def jacobian(f, x):
    y = f(x)
    y.backward()
    return x.grad


keyword = "grad_output"
