import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))
print(net, net[0].weight, list(net.parameters()))
for use in (lambda: net[0].weight.shape, lambda: net[0].weight.numel()):
    try:
        use()
    except (RuntimeError, ValueError) as error:
        print(type(error).__name__, error)
print(net(torch.rand(2, 5)), net, [tuple(one.shape) for one in net.parameters()])
layers = nn.Sequential(
    nn.LazyConv2d(6, kernel_size=3, padding=1),
    nn.LazyBatchNorm2d(),
    nn.AvgPool2d(2),
    nn.LazyConvTranspose2d(2, 2),
    nn.Flatten(),
    nn.LazyLinear(3, bias=False),
)
print(layers)
x = torch.randn(2, 1, 4, 4)
for layer in layers:
    x = layer(x)
    print(layer.__class__.__name__, tuple(x.shape))
print(x)
one = nn.LazyLinear(3)
print(one.state_dict())
one.load_state_dict(nn.Linear(4, 3).state_dict())
print(one, one.has_uninitialized_params(), one(torch.ones(1, 4)), one)
