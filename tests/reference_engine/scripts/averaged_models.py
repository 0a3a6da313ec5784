import torch
from torch import nn, optim
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
inputs = torch.randn(16, 3)
targets = inputs.sum(1, keepdim=True)
optimizer = optim.SGD(model.parameters(), lr=0.1)
averaged, fading = (
    AveragedModel(model),
    AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9)),
)
schedule = SWALR(optimizer, swa_lr=0.05, anneal_epochs=3)
for epoch in range(6):
    optimizer.zero_grad()
    loss = ((model(inputs) - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
    schedule.step()
    for one in (averaged, fading):
        one.update_parameters(model)
    print(epoch, round(loss.item(), 4), round(optimizer.param_groups[0]["lr"], 6))
update_bn([inputs[:8], inputs[8:]], averaged)
print(averaged.n_averaged, averaged(inputs)[:3], fading.module[0].weight)
print(list(averaged.state_dict()))
weight = nn.Parameter(torch.tensor([[1.0, -2.0], [3.0, 0.5]]))
bias = nn.Parameter(torch.tensor([0.1, 2.0]))
optimizer = optim.Adafactor([weight, bias], lr=0.1, weight_decay=0.01)
for _ in range(5):
    optimizer.zero_grad()
    ((weight**2).sum() + (bias**4).sum()).backward()
    optimizer.step()
print(weight, bias, optimizer)
