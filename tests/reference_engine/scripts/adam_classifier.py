import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 10)
        self.out = nn.Linear(10, 2)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x)))


torch.manual_seed(2)
x0 = torch.normal(2 * torch.ones(30, 2), 1)
x1 = torch.normal(-2 * torch.ones(30, 2), 1)
x = torch.cat((x0, x1), 0).type(torch.FloatTensor)
y = torch.cat((torch.zeros(30), torch.ones(30))).type(torch.LongTensor)
net = Net()
print(net)
optimizer = optim.Adam(net.parameters(), lr=0.02)
loss_func = nn.CrossEntropyLoss()
for t in range(40):
    out = net(x)
    loss = loss_func(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if t % 10 == 0:
        prediction = torch.max(F.softmax(out, dim=1), 1)[1]
        print(t, "%.4f" % loss.item(), (prediction == y).sum().item() / 60)
