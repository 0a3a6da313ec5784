"""Short programs about modules, and what each prints, warns of or raises in a library.

`printed` runs one on either library: the reference engine or PyTorch itself.
"""

import contextlib
import copy
import io
import pickle
import warnings
from collections import OrderedDict

SETUP = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.second = nn.Sequential(nn.ReLU(), nn.Linear(3, 1))
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("cache", torch.zeros(2), persistent=False)

    def forward(self, x):
        return self.scale * self.second(self.first(x))

class Bare(nn.Module):
    pass

torch.manual_seed(0)
net = Net()
x = torch.tensor([[1.0, -2.0], [0.5, 3.0]])
"""

PROGRAMS = (
    *r"""
print(net)

print([name for name, _ in net.named_parameters()], [n for n, _ in net.named_buffers()])

print([name for name, _ in net.named_parameters(prefix='p', recurse=False)])

print([(name, type(m).__name__) for name, m in net.named_modules()])

print([name for name, _ in net.named_children()], len(list(net.modules())))

print(sum(p.numel() for p in net.parameters() if p.requires_grad))

net.again = net.first
print(len(list(net.parameters())), len(list(net.modules())))

net.again = net.first
print([n for n, _ in net.named_parameters(remove_duplicate=False)])

print(list(net.state_dict()), net.state_dict()._metadata)

print(net.state_dict()['first.weight'].requires_grad)
print(net.state_dict(keep_vars=True)['first.weight'] is net.first.weight)

print(type(net.scale) is nn.Parameter, isinstance(net.scale, torch.Tensor), net.scale)

print(net.first.weight[0], net.first.weight.data, net.first.weight.detach())

print(net.get_submodule('second.1'), net.get_parameter('second.1.bias').shape)

print(net.get_buffer('seen'))

print('first' in dir(net), 'scale' in dir(net), '0' in dir(net.second))

print(list(net._parameters), list(net._buffers), list(net._modules))

print(hasattr(net, 'first'), hasattr(net, 'third'))

net.scale = None
print(list(net._parameters), len(list(net.parameters())))

net.scale = torch.ones(1)

net.first = 3

net.first = None; print(net)

net.seen = 3

net.seen = torch.ones(1); print(net.seen, list(net.state_dict()))

net.first = nn.Parameter(torch.ones(2))
print(list(net._parameters), list(net._modules))

net.note = 'text'
net.note = nn.Parameter(torch.ones(1))
print('note' in net.__dict__)

del net.first; print(net)

del net.scale, net.seen; print(list(net.state_dict()))

del net.nothing

net.third

net.tensor = torch.ones(2)
print(len(list(net.buffers())), len(list(net.parameters())))

net.buffer = nn.Buffer(torch.ones(2)); print(list(net.state_dict()))

net.register_parameter('a.b', None)

net.register_parameter('', None)

net.register_parameter('forward', None)

net.register_parameter(3, None)

net.register_parameter('new', torch.ones(1))

net.register_parameter('new', torch.ones(1, requires_grad=True) * 2)

net.register_buffer('a.b', None)

net.register_buffer('first', None)

net.register_buffer('new', [1, 2])

net.register_buffer('new', None)
net.new = torch.ones(1)
print(net.new)

net.add_module('second', nn.Tanh()); print(net.second)

net.add_module('forward', nn.Tanh())

net.add_module('a.b', nn.Tanh())

net.add_module('a', 3)

