import torch


class Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.bounds = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        low, high = ctx.bounds
        grad = grad_output.clone()
        grad[(x < low) | (x > high)] = 0
        return grad, None, None


x = torch.tensor([-2.0, 0.3, 0.7, 5.0], requires_grad=True)
y = Clip.apply(x, 0.0, 1.0)
print(y)
(y * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
print(x.grad)
double = torch.tensor([0.2, 0.8], dtype=torch.float64, requires_grad=True)
print(torch.autograd.gradcheck(lambda t: Clip.apply(t, 0.0, 1.0), (double,)))
