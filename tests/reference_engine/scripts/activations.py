import torch
import torch.nn as nn
import torch.nn.functional as F

x = torch.linspace(-3, 3, 7, requires_grad=True)
for layer in (nn.ReLU(), nn.Sigmoid(), nn.Tanh(), nn.LeakyReLU(0.1), nn.ELU(), nn.SELU(), nn.ReLU6(), nn.GELU(), nn.Softplus(), nn.SiLU()):
    y = layer(x)
    (g,) = torch.autograd.grad(y.sum(), x)
    print(layer, y.detach(), g)
print(F.softmax(x, dim=0), F.log_softmax(x, dim=0), F.tanh(x), F.softplus(x))
print(nn.Softmax(dim=-1)(torch.ones(2, 2)), F.relu(x), torch.relu(x), x.sigmoid())
