import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x ** 2).sum()
y.backward(retain_graph=True)
y.backward()
print(x.grad)
try:
    y.backward()
except RuntimeError as error:
    print(error)
z = (x + 1).sum()
z.backward()
z.backward()
print(x.grad)
u = x * 3
v = u.sum()
u.retain_grad()
v.backward()
print(u.grad, u.is_leaf, v.grad_fn.name())
