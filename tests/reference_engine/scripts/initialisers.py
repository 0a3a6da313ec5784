import torch
from torch import nn

torch.manual_seed(16)
w = torch.empty(3, 4)
print(nn.init.xavier_uniform_(w))
print(nn.init.xavier_normal_(w))
print(nn.init.kaiming_uniform_(w, nonlinearity="relu"))
print(nn.init.kaiming_normal_(w, mode="fan_out"))
print(nn.init.normal_(w, mean=1.0, std=0.01))
print(nn.init.uniform_(w, -0.1, 0.1))
print(nn.init.constant_(w, 0.3)[0], nn.init.zeros_(w)[0], nn.init.ones_(w)[0], nn.init.eye_(w)[1])


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        m.bias.data.fill_(0.01)


net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
net.apply(init_weights)
print(net[0].weight, net[2].bias)
