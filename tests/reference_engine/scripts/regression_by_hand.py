import torch

torch.manual_seed(5)
x = torch.linspace(-1, 1, 30).unsqueeze(1)
y = 2 * x - 0.7 + 0.05 * torch.randn(30, 1)
w = torch.randn(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for epoch in range(101):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.3 * w.grad
        b -= 0.3 * b.grad
        w.grad.zero_()
        b.grad.zero_()
    if epoch % 20 == 0:
        print(epoch, f"{loss.item():.5f}")
print(w, b)
