"""The names that coursework uses, each with an expression that uses it; most frequent first.

The first part is every name that two or more of 121 public teaching files use, the second what one
does. What `torch.utils.cpp_extension` offers has tests of its own.
"""

USED_OFTEN = {
    ".backward": "(lambda x: ((x ** 2).sum().backward(), x.grad))(P([1.0, 2.0]))",
    ".grad": "(lambda x: (x.grad, (3 * x).sum().backward(), x.grad))(P([1.0, 2.0]))",
    "torch.tensor": "torch.tensor([[1, 2], [3, 4]], dtype=torch.float64, requires_grad=True)",
    ".data": "P([1.0, 2.0]).data",
    "torch.randn": "torch.randn(2, 3), torch.randn((2,)), torch.randn(20).sum()",
    ".zero_grad": "[M(X).sum().backward(), M.zero_grad(), M.weight.grad]",
    ".item": "torch.tensor([2.5]).item(), torch.tensor(3).item(), torch.tensor([True]).item()",
    ".step": "(lambda x: ((x ** 2).sum().backward(), optim.SGD([x], lr=0.1).step(), x))(P([1.0]))",
    ".mean": "X.mean(), X.mean(0), X.mean(dim=1, keepdim=True), X.mean((0, 1))",
    ".parameters": "[tuple(p.shape) for p in nn.Linear(3, 2).parameters()]",
    "torch.ones": "torch.ones(2, 3), torch.ones((2,), dtype=torch.int64), torch.ones(size=(1,))",
    "nn.Linear": "nn.Linear(2, 3)(X), nn.Linear(2, 1, bias=False)",
    ".sum": "X.sum(), X.sum(0), X.sum(dim=1, keepdim=True), X.sum(-1), (X > 1).sum()",
    "torch.no_grad": "torch.no_grad()(lambda: (P([1.0]) * 2).requires_grad)()",
    ".numpy": "X.numpy(), X.numpy().dtype, P([1.0]).detach().numpy()",
    "nn.Module": "nn.Module(), list(nn.Module().parameters()), nn.Module().training",
    "optim.SGD": "optim.SGD([P([1.0])], lr=0.1, momentum=0.9)",
    ".zero_": "X.clone().zero_()",
    "nn.MSELoss": "nn.MSELoss()(X, X + 1), nn.MSELoss(reduction='sum')(X, X * 2)",
    ".requires_grad": "X.requires_grad, P([1.0]).requires_grad, (P([1.0]) * 2).requires_grad",
    "torch.zeros": "torch.zeros(2), torch.zeros(1, 2, dtype=torch.bool), torch.zeros([2, 1])",
    ".detach": "(P([1.0]) * 2).detach()",
    ".shape": "X.shape, X.shape[0], X[0, 0].shape, list(X.shape), tuple(X.shape)",
    ".requires_grad_": "X.clone().requires_grad_(), P([1.0]).requires_grad_(False)",
    "torch.autograd.Variable": "torch.autograd.Variable(X, requires_grad=True)",
    "torch.float32": "torch.float32, torch.ones(1, dtype=torch.float32).dtype == torch.float32",
    ".grad_fn": "(P([1.0]) * 2).grad_fn.name(), X.grad_fn",
    "torch.FloatTensor": "torch.FloatTensor([1, 2]), torch.FloatTensor(2, 3).shape",
    ".size": "X.size(), X.size(0), X.size(-1), X.size(dim=1)",
    "nn.Sequential": "nn.Sequential(nn.Linear(2, 2), nn.ReLU())(X)",
    ".float": "torch.arange(3).float()",
    ".norm": "X.norm(), X.norm(p=1), X.norm(dim=0), X.norm(2, 1, True)",
    "optim.Adam": "optim.Adam([P([1.0])], lr=0.01, betas=(0.9, 0.99))",
    "F.relu": "F.relu(X - 2)",
    "torch.rand": "torch.rand(3), torch.rand(2, 2), torch.rand((1,), dtype=torch.float64)",
    ".view": "X.view(-1), X.view(4, 1), X.view(1, -1).shape, X.view((2, 2))",
    "torch.manual_seed": "torch.manual_seed(3).initial_seed(), torch.rand(1)",
    "nn.ReLU": "nn.ReLU()(X - 2), nn.ReLU(inplace=True)",
    "torch.from_numpy": "torch.from_numpy(np.arange(3)), torch.from_numpy(np.ones(2))",
    "torch.linspace": "torch.linspace(0, 1, 5), torch.linspace(-1, 1, steps=3)",
    "torch.device": "torch.device('cpu'), torch.device('cuda:0'), str(torch.device('cpu'))",
    "torch.float": "torch.float, torch.tensor([1], dtype=torch.float)",
    "torch.mean": "torch.mean(X), torch.mean(X, dim=0), torch.mean(X, 1, keepdim=True)",
    "torch.ones_like": "torch.ones_like(X), torch.ones_like(X, requires_grad=True)",
    "torch.LongTensor": "torch.LongTensor([1, 2]), torch.LongTensor(2).dtype",
    "torch.arange": "torch.arange(4), torch.arange(1, 3, 0.5), torch.arange(4, dtype=torch.float)",
    "torch.__version__": "torch.__version__.split('+')[0]",
    ".pow": "X.pow(2), X.pow(0.5), X.pow(X)",
    ".apply": "nn.Linear(1, 1).apply(lambda m: None)",
    "torch.mm": "torch.mm(X, X)",
    ".saved_tensors": "(lambda x: (Twice.apply(x).sum().backward(), x.grad))(P([1.0, 2.0]))",
    ".save_for_backward": "Twice.apply(P([1.0])).grad_fn.name()",
    "torch.autograd.Function": "issubclass(Twice, torch.autograd.Function), Twice.apply(X)",
    ".to": "X.to(torch.float64), X.to('cpu') is X, X.to(torch.device('cpu'), torch.int64)",
    ".eval": "nn.Dropout().eval()(X), nn.Dropout().eval().training",
    ".train": "nn.Dropout().train().training, nn.Dropout().train(False).training",
    ".reshape": "X.reshape(-1), X.reshape(1, 4), X.t().reshape(4)",
    "torch.unsqueeze": "torch.unsqueeze(X, 0).shape, torch.unsqueeze(X, dim=1).shape",
    "torch.sigmoid": "torch.sigmoid(X)",
    "nn.Parameter": "nn.Parameter(X), isinstance(nn.Parameter(X), torch.Tensor)",
    ".type": "X.type(), X.type(torch.LongTensor), X.type(torch.float64), X.type('torch.IntTensor')",
    ".clamp": "X.clamp(min=2), X.clamp(1.5, 3), X.clamp(max=2)",
    "nn.CrossEntropyLoss": "nn.CrossEntropyLoss()(X, torch.tensor([0, 1]))",
    ".squeeze": "X.view(1, 2, 2).squeeze(), X.view(2, 1, 2).squeeze(1).shape",
    "torch.cuda.is_available": "torch.cuda.is_available()",
    "torch.normal": "torch.normal(0.0, 1.0, (2,)), torch.normal(X, 0.1), torch.normal(0, X)",
    ".clone": "X.clone(), P([1.0]).clone()",
    "torch.max": "torch.max(X), torch.max(X, 1), torch.max(X, X.t())",
    "torch.log": "torch.log(X)",
    ".mm": "X.mm(X)",
    "torch.cat": "torch.cat((X, X)), torch.cat([X, X], dim=1), torch.cat([X, X], -1).shape",
    ".unsqueeze": "X.unsqueeze(0).shape, X.unsqueeze(-1).shape",
    "nn.Sigmoid": "nn.Sigmoid()(X)",
    "torch.sum": "torch.sum(X), torch.sum(X, 0), torch.sum(X, dim=1, keepdim=True)",
    "torch.empty": "torch.empty(2, 3).shape, torch.empty((1,), dtype=torch.int64).dtype",
    "torch.autograd.grad": "torch.autograd.grad((P([1.0]) * 0 + Q ** 2).sum(), Q)",
    "torch.Tensor": "torch.Tensor([1, 2]), torch.Tensor(2, 3).shape, isinstance(X, torch.Tensor)",
    ".max": "X.max(), X.max(1), X.max(dim=0)[1], X.max(0).values",
    "nn.Dropout": "nn.Dropout(0.0)(X), nn.Dropout(p=0.2)",
    "torch.randperm": "torch.randperm(5)",
    "F.softmax": "F.softmax(X, dim=1), F.softmax(X, dim=0)",
    "torch.zeros_like": "torch.zeros_like(X), torch.zeros_like(X, dtype=torch.int64)",
    "torch.matmul": "torch.matmul(X, X), torch.matmul(X, X[0])",
    "F.log_softmax": "F.log_softmax(X, dim=1)",
    ".t": "X.t()",
    ".is_leaf": "X.is_leaf, P([1.0]).is_leaf, (P([1.0]) * 2).is_leaf",
    "torch.exp": "torch.exp(X - 3)",
    "torch.tanh": "torch.tanh(X)",
    ".dtype": "X.dtype, torch.tensor(1).dtype, torch.tensor(True).dtype",
    "F.mse_loss": "F.mse_loss(X, X + 2)",
    ".uniform_": "torch.zeros(3).uniform_(), torch.zeros(3).uniform_(-1, 1)",
    "torch.set_printoptions": "torch.set_printoptions(precision=2), torch.tensor([1.2345])",
    "torch.mul": "torch.mul(X, X), torch.mul(X, 2)",
    "F.softplus": "F.softplus(X)",
    ".long": "torch.tensor([1.7, -1.7]).long()",
    ".next_functions": "(Q * 2).grad_fn.next_functions[0][0].name()",
    "nn.NLLLoss": "nn.NLLLoss()(X.log_softmax(1), torch.tensor([0, 1]))",
    ".cpu": "X.cpu() is X",
    ".transpose": "X.transpose(0, 1)",
    ".sub_": "X.clone().sub_(1), X.clone().sub_(X, alpha=2)",
    ".permute": "X.permute(1, 0)",
    ".abs": "(-X).abs()",
    "F.cross_entropy": "F.cross_entropy(X, torch.tensor([1, 0]), reduction='none')",
    ".tolist": "X.tolist(), torch.tensor(2).tolist()",
    "nn.Tanh": "nn.Tanh()(X)",
    ".fill_": "X.clone().fill_(7)",
    "F.tanh": "F.tanh(X)",
    "torch.dot": "torch.dot(X[0], X[1])",
    ".values": "X.max(1).values, X.sort().values",
    ".exp": "(X - 3).exp()",
    ".eq": "X.eq(2), X.eq(X)",
    ".log": "X.log()",
    "nn.ModuleList": "nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])",
    ".add": "X.add(1), X.add(X, alpha=2)",
    ".scatter_": "torch.zeros(2, 3).scatter_(1, torch.tensor([[0], [2]]), 1)",
    ".new": "X.new([1, 2]), X.new(2, 3).shape",
    "torch.set_grad_enabled": "(torch.set_grad_enabled(True), torch.is_grad_enabled())[1]",
    "torch.add": "torch.add(X, X), torch.add(X, 1)",
    "torch.where": "torch.where(X > 2, X, -X), torch.where(X > 2, 1.0, 0.0)",
    ".ndim": "X.ndim",
    ".dot": "X[0].dot(X[1])",
    ".matmul": "X.matmul(X)",
    ".resize_": "X.clone().resize_(4), X.clone().resize_(1, 2), X.clone().resize_((3, 3)).shape",
    "torch.float16": "torch.float16, torch.tensor([1.5], dtype=torch.float16)",
    ".new_empty": "X.new_empty((2, 3)).shape, X.new_empty(2).dtype",
    "torch.div": "torch.div(X, 2), torch.div(X, X), torch.div(X, 2, rounding_mode='floor')",
    "torch.sub": "torch.sub(X, 1), torch.sub(X, X, alpha=2)",
}

