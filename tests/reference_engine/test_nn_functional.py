"""torch.nn.functional beside PyTorch's own: functions made of several rows, checks and warnings."""

import re
import sys
import warnings

import numpy as np
import pytest

import reference_engine
from reference_engine import facade
from reference_engine.nn import functional

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = pytest.mark.pytorch

SHAPES = ((4,), (2, 4), (2, 4, 3))

CALLS = (
    ("softsign(a)", SHAPES),
    ("tanhshrink(a)", SHAPES),
    ("softmin(a, 0)", SHAPES),
    ("linear(a, torch.ones(3, 4).to(a.dtype), a.reshape(-1)[:3])", ((4,), (2, 4), (2, 3, 4))),
    ("linear(a, torch.ones(3, 4).to(a.dtype))", ((4,), (2, 4), (2, 3, 4))),
    ("bilinear(a, a, torch.ones(2, 4, 4).to(a.dtype), a.reshape(-1)[:2])", ((2, 4), (2, 3, 4))),
    ("normalize(a, dim=0)", SHAPES),
    ("normalize(a, p=3.0, dim=-1)", SHAPES),
    ("cosine_similarity(a, a.flip(0), dim=-1)", SHAPES),
    ("rms_norm(a, a.shape[-1:])", SHAPES),
    ("local_response_norm(a, 2)", ((2, 4, 3), (1, 4, 2, 2))),
    ("l1_loss(a, a.flip(0))", SHAPES),
    ("mse_loss(a, a[:1], reduction='sum')", SHAPES),
    ("cross_entropy(a, a.softmax(1), reduction='none')", ((2, 4), (2, 4, 3))),
    ("cross_entropy(a, a.softmax(1), label_smoothing=0.1)", ((2, 4), (2, 4, 3))),
    ("kl_div(a, a.flip(0).abs())", SHAPES),
    ("kl_div(a, a.flip(0), reduction='batchmean', log_target=True)", SHAPES),
    ("poisson_nll_loss(a, a.flip(0).abs() * 2, full=True)", SHAPES),
    ("gaussian_nll_loss(a, a.flip(0), a.abs(), full=True)", SHAPES),
    ("hinge_embedding_loss(a, a.detach().sign())", SHAPES),
    ("margin_ranking_loss(a, a.flip(0), a.detach().sign(), 0.3)", SHAPES),
    ("multilabel_soft_margin_loss(a, (a.detach() > 0).to(a.dtype))", ((2, 4),)),
    ("triplet_margin_loss(a, a.flip(0), a * 2, swap=True)", ((2, 4),)),
    ("cosine_embedding_loss(a, a.flip(0), torch.tensor([1, -1]))", ((2, 4),)),
    ("pad(a, (1, 1), 'circular')", ((1, 2, 4), (2, 4))),
    ("conv1d(a, torch.ones(3, 4, 2).to(a.dtype), padding='same')", ((2, 4, 5), (4, 5))),
    ("lp_pool1d(a, 3.0, 2)", ((2, 4), (2, 3, 6))),
    ("adaptive_avg_pool1d(a, 2)", ((2, 5), (2, 4, 3))),
    ("interpolate(a, scale_factor=2, mode='area')", ((1, 2, 3), (1, 1, 3, 2))),
    ("scaled_dot_product_attention(a, a, a)", ((4, 3), (2, 4, 3), (1, 2, 4, 3))),
    ("dropout(a, 0.5, training=False)", SHAPES),
)


def run(module, functions, call, array):
    """The value, the gradient of a weighed sum, and the name of the node of one call."""
    a = module.tensor(array, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = eval(f"F.{call}", {"F": functions, "torch": module, "a": a})
    weights = np.sin(np.arange(found.numel()) + 1.0).reshape(tuple(found.shape))
    (found * module.tensor(weights)).sum().backward()
    name = found.grad_fn.name() if found is not a else ""
    return found.detach().numpy(), a.grad.numpy(), name


@pytest.mark.parametrize(
    ("call", "shape"), [(call, one) for call, shapes in CALLS for one in shapes]
)
def test_values_gradients_and_nodes_are_pytorch_s(call, shape):
    array = np.random.default_rng(len(call)).standard_normal(shape)
    mine = run(reference_engine, functional, call, array)
    theirs = run(torch, torch.nn.functional, call, array)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mine[1], theirs[1], rtol=1e-10, atol=1e-12)
    assert mine[2] == theirs[2]


