import torch
from torch import nn
from torch.nn.utils import prune

torch.manual_seed(0)
layer = nn.Linear(6, 4)
prune.random_unstructured(layer, name="weight", amount=0.3)
print(list(layer.named_parameters()), list(layer.named_buffers()), layer.weight)
prune.l1_unstructured(layer, name="bias", amount=3)
prune.ln_structured(layer, name="weight", amount=0.5, n=2, dim=0)
print(layer.bias, layer.weight, layer.state_dict().keys(), prune.is_pruned(layer))
layer(torch.ones(1, 6)).sum().backward()
print(layer.weight_orig.grad)
prune.remove(layer, "weight")
print(list(layer.named_parameters()))
first, second = nn.Linear(4, 4), nn.Linear(4, 2)
prune.global_unstructured(
    ((first, "weight"), (second, "weight")), pruning_method=prune.L1Unstructured, amount=0.5
)
print(first.weight, second.weight)
prune.random_structured(first, "weight", amount=1, dim=1)
print(first.weight)
for wrong in (
    lambda: prune.l1_unstructured(second, "bias", amount=3),
    lambda: prune.l1_unstructured(second, "bias", amount=1.5),
    lambda: prune.remove(second, "bias"),
):
    try:
        wrong()
    except ValueError as error:
        print(error)
