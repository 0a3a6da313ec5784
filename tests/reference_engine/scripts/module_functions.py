import torch
from torch import nn
from torch.func import functional_call, grad, jacrev, stack_module_state, vjp, vmap

torch.manual_seed(0)
model = nn.Linear(3, 2)
weights = {name: one.detach() for name, one in model.named_parameters()}
x, target = torch.randn(4, 3), torch.randn(4, 2)


def loss(weights, x, target):
    return ((functional_call(model, weights, (x,)) - target) ** 2).mean()


print(functional_call(model, {"weight": torch.zeros(2, 3)}, x), model.weight)
print(grad(loss)(weights, x, target))
print(vmap(grad(loss), in_dims=(None, 0, 0))(weights, x, target))
value, pull = vjp(lambda one: one**3, torch.tensor([1.0, 2.0]))
print(value, pull(torch.ones(2)))
print(vmap(pull)(torch.eye(2)))
print(jacrev(lambda matrix, vector: matrix @ vector, argnums=(0, 1))(torch.ones(2, 3), x[0]))
models = [nn.Linear(2, 1) for _ in range(3)]
stacked, _ = stack_module_state(models)
together = vmap(lambda one, x: functional_call(models[0], one, (x,)), in_dims=(0, None))
print(together(stacked, torch.ones(5, 2)).shape, stacked["weight"].shape)
try:
    functional_call(model, {"other": torch.zeros(1)}, x, strict=True)
except RuntimeError as error:
    print(error)
