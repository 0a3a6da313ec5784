import torch
from torch import nn

torch.manual_seed(6)
X = torch.Tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = torch.Tensor([[0], [1], [1], [0]])
net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
print(net)
optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
loss_fn = nn.BCELoss()
for step in range(121):
    loss = loss_fn(net(X), Y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(step, loss.item() < 0.8, "%.3f" % loss.item())
print((net(X) > 0.5).float().view(-1))
print(net[0].weight.shape, len(net), net[-1])
