import torch

x = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
y = x * 2
doublings = 1
while y.data.norm() < 1000:
    y = y * 2
    doublings += 1
print(y, doublings)
y.backward(torch.FloatTensor([1.0, 0.1, 0.001]))
print(x.grad, y / x)
t = torch.randn(2, requires_grad=True)
try:
    (t * 2).backward()
except RuntimeError as error:
    print(error)
J = torch.autograd.functional.jacobian(lambda v: v ** 2 * v.sum(), torch.tensor([1.0, 2.0]))
print(J)
print(torch.autograd.functional.hessian(lambda v: (v ** 3).sum(), torch.tensor([1.0, 2.0])))
