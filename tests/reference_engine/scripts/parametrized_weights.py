import warnings

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).transpose(-1, -2)


class Double(nn.Module):
    def forward(self, weight):
        return weight * 2

    def right_inverse(self, weight):
        return weight / 2


torch.manual_seed(0)
layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
print(layer, layer.weight, layer.parametrizations.weight.original, list(layer.state_dict()))
with parametrize.cached():
    print(layer.weight is layer.weight)
print(parametrize.remove_parametrizations(layer, "weight"), layer.weight)
double = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
double.weight = torch.ones(2, 2)
print(double.weight, double.parametrizations.weight.original)
normed = weight_norm(nn.Linear(4, 2))
normed(torch.ones(1, 4)).sum().backward()
print(normed.weight, {name: one.grad for name, one in normed.named_parameters()})
spectral = spectral_norm(nn.Linear(4, 3))
print(spectral(torch.ones(1, 4)), spectral.weight, list(spectral.state_dict()))
for shape, how in (((3, 3), None), ((3, 3), "cayley"), ((5, 3), None), ((2, 4), None)):
    kept = orthogonal(nn.Linear(*shape), orthogonal_map=how)
    tall = kept.weight if kept.weight.shape[0] > kept.weight.shape[1] else kept.weight.T
    print(kept.weight.shape, torch.allclose(tall.T @ tall, torch.eye(min(shape)), atol=1e-5))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    old = torch.nn.utils.weight_norm(nn.Conv1d(2, 3, 2))
print([name for name, _ in old.named_parameters()], old(torch.ones(1, 2, 3)), old.weight)
print(torch.nn.utils.remove_weight_norm(old).weight)
old = torch.nn.utils.spectral_norm(nn.Linear(4, 3))
print(
    list(old.state_dict()), old(torch.ones(1, 4)), torch.nn.utils.remove_spectral_norm(old).weight
)
try:
    parametrize.register_parametrization(nn.Linear(2, 3), "weight", Symmetric())
except (RuntimeError, ValueError) as error:
    print(error)