class Late(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(1, 1)
Late()

class Late(nn.Module):
    def __init__(self):
        self.w = nn.Parameter(torch.ones(1))
Late()

class Late(nn.Module):
    def __init__(self):
        self.w = 3
Late()(x)

Bare()(x)

Bare().forward(x)

Bare(3)

Bare(size=3)

class Late(nn.Module):
    def __init__(self):
        super().__init__(self)
Late()

net(x, x)

nn.Linear(2)

nn.Linear(2, 3)(torch.ones(1, 3))

print(nn.Parameter(torch.tensor([1.0, 2.0])))

print(nn.Parameter(torch.ones(2), requires_grad=False).requires_grad)

print(nn.Parameter(torch.tensor([1, 2]), requires_grad=False))

nn.Parameter(torch.tensor([1, 2]))

nn.Parameter(3.0)

print(nn.Parameter().shape)

a = torch.zeros(2); p = nn.Parameter(a); a.add_(1); print(p)

a = torch.ones(2, requires_grad=True)
p = nn.Parameter(a * 2)
print(p.is_leaf, p.grad_fn)

with torch.no_grad():
    print(nn.Parameter(torch.ones(1)).requires_grad)

p = nn.Parameter(torch.ones(1))
print(*(type(one).__name__ for one in (p * 2, p.data, p.detach(), p.clone(), p.sum())))

p = nn.Parameter(torch.ones(1))
p.grad = torch.ones(1)
print(copy.deepcopy(p), copy.deepcopy(p).grad)

p = nn.Parameter(torch.ones(1)); print(pickle.loads(pickle.dumps(p)))

p = nn.Parameter(torch.ones(1))
(p * 3).sum().backward()
print(p.grad)

net.eval()
print(net.training, net.second[1].training, net.train() is net)

net.train(1)

net.apply(lambda m: print(type(m).__name__))

net(x).sum().backward(); net.zero_grad(); print(net.scale.grad)

net(x).sum().backward()
net.zero_grad(set_to_none=False)
print(net.scale.grad)

print(net.requires_grad_(False).scale.requires_grad, net(x).requires_grad)

w = net.first.weight
print(net.double() is net, net.first.weight is w, w.dtype, net.seen.dtype)

net(x).sum().backward(); net.double(); print(net.scale.grad.dtype)

print(net.half().first.weight.dtype, net.float().first.weight.dtype)

print(net.to(torch.float64).seen.dtype, net.to('cpu') is net, net.to(torch.device('cpu')) is net)

print(net.to(torch.ones(1, dtype=torch.float64)).scale.dtype)

print(net.to(device='cpu', dtype=torch.float64).scale.dtype)

net.to(torch.int64)

net.to("cuda")

net.to("gpu")

print(nn.ReLU().to("cuda"), nn.ReLU().cuda())

net.cuda()

net.seen = torch.zeros(1, dtype=torch.int64)
print(net.double().seen.dtype)

print(net.type(torch.float64).scale.dtype)

print(net.cpu() is net)

print(net(x))

print(torch.equal(net(x), net.forward(x)))

h = net.register_forward_hook(lambda m, i, o: print(type(m).__name__, i, o))
net(x)
h.remove()
net(x)

net.register_forward_hook(lambda m, i, o: o * 0); print(net(x))

net.register_forward_pre_hook(lambda m, i: (i[0] * 0,))
print(net.first.bias, net(x))

net.register_forward_pre_hook(lambda m, i: i[0] * 0); print(net(x))

net.register_forward_hook(lambda m, i, o: print(1))
net.register_forward_hook(lambda m, i, o: print(2), prepend=True)
net(x)

net.register_forward_pre_hook(lambda m, a, k: print(a, list(k)), with_kwargs=True)
net(x=x)

net.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True)
net(x=x)

net.register_forward_hook(lambda m, a, k, o: print(a, list(k), o.shape), with_kwargs=True)
net(x=x)

net.register_forward_hook(lambda m, i, o: print('called', o), always_call=True)
net(x.T)

x.requires_grad_()
net.register_full_backward_hook(lambda m, i, o: print(i, o))
net(x).sum().backward()

x.requires_grad_()
net.second.register_full_backward_hook(lambda m, i, o: print(i, o))
y = net(x)
print(y.grad_fn.name())
y.sum().backward()
print(x.grad)

x.requires_grad_()
net.first.register_full_backward_hook(lambda m, i, o: (i[0] * 10,))
net(x).sum().backward()
print(x.grad)

x.requires_grad_()
net.first.register_full_backward_hook(lambda m, i, o: (i[0], i[0]))
net(x).sum().backward()

x.requires_grad_()
net.register_full_backward_pre_hook(lambda m, o: (o[0] * 10,))
net(x).sum().backward()
print(x.grad, net.scale.grad)

net.register_full_backward_hook(lambda m, i, o: print(i, o))
net(x).sum().backward()

net.register_full_backward_hook(lambda m, i, o: print(i, o))
y = net(x)
print(y.grad_fn.name())

with torch.no_grad():
    net.register_full_backward_hook(lambda m, i, o: print(i, o)); print(net(x).requires_grad)

other = Net()
print(other.load_state_dict(net.state_dict()))
print(other(x) == net(x))

net.load_state_dict({})

s = net.state_dict()
del s['scale']
s['extra'] = 1
s['first.odd'] = 2
net.load_state_dict(s)

s = net.state_dict()
s['third.weight'] = 1
print(net.load_state_dict(s, strict=False))

s = net.state_dict()
s['scale'] = torch.ones(2)
net.load_state_dict(s)

s = net.state_dict()
s['scale'] = 2.0
net.load_state_dict(s, strict=False)

net.load_state_dict([1])

w = net.first.weight
s = Net().state_dict()
net.load_state_dict(s)
print(net.first.weight is w)

