"""Modules of torch.nn and inputs for them, and what a library makes of each.

`outcome` runs one on either library: the reference engine or PyTorch itself.
"""

import warnings

import numpy as np

PLAIN = "r(4, 6)"
IMAGE = "r(2, 4, 6, 6)"
LINE = "r(2, 4, 8)"

MODULES = (
    ("nn.Identity(54, unused=True)", PLAIN),
    ("nn.Linear(6, 3)", PLAIN),
    ("nn.Linear(6, 3, bias=False)", "r(2, 3, 6)"),
    ("nn.Linear(6, 3, dtype=torch.float64)", PLAIN),
    ("nn.Bilinear(6, 5, 3)", "r(4, 6)", "r(4, 5)"),
    ("nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1, bias=False))", PLAIN),
    ("nn.Sequential(nn.Conv2d(4, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2))", IMAGE),
    # activations
    *((f"nn.{name}()", PLAIN) for name in (
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid",
        "Tanh", "Hardtanh", "Hardsigmoid", "Hardswish", "Hardshrink", "Softshrink", "Tanhshrink",
        "Softplus", "Softsign", "LogSigmoid", "GLU", "PReLU",
    )),
    ("nn.ReLU(inplace=True)", "r(4, 6) * 1"),
    ("nn.LeakyReLU(0.2, inplace=True)", "r(4, 6) * 1"),
    ("nn.Threshold(0.1, 20, True)", "r(4, 6) * 1"),
    ("nn.ELU(0.5)", PLAIN),
    ("nn.GELU('tanh')", PLAIN),
    ("nn.Hardtanh(-0.2, 0.3)", PLAIN),
    ("nn.Softplus(2, 1)", PLAIN),
    ("nn.PReLU(6)", PLAIN),
    ("nn.RReLU().eval()", PLAIN),
    ("nn.Softmax(1)", PLAIN),
    ("nn.Softmin(dim=-1)", PLAIN),
    ("nn.LogSoftmax(dim=0)", PLAIN),
    ("nn.Softmax2d()", IMAGE),
    # normalization
    ("nn.BatchNorm1d(6)", PLAIN),
    ("nn.BatchNorm1d(6, affine=False).eval()", PLAIN),
    ("nn.BatchNorm1d(4, momentum=None)", LINE),
    ("nn.BatchNorm2d(4, track_running_stats=False)", IMAGE),
    ("nn.BatchNorm3d(2, eps=0.1)", "r(2, 2, 3, 2, 2)"),
    ("nn.LayerNorm(6)", PLAIN),
    ("nn.LayerNorm([4, 6], elementwise_affine=False)", PLAIN),
    ("nn.LayerNorm(6, bias=False)", PLAIN),
    ("nn.GroupNorm(2, 4)", IMAGE),
    ("nn.RMSNorm(6, eps=1e-6)", PLAIN),
    ("nn.InstanceNorm1d(4)", LINE),
    ("nn.InstanceNorm2d(4, affine=True, track_running_stats=True)", IMAGE),
    ("nn.InstanceNorm2d(4)", "r(4, 3, 3)"),
    ("nn.LocalResponseNorm(2)", IMAGE),
    # dropout, while nothing is dropped
    ("nn.Dropout(0.3).eval()", PLAIN),
    ("nn.Dropout(0.0)", PLAIN),
    ("nn.Dropout1d(inplace=True).eval()", LINE),
    ("nn.Dropout2d().eval()", IMAGE),
    # lookups
    ("nn.Embedding(5, 3)", "torch.tensor([[1, 4], [0, 1]])"),
    ("nn.Embedding(5, 3, padding_idx=-4, scale_grad_by_freq=True)", "torch.tensor([1, 4, 4])"),
    ("nn.Embedding(5, 3, max_norm=1.0)", "torch.tensor([2, 0])"),
    ("nn.Embedding.from_pretrained(r(5, 3).detach())", "torch.tensor([2, 0])"),
    # convolutions
    ("nn.Conv1d(4, 6, 3)", LINE),
    ("nn.Conv1d(4, 6, 3, padding='same', dilation=2, groups=2, bias=False)", LINE),
    ("nn.Conv1d(4, 2, 3, padding=2, padding_mode='circular')", LINE),
    ("nn.Conv2d(4, 2, (3, 2), stride=2, padding=(1, 0))", IMAGE),
    ("nn.Conv2d(4, 2, 2, padding='same', padding_mode='reflect')", IMAGE),
    ("nn.Conv2d(4, 2, 3, padding='valid')", "r(4, 5, 5)"),
    ("nn.Conv3d(2, 1, 2)", "r(1, 2, 3, 3, 3)"),
    ("nn.ConvTranspose1d(4, 2, 3, stride=2, output_padding=1)", LINE),
    ("nn.ConvTranspose2d(4, 2, 3, padding=1, dilation=2)", IMAGE),
    ("nn.ConvTranspose2d(4, 2, 3, stride=2)", "r(1, 4, 3, 3)", "[8, 8]"),
    # pooling, padding, shapes
    ("nn.MaxPool1d(2)", LINE),
    ("nn.MaxPool2d(3, stride=2, padding=1)", IMAGE),
    ("nn.MaxPool2d(2, ceil_mode=True, dilation=2)", IMAGE),
    ("nn.MaxPool3d(2)", "r(1, 2, 4, 4, 4)"),
    ("nn.AvgPool1d(3, 2)", LINE),
    ("nn.AvgPool2d(2, divisor_override=3)", IMAGE),
    ("nn.AvgPool3d(2)", "r(1, 2, 4, 4, 4)"),
    ("nn.LPPool2d(2, 2)", IMAGE),
    ("nn.AdaptiveAvgPool1d(3)", LINE),
    ("nn.AdaptiveAvgPool2d((2, 3))", IMAGE),
    ("nn.AdaptiveMaxPool2d(2)", IMAGE),
    ("nn.MaxUnpool1d(2)", "r(1, 1, 2)", "torch.tensor([[[0, 3]]])"),
    ("nn.ConstantPad1d((1, 2), 3.5)", LINE),
    ("nn.ZeroPad2d(1)", IMAGE),
    ("nn.ReflectionPad1d(2)", LINE),
    ("nn.ReplicationPad2d((1, 0, 2, 1))", IMAGE),
    ("nn.CircularPad2d(1)", IMAGE),
    ("nn.Flatten()", IMAGE),
    ("nn.Flatten(0, 1)", IMAGE),
    ("nn.Unflatten(1, (2, 3))", PLAIN),
    ("nn.PixelShuffle(2)", IMAGE),
    ("nn.PixelUnshuffle(2)", IMAGE),
    ("nn.ChannelShuffle(2)", IMAGE),
    ("nn.Unfold(2)", IMAGE),
    ("nn.Fold(4, 2, stride=2)", "r(1, 8, 4)"),
    ("nn.Upsample(scale_factor=2)", IMAGE),
    ("nn.UpsamplingNearest2d(size=4)", IMAGE),
    ("nn.UpsamplingBilinear2d(scale_factor=2)", IMAGE),
    # distances and losses
    ("nn.CosineSimilarity()", PLAIN, PLAIN),
    ("nn.PairwiseDistance(p=1)", PLAIN, PLAIN),
    *((f"nn.{name}(reduction={reduction!r})", PLAIN, "r(4, 6).detach().abs()")
      for name in (
        "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "PoissonNLLLoss", "KLDivLoss",
        "BCEWithLogitsLoss",
      ) for reduction in ("mean", "sum", "none")),
    ("nn.SmoothL1Loss(beta=0.5)", PLAIN, PLAIN),
    ("nn.HuberLoss(delta=0.5)", PLAIN, PLAIN),
    ("nn.BCELoss()", "r(4, 6).sigmoid()", "r(4, 6).detach().sigmoid()"),
    ("nn.BCEWithLogitsLoss(pos_weight=r(6).detach().abs())", PLAIN, "r(4, 6).detach().sigmoid()"),
    ("nn.CrossEntropyLoss()", PLAIN, "torch.tensor([1, 5, 0, 2])"),
    ("nn.CrossEntropyLoss(r(6).detach().abs(), ignore_index=5, label_smoothing=0.2)", PLAIN,
     "torch.tensor([1, 5, 0, 2])"),
    ("nn.NLLLoss(reduction='sum')", "r(4, 6).log_softmax(1)", "torch.tensor([1, 5, 0, 2])"),
    ("nn.KLDivLoss(reduction='batchmean', log_target=True)", PLAIN, PLAIN),
    ("nn.GaussianNLLLoss(full=True)", PLAIN, PLAIN, "r(4, 6).detach().abs()"),
    ("nn.SoftMarginLoss()", PLAIN, "r(4, 6).detach().sign()"),
    ("nn.HingeEmbeddingLoss(0.5)", PLAIN, "r(4, 6).detach().sign()"),
    ("nn.MarginRankingLoss(margin=0.3)", "r(4)", "r(4)", "torch.ones(4, dtype=torch.float64)"),
    ("nn.CosineEmbeddingLoss()", PLAIN, PLAIN, "torch.tensor([1, -1, 1, -1])"),
    ("nn.MultiMarginLoss(p=2)", PLAIN, "torch.tensor([1, 5, 0, 2])"),
    ("nn.MultiLabelMarginLoss()", "r(1, 4)", "torch.tensor([[3, 0, -1, 1]])"),
    ("nn.MultiLabelSoftMarginLoss()", PLAIN, "r(4, 6).detach().sigmoid()"),
    ("nn.TripletMarginLoss(p=2, swap=True)", PLAIN, PLAIN, PLAIN),
    ("nn.TripletMarginWithDistanceLoss(margin=2.0)", PLAIN, PLAIN, PLAIN),
    # containers
    ("nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])",),
    ("nn.ModuleDict({'a': nn.Linear(2, 1), 'b': nn.Sequential(nn.Tanh())})",),
    ("nn.ParameterList([torch.ones(2), torch.zeros(1, 3)])",),
    ("nn.ParameterDict({'w': torch.ones(2), 'text': 'kept'})",),
)  # fmt: skip
"""What constructs a module, and the inputs of one call of it."""


