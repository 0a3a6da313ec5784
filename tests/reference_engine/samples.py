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
    """A call that runs the row `row` on inputs of `shapes`; `positive` where logarithms need it.

    Where `broadcasts`, these shapes are examples: any that broadcast together would do.
    """

    row: str
    call: str
    shapes: tuple[Shape, ...]
    positive: bool = False
    broadcasts: bool = False

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


POSITIVE = "a @ a.mT + 0.5 * torch.eye(3, dtype=a.dtype)"
"""A symmetric matrix with positive eigenvalues."""


def _of_two(row: str, *calls: str, positive: bool = False) -> list[Sample]:
    return [Sample(row, call, pair, positive, broadcasts=True) for call in calls for pair in PAIRS]


def _of_one(row: str, *calls: str, positive: bool = False) -> list[Sample]:
    return [
        Sample(row, call, (shape,), positive, broadcasts=True) for call in calls for shape in SHAPES
    ]


def _on(row: str, shapes: tuple[Shape, ...], *calls: str, positive: bool = False) -> list[Sample]:
    return [Sample(row, call, shapes, positive=positive) for call in calls]


def _nn(row: str, shapes: tuple[Shape, ...], *calls: str, positive: bool = False) -> list[Sample]:
    """Calls of functions of torch.nn.functional, named without it."""
    named = [f"torch.nn.functional.{call}" for call in calls]
    return _on(row, shapes, *named, positive=positive)


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
    *_of_one("copy", "rows.copy(a, a)"),
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
    # elementary and special functions, continued
    *_of_one("acos", "torch.acos(a / 3)", "(a / 3).acos_()"),
    *_of_one("asin", "torch.asin(a / 3)"),
    *_of_one("acosh", "torch.acosh(a + 1)", positive=True),
    *_of_one("asinh", "torch.asinh(a)"),
    *_of_one("atanh", "torch.atanh(a / 3)"),
    *_of_one("sinh", "torch.sinh(a)"),
    *_of_one("cosh", "torch.cosh(a)"),
    *_of_one("exp2", "torch.exp2(a)"),
    *_of_one("deg2rad", "torch.deg2rad(a)"),
    *_of_one("rad2deg", "torch.rad2deg(a)"),
    *_of_one("sinc", "torch.sinc(a)"),
    *_of_one("logit", "torch.logit(a / 3)", "torch.logit(a / 3, 0.2)", positive=True),
    *_of_one("erf", "torch.erf(a)"),
    *_of_one("erfc", "torch.erfc(a)"),
    *_of_one("erfinv", "torch.erfinv(a / 3)"),
    *_of_one("lgamma", "torch.lgamma(a)"),
    *_of_one("digamma", "torch.digamma(a)", positive=True),
    *_of_one("polygamma", "torch.polygamma(1, a)", "torch.polygamma(2, a)", positive=True),
    *_of_one("mvlgamma", "torch.mvlgamma(a + 1, 3)", positive=True),
    *_of_one("i0", "torch.i0(a)"),
    *_of_one("special_i0e", "torch.special.i0e(a)"),
    *_of_one("special_i1", "torch.special.i1(a)"),
    *_of_one("special_i1e", "torch.special.i1e(a)"),
    *_of_one("special_erfcx", "torch.special.erfcx(a)"),
    *_of_one("special_entr", "torch.special.entr(a)", positive=True),
    *_of_one("special_ndtri", "torch.special.ndtri(a / 3)", positive=True),
    *_of_one("special_log_ndtr", "torch.special.log_ndtr(a)"),
    *_of_two("atan2", "torch.atan2(a, b)"),
    *_of_two("hypot", "torch.hypot(a, b)"),
    *_of_two("logaddexp", "torch.logaddexp(a, b)"),
    *_of_two("logaddexp2", "torch.logaddexp2(a, b)"),
    *_of_two("ldexp", "torch.ldexp(a, b)"),
    *_of_two("xlogy", "torch.xlogy(a, b)", positive=True),
    *_of_one("xlogy_number", "torch.xlogy(a, 2.5)"),
    *_of_one("xlogy_of_number", "torch.xlogy(2.5, a)", positive=True),
    *_of_two("special_xlog1py", "torch.special.xlog1py(a, b)", positive=True),
    *_of_one("special_xlog1py_number", "torch.special.xlog1py(a, 2.5)"),
    *_of_one("special_xlog1py_of_number", "torch.special.xlog1py(2.5, a)", positive=True),
    # rounding, signs, choices and combinations
    *_of_two("div_rounded", "torch.div(a, b, rounding_mode='floor')"),
    *_of_one("div_rounded", "torch.div(a, 0.7, rounding_mode='trunc')"),
    *_of_two("fmod", "torch.fmod(a, b)"),
    *_of_one("fmod_number", "torch.fmod(a, 0.7)", "(a * 1).fmod_(0.7)"),
    *_of_one("trunc", "torch.trunc(a)"),
    *_of_one("frac", "torch.frac(a)"),
    *_of_one("round_decimals", "torch.round(a, decimals=1)"),
    *_of_one("sgn", "torch.sgn(a)"),
    *_of_two("copysign", "torch.copysign(a, b)"),
    *_of_one("copysign_number", "torch.copysign(a, -1.0)"),
    *_of_two("nextafter", "torch.nextafter(a, b)"),
    *_of_one("frexp", "torch.frexp(a)[0]"),
    *_of_one("nan_to_num", "torch.nan_to_num(a)"),
    *_of_two("fmax", "torch.fmax(a, b)"),
    *_of_two("fmin", "torch.fmin(a, b)"),
    *_of_one("clamp_min", "torch.clamp_min(a, 0.5)", "(a * 1).clamp_min_(min=0.5)"),
    *_of_one("clamp_max", "torch.clamp_max(a, 0.5)"),
    *_of_two("clamp_min_tensor", "torch.clamp_min(a, b)"),
    *_of_two("clamp_max_tensor", "torch.clamp_max(a, b)"),
    *_on("masked_fill_tensor", ((2, 3), ()), "a.masked_fill(a > 0, b)"),
    *_of_two("lerp", "torch.lerp(a, b, 0.3)", "torch.lerp(a, b, 0.7)"),
    *_on("lerp_tensor", ((2, 3), (3,), (1,)), "torch.lerp(a, b, c)"),
    *_on("addcmul", ((2, 3), (3,), (1,)), "torch.addcmul(a, b, c, value=2)"),
    *_on("addcdiv", ((2, 3), (3,), (1,)), "torch.addcdiv(a, b, c, value=2)"),
    *_of_one("add_number", "torch.special.ndtr(a)"),
    *_of_one("mul_number", "torch.special.ndtr(a)"),
    *_on("div_number", ((5,), (5,)), "torch.trapezoid(a, b)", "torch.cumulative_trapezoid(a, b)"),
    # statistics and running values
    *_of_one("nansum", "torch.nansum(a)", "torch.nansum(a, 0)", "torch.nanmean(a, -1, True)"),
    *_on("var_mean", ((3, 4),), "torch.var_mean(a)", "torch.var_mean(a, 1)"),
    *_on("var_mean", ((3, 4),), "torch.var_mean(a, 0)[0]"),
    *_on("std_mean", ((3, 4),), "torch.std_mean(a)", "torch.std_mean(a, 1)"),
    *_on("std_mean", ((3, 4),), "torch.std_mean(a, 0)[1]"),
    *_of_one("aminmax", "torch.aminmax(a)", "torch.aminmax(a, dim=0)"),
    *_on("cumprod", ((3, 2),), "a.cumprod(0)", "torch.cumprod(a, -1)"),
    *_on("cumprod", ((3, 2),), "torch.cumprod(a * torch.tensor([[1.0, 0], [0, 1], [1, 1]]), 0)"),
    *_on("logcumsumexp", ((3, 2),), "a.logcumsumexp(0)", "torch.logcumsumexp(a, -1)"),
    *_on("cummax", ((3, 2),), "a.cummax(0)", "torch.cummax(a, -1)"),
    *_on("cummin", ((3, 2),), "a.cummin(0)", "torch.cummin(a, -1)"),
    *_of_two("dist", "torch.dist(a, b)", "torch.dist(a, b, 1)", "torch.dist(a, b, 3)"),
    *_on("renorm", ((3, 4),), "torch.renorm(a, 2, 0, 2.5)", "torch.renorm(a, 3, 1, 1.0)"),
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
    *_on("t_in_place", ((2, 3),), "(a * 1).t_()"),
    *_on("transpose_in_place", ((2, 1, 3),), "(a * 1).transpose_(0, -1)"),
    *_on("unsqueeze_in_place", ((2, 3),), "(a * 1).unsqueeze_(1)"),
    *_on("squeeze_in_place", ((1, 3, 1),), "(a * 1).squeeze_()"),
    *_on("squeeze_dim_in_place", ((1, 3, 1),), "(a * 1).squeeze_(-1)"),
    *_on("squeeze_dims_in_place", ((1, 3, 1),), "(a * 1).squeeze_((0, 1))"),
    *_on("threshold_backward", ((2, 3), (2, 3)), "rows.threshold_backward(a, b)"),
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
    # rearranging
    *_on("roll", ((2, 3),), "a.roll(1)", "torch.roll(a, (1, -2), (0, 1))"),
    *_on("rot90", ((2, 3),), "torch.rot90(a)", "a.rot90(-1, (1, 0))", "a.rot90(2)"),
    *_on("tril", ((3, 3),), "a.tril()", "torch.tril(a, -1)", "(a * 1).tril_(1)"),
    *_on("triu", ((2, 3, 3),), "a.triu()", "torch.triu(a, 1)"),
    *_on("diagonal", ((3, 4),), "a.diagonal()", "torch.diagonal(a, 1, 1, 0)"),
    *_on("diagonal_copy", ((3, 4),), "torch.diagonal_copy(a, -1)", "torch.diag(a, 1)"),
    *_on("diag_embed", ((2, 3),), "torch.diag_embed(a)", "a.diag_embed(1, 0, 2)"),
    *_on("diag_embed", ((3,),), "torch.diag(a)", "torch.diagflat(a, -1)"),
    *_on("diagonal_scatter", ((3, 4), (3,)), "torch.diagonal_scatter(a, b, 1)"),
    *_on("trace", ((2, 3),), "a.trace()"),
    *_on("select_scatter", ((2, 3), (2,)), "torch.select_scatter(a, b, 1, -1)"),
    *_on("slice_scatter", ((4, 3), (2, 3)), "torch.slice_scatter(a, b, 0, 1, 4, 2)"),
    *_on("unfold", ((7,),), "a.unfold(0, 3, 2)", "a.unfold(0, 2, 3)"),
    *_on("unfold", ((2, 5),), "a.unfold(1, 3, 1)", "a.unfold(0, 2, 1)"),
    *_on("strided", ((6,),), "a.as_strided((2, 3), (1, 2))", "a.as_strided((2,), (3,), 1)"),
    *_on("strided", ((3, 4),), "a[:, 1:].as_strided((2, 2), (1, 4), 2)"),
    *_on("as_strided_copy", ((6,),), "torch.as_strided_copy(a, (2, 3), (1, 2))"),
    *_on("block_diag", ((2, 3), (2,), ()), "torch.block_diag(a, b, c)"),
    *_on("alias_copy", ((2, 3),), "torch.alias_copy(a)"),
    *_on("expand_copy", ((1, 3),), "torch.expand_copy(a, (2, 3))"),
    *_on("permute_copy", ((2, 3),), "torch.permute_copy(a, (1, 0))"),
    *_on("select_copy", ((2, 3),), "torch.select_copy(a, 1, 2)"),
    *_on("slice_copy", ((4, 3),), "torch.slice_copy(a, 0, 1, 4, 2)"),
    *_on("split_with_sizes_copy", ((4, 3),), "torch.split_with_sizes_copy(a, (1, 3))"),
    *_on("squeeze_copy", ((1, 3, 1),), "torch.squeeze_copy(a)"),
    *_on("squeeze_dim_copy", ((1, 3, 1),), "torch.squeeze_copy(a, 0)"),
    *_on("squeeze_dims_copy", ((1, 3, 1),), "torch.squeeze_copy(a, (0, 2))"),
    *_on("t_copy", ((2, 3),), "torch.t_copy(a)"),
    *_on("transpose_copy", ((2, 3),), "torch.transpose_copy(a, 0, 1)"),
    *_on("unbind_copy", ((2, 3),), "torch.unbind_copy(a, 1)"),
    *_on("unfold_copy", ((5,),), "torch.unfold_copy(a, 0, 3, 1)"),
    *_on("unsqueeze_copy", ((2, 3),), "torch.unsqueeze_copy(a, 1)"),
    *_on("view_copy", ((2, 3),), "torch.view_copy(a, (3, 2))"),
    *_on("narrow_copy", ((4, 3),), "torch.narrow_copy(a, 0, 1, 2)"),
    *_on("unsafe_split", ((5, 2),), "torch.unsafe_split(a, 2)", "torch.unsafe_chunk(a, 2)"),
    *_on("unsafe_split_with_sizes", ((5, 2),), "torch.unsafe_split_with_sizes(a, (2, 3))"),
    *_on("diagonal_transposed", ((3,),), "rows.diagonal_transposed(a, (3, 4), 1, 0, 1)"),
    *_on("unfold_transposed", ((4, 2),), "rows.unfold_transposed(a, (5,), 0, 2, 1)"),
    # scattering
    *_on("masked_select", ((2, 3),), "a.masked_select(a > 0)", "torch.masked_select(a, a[0] > 0)"),
    *_on(
        "masked_select_transposed", ((2,),),
        "rows.masked_select_transposed(a, torch.tensor([True, False, True]), (3,))",
    ),
    *_on("masked_scatter", ((2, 3), (6,)), "a.masked_scatter(a > 0, b)"),
    *_on("take", ((2, 3),), "a.take(torch.tensor([[0, 5], [-1, 0]]))"),
    *_on("take_transposed", ((3,),), "rows.take_transposed(a, torch.tensor([1, 1, 4]), (2, 3))"),
    *_on("put", ((2, 3), (2,)), "a.put(torch.tensor([0, 4]), b)"),
    *_on("put", ((2, 3), (2,)), "(a * 1).put_(torch.tensor([1, 1]), b, accumulate=True)"),
    *_on("index_put_add", ((4, 3), (2, 3)), "a.index_put((torch.tensor([1, 1]),), b, True)"),
    *_on("index_add", ((4, 3), (2, 3)), "a.index_add(0, torch.tensor([1, 1]), b, alpha=-2)"),
    *_on("index_add", ((2, 4), (2, 2)), "(a * 1).index_add_(1, torch.tensor([3, 0]), b)"),
    *_on("index_copy", ((4, 3), (2, 3)), "a.index_copy(0, torch.tensor([3, 1]), b)"),
    *_on("index_fill", ((4, 3),), "a.index_fill(1, torch.tensor([2, 0]), 1.5)"),
    *_on("index_fill_tensor", ((4, 3), ()), "a.index_fill(0, torch.tensor([2, 2]), b)"),
    *_on("scatter", ((3, 2), (2, 2)), "a.scatter(0, torch.tensor([[0, 2], [1, 0]]), b)"),
    *_on("scatter_value", ((3, 2),), "(a * 1).scatter_(1, torch.tensor([[0], [1]]), 2.5)"),
    *_on("scatter_add", ((3, 2), (2, 2)), "a.scatter_add(0, torch.tensor([[0, 2], [0, 0]]), b)"),
    *(
        Sample(
            "scatter_reduce",
            f"a.scatter_reduce(0, torch.tensor([[0, 2], [0, 0]]), b, '{how}', include_self={own})",
            ((3, 2), (2, 2)),
        )
        for how in ("sum", "prod", "mean", "amax", "amin")
        for own in (True, False)
    ),
    *(
        Sample(
            "index_reduce",
            f"a.index_reduce(1, torch.tensor([1, 1]), b, '{how}', include_self={own})",
            ((2, 3), (2, 2)),
        )
        for how in ("prod", "mean", "amax", "amin")
        for own in (True, False)
    ),
    # ordering
    *_of_one("sort", "a.sort()", "torch.sort(a, 0, True)"),
    *_on("sort_stable", ((2, 3),), "torch.sort(a, stable=True, dim=0)"),
    *_on("topk", ((2, 4),), "a.topk(2)", "torch.topk(a, 1, 0, largest=False)"),
    *_on("kthvalue", ((2, 4),), "a.kthvalue(2)", "torch.kthvalue(a, 1, 0, keepdim=True)"),
    *_of_one("median", "a.median()"),
    *_of_one("nanmedian", "torch.nanmedian(a)"),
    *_of_one("median_dim", "a.median(0)", "a.median(-1, keepdim=True)"),
    *_of_one("nanmedian_dim", "a.nanmedian(0)"),
    *_of_one("mode", "a.mode(0)", "torch.mode(a, -1, True)"),
    # linear algebra
    *_on("addmm", ((3,), (2, 4), (4, 3)), "torch.addmm(a, b, c)"),
    *_on("addmm", ((3,), (2, 4), (4, 3)), "a.addmm(b, c, beta=2, alpha=0.5)"),
    *_on("addmv", ((2,), (2, 3), (3,)), "torch.addmv(a, b, c, alpha=-1)"),
    *_on("addr", ((2, 3), (2,), (3,)), "torch.addr(a, b, c, beta=0.5)", "(a * 1).addr_(b, c)"),
    *_on("addbmm", ((2, 2), (2, 2, 3), (2, 3, 2)), "torch.addbmm(a, b, c, alpha=3)"),
    *_on("baddbmm", ((2, 2, 2), (2, 2, 3), (2, 3, 2)), "torch.baddbmm(a, b, c, beta=-1)"),
    *_on("vdot", ((3,), (3,)), "torch.vdot(a, b)"),
    *_on("linalg_cross", ((2, 3), (2, 3)), "torch.cross(a, b, dim=1)", "torch.linalg.cross(a, b)"),
    *_on("linalg_inv_ex", ((3, 3),), "torch.inverse(a + 3 * torch.eye(3, dtype=a.dtype))"),
    *_on("linalg_inv_ex", ((2, 2, 2),), "torch.linalg.inv(a @ a.mT + a)"),
    *_on("linalg_solve_ex", ((3, 3), (3,)), "torch.linalg.solve(a @ a.T + 1, b)"),
    *_on("linalg_solve_ex", ((3, 3), (3, 2)), "torch.linalg.solve(a @ a.T + 1, b)"),
    *_on("linalg_solve_ex", ((3, 3), (2, 3)), "torch.linalg.solve(a @ a.T + 1, b, left=False)"),
    *_on(
        "linalg_solve_triangular", ((3, 3), (3, 2)),
        "torch.linalg.solve_triangular(a, b, upper=True)",
        "torch.linalg.solve_triangular(a, b, upper=False, unitriangular=True)",
        "torch.linalg.solve_triangular(a, b.mT, upper=False, left=False)",
    ),
    *_on("linalg_det", ((3, 3),), "torch.det(a)", "torch.linalg.det(a)"),
    *_on("linalg_slogdet", ((3, 3),), "torch.slogdet(a)", "torch.logdet(a @ a.mT)"),
    *_on("linalg_cholesky_ex", ((3, 3),), f"torch.linalg.cholesky({POSITIVE})"),
    *_on("linalg_cholesky_ex", ((3, 3),), f"torch.linalg.cholesky({POSITIVE}, upper=True)"),
    *_on("cholesky", ((3, 3),), f"torch.cholesky({POSITIVE})"),
    *_on("cholesky_solve", ((3, 2), (3, 3)), "torch.cholesky_solve(a, b.tril() + 0)"),
    *_on("cholesky_inverse", ((3, 3),), "torch.cholesky_inverse(a.tril())"),
    *_on("linalg_eigh", ((3, 3),), "torch.linalg.eigvalsh(a + a.T)"),
    *_on("linalg_eigh", ((3, 3),), "torch.linalg.eigh(a + a.T)[1] ** 2"),
    *_on("linalg_svd", ((2, 3),), "torch.linalg.svdvals(a)"),
    *_on("linalg_svd", ((3, 2),), "torch.linalg.svd(a, full_matrices=False)[0] ** 2"),
    *_on("linalg_svd", ((2, 3),), "torch.linalg.svd(a, full_matrices=False)[2] ** 2"),
    *_on("linalg_qr", ((3, 2),), "torch.linalg.qr(a)"),
    *_on("linalg_qr", ((2, 3),), "torch.linalg.qr(a)"),
    *_on("linalg_pinv", ((2, 3),), "torch.linalg.pinv(a)"),
    *_on("linalg_pinv", ((3, 2),), "torch.pinverse(a)", "torch.linalg.pinv(a, atol=0.01)"),
    *_on("cdist", ((2, 3), (4, 3)), "torch.cdist(a, b)", "torch.cdist(a, b, 1)"),
    *_on("cdist", ((2, 3), (4, 3)), "torch.cdist(a, b, 3.0)", "torch.cdist(a, b, float('inf'))"),
    *_on("linalg_matrix_exp", ((3, 3),), "torch.matrix_exp(a)"),
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
    # activations of torch.nn.functional
    *_nn("leaky_relu", ((2, 3),), "leaky_relu(a)", "leaky_relu(a, 0.3)"),
    *_nn("elu", ((2, 3),), "elu(a)", "elu(a, 0.7)", "selu(a)"),
    *_nn("celu", ((2, 3),), "celu(a)", "celu(a, 1.7)"),
    *_nn("gelu", ((2, 3),), "gelu(a)", "gelu(a, approximate='tanh')"),
    *_nn("silu", ((2, 3),), "silu(a)"),
    *_nn("mish", ((2, 3),), "mish(a)"),
    *_nn("hardtanh", ((2, 3),), "hardtanh(a)", "relu6(a)", "hardtanh(a, -0.5, 1.5)"),
    *_nn("hardsigmoid", ((2, 3),), "hardsigmoid(a)", "hardsigmoid(a * 3)"),
    *_nn("hardswish", ((2, 3),), "hardswish(a)", "hardswish(a * 3)"),
    *_on("leaky_relu_backward", ((3,), (3,)), "rows.leaky_relu_backward(a, b, 0.3)"),
    *_on("hardtanh_backward", ((3,), (3,)), "rows.hardtanh_backward(a, b, -1.0, 0.9)"),
    *_on("hardshrink_backward", ((3,), (3,)), "rows.hardshrink_backward(a, b, 0.9)"),
    *_on("softshrink_backward", ((3,), (3,)), "rows.softshrink_backward(a, b, 0.9)"),
    *_on("elu_backward", ((3,), (3,)), "rows.elu_backward(a, b, 0.7, 1.1, 1.3)"),
    *_on("softplus_backward", ((3,), (3,)), "rows.softplus_backward(a, b, 1.5, 20.0)"),
    *_on("log_sigmoid_backward", ((3,), (3,)), "rows.log_sigmoid_backward(a, b)"),
    *_on("hardswish_backward", ((3,), (3,)), "rows.hardswish_backward(a, b)"),
    *_on(
        "gelu_backward", ((3,), (3,)),
        "rows.gelu_backward(a, b, 'none')", "rows.gelu_backward(a, b, 'tanh')",
    ),
    *_nn("hardshrink", ((2, 3),), "hardshrink(a)", "hardshrink(a, 1.0)"),
    *_nn("softshrink", ((2, 3),), "softshrink(a)", "softshrink(a, 1.0)"),
    *_nn("threshold", ((2, 3),), "threshold(a, 0.5, 7.0)"),
    *_nn("leaky_relu_in_place", ((2, 3),), "leaky_relu_(a * 1, 0.3)"),
    *_nn("elu_in_place", ((2, 3),), "elu_(a * 1, 0.7)"),
    *_nn("celu_in_place", ((2, 3),), "celu(a * 1, 1.7, inplace=True)"),
    *_nn("threshold_in_place", ((2, 3),), "threshold_(a * 1, 0.5, 7.0)"),
    *_nn("rrelu_with_noise_in_place", ((2, 3),), "rrelu_(a * 1)"),
    *_on("sub_number", ((2, 3),), "rows.sub_number(a, 3.0)"),
    *_on("tanh_backward", ((3,), (3,)), "rows.tanh_backward(a, b)"),
    *_on("sigmoid_backward", ((3,), (3,)), "rows.sigmoid_backward(a, b)"),
    *_on("softmax_backward_data", ((2, 3), (2, 3)), "rows.softmax_backward_data(a, b, 1)"),
    *_on("log_softmax_backward_data", ((2, 3), (2, 3)), "rows.log_softmax_backward_data(a, b, 0)"),
    *_on("select_backward", ((3,),), "rows.select_backward(a, (2, 3), (1,))"),
    *_on("slice_backward", ((2,),), "rows.slice_backward(a, (4,), (slice(1, 3),))"),
    *_nn("prelu_kernel", ((2, 3), (3,)), "prelu(a, b)"),
    *_nn("prelu_kernel", ((2, 3), (1,)), "prelu(a, b)"),
    *_nn("rrelu_with_noise", ((2, 3),), "rrelu(a)"),
    *_nn("log_sigmoid", ((2, 3),), "logsigmoid(a)"),
    *_nn("glu", ((2, 4),), "glu(a)", "glu(a, 0)"),
    *_on("safe_softmax", ((2, 3),), "rows.safe_softmax(a, 1)"),
    # layers of torch.nn.functional
    *_nn("linear_addmm", ((2, 3), (4, 3), (4,)), "linear(a, b, c)"),
    *_nn("linear_addmm", ((2, 2, 3), (4, 3), (4,)), "linear(a, b, c)"),
    *_nn("trilinear", ((2, 3), (2, 2), (4, 3, 2)), "bilinear(a, b, c)"),
    *_on("add_number", ((2, 3),), "rows.add_number(a, 3.0)"),
    *_on("mul_number", ((2, 3),), "rows.mul_number(a, 3.0)"),
    *_on("div_number", ((2, 3),), "rows.div_number(a, 3.0)"),
    *_nn(
        "scaled_dot_product_attention", ((1, 2, 3, 2), (1, 2, 4, 2), (1, 2, 4, 2)),
        "scaled_dot_product_attention(a, b, c)",
        "scaled_dot_product_attention(a, b, c, is_causal=True, scale=0.3)",
        "scaled_dot_product_attention(a, b, c, torch.tensor([[0.0, 1, 0, 2]], dtype=a.dtype))",
    ),
    *_nn("native_layer_norm", ((2, 3), (3,), (3,)), "layer_norm(a, (3,), b, c, 0.3)"),
    *_nn("native_layer_norm", ((2, 3, 2),), "layer_norm(a, (3, 2), eps=0.3)"),
    *_nn(
        "native_batch_norm", ((4, 3), (3,), (3,)),
        "batch_norm(a, None, None, b, c, True, 0.1, 0.3)",
        "batch_norm(a, torch.ones(3, dtype=a.dtype), torch.ones(3, dtype=a.dtype), b, c)",
    ),
    *_nn("native_batch_norm", ((2, 3, 2),), "instance_norm(a, eps=0.3)"),
    *_nn("native_group_norm", ((2, 4, 2), (4,), (4,)), "group_norm(a, 2, b, c, 0.3)"),
    *_on("weight_norm_interface", ((3, 2), (3, 1)), "rows.weight_norm_interface(a, b, 0)"),
    *_nn("embedding", ((4, 3),), "embedding(torch.tensor([[1, 1], [3, 0]]), a)"),
    *_nn(
        "embedding_bag", ((4, 3), (2, 2)),
        "embedding_bag(torch.tensor([[1, 1], [3, 0]]), a, mode='sum', per_sample_weights=b)",
    ),
    *_nn(
        "embedding_bag_max", ((4, 3),),
        "embedding_bag(torch.tensor([[1, 2], [3, 0]]), a, mode='max')",
    ),
    # losses of torch.nn.functional
    *_nn("mse_loss", ((2, 3), (2, 3)), "mse_loss(a, b)", "mse_loss(a, b, reduction='none')"),
    *_on(
        "mse_loss_backward", ((), (2, 3), (2, 3)), "rows.mse_loss_backward(a, b, c, 'mean', 1.0)"
    ),
    *_on(
        "smooth_l1_loss_backward", ((2, 3), (2, 3), (2, 3)),
        "rows.smooth_l1_loss_backward(a, b, c, 'none', 1.5)",
    ),
    *_on(
        "huber_loss_backward", ((), (2, 3), (2, 3)),
        "rows.huber_loss_backward(a, b, c, 'sum', 1.5)",
    ),
    *_on(
        "binary_cross_entropy_backward", ((), (2, 3), (2, 3)),
        "rows.binary_cross_entropy_backward(a, b / 3, c / 3, None, 'mean')", positive=True,
    ),
    *_on(
        "nll_loss_backward", ((), (2, 3)),
        "rows.nll_loss_backward(a, b, torch.tensor([[0.0, -1, 0], [-2, 0, 0]]), 'mean')",
    ),
    *_on(
        "nll_loss2d_backward", ((1, 2), (1, 2, 2)),
        "rows.nll_loss2d_backward(a, b, torch.tensor([[[0.0, -1], [-2, 0]]]), 'none')",
    ),
    *_nn("smooth_l1_loss", ((2, 3), (2, 3)), "smooth_l1_loss(a, b, beta=2.0)"),
    *_nn("smooth_l1_loss", ((2, 3), (2, 3)), "smooth_l1_loss(a, b, reduction='sum')"),
    *_nn("huber_loss", ((2, 3), (2, 3)), "huber_loss(a, b)", "huber_loss(a, b, 'none', 1.5)"),
    *_nn(
        "nll_loss", ((3, 4),), "nll_loss(a, torch.tensor([1, 3, 0]))",
        "nll_loss(a, torch.tensor([1, 3, 0]), reduction='none')",
        "cross_entropy(a, torch.tensor([1, -100, 0]), torch.arange(4).to(a.dtype))",
        "cross_entropy(a, torch.tensor([1, 3, 0]), label_smoothing=0.2)",
    ),
    *_nn("nll_loss2d", ((2, 3, 2),), "cross_entropy(a, torch.tensor([[1, 2], [0, 0]]))"),
    *_nn("div_number", ((3, 4), (3, 4)), "cross_entropy(a, b)"),
    *_nn(
        "binary_cross_entropy", ((2, 3), (2, 3)),
        "binary_cross_entropy(a / 3, b / 3)",
        "binary_cross_entropy(a / 3, b / 3, reduction='sum')", positive=True,
    ),
    *_nn(
        "binary_cross_entropy_with_logits", ((2, 3), (2, 3)),
        "binary_cross_entropy_with_logits(a, b)",
        "binary_cross_entropy_with_logits(a, b, pos_weight=torch.arange(3).to(a.dtype))",
    ),
    *_nn(
        "ctc_loss", ((4, 2, 3),),
        "ctc_loss(a.log_softmax(2), torch.tensor([[1, 2], [2, 2]]), (4, 3), (2, 2))",
        "ctc_loss(a.log_softmax(2), torch.tensor([1, 2, 1]), (3, 4), (1, 2), reduction='sum')",
    ),
    *_nn("soft_margin_loss", ((2, 3),), "soft_margin_loss(a, torch.tensor([[1.0, -1, 1]] * 2))"),
    *_nn(
        "multi_margin_loss", ((3, 4),), "multi_margin_loss(a, torch.tensor([1, 3, 0]))",
        "multi_margin_loss(a, torch.tensor([1, 3, 0]), p=2, margin=0.5, reduction='none')",
    ),
    *_nn(
        "multilabel_margin_loss", ((2, 4),),
        "multilabel_margin_loss(a, torch.tensor([[3, 0, -1, 1], [1, -1, 0, 2]]))",
    ),
    *_nn("row_norm", ((2, 3), (2, 3)), "pairwise_distance(a, b)", "pairwise_distance(a, b, 3.0)"),
    *_nn("row_norm", ((2, 3), (2, 3)), "pairwise_distance(a, b, 1.0, keepdim=True)"),
    *_nn("pdist", ((4, 3),), "pdist(a)", "pdist(a, 1.0)"),
    # windows of torch.nn.functional
    *_nn(
        "convolution", ((2, 2, 5), (4, 1, 2), (4,)),
        "conv1d(a, b, c, groups=2)", "conv1d(a, b, stride=2, padding=1, dilation=2, groups=2)",
    ),
    *_nn("convolution", ((1, 2, 4, 4), (2, 2, 2, 3)), "conv2d(a, b, None, (2, 1), 1)"),
    *_nn("convolution", ((1, 1, 3, 3, 3), (2, 1, 2, 2, 2)), "conv3d(a, b)"),
    *_nn(
        "convolution_to_input", ((1, 4, 3), (4, 1, 2), (2,)),
        "conv_transpose1d(a, b, c, groups=2)",
        "conv_transpose1d(a, b, c, stride=2, padding=1, output_padding=1, groups=2, dilation=2)",
        "conv_transpose1d(a, b, c, output_padding=1, groups=2, dilation=3)",
    ),
    *_on(
        "convolution_to_weight", ((1, 4, 3), (1, 2, 6)),
        "rows.convolution_to_weight(a, b, (2,), (2,), (0,), (1,), 2)",
        "rows.convolution_to_weight(a, b, (2,), (1,), (0,), (1,), 2)",
    ),
    *_nn("im2col", ((1, 2, 3, 4),), "unfold(a, 2)", "unfold(a, (2, 3), 1, 1, 2)"),
    *_nn("col2im", ((1, 4, 6),), "fold(a, (3, 4), 2)"),
    *_on(
        "max_pool2d_backward", ((1, 1, 2), (1, 2, 3)),
        "rows.max_pool2d_backward(a, b, torch.tensor([[[4, 0]]]), 2)",
    ),
    *_on(
        "max_pool3d_backward", ((1, 1, 1, 2), (1, 1, 2, 3)),
        "rows.max_pool3d_backward(a, b, torch.tensor([[[[4, 0]]]]), 3)",
    ),
    *_on(
        "adaptive_max_pool2d_backward", ((1, 1, 2), (1, 2, 3)),
        "rows.adaptive_max_pool2d_backward(a, b, torch.tensor([[[4, 0]]]), 2)",
    ),
    *_on(
        "adaptive_max_pool3d_backward", ((1, 1, 1, 2), (1, 1, 2, 3)),
        "rows.adaptive_max_pool3d_backward(a, b, torch.tensor([[[[4, 0]]]]), 3)",
    ),
    *_on(
        "avg_pool2d_backward", ((2, 1), (2, 3)),
        "rows.avg_pool2d_backward(a, b, (np.full((1, 3), 0.3),))",
    ),
    *_on(
        "avg_pool3d_backward", ((2, 1), (2, 3)),
        "rows.avg_pool3d_backward(a, b, (np.full((1, 3), 0.3),))",
    ),
    *_on(
        "adaptive_avg_pool2d_backward", ((2, 1), (2, 3)),
        "rows.adaptive_avg_pool2d_backward(a, b, (np.full((1, 3), 0.3),))",
    ),
    *_on(
        "adaptive_avg_pool3d_backward", ((2, 1), (2, 3)),
        "rows.adaptive_avg_pool3d_backward(a, b, (np.full((1, 3), 0.3),))",
    ),
    *_nn("max_pool2d", ((1, 2, 4, 5),), "max_pool2d(a, 2)", "max_pool2d(a, 3, 2, 1, 1, True)"),
    *_nn("max_pool2d", ((1, 2, 7),), "max_pool1d(a, 3, 2, 1, 2)"),
    *_nn("max_pool3d", ((1, 1, 4, 4, 4),), "max_pool3d(a, 2)"),
    *_nn("adaptive_max_pool2d", ((1, 2, 4, 5),), "adaptive_max_pool2d(a, 3)"),
    *_nn("adaptive_max_pool3d", ((1, 1, 3, 3, 3),), "adaptive_max_pool3d(a, 2)"),
    *_nn("max_unpool2d", ((1, 1, 1, 2),), "max_unpool2d(a, torch.tensor([[[[0, 6]]]]), 2)"),
    *_nn("max_unpool3d", ((1, 1, 1, 1, 2),), "max_unpool3d(a, torch.tensor([[[[[0, 6]]]]]), 2)"),
    *_on("mixed", ((2, 3),), "rows.mixed(a, (np.arange(12.0).reshape(4, 3),))"),
    *_nn("avg_pool2d", ((1, 2, 4, 5),), "avg_pool2d(a, 2)", "avg_pool2d(a, 3, 2, 1, True, False)"),
    *_nn("avg_pool2d", ((1, 2, 4, 5),), "avg_pool2d(a, 2, divisor_override=3)"),
    *_nn("avg_pool2d", ((1, 2, 6),), "avg_pool1d(a, 3)"),
    *_nn("avg_pool3d", ((1, 1, 4, 4, 4),), "avg_pool3d(a, 2)"),
    *_nn("adaptive_avg_pool2d", ((1, 2, 4, 5),), "adaptive_avg_pool2d(a, 3)"),
    *_nn("adaptive_avg_pool3d", ((1, 1, 3, 3, 3),), "adaptive_avg_pool3d(a, 2)"),
    *_on("selected", ((2, 3),), "rows.selected(a, (np.array([2, 0, 2]),))"),
    *_on(
        "selected_transposed", ((2, 3),),
        "rows.selected_transposed(a, (2, 4), (np.array([3, 0, 3]),))",
    ),
    *_nn("constant_pad_nd", ((2, 3),), "pad(a, (1, 2))", "pad(a, (-1, 1, 0, 2), value=7.0)"),
    *[
        sample
        for count, pad in ((1, "1, 2"), (2, "1, 2, 0, 1"), (3, "1, 2, 0, 1, 1, 1"))
        for name, mode in (("reflection", "reflect"), ("replication", "replicate"))
        for sample in _nn(
            f"{name}_pad{count}d", ((1, 1, *(3,) * count),), f"pad(a, ({pad}), '{mode}')"
        )
    ],
    *[
        sample
        for count in (1, 2, 3)
        for row, mode in (("nearest", "nearest"), ("nearest_exact", "nearest-exact"))
        for sample in _nn(
            f"upsample_{row}{count}d", ((1, 1, *(2,) * count),),
            f"interpolate(a, size=({'3, ' * count}), mode='{mode}')",
        )
    ],
    *[
        sample
        for count, mode in ((1, "linear"), (2, "bilinear"), (2, "bicubic"), (3, "trilinear"))
        for sample in _nn(
            f"upsample_{mode}{count}d", ((1, 1, *(3,) * count),),
            f"interpolate(a, scale_factor=1.7, mode='{mode}')",
            f"interpolate(a, size=({'2, ' * count}), mode='{mode}', align_corners=True)",
        )
    ],
    *_nn("pixel_shuffle", ((1, 4, 2, 3),), "pixel_shuffle(a, 2)"),
    *_nn("pixel_unshuffle", ((1, 1, 4, 2),), "pixel_unshuffle(a, 2)"),
    *_nn("channel_shuffle", ((1, 6, 2, 1),), "channel_shuffle(a, 2)"),
]  # fmt: skip
