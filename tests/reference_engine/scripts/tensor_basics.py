import torch

x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print(x)
print(x.shape, x.size(), x.size(1), x.dim(), x.numel(), x.dtype, x.device)
print(x.t())
print(x.view(3, 2))
print(x.reshape(-1))
print(x[0], x[:, 1], x[1, 2], x[-1, -1].item())
print(x.sum(), x.sum(dim=0), x.mean(1, keepdim=True))
print(torch.cat([x, x], dim=0).shape, torch.stack([x, x]).shape)
print(x.unsqueeze(0).shape, x.unsqueeze(-1).squeeze().shape)
print(type(x), x.type(), len(x))