s = Net().double().state_dict()
net.load_state_dict(s)
print(net.scale.dtype)

s = Net().double().state_dict()
net.load_state_dict(s, assign=True)
print(net.scale.dtype, type(net.scale).__name__, net.scale.requires_grad)

s = net.state_dict(); net.scale.data.fill_(7); print(s['scale'])

b = nn.BatchNorm1d(2)
s = b.state_dict()
del s['num_batches_tracked']
del s._metadata
print(b.load_state_dict(s))

twin = copy.deepcopy(net)
twin.scale.data.fill_(5)
print(net.scale, twin.scale, twin(x))

twin = pickle.loads(pickle.dumps(nn.Linear(2, 1)))
print(twin, twin.weight.requires_grad)

s = nn.Sequential(OrderedDict([('a', nn.Linear(1, 2)), ('b', nn.ReLU())]))
print(s, s.a, s[1])

print(nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())[1:], nn.Sequential(nn.ReLU())[-1])

nn.Sequential(nn.ReLU())[2]

s = nn.Sequential(nn.ReLU(), nn.Tanh())
s[0] = nn.Sigmoid()
del s[1]
print(s, len(s))

s = nn.Sequential(nn.ReLU())
s.append(nn.Tanh())
s.insert(0, nn.ELU())
s.extend(nn.Sequential(nn.GELU()))
print(s, s.pop(1), len(s))

print(nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh()), nn.Sequential(nn.ReLU()) * 2)

nn.Sequential(nn.ReLU()) + 3

nn.Sequential(nn.ReLU()) * 0

nn.Sequential(3)

nn.Sequential([nn.ReLU()])

print(nn.Sequential()(x), nn.Sequential())

m = nn.ModuleList([nn.ReLU()])
m += [nn.Tanh(), nn.Tanh()]
m.insert(0, nn.ELU())
print(m, m[1:], len(m), m[-1], [type(one).__name__ for one in m])

nn.ModuleList([nn.ReLU()])[5]

nn.ModuleList([nn.ReLU()])(x)

nn.ModuleList([nn.ReLU()]).append(3)

nn.ModuleList(3)

print(nn.ModuleList([nn.ReLU()]) + [nn.Tanh()], nn.ModuleList())

m = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
del m[0]
print(m, list(m.state_dict()))

d = nn.ModuleDict({'a': nn.ReLU()})
d['b'] = nn.Tanh()
d.update([['c', nn.ELU()]])
print(d, list(d), d.pop('a'), 'a' in d, list(d.keys()), len(d), list(d.items()))

nn.ModuleDict({'a': nn.ReLU()})['b']

nn.ModuleDict(3)

p = nn.ParameterList([torch.ones(2)])
p.append(torch.zeros(1))
p[0] = torch.ones(3)
print(p, len(p), p[-1], [n for n, _ in p.named_parameters()], p[:1])

nn.ParameterList(torch.ones(2))

nn.ParameterList([torch.ones(2)])(x)

p = nn.ParameterDict({'b': torch.ones(2), 'a': torch.zeros(1)})
p['c'] = 'kept'
print(p, list(p), p.get('z'), p.pop('a'), 'a' in p, [n for n, _ in p.named_parameters()])

nn.ParameterDict({3: torch.ones(1)})

nn.Dropout(1.5)

nn.BatchNorm1d(3)(torch.ones(3))

nn.BatchNorm2d(3)(torch.ones(2, 3))

nn.BatchNorm1d(3)(torch.ones(1, 3))

nn.InstanceNorm1d(4, affine=True)(torch.ones(2, 3, 5))

nn.GroupNorm(3, 4)

nn.LayerNorm(3)(torch.ones(2, 4))

nn.Embedding(3, 2, padding_idx=3)

nn.Embedding(3, 2)(torch.tensor([3]))

nn.Conv2d(3, 4, 2, groups=2)

nn.Conv2d(4, 3, 2, groups=2)

nn.Conv2d(4, 4, 2, groups=0)

nn.Conv2d(4, 4, 2, padding='same', stride=2)

nn.ConvTranspose2d(4, 4, 2, padding_mode='reflect')

nn.ConvTranspose1d(1, 1, 3, stride=2)(torch.ones(1, 1, 4), [20])

nn.ConvTranspose1d(1, 1, 3, stride=2)(torch.ones(1, 1, 4), [1, 1, 1, 20])

nn.Conv2d(3, 4, 2)(torch.ones(1, 2, 5, 5))

nn.CircularPad1d(1)(torch.ones(3))

nn.Softmax2d()(torch.ones(3))

