import torch
from torch.profiler import ProfilerActivity, profile, record_function

torch.manual_seed(0)
x = torch.randn(3, 3)
with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
    with record_function("forward"):
        (x @ x).relu().sum()
    x.relu()
averages = seen.key_averages()
counts = {one.key: one.count for one in averages}
print(counts["forward"], counts["aten::relu"], counts["aten::sum"])
table = averages.table(sort_by="cpu_time_total", row_limit=10)
print("aten::relu" in table, "# of Calls" in table)
with torch.autograd.profiler.profile() as seen:
    x * 2
print("aten::mul" in str(seen.key_averages()))
image, kernel = torch.arange(16.0).view(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
slope = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
print(torch.nn.grad.conv2d_input(image.shape, kernel, slope))
print(torch.nn.grad.conv2d_weight(image, kernel.shape, slope))
print(torch.nn.grad.conv1d_weight(torch.arange(6.0).view(1, 1, 6), (1, 1, 3), slope[0, :, 0:1], 3))
print(torch.compiler.is_compiling(), torch.compiler.disable(torch.relu)(torch.tensor(-1.0)))
for call in (
    lambda: torch.symeig(x),
    lambda: torch.eig(x),
    lambda: torch.solve(x, x),
    lambda: torch.lstsq(x, x),
    lambda: torch.matrix_rank(x),
):
    try:
        call()
    except RuntimeError as error:
        print(error)
