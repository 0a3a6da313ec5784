import torch


def graph_lifetime(x):
    J = (x ** 3).sum()
    J.backward(retain_graph=True)
    first = x.grad.clone()
    J.backward()
    both = x.grad.clone()
    x.grad = None
    (x ** 3).sum().backward()
    return {"first": first, "both": both, "fresh": x.grad}


def second_pass(f, w):
    out = f(w)
    out.backward()
    raises = False
    try:
        out.backward()
    except RuntimeError:
        raises = True
    return {"raises": raises, "grad": w.grad}


def retained(x, passes):
    out = torch.exp(x).sum()
    for _ in range(passes):
        out.backward(retain_graph=True)
    return x.grad


after_backward = "b"
