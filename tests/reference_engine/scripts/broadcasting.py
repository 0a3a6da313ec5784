import torch

a = torch.arange(3.0).view(3, 1)
b = torch.arange(4.0)
print(a + b, (a * b).shape)
w = torch.ones(3, 1, requires_grad=True)
v = torch.ones(4, requires_grad=True)
((w + v) * (a - b)).sum().backward()
print(w.grad, v.grad)
print(torch.ones(2, 1).expand(2, 3), torch.ones(2).repeat(2, 2), torch.broadcast_tensors(a, b)[0].shape)
x, y = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
print(x, y)
data = torch.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])
print((data - data.mean(0)) / data.std(0))
