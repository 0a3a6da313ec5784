import torch

torch.manual_seed(7)
print(torch.randint(10, (5,)))
print(torch.randint(0, 100, (2, 3)))
print(torch.randint(low=-5, high=5, size=(4,)))
print(torch.randint(3, 9, (2, 2), dtype=torch.float32))
print(torch.randperm(10))
print(torch.randperm(5, dtype=torch.int32))
print(torch.randint_like(torch.zeros(3), 10))
x = torch.arange(6) * 10
print(x[torch.randperm(6)])
print(torch.zeros(4).random_(0, 5), torch.zeros(3, dtype=torch.int64).random_(7))
