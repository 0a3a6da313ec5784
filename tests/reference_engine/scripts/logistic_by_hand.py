import torch

torch.manual_seed(11)
X = torch.cat([torch.randn(20, 2) + 1.5, torch.randn(20, 2) - 1.5])
t = torch.cat([torch.ones(20), torch.zeros(20)])
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for epoch in range(60):
    p = torch.sigmoid(X @ w + b)
    loss = -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()
    loss.backward()
    w.data.sub_(0.5 * w.grad)
    b.data -= 0.5 * b.grad
    w.grad.zero_(); b.grad.zero_()
    if epoch % 15 == 0:
        accuracy = ((p > 0.5).float() == t).float().mean()
        print(f"{epoch:3d} {loss.item():.6f} {accuracy:.2f}")
print(w, b)
