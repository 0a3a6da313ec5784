"""PyTorch's convention at every kink, tie and pole: the gradients it gave are recorded.

`PYTHONPATH=. python tests/reference_engine/test_kinks.py` records them anew; it needs PyTorch.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import reference_engine
from reference_engine._derivatives import TABLE, load_all
from reference_engine._dispatch import observe

try:
    import torch
except ImportError:
    torch = None

RECORDED = Path(__file__).parent / "data" / "kinks.json"
NAN, INF = float("nan"), float("inf")
F = "torch.nn.functional."

SIGNS = [-1.0, -0.0, 0.0, 1.0]
TIED = [2.0, 1.0, 2.0, 1.0, 2.0]
ROWS_TIED = [[2.0, 1.0, 2.0], [1.0, 1.0, 1.0]]
ZEROS = [0.0, 0.0, 0.0]
PAIRS = ([1.0, 2.0, 2.0, -0.0], [1.0, 2.0, 3.0, 0.0])
SINGULAR = [[1.0, 2.0], [2.0, 4.0]]

KINKS = {
    "abs": [("a.abs()", SIGNS)],
    "sign": [("a.sign()", SIGNS)],
    "sgn": [("torch.sgn(a)", SIGNS)],
    "floor": [("a.floor()", SIGNS)],
    "ceil": [("a.ceil()", SIGNS)],
    "round": [("a.round()", [0.5, 1.5, -0.5])],
    "trunc": [("a.trunc()", SIGNS)],
    "frac": [("torch.frac(a)", SIGNS)],
    "copysign": [("torch.copysign(a, b)", SIGNS, [1.0, 1.0, -1.0, -0.0])],
    "remainder": [("torch.remainder(a, b)", [4.0, -4.0, 0.0], [2.0, 2.0, 2.0])],
    "remainder_number": [("a % 2", [4.0, -4.0, 0.0])],
    "fmod": [("torch.fmod(a, b)", [4.0, -4.0, 0.0], [2.0, 2.0, 2.0])],
    "fmod_number": [("torch.fmod(a, 2)", [4.0, -4.0, 0.0])],
    "sqrt": [("a.sqrt()", [0.0, -0.0, 4.0, -1.0])],
    "rsqrt": [("a.rsqrt()", [0.0, 4.0, -1.0])],
    "reciprocal": [("a.reciprocal()", [0.0, -0.0, INF])],
    "div": [("a / b", [0.0, 1.0, -1.0], [0.0, 0.0, INF])],
    "log": [("a.log()", [0.0, -0.0, -1.0])],
    "log1p": [("a.log1p()", [-1.0, -2.0])],
    "log2": [("a.log2()", [0.0, -1.0])],
    "log10": [("a.log10()", [0.0, -1.0])],
    "acos": [("a.acos()", [-1.0, 1.0, 2.0])],
    "asin": [("a.asin()", [-1.0, 1.0, 2.0])],
    "acosh": [("a.acosh()", [1.0, 0.5])],
    "atanh": [("a.atanh()", [-1.0, 1.0])],
    "logit": [("torch.logit(a)", [0.0, 1.0]), ("torch.logit(a, 0.25)", [0.25, 0.75, 0.1])],
    "sinc": [("torch.sinc(a)", [0.0, 1.0])],
    "xlogy": [("torch.xlogy(a, b)", [0.0, 0.0, 1.0], [0.0, 1.0, 0.0])],
    "special_xlog1py": [("torch.special.xlog1py(a, b)", [0.0, 0.0, 1.0], [-1.0, 1.0, -1.0])],
    "special_entr": [("torch.special.entr(a)", [0.0, -1.0])],
    "erfinv": [("torch.erfinv(a)", [-1.0, 1.0])],
    "atan2": [("torch.atan2(a, b)", [0.0, -0.0, 1.0], [0.0, -1.0, 0.0])],
    "hypot": [("torch.hypot(a, b)", [0.0, 3.0], [0.0, 0.0])],
    "pow_number": [
        (f"a ** {power}", [0.0, -0.0, -2.0]) for power in ("0", "1", "2", "3", "-1", "0.5", "1.5")
    ],
    "pow": [("a ** b", [0.0, 0.0, 0.0, -2.0, -2.0], [0.0, 1.0, 2.0, 2.0, 0.5])],
    "pow_of_number": [("0 ** a", [0.0, 2.0, -1.0]), ("torch.pow(-2.0, a)", [2.0, 0.5])],
    "sigmoid": [("a.sigmoid()", [1000.0, -1000.0, INF, -INF])],
    "tanh": [("a.tanh()", [1000.0, -1000.0])],
    "softplus": [(F + "softplus(a)", [20.0, 20.1, 1000.0]), (F + "softplus(a, 2)", [10.0, 10.1])],
    "relu": [("a.relu()", [*SIGNS, NAN])],
    "leaky_relu": [(F + "leaky_relu(a, 0.3)", SIGNS), (F + "leaky_relu(a, -0.3)", SIGNS)],
    "prelu_kernel": [(F + "prelu(a, b)", SIGNS, [0.25])],
    "elu": [(F + "elu(a)", SIGNS), (F + "selu(a)", SIGNS)],
    "celu": [(F + "celu(a, 2.0)", SIGNS)],
    "threshold": [(F + "threshold(a, 1.0, 7.0)", [1.0, 1.5, 0.5])],
    "hardtanh": [(F + "hardtanh(a)", [-1.0, 0.0, 1.0]), (F + "relu6(a)", [0.0, 3.0, 6.0])],
    "hardsigmoid": [(F + "hardsigmoid(a)", [-3.0, 0.0, 3.0])],
    "hardswish": [(F + "hardswish(a)", [-3.0, 0.0, 3.0])],
    "hardshrink": [(F + "hardshrink(a)", [-0.5, 0.0, 0.5, 1.0])],
    "softshrink": [(F + "softshrink(a)", [-0.5, 0.0, 0.5, 1.0])],
    "log_sigmoid": [(F + "logsigmoid(a)", [0.0, 1000.0, -1000.0])],
    "clamp": [
        ("a.clamp(0, 1)", [-1.0, 0.0, 1.0, 2.0, NAN]),
        ("a.clamp(min=1)", [0.0, 1.0, 2.0]),
        ("a.clamp(max=1)", [0.0, 1.0, 2.0]),
        ("a.clamp(2, 1)", [0.0, 1.0, 1.5, 3.0]),
    ],
    "clamp_tensor": [
        ("a.clamp(min=b)", *PAIRS),
        ("a.clamp(max=b)", *PAIRS),
        ("a.clamp(b, c)", [1.0, 2.0, 3.0], [1.0, 2.0, 5.0], [1.0, 3.0, 3.0]),
    ],
    "clamp_min": [("torch.clamp_min(a, 1)", [0.0, 1.0, 2.0])],
    "clamp_max": [("torch.clamp_max(a, 1)", [0.0, 1.0, 2.0])],
    "clamp_min_tensor": [("torch.clamp_min(a, b)", *PAIRS)],
    "clamp_max_tensor": [("torch.clamp_max(a, b)", *PAIRS)],
    "maximum": [("torch.maximum(a, b)", *PAIRS), ("torch.maximum(a, a)", TIED)],
    "minimum": [("torch.minimum(a, b)", *PAIRS), ("torch.minimum(a, a)", TIED)],
    "fmax": [("torch.fmax(a, b)", *PAIRS), ("torch.fmax(a, b)", [NAN, 1.0], [1.0, NAN])],
    "fmin": [("torch.fmin(a, b)", *PAIRS), ("torch.fmin(a, b)", [NAN, 1.0], [1.0, NAN])],
    "max": [("a.max()", TIED), ("a.max()", [1.0, NAN, NAN])],
    "min": [("a.min()", TIED), ("a.min()", [1.0, NAN, NAN])],
    "max_dim": [("a.max(0).values", TIED), ("a.max(1).values", ROWS_TIED)],
    "min_dim": [("a.min(0).values", TIED), ("a.min(1).values", ROWS_TIED)],
    "amax": [("a.amax(0)", TIED), ("a.amax((0, 1))", ROWS_TIED)],
    "amin": [("a.amin(0)", TIED), ("a.amin((0, 1))", ROWS_TIED)],
    "aminmax": [("torch.aminmax(a)", TIED), ("torch.aminmax(a, dim=1)", ROWS_TIED)],
    "median": [("a.median()", TIED), ("a.median()", [1.0, NAN, 3.0])],
    "nanmedian": [("a.nanmedian()", [*TIED, NAN])],
    "median_dim": [("a.median(0).values", TIED), ("a.median(1).values", ROWS_TIED)],
    "nanmedian_dim": [("a.nanmedian(1).values", ROWS_TIED)],
    "mode": [("a.mode(0).values", TIED), ("a.mode(1).values", ROWS_TIED)],
    "kthvalue": [("a.kthvalue(2).values", TIED), ("a.kthvalue(4).values", TIED)],
    "sort": [("a.sort().values", TIED), ("a.sort(descending=True).values", TIED)],
    "sort_stable": [("torch.sort(a, stable=True).values", TIED)],
    "topk": [("a.topk(2).values", ROWS_TIED)],
    "cummax": [("a.cummax(0).values", TIED)],
    "cummin": [("a.cummin(0).values", TIED)],
    "nansum": [("a.nansum()", [1.0, NAN, 2.0])],
    "nan_to_num": [("torch.nan_to_num(a)", [1.0, NAN, INF, -INF])],
    "prod": [("a.prod()", [0.0, 2.0, 3.0]), ("a.prod()", [0.0, 2.0, 0.0]), ("a.prod()", ZEROS)],
    "prod_dim": [("a.prod(1)", [[0.0, 2.0, 3.0], [0.0, 2.0, 0.0]])],
    "cumprod": [("a.cumprod(0)", [2.0, 0.0, 3.0, 0.0, 4.0]), ("a.cumprod(0)", [0.0, 2.0])],
    "logsumexp": [("a.logsumexp(0)", [-INF, -INF]), ("a.logsumexp(0)", [INF, 0.0])],
    "logcumsumexp": [("a.logcumsumexp(0)", [-INF, 0.0])],
    "softmax": [("a.softmax(0)", [-INF, 0.0]), ("a.softmax(0)", [1000.0, 0.0])],
    "log_softmax": [("a.log_softmax(0)", [-INF, 0.0]), ("a.log_softmax(0)", [1000.0, 0.0])],
    "logaddexp": [("torch.logaddexp(a, b)", [-INF, INF, 0.0], [-INF, INF, -INF])],
    "var": [("a.var()", [3.0, 3.0]), ("a.var()", [[3.0]])],
    "std": [("a.std()", [3.0, 3.0]), ("a.std(0)", [[3.0, 1.0], [3.0, 2.0]])],
    "std_mean": [("torch.std_mean(a)", [3.0, 3.0])],
    "linalg_vector_norm": [
        *[(f"a.norm({order})", ZEROS) for order in ("", "1", "3", "0.5", "0", "float('inf')")],
        *[(f"a.norm({order})", [0.0, 3.0, -3.0]) for order in ("1", "3", "float('inf')")],
        ("a.norm(float('-inf'))", [3.0, -3.0, 4.0]),
        ("a.norm(dim=1)", [[0.0, 0.0], [3.0, 4.0]]),
        (F + "normalize(a, dim=0)", ZEROS),
    ],
    "dist": [("torch.dist(a, b)", [1.0, 2.0], [1.0, 2.0]), ("torch.dist(a, b, 1)", *PAIRS)],
    "cdist": [
        (f"torch.cdist(a, b, {order})", [[1.0, 2.0], [1.0, 3.0]], [[1.0, 2.0]])
        for order in ("2", "1", "3", "float('inf')")
    ],
    "pdist": [(F + "pdist(a)", [[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]])],
    "row_norm": [(F + "pairwise_distance(a, b, eps=0.0)", [[1.0, 2.0]], [[1.0, 2.0]])],
    "renorm": [("torch.renorm(a, 2, 0, 5.0)", [[3.0, 4.0], [0.0, 0.0]])],
    "smooth_l1_loss": [
        (F + "smooth_l1_loss(a, b, reduction='none')", [0.0, 1.0, -1.0], ZEROS),
        (F + "smooth_l1_loss(a, b, reduction='none', beta=2.0)", [0.0, 2.0, -2.0], ZEROS),
        (F + "l1_loss(a, b, reduction='none')", [0.0, 1.0, -1.0], ZEROS),
    ],
    "huber_loss": [(F + "huber_loss(a, b, 'none', 2.0)", [0.0, 2.0, -2.0], ZEROS)],
    "binary_cross_entropy": [
        (F + "binary_cross_entropy(a, torch.tensor([1.0, 0, 0, 1]).to(a), reduction='none')",
         [0.0, 1.0, 0.0, 1.0]),
    ],
    "binary_cross_entropy_with_logits": [
        (F + "binary_cross_entropy_with_logits(a, torch.ones(3).to(a))", [0.0, 1000.0, -1000.0]),
    ],
    "multi_margin_loss": [(F + "multi_margin_loss(a, torch.tensor([0]))", [[2.0, 1.0, 0.0]])],
    "multilabel_margin_loss": [
        (F + "multilabel_margin_loss(a, torch.tensor([[0, -1, 1]]))", [[2.0, 1.0, 0.0]]),
    ],
    "clamp_min of a margin": [
        (F + "margin_ranking_loss(a, b, torch.ones(3), 1.0, reduction='none')",
         [1.0, 2.0, 3.0], [0.0, 2.0, 1.0]),
        (F + "hinge_embedding_loss(a, -torch.ones(3), reduction='none')", [0.0, 1.0, 2.0]),
        (F + "relu(1 - a)", [0.0, 1.0, 2.0]),
    ],
    "max_pool2d": [
        (F + "max_pool2d(a, 2)", [[[1.0, 1.0], [1.0, 1.0]]]),
        (F + "max_pool1d(a, 2, 1)", [TIED]),
    ],
    "adaptive_max_pool2d": [(F + "adaptive_max_pool2d(a, 1)", [[[1.0, 1.0], [1.0, 1.0]]])],
    "scatter_reduce": [
        (f"a.scatter_reduce(0, torch.tensor([0, 0]), b, '{how}')", [1.0, 2.0], [1.0, 1.0])
        for how in ("amax", "amin", "prod")
    ],
    "index_reduce": [
        (f"a.index_reduce(0, torch.tensor([0, 0]), b, '{how}')", [0.0, 2.0], [0.0, 1.0])
        for how in ("amax", "amin", "prod")
    ],
    "where": [("torch.where(a > 0, a.sqrt(), 0.0)", SIGNS), ("torch.where(a == 0, a, -a)", SIGNS)],
    "masked_fill": [("a.masked_fill(a <= 0, 0.0)", SIGNS)],
    "linalg_det": [("a.det()", SINGULAR), ("a.det()", [[0.0, 0.0], [0.0, 0.0]])],
    "linalg_matrix_norm": [("torch.linalg.matrix_norm(a)", [[0.0, 0.0], [0.0, 0.0]])],
    "linalg_eigh": [("torch.linalg.eigvalsh(a)", [[2.0, 0.0], [0.0, 2.0]])],
    "linalg_svd": [("torch.linalg.svdvals(a)", [[2.0, 0.0], [0.0, 2.0]])],
}  # fmt: skip
"""For each row with a kink, calls and the inputs that put them on it."""


def gradients(module, call, inputs):
    """Gradients, for cotangents 1, -2, 3, ... of the results, with respect to float64 leaves."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return computed(module, call, inputs)


