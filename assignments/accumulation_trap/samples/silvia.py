import torch


def paso(w, perdida, lr):
    """Actualiza el peso y borra el gradiente."""
    with torch.no_grad():
        w -= lr * perdida
    w.grad.zero_()


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    gradientes = []
    for _ in range(steps):
        perdida = ((x * w - y) ** 2).sum()
        perdida.backward()
        gradientes.append(w.grad.item())
        paso(w, perdida, lr)
    return gradientes


gradient = lambda x: torch.autograd.grad(torch.mean(2 * (x + 2) ** 2), x)[0].tolist()

cell_runs = "4"


second_lecture_runs = "28"


def passes_and_zeros(w, k, passes):
    adding, zeroing = [], []
    for _ in range(passes):
        (w * k).sum().backward()
        adding.append(w.grad)
    w.grad.zero_()
    for _ in range(passes):
        (w * k).sum().backward()
        zeroing.append(w.grad)
        w.grad.zero_()
    return {"adding": adding, "zeroing": zeroing, "left": w.grad}
