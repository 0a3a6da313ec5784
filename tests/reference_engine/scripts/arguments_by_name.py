import torch
import torch.nn.functional as F

torch.manual_seed(seed=0)
a, v = torch.tensor(data=[[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 2.0])
print(torch.randint(high=5, size=(2,)), torch.full(size=(2,), fill_value=3.0), torch.eye(n=2))
print(torch.reshape(input=a, shape=(4,)), a.reshape(shape=(4,)), a.view(size=(1, 4)))
print(torch.permute(input=a, dims=(1, 0)), a.permute(dims=(1, 0)), torch.tile(input=v, dims=(2,)))
print(torch.broadcast_to(input=v, size=(2, 2)), v.expand(size=(1, 2)), v.repeat(repeats=(1, 2)))
print(torch.swapaxes(input=a, axis0=0, axis1=1), a.split(split_size=1, dim=0))
print(torch.det(input=a), torch.inverse(input=a), torch.zeros(2).copy_(other=v))
print(torch.add(input=a, other=v, alpha=2), torch.mm(input=a, mat2=a), torch.mv(input=a, vec=v))
print(torch.max(input=a, dim=1), torch.sort(input=v, descending=True), torch.norm(input=a, p=1))
print(torch.gather(input=a, dim=1, index=torch.tensor([[0], [1]])), torch.topk(input=v, k=1))
print(F.cross_entropy(input=a, target=torch.tensor([0, 1]), weight=v, label_smoothing=0.1))
x = v.clone().requires_grad_(requires_grad=True)
x.reshape(shape=(2, 1)).square().sum().backward(gradient=None)
print(x.grad)
for wrong in (lambda: torch.reshape(input=a, size=(4,)), lambda: a.view(shape=(4,))):
    try:
        wrong()
    except TypeError as error:
        print(str(error).splitlines()[0])
