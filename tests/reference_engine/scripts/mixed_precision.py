import warnings

import torch

warnings.simplefilter("ignore")
print([torch.bfloat16, torch.complex64, torch.cfloat, torch.uint16, torch.bfloat16.itemsize])
print(torch.ones(1).dtype in (torch.bfloat16, torch.float16), torch.complex64.is_complex)
with torch.autocast("cuda", dtype=torch.float16):
    print(torch.ones(2, 2) @ torch.ones(2, 2))
with torch.autocast("cpu", enabled=False):
    print(torch.ones(1) * 2)


@torch.cuda.amp.autocast()
def double(x):
    return x * 2


print(double(torch.ones(2)), torch.cuda.amp.GradScaler().is_enabled())
for device in ("cuda", "cpu"):
    torch.manual_seed(0)
    scaler = torch.amp.GradScaler(device, init_scale=1024.0, growth_interval=2)
    weight = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for step in range(4):
        optimizer.zero_grad()
        loss = (weight**2).sum()
        scaler.scale(loss).backward()
        if step == 2:
            weight.grad[0] = float("inf")
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_([weight], 10.0)
        scaler.step(optimizer)
        scaler.update()
        print(step, weight.detach(), scaler.get_scale())
    print(scaler.state_dict())
print(torch.accelerator.is_available(), torch.xpu.is_available(), torch.mps.is_available())
device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"
print(torch.ones(1, device=device))
torch.manual_seed(0)
print(torch.poisson(torch.tensor([4.0, 50.0])), torch.empty(20).log_normal_(0.0, 0.5)[:4])
print(torch.binomial(torch.tensor([10.0, 100.0]), torch.tensor([0.5, 0.3])))
print(torch.fill(torch.ones(2), 3), torch.adjoint(torch.arange(6).view(2, 3)))
print(torch.histogram(torch.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)))
points = torch.tensor([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]], requires_grad=True)
found = torch.linalg.lstsq(points, torch.tensor([[1.0], [2.0], [2.0]]))
found.solution.sum().backward()
print(found.solution.detach(), found.rank, points.grad)
try:
    torch.rand_like(torch.arange(3))
except NotImplementedError as error:
    print(error)
