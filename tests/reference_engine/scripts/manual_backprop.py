import numpy as np
import torch

x = torch.arange(0, 4).float()
y = 2 * torch.arange(0, 4).float()
w = torch.ones(1, requires_grad=True)
y_pred = x * w
e = y_pred - y
e2 = e.pow(2)
J = e2.sum()
print(y_pred, e, e2, J)
J.backward()
print(w.grad)
dJ = 1.0
de2 = dJ * np.ones(4)
de = de2 * 2 * e.data.numpy()
dw = (de * x.data.numpy()).sum()
print(de2, de, dw, np.isclose(dw, w.grad.item()))
eps = 0.001
print(((x * (w + eps) - y).pow(2).sum() - J).item())
