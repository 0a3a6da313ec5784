"""Sample calls of every row of the table of derivatives, and the inputs to make them with.

A call is an expression over `torch` (the engine or PyTorch itself), its float64 inputs `a`, `b`,
`c` and, where no public name leads to a row, `rows`: the engine's rows as operations on tensors.
It says nothing of how the results are checked.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """A call that runs the row `row` on inputs of `shapes`; `positive` where logarithms need it."""

    row: str
    call: str
    shapes: tuple[Shape, ...]
    positive: bool = False

    @property
    def is_public(self) -> bool:
        """Whether PyTorch can run the call too."""
        return "rows." not in self.call

    def __str__(self) -> str:
        shapes = " ".join("x".join(map(str, shape)) or "0-d" for shape in self.shapes)
        return f"{self.call} [{shapes}]"


def arrays(sample: Sample, seed: int = 0) -> list[np.ndarray]:
    """Inputs of a sample: of both signs unless positive, all distinct, none near 0."""
    generator = np.random.default_rng([seed, *sample.call.encode()])
    count = sum(int(np.prod(shape)) for shape in sample.shapes)
    sizes = generator.permutation(np.linspace(0.4, 2.3, count)) + generator.uniform(0, 1e-3, count)
    signs = np.ones(count) if sample.positive else generator.choice([-1.0, 1.0], count)
    pieces = []
    for shape in sample.shapes:
        used = int(np.prod(shape))
        pieces.append((signs[:used] * sizes[:used]).reshape(shape))
        signs, sizes = signs[used:], sizes[used:]
    return pieces


def evaluate(sample: Sample, torch: Any, inputs: list[Any], rows: Any = None) -> tuple[Any, ...]:
    """The floating results of a sample's call, in order."""
    names = dict(zip("abc", inputs, strict=False))
    found = eval(sample.call, {"torch": torch, "np": np, "rows": rows, **names})
    results = found if isinstance(found, (tuple, list)) else (found,)
    return tuple(one for one in results if one.is_floating_point())


PAIRS: tuple[tuple[Shape, Shape], ...] = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 2)),
    ((2, 1, 2), ()),
    ((1,), (2, 3)),
)
"""Shapes of two operands that broadcast."""

SHAPES: tuple[Shape, ...] = ((), (4,), (2, 3))
"""Shapes for what goes element by element."""


def _of_two(row: str, *calls: str, positive: bool = False) -> list[Sample]:
    return [Sample(row, call, pair, positive=positive) for call in calls for pair in PAIRS]


def _of_one(row: str, *calls: str, positive: bool = False) -> list[Sample]:
    return [Sample(row, call, (shape,), positive=positive) for call in calls for shape in SHAPES]


def _on(row: str, shapes: tuple[Shape, ...], *calls: str, positive: bool = False) -> list[Sample]:
    return [Sample(row, call, shapes, positive=positive) for call in calls]


