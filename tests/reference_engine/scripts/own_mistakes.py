import numpy as np
import torch
from torch import nn
from torch.nn import functional

weight = torch.ones(2, requires_grad=True)


class Forgotten(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)


def assign(value):
    weight.grad = value


for attempt in (
    lambda: nn.Conv2d(1, 2),
    nn.MaxPool2d,
    nn.BatchNorm1d,
    lambda: nn.ReLU()(weight, weight),
    nn.MaxPool2d(2),
    lambda: nn.Conv2d(1, 2, 3)(weight, 1),
    lambda: nn.Dropout()(p=0.1),
    lambda: nn.MSELoss(weight, weight),
    lambda: functional.cross_entropy(torch.ones(3), torch.tensor([0, 1])),
    lambda: Forgotten()(torch.ones(3)),
    lambda: torch.Tensor(1.0, 2.0),
    lambda: torch.Tensor([1.0], [2.0]),
    lambda: torch.Tensor({}),
    lambda: torch.ones(2).to("float32"),
    lambda: torch.ones(2).to("cuda0"),
    lambda: torch.ones(2).to(requires_grad=True),
    lambda: torch.device(""),
    lambda: torch.device("cpu:"),
    lambda: assign(np.ones(2)),
    lambda: torch.optim.Adam([weight], lr="fast"),
    lambda: torch.randn(3, 2, grad=True),
    lambda: weight.to(tensor=torch.ones(1, dtype=torch.float64)).dtype,
    lambda: nn.MSELoss()(None, weight),
    lambda: nn.BCELoss()(weight, ...),
    lambda: nn.BCEWithLogitsLoss()(None, weight),
    lambda: nn.NLLLoss()(None, weight),
    lambda: nn.NLLLoss()(weight, [0, 1]),
    lambda: nn.Dropout()(None),
    lambda: nn.MaxPool2d(2)(np.ones((1, 1, 4, 4))),
    lambda: nn.LayerNorm(2)(None),
    lambda: functional.batch_norm(None, None, None),
    lambda: functional.one_hot([0, 1]),
    lambda: functional.cosine_similarity(weight, None),
):
    try:
        print(attempt())
    except Exception as error:  # noqa: BLE001 - of every kind
        print(f"{type(error).__name__}: {error}")
layer = nn.Linear(2, 1)
for walk in (
    layer.parameters(),
    layer.named_parameters(),
    layer.children(),
    layer.modules(),
    layer.named_modules(),
    layer.buffers(),
    layer.named_buffers(),
    layer.named_children(),
):
    print(str(walk).partition(" at ")[0])
points = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
memory = points.t().storage()
memory[1] = 7.0
print(points, list(memory), torch.from_numpy(np.asfortranarray(points.numpy())).storage()[1])
counts = torch.tensor([[2.5, -1.0, 0.1], [0.3, 4.0, -2.2]], requires_grad=True)
largest = counts.max(1, keepdim=True).values
largest.retain_grad()
rest = counts - largest
rest.retain_grad()
(rest.exp() / rest.exp().sum(1, keepdim=True)).log()[range(2), [0, 2]].mean().backward()
print(torch.equal(largest.grad, (-rest.grad).sum(1, keepdim=True)))
