import torch
from torch import nn, optim

torch.manual_seed(1)
X = torch.rand(40, 1) * 10
y = 0.5 * X + 3 + torch.randn(40, 1) * 0.1
model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(201):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    if epoch % 50 == 0:
        print("epoch {}, loss {:.5f}".format(epoch, loss.item()))
print(list(model.parameters()))
print(model.state_dict())
