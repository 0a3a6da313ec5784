import torch

x = torch.tensor(1.5, requires_grad=True)
y = x ** 4 + torch.sin(x)
first = torch.autograd.grad(y, x, create_graph=True)[0]
second = torch.autograd.grad(first, x, create_graph=True)[0]
third = torch.autograd.grad(second, x)[0]
print(first, second, third)


def f(t):
    return t ** 3 - 2 * t - 5


x = torch.tensor(2.0, requires_grad=True)
for step in range(5):
    y = f(x)
    slope = torch.autograd.grad(y, x)[0]
    with torch.no_grad():
        x -= y / slope
    print(step, x.item(), y.item())
