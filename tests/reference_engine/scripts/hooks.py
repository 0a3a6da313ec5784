import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
h = x * 3
seen = []
handle = h.register_hook(lambda g: seen.append(g.clone()))
x.register_hook(lambda g: g * 10)
h.pow(2).sum().backward()
print(seen, x.grad)
handle.remove()
x.grad = None
(x * 3).sum().backward()
print(len(seen), x.grad)
n = torch.ones(2, requires_grad=True)
n.register_hook(lambda g: torch.clamp(g, -1, 1))
(n * torch.tensor([5.0, -0.5])).sum().backward()
print(n.grad)
