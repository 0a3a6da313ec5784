import torch


def graph_lifetime(x):
    J = (x ** 3).sum()
    J.backward(retain_graph=True)
    first = x.grad
    J.backward()
    both = x.grad
    (x ** 3).sum().backward()
    return {"first": first, "both": both, "fresh": x.grad}


def second_pass(f, w):
    f(w).backward()
    return {"raises": True, "grad": w.grad}


def retained(x, passes):
    out = torch.exp(x).sum()
    for _ in range(passes):
        out.backward()
    return x.grad


after_backward = "c"
