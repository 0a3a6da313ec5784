import torch

x = torch.ones(2, 2, requires_grad=True)
print(x)
y = x + 2
print(y, y.grad_fn is not None, x.grad_fn)
z = y * y * 3
out = z.mean()
print(z, out)
out.backward()
print(x.grad)
print(x.is_leaf, y.is_leaf, y.requires_grad, out.requires_grad)
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
c = a ** 2 * b + torch.sin(b)
c.backward()
print(c, a.grad, b.grad, c.item())
print(torch.autograd.grad((a * b / 10).exp(), [a, b]))