def _numbers(value):
    """The shape, the first numbers, and a weighed sum that every number counts in."""
    array = value.detach().numpy().reshape(-1)
    weighed = float(array.astype(np.float64) @ np.cos(np.arange(array.size)))
    return [list(value.shape), *array[:3].tolist(), weighed]


def outcome(torch, case):
    """What the module shows, starts from, computes and sends back, as plain data."""
    random = np.random.default_rng(len(repr(case)))

    def r(*shape):
        return torch.tensor(random.standard_normal(shape), requires_grad=True)

    names = {"torch": torch, "nn": torch.nn, "r": r}
    torch.manual_seed(3)
    module = eval(case[0], names)
    found = {
        "repr": repr(module),
        "start": {name: _numbers(one) for name, one in module.state_dict().items()},
    }
    if len(case) == 1:
        return found
    module.double()
    inputs = [eval(one, names) for one in case[1:]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = module(*inputs)
    found["result"] = _numbers(result)
    if result.requires_grad:
        weights = torch.tensor(np.sin(np.arange(result.numel()) + 1.0)).reshape(result.shape)
        (result * weights).sum().backward()
    found["gradients"] = {
        name: None if one.grad is None else _numbers(one.grad)
        for name, one in module.named_parameters()
    }
    leaves = [one for one in inputs if isinstance(one, torch.Tensor) and one.is_leaf]
    found["inputs"] = [None if one.grad is None else _numbers(one.grad) for one in leaves]
    found["end"] = {name: _numbers(one) for name, one in module.named_buffers()}
    return found
