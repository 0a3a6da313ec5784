import torch

start = torch.tensor([2.0, -1.5])
scale = torch.tensor([1.0, 4.0])
for options in (
    {"lr": 0.05},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"lr": 0.05, "weight_decay": 0.1},
):
    p = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([p], **options)
    for _ in range(10):
        optimizer.zero_grad()
        loss = (scale * p ** 2).sum()
        loss.backward()
        optimizer.step()
    print(options, p.data, loss.data)
print(optimizer)
