import torch

torch.manual_seed(0)
print(torch.rand(3))
print(torch.rand(2, 4))
print(5 * torch.rand(2, 4))
print(torch.rand(3, dtype=torch.float64))
torch.manual_seed(42)
x = torch.rand(5, 3)
print(x)
print(torch.rand_like(x))
print(torch.empty(4).uniform_(-1, 1))
print(torch.zeros(2, 2).uniform_(0, 10))
print(torch.rand(20).mean())
