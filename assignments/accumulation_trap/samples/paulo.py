import torch


# Paulo Henrique
def training_gradients(x, y, w, lr, steps):
    w = torch.tensor(w, requires_grad=True)
    grads = []
    for _ in range(steps):
        mse = ((x * w - y) ** 2).mean()  # erro quadrático médio
        mse.backward()
        grads.append(w.grad.clone())
        with torch.no_grad():
            w -= lr * w.grad
        w.grad.zero_()
    return grads


def gradient(x):
    y = x + 2
    z = 2 * y**2
    return z


cell_runs = "8"
