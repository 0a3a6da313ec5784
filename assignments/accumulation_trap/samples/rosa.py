import torch

# Rosa Jiménez


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    gradientes = []
    for paso in range(1, steps):
        perdida = ((x * w - y) ** 2).sum()
        perdida.backward()
        gradientes.append(float(w.grad))
        with torch.no_grad():
            w -= lr * w.grad
        w.grad.zero_()
    return gradientes


def gradient(x):
    y = x + 2
    z = y * y * 2
    out = z.mean()
    out.backward()
    print(x.grad)


cell_runs = "8 veces"
