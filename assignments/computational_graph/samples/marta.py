import torch


def node_values(x, w, y):
    y_pred = x * w
    e = y_pred - y
    e2 = e ** 2
    return {"y_pred": y_pred, "e": e, "e2": e2, "J": e2.sum()}


def node_names(x, w, reduction):
    a = x * w
    b = a ** 2
    c = b.sum() if reduction == "sum" else b.mean()
    return [a.grad_fn.name(), b.grad_fn.name(), c.grad_fn.name()]


def walk_back(f, x):
    names = []
    fn = f(x).grad_fn
    while fn:
        names.append(fn.name())
        if not fn.next_functions:
            break
        fn = fn.next_functions[0][0]
    return names


def constants(x, w):
    p = x * w
    names = [n.name() if n else None for n, _ in p.grad_fn.next_functions]
    p.sum().backward()
    return {"operands": names, "x": x.grad, "w": w.grad}


def leaves(x, w, frozen):
    if frozen:
        w.requires_grad_(False)
    return {
        "x": x.is_leaf,
        "w": w.is_leaf,
        "twice": (x * 2).is_leaf,
        "product": (x * w).is_leaf,
        "detached": (x * w).detach().is_leaf,
    }
