import torch

torch.manual_seed(20)
p = torch.tensor([0.1, 0.5, 0.9])
print(torch.bernoulli(p), torch.bernoulli(p), torch.bernoulli(torch.full((2, 3), 0.5)))
print(torch.empty(6).bernoulli_(0.5))
print(torch.empty(2, 2).bernoulli_(torch.tensor([[0.0, 1.0], [0.5, 0.5]])))
print(torch.rand(5) < 0.5)
x = torch.tensor([3.0, -1.0, 2.0, -5.0])
mask = x > 0
print(mask, x[mask], x.masked_fill(mask, 0), torch.where(mask, x, -x), mask.sum(), (~mask).any())
x[x < 0] = 0
print(x, x.nonzero(), x.eq(0), (x == 3).all())
