import torch

w = torch.ones(4, requires_grad=True)
for epoch in range(3):
    loss = (w * 3).sum()
    loss.backward()
    print(epoch, w.grad)
w.grad.zero_()
print(w.grad)
for epoch in range(3):
    loss = (w ** 2).sum()
    loss.backward()
    print(w.grad)
    w.grad.zero_()
w.grad = None
(w * torch.arange(4.0)).sum().backward()
print(w.grad, w.grad.data, w.grad.requires_grad)
