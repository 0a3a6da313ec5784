import torch


def train_by_hand(X, y, lr, steps):
    w, b = torch.zeros(X.shape[1]), torch.zeros(1)
    losses, weights, biases = [], [], []
    error = X @ w + b - y
    for _ in range(steps):
        losses.append((error ** 2).mean().item())
        w = w - lr * 2 * error @ X / len(y)
        b = b - lr * 2 * error.mean()
        weights.append(w)
        biases.append(b)
    return {"losses": losses, "weights": weights, "biases": biases}


def train_with_optimizer(X, y, lr, steps):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    losses, weights, biases = [], [], []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((X @ w + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        weights.append(w)
        biases.append(b)
    return {"losses": losses, "weights": weights, "biases": biases}


def fit(X, y):
    return {"w": torch.zeros(X.shape[1]), "b": y.mean()}
