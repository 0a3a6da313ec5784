import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
with torch.no_grad():
    y = x * 2
print(y, y.requires_grad)
d = x.detach()
d[0] = 10.0
print(x, d.requires_grad, x.detach().numpy())
z = (x * d).sum()
z.backward()
print(x.grad)
with torch.set_grad_enabled(False):
    print((x + 1).requires_grad, torch.is_grad_enabled())


@torch.no_grad()
def predict(t):
    return t * 2


print(predict(x))
x.requires_grad = False
print(x, (x * 2).requires_grad)
