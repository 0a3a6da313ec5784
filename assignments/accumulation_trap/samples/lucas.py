import torch


def training_gradients(x, y, w, lr, steps):
    """Descida do gradiente (Lucas Moreira)."""
    w = torch.tensor(w, requires_grad=True)
    resultado = []
    for passo in range(steps):
        perda = ((x * w - y) ** 2).sum()
        perda.backward()
        g = w.grad.clone()
        resultado.append(g)
        with torch.no_grad():
            w += lr * g
        w.grad.zero_()
        # print(passo, perda.item())   # a perda está subindo???
    return resultado


def gradient(x):
    return torch.autograd.grad((2 * (x + 2) ** 2).mean(), x)[0]


cell_runs = "8"


second_lecture_runs = "2"


def passes_and_zeros(w, k, passes):
    adding, zeroing = [], []
    for _ in range(passes):
        (w * k).sum().backward()
        adding.append(w.grad.clone())
    w.grad.zero_()
    for _ in range(passes):
        (w * k).sum().backward()
        zeroing.append(w.grad.clone())
        w.grad.zero_()
    return {"adding": adding, "zeroing": zeroing, "left": w.grad}