USED_ONCE = {
    "torch.stack": "torch.stack([X, X]).shape, torch.stack((X[0], X[1]), dim=1)",
    ".split": "X.split(1), X.split([1, 1], dim=1)",
    ".cuda": "X.cuda()",
    "torch.argmax": "torch.argmax(X), torch.argmax(X, dim=1)",
    "torch.sin": "torch.sin(X)",
    "nn.init.constant_": "nn.init.constant_(torch.empty(2), 0.5)",
    ".T": "X.T",
    ".numel": "X.numel()",
    "nn.init.normal_": "nn.init.normal_(torch.empty(3)), nn.init.normal_(torch.empty(2), 1, 0.1)",
    "torch.relu": "torch.relu(X - 2)",
    "torch.norm": "torch.norm(X), torch.norm(X, dim=1)",
    "torch.set_default_tensor_type": "torch.set_default_tensor_type(torch.FloatTensor)",
    "torch.randint": "torch.randint(0, 10, (3,)), torch.randint(5, (2, 2))",
    "nn.BCELoss": "nn.BCELoss()(X.sigmoid(), (X > 2).float())",
    ".std": "X.std(), X.std(0), X.std(unbiased=False)",
    ".nelement": "X.nelement()",
    ".contiguous": "X.t().contiguous().stride()",
    ".scatter": "torch.zeros(2, 2).scatter(1, torch.tensor([[0], [1]]), X[:, :1])",
    ".normal_": "torch.empty(3).normal_(), torch.empty(2).normal_(1, 0.5)",
    ".add_": "X.clone().add_(1), X.clone().add_(X, alpha=-1)",
    "torch.allclose": "torch.allclose(X, X + 1e-9), torch.allclose(X, X + 1)",
    ".ravel": "X.ravel()",
    "F.nll_loss": "F.nll_loss(X.log_softmax(1), torch.tensor([1, 1]))",
    "nn.L1Loss": "nn.L1Loss()(X, X * 2)",
    "torch.eye": "torch.eye(2), torch.eye(2, 3)",
    "torch.abs": "torch.abs(-X)",
    ".retain_grad": "(lambda y: (y.retain_grad(), (y ** 2).sum().backward(), y.grad))(Q * 2)",
    ".all": "(X > 0).all(), (X > 1).all(dim=0)",
    "torch.clamp": "torch.clamp(X, 2, 3), torch.clamp(X, min=2)",
    ".expand_as": "X[0].expand_as(X)",
    ".dim": "X.dim()",
    ".gather": "X.gather(1, torch.tensor([[1], [0]]))",
    "torch.int32": "torch.int32, torch.tensor([1], dtype=torch.int32)",
    "torch.cos": "torch.cos(X)",
    "nn.ModuleDict": "nn.ModuleDict({'a': nn.ReLU()})",
    ".int": "X.int()",
    "nn.ELU": "nn.ELU()(X - 3)",
    "torch.maximum": "torch.maximum(X, X.t())",
    ".register_hook": "[Q.register_hook(lambda g: -g), (Q * 3).sum().backward(), Q.grad][2]",
    "torch.inverse": "torch.inverse(X)",
    "torch.int": "torch.int",
    "F.linear": "F.linear(X, X), F.linear(X, X, X[0])",
    ".data_ptr": "X.data_ptr() == X.view(-1).data_ptr(), X[1].data_ptr() - X.data_ptr()",
    ".is_contiguous": "X.is_contiguous(), X.t().is_contiguous()",
    ".storage_offset": "X.storage_offset(), X[1].storage_offset(), X[:, 1].storage_offset()",
    ".cumsum": "X.cumsum(0), X.cumsum(dim=1)",
    "torch.double": "torch.double",
    "torch.distributions.Normal": "torch.distributions.Normal(0.0, 1.0).sample((2,))",
    "torch.flip": "torch.flip(X, [0]), torch.flip(X, dims=(0, 1))",
    ".storage": "X.untyped_storage().nbytes(), X[1].storage()",
    "nn.SELU": "nn.SELU()(X - 3)",
    "nn.ParameterDict": "nn.ParameterDict({'a': nn.Parameter(X)})",
    "nn.PoissonNLLLoss": "nn.PoissonNLLLoss()(X, X)",
    ".masked_select": "X.masked_select(X > 2)",
    ".type_as": "X.type_as(torch.ones(1, dtype=torch.int64))",
    ".new_ones": "X.new_ones(2), X.new_ones((1, 2), dtype=torch.int64)",
    "torch.distributions.Uniform": "torch.distributions.Uniform(0.0, 2.0).sample((2,))",
    "nn.ReLU6": "nn.ReLU6()(X * 3)",
    ".index_select": "X.index_select(1, torch.tensor([1, 1]))",
    "nn.KLDivLoss": "nn.KLDivLoss(reduction='batchmean')(X.log_softmax(1), X.t().softmax(1))",
    "torch.fmod": "torch.fmod(-X, 3)",
    ".inverse": "X.inverse()",
    "torch.autograd.function.Function": "issubclass(Twice, torch.autograd.function.Function)",
    ".det": "X.det()",
}

