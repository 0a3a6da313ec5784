import torch
from torch import nn

torch.manual_seed(12)
drop = nn.Dropout(0.5)
x = torch.ones(3, 6)
print(drop(x))
drop.eval()
print(drop(x).sum(), drop.training)
drop.train()
print(drop(x))
print(nn.functional.dropout(x, p=0.2))
net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Dropout(p=0.3), nn.Linear(4, 2))
inputs = torch.randn(2, 4)
print(net(inputs))
net.eval()
print(net(inputs))
