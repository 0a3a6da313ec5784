import torch

print(torch.arange(2000))
print(torch.arange(40.0))
print(torch.arange(10000.0).view(100, 100))
print(torch.zeros(20, 60))
print(torch.eye(4))
print(torch.linspace(0, 1, 25))
x = torch.arange(24.0).view(2, 3, 4).requires_grad_()
print(x)
print(x * 2)
print((x * 2).double().sum(0))
