import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LambdaLR, StepLR

for make in (
    lambda o: StepLR(o, step_size=3, gamma=0.1),
    lambda o: ExponentialLR(o, gamma=0.9),
    lambda o: LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    lambda o: CosineAnnealingLR(o, T_max=6),
):
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.4)
    scheduler = make(optimizer)
    rates = []
    for epoch in range(7):
        optimizer.zero_grad()
        (p ** 2).sum().backward()
        optimizer.step()
        rates.append(round(optimizer.param_groups[0]["lr"], 6))
        scheduler.step()
    print(type(scheduler).__name__, rates, p.data, scheduler.get_last_lr())
