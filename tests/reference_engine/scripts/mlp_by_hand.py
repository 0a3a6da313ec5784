import torch

torch.manual_seed(8)
N, D_in, H, D_out = 16, 10, 7, 3
x = torch.randn(N, D_in)
y = torch.randn(N, D_out)
w1 = torch.randn(D_in, H)
w2 = torch.randn(H, D_out)
for t in range(60):
    h = x.mm(w1)
    h_relu = h.clamp(min=0)
    y_pred = h_relu.mm(w2)
    loss = (y_pred - y).pow(2).sum().item()
    if t % 20 == 0:
        print(t, f"{loss:.3f}")
    grad_y = 2.0 * (y_pred - y)
    grad_w2 = h_relu.t().mm(grad_y)
    grad_h = grad_y.mm(w2.t()).clone()
    grad_h[h < 0] = 0
    grad_w1 = x.t().mm(grad_h)
    w1 -= 1e-4 * grad_w1
    w2 -= 1e-4 * grad_w2
print(f"{loss:.3f}", w2[0])