MORE = """
torch.FloatTensor
torch.FloatTensor((2, 3))
torch.FloatTensor(torch.Size([2, 3])).shape
torch.FloatTensor(2.5)
torch.FloatTensor(np.ones(2))
torch.FloatTensor(torch.ones(2, dtype=torch.float64))
torch.FloatTensor([[1, 2], [3]])
torch.FloatTensor('a')
torch.LongTensor([1.5, 2])
torch.BoolTensor([0, 1]), torch.ByteTensor([0, 1]), torch.HalfTensor([0]), torch.DoubleTensor([1])
torch.Tensor(), torch.Tensor((2, 3)), torch.Tensor(range(3)), torch.Tensor(np.array([1, 2]))
torch.Tensor(torch.ones(2, dtype=torch.int64))
torch.Tensor(np.float32(2.5))
torch.Tensor([1, 2], requires_grad=True)
isinstance(X, torch.FloatTensor), isinstance(X, torch.LongTensor), torch.FloatTensor.dtype
type(X), type(X.shape), type(torch.FloatTensor), type(torch.device('cpu'))
torch.cuda.FloatTensor([1])
torch.ones(2, device='cuda')
torch.device(0)
torch.device('gpu')
torch.cuda.device_count(), torch.cuda.is_initialized(), torch.cuda.manual_seed_all(1)
torch.cuda.current_device()
torch.cuda.synchronize()
torch.set_default_tensor_type(torch.LongTensor)
torch.set_default_tensor_type('torch.cuda.FloatTensor')
torch.set_default_dtype(torch.int64)
torch.set_default_dtype('float')
torch.finfo(torch.float32), torch.finfo(torch.float64).eps, torch.iinfo(torch.int32)
torch.finfo(torch.int32)
torch.iinfo(torch.float32)
torch.backends.cudnn.is_available(), torch.backends.mps.is_available()
torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
torch.Generator('cuda')
torch.Generator().initial_seed(), torch.Generator(device='cpu').device
torch.get_rng_state().shape, torch.get_rng_state().dtype
torch.normal(0.0, 1.0)
torch.normal(torch.zeros(3), torch.ones(2))
torch.normal(torch.zeros(2), -1)
torch.bernoulli(torch.tensor([2.0]))
torch.bernoulli(torch.tensor([1]))
torch.bernoulli(0.5)
torch.multinomial(torch.tensor([1.0, 2]), 3)
torch.multinomial(torch.tensor([-1.0, 2]), 1)
torch.multinomial(torch.tensor([0.0, 0]), 1)
torch.multinomial(torch.tensor([1, 2]), 1)
torch.logspace(0, 2, 5), torch.logspace(0, 3, 4, base=2)
torch.range(0, 1, 0.5)
torch.scalar_tensor(3), torch.vander(torch.tensor([1, 2, 3])), torch.asarray([1, 2])
torch.frombuffer(bytearray(b'abcd'), dtype=torch.uint8)
torch.result_type(torch.tensor([1]), 1.5), torch.promote_types(torch.int32, torch.float16)
torch.can_cast(torch.float32, torch.int32), torch.broadcast_shapes((2, 1), (3,))
torch.is_nonzero(torch.tensor([0.0])), torch.typename(X), torch.typename(3)
torch.isin(torch.tensor([1, 2]), torch.tensor([2])), torch.argwhere(torch.tensor([0, 1, 1]))
torch.unravel_index(torch.tensor([1, 2]), (2, 2)), torch.empty_strided((2, 2), (1, 2)).stride()
torch.tensor([1, 1, 2, 1]).unique_consecutive(return_counts=True)
torch.strided, torch.contiguous_format, X.layout, X.is_sparse, X.is_cpu, X.get_device()
torch.ones(2).storage(), torch.ones(1).untyped_storage()
X.new_tensor([1, 2]), X.new_tensor(X), X.new_full((2,), 3), X.nbytes, X.itemsize
P([1.0]).resize_(3)
torch.get_default_device(), torch.are_deterministic_algorithms_enabled()
torch.func.grad_and_value(lambda x: (x ** 2).sum())(X)
torch.func.hessian(lambda x: (x ** 2).sum())(X[0])
torch.manual_seed('a')
torch.set_num_threads(0)
torch.tensor([[1, 2], [3, 4]]).fill_diagonal_(0)
torch.ones(2).map_(torch.ones(2), lambda a, b: a + b), torch.ones(2).apply_(lambda a: a + 1)
P([1.0]).apply_(lambda a: a + 1)
X.is_signed(), X.is_complex(), X.is_pinned(), X.is_same_size(X), X.is_set_to(X), X.dim_order()
X.volatile
X.sum_to_size(1), X.clone().t_(), torch.ones(2, 1).squeeze_().shape, X.clone().unsqueeze_(0).shape
torch.autograd.Variable([1, 2])
torch.autograd.Variable(X, volatile=True)
torch.autograd.Variable(X, requires_grad=True, volatile=True)
torch.autograd.Variable()
torch.inf, torch.nan, torch.pi, torch.e, torch.newaxis
torch.zeros(2).uniform_(3, 1)
P([1.0]).normal_()
[(Q * 2).normal_().grad_fn.name(), (Q * 2).uniform_().grad_fn.name()]
[(Q * 2).bernoulli_().grad_fn.name(), (Q * 2).exponential_().grad_fn.name()]
torch.arange(3).normal_()
torch.arange(3).uniform_()
torch.eye(2, -1)
torch.ones(2.5)
torch.ones('a')
torch.ones(2, -3)
np.array(X), X * np.float64(2), np.ones(2) * 2 + X.numpy(), np.exp(torch.ones(2)).dtype
"""
"""Further expressions, for what is said of arguments that are wrong, and what is rarely used."""
