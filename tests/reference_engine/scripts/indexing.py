import torch

x = torch.arange(20).view(4, 5)
print(x[1], x[:, 2], x[1:3, ::2], x[-1], x[..., 0])
print(x[[0, 2]], x[torch.tensor([3, 0]), torch.tensor([1, 1])])
print(x[x > 15], x[:, None].shape, x[0, 1].item())
x[0] = 0
x[1:, -1] = torch.tensor([7, 8, 9])
print(x)
print(x.gather(1, torch.tensor([[0], [1], [2], [3]])), x.index_select(0, torch.tensor([3, 1])))
y = torch.zeros(3, 4).scatter_(1, torch.tensor([[1], [3], [0]]), 1.0)
print(y, torch.take(x, torch.tensor([0, 7])))
w = torch.arange(4.0, requires_grad=True)
(w[1:3] * w[[0, 0]]).sum().backward()
print(w.grad)
