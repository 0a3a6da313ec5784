import torch


def vector_jacobian(x, v):
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    y.backward(v)
    return {"y": y, "grad": x.grad}


def gradient_from_values(x, v):
    y = x.detach() * 2
    while y.norm() < 1000:
        y = y * 2
    return v * (y / x.detach())


def scalar_argument(x, v):
    out = (3 * (x + 2) ** 2).mean()
    out.backward(retain_graph=True)
    plain = x.grad.clone()
    x.grad.zero_()
    out.backward(v)
    return {"plain": plain, "weighted": x.grad}


def jacobian(f, x):
    y = f(x)
    rows = []
    for i in range(len(y)):
        e = torch.zeros(len(y))
        e[i] = 1
        x.grad = None
        y.backward(e, retain_graph=True)
        rows.append(x.grad.clone())
    return torch.stack(rows)


keyword = "gradient"
