import torch

attempts = [
    "torch.ones(2, 3) @ torch.ones(2, 3)",
    "torch.ones(2) + torch.ones(3)",
    "torch.ones(2, requires_grad=True).numpy()",
    "torch.ones(2).backward()",
    "torch.tensor([1, 2], requires_grad=True)",
    "torch.ones(3)[5]",
    "torch.ones(2).view(3)",
    "torch.ones(2).item()",
    "bool(torch.ones(2))",
    "torch.cat([torch.ones(2, 1), torch.ones(3, 2)])",
    "torch.tensor([[1], [1, 2]])",
    "torch.ones(2).cuda()",
    "torch.ones(2, device='cuda')",
    "torch.zeros(2).log().undefined",
    "torch.ones(2).sum(dim=3)",
    "torch.ones(2, requires_grad=True).add_(1)",
    "torch.ones(2).to('gpu')",
    "torch.undefined",
    "torch.nn.Linear(2, 3)(torch.ones(1, 5))",
]
for attempt in attempts:
    try:
        print(eval(attempt))
    except Exception as error:
        print(attempt, "->", type(error).__name__, str(error).splitlines()[0])
