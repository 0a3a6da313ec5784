import torch


def train_by_hand(X, y, lr, steps):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        loss = ((X @ w + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        losses.append(loss.item())
        weights.append(w.detach().clone())
        biases.append(b.detach().clone())
    return {"losses": losses, "weights": weights, "biases": biases}


def train_with_optimizer(X, y, lr, steps):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    opt = torch.optim.SGD([w, b], lr=lr)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        opt.zero_grad()
        loss = ((X @ w + b - y) ** 2).mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
        weights.append(w.detach())
        biases.append(b.detach())
    return {"losses": losses, "weights": weights, "biases": biases}


def fit(X, y):
    w = torch.zeros(X.shape[1])
    b = torch.zeros(1)
    return {"w": w, "b": b}
