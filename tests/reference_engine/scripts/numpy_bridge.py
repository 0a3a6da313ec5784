import numpy as np
import torch

a = np.array([1.0, 2.0])
t = torch.from_numpy(a)
a[0] = 9
print(t, t.dtype)
t.requires_grad = True
y = 5 * (t + 1) ** 2
o = (1 / 2) * torch.sum(y)
print(y, o)
o.backward()
print(t.grad, type(t.grad.numpy()), t.detach().numpy())
s = torch.ones(3)
n = s.numpy()
s.add_(1)
print(n, n.dtype, np.sum(n), np.exp(s).dtype, s.tolist(), np.array(s))
print(torch.tensor(np.arange(3)), torch.as_tensor(np.float32([1, 2])), torch.Tensor(np.ones((2, 2))))
print(s * np.float32(2), np.array([1, 2, 3]) @ n, torch.tensor(np.float64(2.5)))
print(float(torch.tensor(2.5)), int(torch.tensor(3)), round(torch.tensor(2.5678).item(), 2))