SAMPLES: list[Sample] = [
    # arithmetic
    *_of_two("add", "a + b", "torch.add(a, b, alpha=2.5)"),
    *_of_one("add", "a + 3", "1.5 + a", "(a * 1).add_(2)"),
    *_of_two("sub", "a - b", "torch.sub(a, b, alpha=-0.5)"),
    *_of_one("sub", "a - 3", "(a * 1).sub_(a * 2)"),
    *_of_two("rsub", "torch.rsub(a, b)", "torch.rsub(a, b, alpha=2.0)"),
    *_of_one("rsub_number", "3 - a", "1.5 - a"),
    *_of_two("mul", "a * b"),
    *_of_one("mul", "a * 3", "-1.5 * a", "a * a", "(a * 1).mul_(a)", "(a * 1).mul_(2)"),
    *_of_two("div", "a / b"),
    *_of_one("div", "a / 3", "(a * 1).div_(a + 5)"),
    *_of_two("remainder", "a % b"),
    *_of_one("remainder_number", "a % 0.7", "a % -1.3"),
    *_of_one("neg", "-a", "(a * 1).neg_()"),
    *_of_one("reciprocal", "a.reciprocal()", "2 / a", "(a * 1).reciprocal_()"),
    *_of_one("pow_number", "a**2", "a**3", "a**1", "a**0", "a**-1", "a**-2", "a.square()"),
    *_of_one("pow_number", "a**0.5", "a**2.5", "torch.pow(a, -1.5)", positive=True),
    *_of_two("pow", "a**b", "torch.pow(a, b)", positive=True),
    *_of_one("pow_of_number", "2**a", "0.3**a", "torch.pow(2.5, a)"),
    # elementary functions
    *_of_one("exp", "a.exp()", "torch.exp(a)", "(a * 1).exp_()"),
    *_of_one("expm1", "torch.expm1(a)"),
    *_of_one("log", "a.log()", "(a * 1).log_()", positive=True),
    *_of_one("log1p", "torch.log1p(a)", positive=True),
    *_of_one("log2", "torch.log2(a)", positive=True),
    *_of_one("log10", "torch.log10(a)", positive=True),
    *_of_one("sqrt", "a.sqrt()", "(a * 1).sqrt_()", positive=True),
    *_of_one("rsqrt", "a.rsqrt()", positive=True),
    *_of_one("sin", "a.sin()", "(a * 1).sin_()"),
    *_of_one("cos", "a.cos()", "(a * 1).cos_()"),
    *_of_one("tan", "torch.tan(a / 2)"),
    *_of_one("tanh", "a.tanh()", "(a * 1).tanh_()"),
    *_of_one("atan", "torch.atan(a)"),
    *_of_one("abs", "a.abs()", "abs(a)", "(a * 1).abs_()"),
    *_of_one("sign", "a.sign()"),
    *_of_one("floor", "a.floor()", "(a * 1).floor_()"),
    *_of_one("ceil", "a.ceil()", "(a * 1).ceil_()"),
    *_of_one("round", "a.round()", "(a * 1).round_()"),
    # activations and choices
    *_of_one("sigmoid", "a.sigmoid()", "torch.sigmoid(a)", "(a * 1).sigmoid_()"),
    *_of_one("relu", "a.relu()", "torch.relu(a)", "(a * 1).relu_()"),
    *_of_one("softplus", "rows.softplus(a)", "rows.softplus(a, 2.0, 1.5)"),
    *_of_two("maximum", "torch.maximum(a, b)", "torch.max(a, b)"),
    *_of_two("minimum", "torch.minimum(a, b)", "torch.min(a, b)"),
    *_of_two("where", "torch.where(a > b, a * 2, b * 3)"),
    *_of_one("where", "torch.where(a > 1, a, 0.0)", "torch.where(a > 1, 2, a)"),
    *_of_one("clamp", "a.clamp(-1, 1)", "a.clamp(min=0.5)", "torch.clamp(a, max=-0.5)"),
    *_of_one("masked_fill", "a.masked_fill(a > 0, 7.0)", "(a * 1).masked_fill_(a > 1, -2)"),
    *_of_two("clamp_tensor", "a.clamp(min=b)", "torch.clamp(a, max=b)"),
    *_on("clamp_tensor", ((2, 3), (3,), (1,)), "a.clamp(b, c)", "torch.clamp(a, c, b)"),
    # copies and writing
    *_of_one("clone", "a.clone()"),
    *_of_one("copy", "rows.copy(a)"),
    *_of_one("to_copy", "(a * 1).to(torch.float32).to(torch.float64) * 0 + a.to(a.dtype)"),
    *_of_one("zero", "(a * 1).zero_()"),
    *_of_one("fill", "(a * 1).fill_(3.0)"),
    *_on("fill_tensor", ((2, 3), ()), "(a * 1).fill_(b)"),
    *_of_one("copy_from", "(a * 1).copy_(a * 2)"),
    *_on("copy_from", ((2, 3), (3,)), "(a * 1).copy_(b)"),
    # sums, means, spread
    *_of_one("sum", "a.sum()", "torch.sum(a)"),
    *_of_one("sum_dim", "a.sum(0)", "a.sum(-1, keepdim=True)"),
    *_on("sum_dim", ((2, 3, 2),), "a.sum((0, 2))", "a.sum(dim=[1, -1], keepdim=True)"),
    *_of_one("mean", "a.mean()", "torch.mean(a)"),
    *_of_one("mean_dim", "a.mean(0)", "a.mean(-1, keepdim=True)"),
    *_on("mean_dim", ((2, 3, 2),), "a.mean((0, 2))", "a.mean(dim=[1, -1], keepdim=True)"),
    *_on("sum_to", ((2, 3, 2),), "rows.sum_to(a, (3, 1))", "rows.sum_to(a, (2, 1, 2))"),
    *_on("cumsum", ((3, 2),), "a.cumsum(0)", "torch.cumsum(a, -1)"),
    *_on("var", ((5,),), "a.var()", "a.var(unbiased=False)", "a.var(correction=2)"),
    *_on("var", ((3, 4),), "a.var(0)", "a.var(1, keepdim=True)", "a.var((0, 1))"),
    *_on("std", ((5,),), "a.std()", "a.std(unbiased=False)"),
    *_on("std", ((3, 4),), "a.std(0)", "torch.std(a, 1, keepdim=True)"),
    # extremes
    *_of_one("max", "a.max()", "torch.max(a)"),
    *_of_one("min", "a.min()"),
    *_of_one("max_dim", "a.max(0)", "torch.max(a, -1, keepdim=True)"),
    *_of_one("min_dim", "a.min(0)", "a.min(dim=-1, keepdim=True)"),
    *_of_one("amax", "a.amax()", "a.amax(0)", "a.amax(-1, keepdim=True)"),
    *_of_one("amin", "a.amin()", "a.amin(0)", "a.amin(-1, keepdim=True)"),
    *_on("amax", ((2, 3, 2),), "torch.amax(a, (0, 2))"),
    # norms, softmax, products
    *_of_one("linalg_vector_norm", "a.norm()", "a.norm(1)", "a.norm(3)", "a.norm(float('inf'))"),
    *_on(
        "linalg_vector_norm", ((2, 3),), "a.norm(dim=1)", "a.norm(3, dim=0)", "a.norm(1, 0, True)",
        "a.norm(float('inf'), dim=1)", "torch.norm(a, 2, (0, 1), True)", "a.norm(0.5)",
    ),
    *_on("logsumexp", ((2, 3),), "a.logsumexp(1)", "torch.logsumexp(a, 0, True)"),
    *_on("logsumexp", ((2, 3),), "a.logsumexp((0, 1))"),
    *_of_one("softmax", "a.softmax(0)", "torch.softmax(a, -1)"),
    *_of_one("log_softmax", "a.log_softmax(0)", "torch.log_softmax(a, dim=-1)"),
    *_of_one("prod", "a.prod()"),
    *_of_one("prod_dim", "a.prod(0)", "torch.prod(a, -1, keepdim=True)"),
    # matrices
    *_on("mm", ((2, 3), (3, 4)), "a @ b", "torch.mm(a, b)", "a.matmul(b)"),
    *_on("mm", ((3,), (3, 2)), "a @ b"),
    *_on("mv", ((2, 3), (3,)), "a @ b", "torch.mv(a, b)"),
    *_on("dot", ((3,), (3,)), "a @ b", "torch.dot(a, b)", "a.dot(a)"),
    *_on("bmm", ((2, 2, 3), (2, 3, 2)), "a @ b", "torch.bmm(a, b)"),
    *_on("mm", ((2, 2, 3), (3, 2)), "torch.matmul(a, b)"),
    *_on("mm", ((2, 3), (2, 3, 2)), "torch.matmul(a, b)"),
    *_on("mm", ((1, 2, 3), (2, 3, 2)), "torch.matmul(a, b)"),
    *_on("mm", ((2, 2, 3), (1, 3, 2)), "torch.matmul(a, b)"),
    *_on("bmm", ((2, 1, 2, 3), (3, 3, 2)), "a @ b"),
    *_on("mv", ((3,), (2, 3, 2)), "a @ b"),
    *_on("mv", ((2, 2, 3), (3,)), "a @ b"),
    # shapes
    *_on("view", ((2, 6),), "a.view(3, 4)", "a.view(-1)", "a.reshape(4, -1)", "a.flatten()"),
    *_on("reshape_alias", ((4, 3),), "a[:, :2].reshape(2, 2, 2)", "a.t().reshape(3, 2, 2)"),
    *_on("reshape", ((2, 6),), "rows.reshape(a, (3, 4))"),
    *_on("unsafe_view", ((2, 3),), "a.t().reshape(2, 3)", "rows.unsafe_view(a, (6,))"),
    *_of_one("unsqueeze", "a.unsqueeze(0)", "a.unsqueeze(-1)"),
    *_on("squeeze", ((1, 3, 1),), "a.squeeze()"),
    *_on("squeeze_dims", ((1, 3, 1),), "a.squeeze((0, 1))", "a.squeeze((-1, 0))"),
    *_on("squeezed", ((2,), (2, 3)), "a @ b"),
    *_on("squeeze_dim", ((1, 3, 1),), "a.squeeze(0)", "a.squeeze(-1)", "a.squeeze(1)"),
    *_on("expand", ((1, 3),), "a.expand(2, 3)", "a.expand(4, 2, -1)"),
    *_on("permute", ((2, 3, 2),), "a.permute(2, 0, 1)", "torch.permute(a, (1, -1, 0))"),
    *_on("transpose", ((2, 3, 2),), "a.transpose(0, 1)", "a.transpose(-1, 0)", "a.mT"),
    *_on("permute", ((2, 3),), "a.T"),
    *_on("t", ((2, 3),), "a.t()"),
    *_on("alias", ((2, 3),), "a[...]", "rows.alias(a)"),
    *_on("flip", ((2, 3),), "a.flip(0)", "torch.flip(a, (0, 1))"),
    *_on("repeat", ((2, 3),), "a.repeat(2, 1)", "a.repeat(2, 1, 3)"),
    # joining and taking apart
    *_on("cat", ((2, 3), (1, 3)), "torch.cat([a, b])", "torch.cat((b, a, b), 0)"),
    *_on("cat", ((2, 3), (2, 1)), "torch.cat([a, b], dim=-1)", "torch.cat([a, b], 1)"),
    *_on("stack", ((2, 3), (2, 3)), "torch.stack([a, b])", "torch.stack([a, b, a], -1)"),
    *_on("unbind", ((3, 2),), "a.unbind()", "torch.unbind(a, -1)", "a.unbind(1)[1]"),
    *_on("split", ((5, 2),), "a.split(2)", "a.chunk(2)", "a.split(2)[1]"),
    *_on("split", ((2, 5),), "a.split(2, dim=1)", "a.chunk(3, -1)[2]"),
    *_on("split_with_sizes", ((5, 2),), "a.split([1, 4])", "torch.split(a, (2, 3))[0]"),
    *_on("split_with_sizes", ((2, 5),), "a.split([4, 1], -1)"),
    # indexing
    *_on("select", ((3, 2),), "a[1]", "a[-1]", "a.select(1, 0)", "a[2, 1]"),
    *_on("slice", ((4, 3),), "a[1:3]", "a[:, ::2]", "a[-2:]", "a[::3, 1:]"),
    *_on("narrow", ((4, 3),), "a.narrow(0, 1, 2)", "torch.narrow(a, -1, 0, 2)"),
    *_on(
        "index", ((4, 3),), "a[[0, 2]]", "a[[1, 1, 3]]", "a[a > 0]", "a[:, [2, 0]]",
        "a[[0, 1], [2, 2]]", "a[torch.tensor([0, 0])]",
        "a[torch.tensor([[0, 1], [2, 3]])]", "a[1:, [0, 0]]",
    ),
    *_on("index_put", ((4, 3), (3,)), "rows.index_put(a, b, (np.array([2, 0]),))"),
    *_on("index_select", ((4, 3),), "a.index_select(0, torch.tensor([2, 2, 0]))"),
    *_on("index_select", ((4, 3),), "torch.index_select(a, -1, torch.tensor([1, 0, 1]))"),
    *_on("gather", ((2, 3),), "a.gather(1, torch.tensor([[0, 0], [2, 1]]))"),
    *_on("gather", ((2, 3),), "torch.gather(a, 0, torch.tensor([[0, 1, 1]]))"),
    # what gradients of the above are made of
    *_on("placed", ((2,),), "rows.placed(a, (3, 2), (1,))"),
    *_on("basic_index", ((3, 2),), "rows.basic_index(a, (slice(1, 3), 0))"),
    *_on(
        "added_at", ((3,),),
        "rows.added_at(a, (2, 4), (np.array([0, 1, 0]), np.array([3, 2, 3])))",
    ),
    *_on("scatter_zeros", ((2, 1),), "rows.scatter_zeros(a, torch.tensor([[2], [0]]), (2, 3), 1)"),
    *_on(
        "gather_transposed", ((2, 2),),
        "rows.gather_transposed(a, torch.tensor([[0, 0], [2, 1]]), (2, 3), 1)",
    ),
    *_on(
        "index_select_transposed", ((3, 2),),
        "rows.index_select_transposed(a, torch.tensor([2, 2, 0]), (4, 2), 0)",
    ),
    *_on("as_strided", ((2, 3),), "rows.as_strided(a, np.array([[0, 1], [1, 5]]))"),
    *_on(
        "as_strided_transposed", ((3,),),
        "rows.as_strided_transposed(a, (2, 2), np.array([0, 0, 3]))",
    ),
    *_on("as_strided_scatter", ((2, 3), (2,)), "rows.as_strided_scatter(a, b, np.array([1, 4]))"),
]  # fmt: skip
