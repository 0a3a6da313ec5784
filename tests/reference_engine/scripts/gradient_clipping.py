import torch
from torch import nn

torch.manual_seed(19)
net = nn.Linear(3, 1)
(net(torch.full((2, 3), 10.0)) ** 2).sum().backward()
print(net.weight.grad)
total = nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
print(total, net.weight.grad, net.bias.grad)
nn.utils.clip_grad_value_(net.parameters(), 0.2)
print(net.weight.grad)
vector = nn.utils.parameters_to_vector(net.parameters())
print(vector)
nn.utils.vector_to_parameters(torch.zeros(4), net.parameters())
print(net.weight)
