import torch


class Descent:
    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr

    def step(self):
        with torch.no_grad():
            for p in self.params:
                p -= self.lr * p.grad

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()


torch.manual_seed(22)
model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
x, y = torch.randn(12, 4), torch.randn(12, 1)
optimizer = Descent(model.parameters(), lr=0.1)
history = []
for _ in range(25):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    history.append(round(loss.item(), 4))
print(history[::6], all(b <= a for a, b in zip(history, history[1:])))
