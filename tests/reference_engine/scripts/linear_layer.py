import torch
import torch.nn as nn

torch.manual_seed(0)
layer = nn.Linear(3, 2)
print(layer)
print(layer.weight)
print(layer.bias)
x = torch.ones(4, 3)
print(layer(x))
layer(x).sum().backward()
print(layer.weight.grad, layer.bias.grad)
for name, p in layer.named_parameters():
    print(name, p.shape, p.requires_grad)
print(nn.Linear(2, 1, bias=False).weight.data)
print(nn.Bilinear(2, 2, 1).weight.shape, nn.Identity()(x).shape)