nn.Hardtanh(2, 1)

print(nn.Hardtanh(min_value=0))

print(nn.MSELoss(size_average=False).reduction, nn.MSELoss(reduce=False).reduction)

nn.HuberLoss(delta='1')

nn.MultiMarginLoss(p=3)

nn.TripletMarginLoss(margin=0)

nn.MSELoss()(torch.ones(3), torch.ones(1, 3))

nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([1.0, 2.0]))

nn.CrossEntropyLoss(reduction='average')(torch.ones(2, 3), torch.tensor([1, 2]))

nn.Softmax()(torch.ones(2, 3))

nn.Unflatten(1, 3)

nn.Unflatten(1, (1, 2.0))

w = torch.empty(7, 5)
torch.manual_seed(2)
nn.init.orthogonal_(w)
print(w)

w = torch.empty(4, 2, 3); nn.init.dirac_(w, 2); print(w)

w = nn.Parameter(torch.empty(2, 2))
nn.init.constant_(w, 2)
print(w, w._version)

nn.init.xavier_uniform_(torch.empty(3))

nn.init.eye_(torch.empty(3))

nn.init.dirac_(torch.empty(3, 3))

nn.init.orthogonal_(torch.empty(3))

nn.init.kaiming_uniform_(torch.empty(3, 3), mode='fan')

nn.init.kaiming_uniform_(torch.empty(0, 3))

nn.init.calculate_gain('gelu')

nn.init.calculate_gain('leaky_relu', 'x')

print([nn.init.calculate_gain(n) for n in ('linear', 'relu', 'tanh', 'selu', 'leaky_relu')])

net(x * 9).sum().backward()
print(nn.utils.clip_grad_norm_(net.parameters(), 1.0), net.first.weight.grad)

net(x).sum().backward()
print(nn.utils.clip_grad_norm_(net.parameters(), 1.0, norm_type=float('inf')), net.scale.grad)

net(x).sum().backward()
nn.utils.clip_grad_value_(net.parameters(), 0.1)
print(net.first.weight.grad)

print(nn.utils.clip_grad_norm_(net.parameters(), 1.0))

print(nn.utils.clip_grad_norm_((p for p in []), 1.0))

net.scale.grad = torch.tensor([float('nan')])
nn.utils.clip_grad_norm_(net.parameters(), 1.0, error_if_nonfinite=True)

v = nn.utils.parameters_to_vector(net.parameters())
print(v.shape, v.requires_grad)

nn.utils.vector_to_parameters(torch.arange(14.0), net.parameters())
print(net.scale, net.first.weight)

nn.utils.vector_to_parameters([1], net.parameters())

print(nn.utils.get_total_norm([torch.ones(4), torch.ones(5) * 2]))
""".strip().split("\n\n"),
    *(
        f"w = torch.empty(5, 7)\ntorch.manual_seed(2)\nnn.init.{call}\nprint(w)"
        for call in (
            "uniform_(w)",
            "uniform_(w, -2, 3)",
            "normal_(w)",
            "normal_(w, 1, 0.1)",
            "constant_(w, 0.3)",
            "ones_(w)",
            "zeros_(w)",
            "eye_(w)",
            "xavier_uniform_(w)",
            "xavier_normal_(w, gain=2)",
            "kaiming_uniform_(w)",
            "kaiming_uniform_(w, a=1)",
            "kaiming_normal_(w, mode='fan_out', nonlinearity='relu')",
            "orthogonal_(w)",
            "orthogonal_(w, gain=nn.init.calculate_gain('tanh'))",
            "sparse_(w, 0.5)",
            "trunc_normal_(w)",
            "trunc_normal_(w, 0, 1, 1.5, 3)",
            "trunc_normal_(w, std=0.02)",
            "trunc_normal_(w, a=5, b=6)",
            "uniform_(w, generator=torch.Generator().manual_seed(5))",
            "xavier_uniform(w)",
        )
    ),
)


def printed(torch, program):
    """The lines a program prints, the warnings it gives, and the error it ends with."""
    names = {
        "torch": torch, "nn": torch.nn, "copy": copy, "pickle": pickle, "OrderedDict": OrderedDict,
        "__name__": "__main__",
    }  # fmt: skip
    exec(SETUP, names)
    output = io.StringIO()
    error = ""
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(output):
        warnings.simplefilter("always")
        try:
            exec(program, names)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is compared
            error = f"{type(problem).__name__}: {problem}"
    lines = [*output.getvalue().splitlines(), *(f"warning: {one.message}" for one in caught), error]
    return [line.replace("reference_engine", "torch") for line in lines if line]
