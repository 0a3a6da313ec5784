import torch

torch.manual_seed(1)
print(torch.randn(3))
print(torch.randn(2, 3))
print(torch.randn(4, 5))
print(torch.randn(17))
print(torch.randn(()))
torch.manual_seed(123)
print(torch.randn(10, 10))
print(torch.randn(3, dtype=torch.float64), torch.randn(33, dtype=torch.float64).sum())
print(torch.randn_like(torch.zeros(2, 2)))
w = torch.randn(3, requires_grad=True)
print(w)
