import torch
from torch import optim


def run(make):
    p = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    optimizer = make([p])
    for _ in range(15):
        optimizer.zero_grad()
        ((p - 0.5) ** 4 + p.abs()).sum().backward()
        optimizer.step()
    return p.detach()


print(run(lambda ps: optim.Adam(ps, lr=0.1)))
print(run(lambda ps: optim.AdamW(ps, lr=0.1, weight_decay=0.05)))
print(run(lambda ps: optim.Adam(ps, lr=0.1, amsgrad=True, betas=(0.8, 0.99))))
print(run(lambda ps: optim.RMSprop(ps, lr=0.05)))
print(run(lambda ps: optim.RMSprop(ps, lr=0.05, momentum=0.5, centered=True)))
print(run(lambda ps: optim.Adagrad(ps, lr=0.5)))
