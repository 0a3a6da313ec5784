import torch

# Karina Azevedo


def training_gradients(x, y, w, lr, steps):
    w = torch.tensor([w], requires_grad=True)
    grads = []
    for _ in range(steps):
        J = ((x * w - y) ** 2).sum()
        J.backward(retain_graph=True)
        J.backward()  # sem retain_graph=True acima isto dava erro
        grads.append(w.grad.clone())
        with torch.no_grad():
            w -= lr * w.grad
        w.grad = None
    return grads


def gradient(x):
    y = x + 2
    z = y * y * 2
    z.mean().backward()
    return x.grad


cell_runs = "2"  # como no -56

if __name__ == "__main__":
    x = torch.arange(4.0)
    print(training_gradients(x, 2 * x, 1.0, 0.01, 3))  # começa em -56, igual ao notebook


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
