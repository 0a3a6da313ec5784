import torch


def states(values, tracked):
    x = torch.tensor(values, requires_grad=tracked)
    y = x + 2
    out = y.mean()
    ts = [x, y, out]
    return {
        "is_leaf": [t.is_leaf for t in ts],
        "requires_grad": [t.requires_grad for t in ts],
        "grad_fn": [t.grad_fn.name() if t.grad_fn else None for t in ts],
    }


def propagation(values, tracked):
    a = torch.tensor(values, requires_grad=tracked)
    b = torch.tensor(3.0)
    with torch.no_grad():
        silent = (a * b).requires_grad
    return {
        "fresh": b.requires_grad,
        "product": (a * b).requires_grad,
        "constants": (b * b).requires_grad,
        "argmax": a.argmax().requires_grad,
        "comparison": (a > 0).requires_grad,
        "silent": silent,
    }


def creation(values):
    return {"from_list": torch.tensor(values.tolist()), "from_array": torch.from_numpy(values)}


def sharing(values):
    shared = torch.from_numpy(values)
    copied = torch.tensor(values)
    values *= 2
    return {"shared": shared, "copied": copied}


def counting(n, w):
    counts = torch.arange(n)
    return {"counts": counts, "doubled": counts * 2, "weighted": counts * w}


def fields(x):
    before = x.grad
    (x ** 2).sum().backward()
    return {"before": before, "data": x.data, "grad": x.grad}


old_variable = "c"
creator_today = "grad_fn"