@pytest.mark.parametrize(
    "call",
    [
        "mse_loss(a, torch.zeros(3))",
        "l1_loss(a, torch.zeros(3))",
        "kl_div(a, a)",
        "mse_loss(a, a, size_average=False)",
        "mse_loss(a, a, reduction='average')",
        "softmax(a)",
        "cross_entropy(a, torch.tensor([0, 1, 2]))",
        "cross_entropy(a, torch.tensor([0, 5]))",
        "cross_entropy(a, torch.tensor([0.0, 1.0]))",
        "cross_entropy(a, torch.tensor([[0], [1]]))",
        "binary_cross_entropy(a * 9, torch.ones(2, 3))",
        "binary_cross_entropy(a, torch.ones(2, 1))",
        "binary_cross_entropy_with_logits(a, torch.ones(2, 1))",
        "linear(a, torch.ones(4, 2))",
        "conv2d(torch.ones(1, 2, 4, 4), torch.ones(1, 3, 2, 2))",
        "conv2d(torch.ones(1, 3, 1, 1), torch.ones(1, 3, 2, 2))",
        "pad(torch.ones(1, 2, 3), (4, 4), 'reflect')",
        "max_pool2d(torch.ones(1, 1, 2, 2), 3)",
        "batch_norm(a[:1], None, None, training=True)",
        "layer_norm(a, (4,))",
        "dropout(a, 1.5)",
        "elu(torch.tensor([1]))",
        "relu(3.0)",
        "multi_margin_loss(a, torch.tensor([0, 1]), p=3)",
        "huber_loss(a, a, delta=0)",
    ],
)
def test_refusals_and_warnings_are_pytorch_s(call):
    outcomes = []
    for module, functions in ((reference_engine, functional), (torch, torch.nn.functional)):
        a = module.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                eval(f"F.{call}", {"F": functions, "torch": module, "a": a})
                error = ""
            except Exception as problem:  # noqa: BLE001 - whatever it is, it is compared
                error = f"{type(problem).__name__}: {problem}"
        outcomes.append((error, [str(one.message) for one in caught]))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0] != ("", [])


def test_dropout_keeps_the_share_it_is_told_and_scales_it():
    reference_engine.manual_seed(0)
    found = functional.dropout(reference_engine.ones(10000), 0.2).numpy()
    assert set(np.unique(found)) == {np.float32(0), np.float32(1.25)}
    assert abs(np.mean(found == 0) - 0.2) < 0.02


def test_training_moves_the_running_values_as_pytorch_does():
    values = np.random.default_rng(0).standard_normal((5, 3))
    moved = []
    for module, functions in ((reference_engine, functional), (torch, torch.nn.functional)):
        mean, variance = module.tensor(np.zeros(3)), module.tensor(np.ones(3))
        functions.batch_norm(module.tensor(values), mean, variance, training=True)
        moved.append((mean.numpy(), variance.numpy()))
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-12)


def test_a_name_that_is_not_covered_says_so():
    with pytest.raises(AttributeError, match=re.escape("nn.functional.fractional_max_pool2d")):
        _ = functional.fractional_max_pool2d
    with pytest.raises(AttributeError, match="has no attribute 'crossentropy'"):
        _ = functional.crossentropy


def test_torch_nn_functional_can_be_imported_through_the_facade(monkeypatch):
    for name in [one for one in sys.modules if one.split(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    facade.install()
    try:
        import torch.nn.functional as imported
    finally:
        facade.uninstall()
    assert imported is functional