def computed(module, call, inputs):
    leaves = [module.tensor(one, dtype=module.float64, requires_grad=True) for one in inputs]
    found = eval(call, {"torch": module, **dict(zip("abc", leaves, strict=False))})
    results = found if isinstance(found, tuple) else (found,)
    weights = [
        module.tensor([(-1.0) ** at * (1 + at) for at in range(one.numel())])
        .to(one)
        .view(one.shape)
        for one in results
    ]
    found = module.autograd.grad(results, leaves, weights, materialize_grads=True)
    return [one.clone().tolist() for one in found]


def records():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def title(record):
    return f"{record['call']} at {record['inputs']}"


@pytest.mark.parametrize("record", records(), ids=title)
def test_a_gradient_at_a_kink_is_pytorchs(record):
    found = gradients(reference_engine, record["call"], record["inputs"])
    for one, expected in zip(found, record["gradients"], strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.pytorch
@pytest.mark.parametrize("record", records(), ids=title)
def test_the_recorded_gradient_is_that_of_the_installed_pytorch(record):
    found = gradients(torch, record["call"], record["inputs"])
    for one, expected in zip(found, record["gradients"], strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-12, atol=1e-14)


load_all()


@pytest.mark.parametrize("name", [name for name in KINKS if name in TABLE])
def test_a_row_with_a_kink_is_run_by_its_calls(name):
    seen = set()

    class Watching:
        def operation(self, row, *_):
            seen.add(row.name)

        def __getattr__(self, name):
            return lambda *_: None

    for call, *inputs in KINKS[name]:
        with observe(Watching()):
            gradients(reference_engine, call, inputs)
        assert name in seen


def test_every_kink_is_recorded():
    calls = [(call, inputs) for kinks in KINKS.values() for call, *inputs in kinks]
    assert repr([(one["call"], one["inputs"]) for one in records()]) == repr(calls)


def record():
    recorded = [
        {"call": call, "inputs": inputs, "gradients": gradients(torch, call, inputs)}
        for kinks in KINKS.values()
        for call, *inputs in kinks
    ]
    lines = ",\n".join(json.dumps(one) for one in recorded)
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    record()
