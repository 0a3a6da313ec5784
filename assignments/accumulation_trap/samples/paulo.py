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
