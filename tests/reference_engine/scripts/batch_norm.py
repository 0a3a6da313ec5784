import torch
from torch import nn

torch.manual_seed(13)
norm = nn.BatchNorm1d(3)
x = torch.randn(6, 3) * torch.tensor([1.0, 5.0, 0.1]) + 2
y = norm(x)
print(y.mean(0).abs().max() < 1e-5, y.std(0, unbiased=False))
print(norm.running_mean, norm.running_var, norm.num_batches_tracked)
norm.eval()
print(norm(x)[0])
layer = nn.LayerNorm(3)
print(layer(x)[:2])
print(norm, layer)
