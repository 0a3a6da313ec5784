import torch

x = torch.tensor([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]])
print(x.max(), x.min(), x.max(dim=1), x.argmax(), x.argmax(0))
print(x.sum(), x.prod(1), x.mean(), x.std(), x.var(0), x.median())
print(x.cumsum(1), x.sort(descending=True), x.topk(2), x.abs().max().item())
print(x.norm(), (x ** 2).sum(), x.clamp(min=0), x.sign(), x.round(), x.floor())
print(torch.allclose(x, x + 1e-9), torch.equal(x, x.clone()), (x > 0).sum(), x.unique())
x.requires_grad_()
x.max().backward()
print(x.grad)
