import torch

torch.manual_seed(3)
print(torch.normal(0.0, 1.0, (3,)))
print(torch.normal(mean=5.0, std=0.1, size=(2, 2)))
print(torch.normal(torch.arange(1.0, 6.0), 1.0))
print(torch.normal(torch.arange(1.0, 4.0), torch.tensor([1.0, 0.1, 0.01])))
print(torch.normal(2.0, torch.tensor([0.5, 1.5])))
print(torch.empty(3).normal_(), torch.empty(3).normal_(mean=4, std=2))
print(torch.empty(3).exponential_(), torch.empty(2).exponential_(0.5))
print(torch.empty(2).cauchy_(), torch.empty(4).geometric_(0.3))
n = 20
x = torch.linspace(0, 1, n)
y = 3 * x + 0.5 + torch.normal(0, 0.1, size=x.size())
print(y)
