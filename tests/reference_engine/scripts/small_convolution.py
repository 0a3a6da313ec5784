import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(15)
conv = nn.Conv2d(1, 2, kernel_size=3, padding=1)
x = torch.arange(16.0).view(1, 1, 4, 4) / 16
y = conv(x)
print(y.shape)
print(y)
pooled = F.max_pool2d(F.relu(y), 2)
print(pooled)
flat = pooled.view(1, -1)
flat.sum().backward()
print(conv.bias.grad, conv.weight.grad.shape)
print(nn.Conv2d(3, 8, 5, stride=2), nn.MaxPool2d(2), nn.Flatten()(y).shape)
