"""The engine beside PyTorch itself, where it is installed: values, graphs, dtypes, errors."""

import itertools
import warnings

import numpy as np
import pytest

import reference_engine

from .samples import SAMPLES, arrays

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; recorded behaviour stands in for it"
)

pytestmark = [pytest.mark.pytorch, pytest.mark.filterwarnings("ignore:index_reduce")]

NAN, INF = float("nan"), float("inf")


def graph_of(node, depth=0):
    """A graph as text: names of nodes, numbers of outputs, down to the leaves."""
    if node is None:
        return "None"
    following = (
        graph_of(one, depth + 1) + (f":{number}" if number else "")
        for one, number in node.next_functions
    )
    return f"{node.name()}({', '.join(following)})"


def outcome(function):
    """What a call gives, as far as both can be compared: text, or the exception."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = function()
        except Exception as error:  # noqa: BLE001 - whatever PyTorch raises
            text = str(error).split("Exception raised from ")[0].rstrip()
            return {"error": f"{type(error).__name__}: {text}"}
    told = [str(one.message).split("(Triggered internally")[0].rstrip() for one in caught]
    return {"found": found, "warnings": told}


def both(code, **names):
    """The outcome of one piece of code on the engine and on PyTorch."""
    return [
        outcome(lambda module=module: eval(code, {"torch": module, "np": np, **names}))
        for module in (reference_engine, torch)
    ]


def differentiate(module, call, inputs):
    """Values, gradients (for cotangents 1, -2, 3, ...) and graphs of a call on float64 leaves."""
    leaves = [module.tensor(np.asarray(one, np.float64), requires_grad=True) for one in inputs]
    found = eval(call, {"torch": module, **dict(zip("abc", leaves, strict=False))})
    results = found if isinstance(found, (tuple, list)) else (found,)
    followed = [one for one in results if one.requires_grad]
    weights = [
        module.tensor((-1.0) ** np.arange(one.numel()) * (1.0 + np.arange(one.numel())))
        for one in followed
    ]
    cotangents = [
        weight.reshape(tuple(one.shape)) for weight, one in zip(weights, followed, strict=True)
    ]
    gradients = []
    if followed:
        gradients = module.autograd.grad(followed, leaves, cotangents, allow_unused=True)
    return (
        [one.detach().numpy() for one in results],
        # Forced, since PyTorch may give a gradient of zeros that has no memory.
        [None if one is None else one.numpy(force=True) for one in gradients],
        [graph_of(one.grad_fn) for one in results],
    )


def assert_same(mine, theirs):
    for ours, expected in zip(mine[0], theirs[0], strict=True):
        assert ours.dtype == expected.dtype
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)
    for ours, expected in zip(mine[1], theirs[1], strict=True):
        assert (ours is None) == (expected is None)
        if expected is not None:
            np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)
    assert mine[2] == theirs[2]


OF_ANOTHER_GRAPH = {"embedding_bag_max"}
"""Rows whose nodes lack an edge of PyTorch's: to shares, which that mode does not take."""


@pytest.mark.filterwarnings("ignore:.*(in beta|deprecated)")  # of PyTorch's own interface
@pytest.mark.parametrize("sample", [one for one in SAMPLES if one.is_public], ids=str)
def test_samples_give_the_values_gradients_and_graphs_of_pytorch(sample):
    inputs = arrays(sample, seed=2)
    mine = differentiate(reference_engine, sample.call, inputs)
    theirs = differentiate(torch, sample.call, inputs)
    if sample.row in OF_ANOTHER_GRAPH:
        mine, theirs = ((*one[:2], None) for one in (mine, theirs))
    assert_same(mine, theirs)


KINKS = [
    ("torch.relu(a)", [-1.0, -0.0, 0.0, 2.0, NAN, INF]),
    ("a.abs()", [-1.0, -0.0, 0.0, 2.0, NAN, -INF]),
    ("a.sign()", [-1.0, -0.0, 0.0, NAN]),
    ("torch.maximum(a, b)", [1.0, 2.0, 3.0, 0.0, NAN], [1.0, 5.0, 2.0, -0.0, 1.0]),
    ("torch.minimum(a, b)", [1.0, 2.0, 3.0, 0.0, NAN], [1.0, 5.0, 2.0, -0.0, 1.0]),
    ("torch.max(a, b)", [1.0, 2.0], [1.0, 2.0]),
    ("torch.min(a, b)", [1.0, 2.0], [1.0, 2.0]),
    ("a.max()", [3.0, 1.0, 3.0, 3.0]),
    ("a.min()", [1.0, 3.0, 1.0]),
    ("a.max()", [3.0, NAN, 3.0]),
    ("a.max()", 2.0),
    ("a.max(0)", [3.0, 1.0, 3.0]),
    ("a.min(0)", [1.0, 3.0, 1.0]),
    ("a.max(1)", [[1.0, 1.0, 0.0], [NAN, 2.0, NAN]]),
    ("a.min(1, keepdim=True)", [[1.0, 1.0, 0.0], [NAN, 2.0, NAN]]),
    ("a.max(0)", 2.0),
    ("a.amax(0)", [3.0, 1.0, 3.0]),
    ("a.amin((0, 1))", [[1.0, 1.0], [1.0, 2.0]]),
    ("a.amax()", [2.0, 2.0, 1.0]),
    ("a.clamp(-1, 1)", [-2.0, -1.0, 0.0, 1.0, 2.0, NAN]),
    ("a.clamp(min=0)", [-1.0, 0.0, 1.0, NAN]),
    ("a.clamp(max=0.0)", [-1.0, 0.0, 1.0, NAN]),
    ("a.clamp(2, 1)", [0.0, 1.0, 1.5, 2.0, 3.0]),
    ("a.clamp(min=b)", [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]),
    ("a.clamp(b, c)", [1.0, 2.0, 3.0, 0.0], [1.0, 0.0, 0.0, 1.0], [2.0, 2.0, 2.0, 2.0]),
    ("a.clamp(max=b)", [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]),
    ("a.norm()", [0.0, 0.0]),
    ("a.norm()", 0.0),
    ("a.norm(dim=1)", [[0.0, 0.0], [3.0, 4.0]]),
    ("a.norm(1)", [0.0, -2.0, 3.0]),
    ("a.norm(3)", [0.0, 0.0]),
    ("a.norm(3)", [0.0, -2.0, 3.0]),
    ("a.norm(1.5)", [0.0, -2.0, 3.0]),
    ("a.norm(float('inf'))", [3.0, -3.0, 1.0]),
    ("a.norm(float('inf'))", [0.0, 0.0]),
    ("a.norm(0)", [0.0, 1.0, 2.0]),
    ("a.norm(float('-inf'))", [3.0, -3.0, 1.0]),
    ("torch.where(a > 0, a.log(), 0.0)", [-1.0, 0.0, 2.0]),
    ("torch.where(a > 0, a.sqrt(), torch.zeros_like(a))", [-1.0, 0.0, 4.0]),
    ("torch.where(a > 0, a, a / 0)", [-1.0, 0.0, 4.0]),
    ("a.sqrt()", [0.0, 1.0, -1.0]),
    ("a.log()", [0.0, 1.0, -1.0]),
    ("a.rsqrt()", [0.0, 1.0, -1.0]),
    ("a.reciprocal()", [0.0, 1.0]),
    ("1 / a", [0.0, -0.0, 2.0]),
    ("a / b", [0.0, 1.0, -1.0], [0.0, 0.0, 0.0]),
    ("a**0", [0.0, 1.0, -2.0]),
    ("a**1", [0.0, 1.0, -2.0]),
    ("a**2", [0.0, 1.0, -2.0]),
    ("a**3", [0.0, 1.0, -2.0]),
    ("a**0.5", [0.0, 1.0, -2.0]),
    ("a**-1", [0.0, 1.0, -2.0]),
    ("a**1.5", [0.0, 1.0, -2.0]),
    ("a**b", [0.0, 0.0, 0.0, 0.0, 2.0, -2.0], [0.0, 1.0, 2.0, -1.0, 0.0, 2.0]),
    ("0**a", [0.0, 1.0, 2.0, -1.0]),
    ("0.0**a", [0.0, 1.0, 2.0, -1.0]),
    ("1**a", [0.0, 1.0]),
    ("(-2.0)**a", [2.0, 3.0, 0.5]),
    ("a.prod()", [0.0, 2.0, 3.0]),
    ("a.prod()", [0.0, 0.0, 3.0]),
    ("a.prod(0)", [[0.0, 2.0], [0.0, 3.0]]),
    ("a.std()", [2.0, 2.0, 2.0]),
    ("a.std(0)", [[2.0, 1.0], [2.0, 3.0]]),
    ("a.var(unbiased=False)", [2.0]),
    ("a.floor()", [1.0, 1.5, -0.5]),
    ("a.round()", [0.5, 1.5, -2.5]),
    ("a % b", [5.0, -5.0, 4.0], [2.0, 2.0, 2.0]),
    ("a % 2", [5.0, -5.0, 4.0]),
    ("a.sigmoid()", [-800.0, -30.0, 0.0, 30.0, 800.0]),
    ("a.tanh()", [-800.0, 0.0, 20.0, INF]),
    ("a.exp()", [-800.0, 0.0, 800.0]),
    ("a.softmax(0)", [1000.0, 1000.0, -1000.0]),
    ("a.softmax(0)", [-INF, 0.0]),
    ("a.log_softmax(0)", [1000.0, 0.0]),
    ("a.logsumexp(0)", [-INF, -INF]),
    ("a.logsumexp(0)", [1000.0, 1000.0]),
    ("a.logsumexp(0)", [INF, 0.0]),
    ("a.expm1()", [1e-12, 0.0]),
    ("a.log1p()", [1e-12, -1.0]),
    ("(a > 0) * a", [-1.0, 0.0, 1.0]),
    ("a[a > 5]", [1.0, 2.0]),
    ("a[a > 5].sum()", [1.0, 2.0]),
    ("a.cumsum(0)", 3.0),
    ("a.flip(0)", [1.0, 2.0]),
    ("a[None]", [1.0, 2.0]),
    ("a[..., None, 1]", [[1.0, 2.0]]),
    ("a[True]", [1.0, 2.0]),
    ("a[torch.tensor(1)]", [1.0, 2.0]),
    ("a[[True, False]]", [1.0, 2.0]),
    ("a[1:1]", [1.0, 2.0]),
    ("a[-5:1]", [1.0, 2.0]),
    ("a[1:, None, [0, 1]]", [[1.0, 2.0], [3.0, 4.0]]),
    ("a[[0, 1], 1:]", [[1.0, 2.0], [3.0, 4.0]]),
    ("a[:, [0, 1], [1, 0]]", [[[1.0, 2.0], [3.0, 4.0]]]),
    ("a[[0], :, [1]]", [[[1.0, 2.0], [3.0, 4.0]]]),
    ("a[0, :, [1, 0]]", [[[1.0, 2.0], [3.0, 4.0]]]),
    ("a[[0, 0], 0, [1, 0]]", [[[1.0, 2.0], [3.0, 4.0]]]),
    ("a[torch.tensor([[True, False], [True, True]])]", [[1.0, 2.0], [3.0, 4.0]]),
    ("a[torch.tensor([True, False]), 1]", [[1.0, 2.0], [3.0, 4.0]]),
    ("torch.cat([a, torch.zeros(0, dtype=torch.float64)])", [1.0, 2.0]),
    ("torch.outer(a, b)", [1.0, 2.0], [3.0, 4.0, 5.0]),
    ("list(a)", [1.0, 2.0]),
    ("a.reshape(2, 1).expand(2, 3).sum(0)", [1.0, 2.0]),
    ("a.T", [[1.0, 2.0], [3.0, 4.0]]),
    ("a.T @ a", [[1.0, 2.0], [3.0, 4.0]]),
    ("a.contiguous()", [[1.0, 2.0], [3.0, 4.0]]),
    ("a.t().contiguous()", [[1.0, 2.0], [3.0, 4.0]]),
    ("a.t().flatten()", [[1.0, 2.0], [3.0, 4.0]]),
    ("a.flatten()", 1.0),
    ("a.flatten(1)", [[[1.0, 2.0], [3.0, 4.0]]]),
    ("a.ravel()", [[1.0, 2.0], [3.0, 4.0]]),
    ("a.double()", [1.0, 2.0]),
    ("a.float().double()", [1.0, 2.0]),
    ("a.float() * b.double()", [1.0, 2.0], [3.0, 4.0]),
    ("a.view_as(b)", [1.0, 2.0], [[3.0, 4.0]]),
    ("a.expand_as(b)", [1.0, 2.0], [[3.0, 4.0]]),
    ("a.reshape_as(b)", [1.0, 2.0], [[3.0, 4.0]]),
    ("a.unsqueeze(1).squeeze()", [1.0, 2.0]),
    ("a.swapaxes(0, 1)", [[1.0, 2.0]]),
    ("a.sum(dim=())", [[1.0, 2.0]]),
    ("a.mean(dim=())", [[1.0, 2.0]]),
    ("a.sum(dim=None, keepdim=True)", [[1.0, 2.0]]),
    ("a.mean(dim=None, keepdim=True)", [[1.0, 2.0]]),
    ("a.norm(keepdim=True)", [[1.0, 2.0]]),
    ("a.argmax()", [1.0, 3.0, 3.0]),
    ("a.argmin(0)", [[1.0, 0.0], [1.0, 0.0]]),
    ("a + True", [1.0]),
    ("a * torch.tensor([2, 3])", [1.0, 2.0]),
    ("torch.tensor(2) / a", [1.0, 2.0]),
    ("torch.stack(list(a)).sum()", [1.0, 2.0]),
    ("torch.stack([a[0], a[1] * 2])", [1.0, 2.0]),
    ("((a * b - c)**2).sum()", [1.0, 2.0], [3.0], [4.0, 5.0]),
    ("((a * b - c)**2).mean()", [1.0, 2.0], [3.0], [4.0, 5.0]),
    ("torch.tanh(a @ b + c).sum()", [[1.0, 2.0]], [[0.1], [0.2]], [0.3]),
    ("-(a * b.log_softmax(-1)).sum(-1).mean()", [[0.0, 1.0]], [[0.3, 0.2]]),
    ("(lambda h: (h[0].mul_(3), h)[1])(a * 1)", [1.0, 2.0]),
    ("(lambda h: (h[:, 0].copy_(b), h)[1])(a * 1)", [[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]),
    ("(lambda h: (h.__setitem__(0, b), h)[1])(a * 1)", [[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]),
    ("(lambda h: (h.__setitem__([0, 1], b), h)[1])(a * 1)", [1.0, 2.0], [5.0, 6.0]),
    ("(lambda h: (h.__setitem__(a > 1, 0), h)[1])(a * 1)", [1.0, 2.0]),
    ("(lambda h: (h.__setitem__(0, 7), h)[1])(a * 1)", [1.0, 2.0]),
    ("(lambda h: (h.add_(1), h.t())[1])(a * 1)", [[1.0, 2.0]]),
    ("(lambda h, v: (h.mul_(2), v)[1])(*((lambda h: (h, h[0]))(a * 1)))", [1.0, 2.0]),
    ("a.detach() * a", [1.0, 2.0]),
    ("a.data * a", [1.0, 2.0]),
    ("a.clone().zero_() + a", [1.0, 2.0]),
    ("a.sum(axis=1)", [[1.0, 2.0]]),
    ("torch.mean(a, axis=0, keepdims=True)", [[1.0, 2.0]]),
    ("a.max(axis=1)", [[1.0, 2.0]]),
    ("torch.softmax(a, axis=1)", [[1.0, 2.0]]),
    ("a.cumsum(axis=0)", [1.0, 2.0]),
    ("(a * 1).fill_(2) + a", [1.0, 2.0]),
]


@pytest.mark.parametrize(("call", "inputs"), [(one[0], one[1:]) for one in KINKS], ids=str)
def test_kinks_ties_and_compositions_are_those_of_pytorch(call, inputs):
    assert_same(differentiate(reference_engine, call, inputs), differentiate(torch, call, inputs))


M = np.arange(1.0, 7.0).reshape(2, 3)
BATCH = np.arange(12.0).reshape(2, 2, 3)
KINKS += [
    ("a @ b.detach()", BATCH, M.T),
    ("a.detach() @ b", BATCH, M.T),
    ("a.transpose(0, 1) @ b.detach()", BATCH, M.T),
    ("a.transpose(0, 1) @ b.detach()", BATCH, M[0]),
    ("a.detach() @ b.mT", M, BATCH),
    ("a @ b.detach().mT", M, BATCH),
    ("a.detach() @ b.mT", M[0], BATCH),
    ("a.detach() @ b", M[0, :2], BATCH),
    ("a @ b.detach()", M[0, :2], BATCH),
    ("a.detach() @ b.mT", BATCH[:1], BATCH),
    ("a @ b.detach().mT", BATCH[:1], BATCH),
    ("a @ b.mT", BATCH, BATCH[:1]),
    ("a @ b.mT.detach()", BATCH, BATCH[:1]),
    ("a[:, None] @ b.mT", BATCH, BATCH),
    ("a[:, None] @ b", BATCH, M[0]),
    ("a[:, None].transpose(0, 2) @ b.detach()", BATCH, M[0]),
]
"""Matrix products that PyTorch carries out in different ways, by shape, layout and gradient."""

ERRORS = [
    "torch.ones(2) + torch.ones(3)",
    "torch.ones(2, 3) * torch.ones(2, 4)",
    "torch.ones(2, 3) @ torch.ones(2, 3)",
    "torch.ones(2, 3) @ torch.ones(2)",
    "torch.ones(3) @ torch.ones(2)",
    "torch.ones(3) @ torch.ones(2, 2)",
    "torch.ones(2, 2, 3) @ torch.ones(2, 2, 3)",
    "torch.ones(2, 2, 3) @ torch.ones(3, 3, 3)",
    "torch.ones(3) @ torch.tensor(2.0)",
    "torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64)",
    "torch.ones(2) @ torch.ones(2, dtype=torch.int64)",
    "torch.ones(2, 2) @ torch.ones(2, dtype=torch.int64)",
    "torch.ones(2, 2) @ 3",
    "torch.mm(torch.ones(2), torch.ones(2, 2))",
    "torch.mm(torch.ones(2, 2), torch.ones(2))",
    "torch.mv(torch.ones(2), torch.ones(2))",
    "torch.dot(torch.ones(2, 2), torch.ones(2))",
    "torch.dot(torch.ones(2), torch.ones(3))",
    "torch.bmm(torch.ones(2, 2), torch.ones(2, 2, 2))",
    "torch.bmm(torch.ones(2, 2, 2), torch.ones(3, 2, 2))",
    "torch.ones(2).backward()",
    "torch.tensor(1.0).backward()",
    "torch.ones(2, requires_grad=True).backward()",
    "(torch.ones(2, requires_grad=True) * 2).backward(torch.ones(3))",
    "(torch.ones(2, requires_grad=True) * 2).backward(1.0)",
    "torch.tensor([1, 2], requires_grad=True)",
    "torch.tensor([True]).requires_grad_()",
    "torch.ones(2, requires_grad=True).numpy()",
    "(torch.ones(2, requires_grad=True) * 2).requires_grad_(False)",
    "setattr(torch.ones(2, requires_grad=True) * 2, 'requires_grad', False)",
    "torch.ones(2, requires_grad=True).add_(1)",
    "torch.ones(2, requires_grad=True)[0].mul_(1)",
    "torch.ones(2, requires_grad=True).__setitem__(0, 1.0)",
    "torch.ones(2).retain_grad()",
    "torch.ones(2).register_hook(print)",
    "torch.ones(2).item()",
    "bool(torch.ones(2))",
    "bool(torch.ones(0))",
    "float(torch.ones(2))",
    "int(torch.ones(2))",
    "len(torch.tensor(1.0))",
    "iter(torch.tensor(1.0))",
    "list(torch.tensor(1.0))",
    "range(torch.tensor(1.0))",
    "range(torch.ones(2, dtype=torch.int64))",
    "torch.tensor(1.0)[0]",
    "torch.ones(2)[2]",
    "torch.ones(2)[-3]",
    "torch.ones(2)[0, 0]",
    "torch.ones(2, 2)[0, 0, 0]",
    "torch.ones(2)[1.5]",
    "torch.ones(2)['a']",
    "torch.ones(3)[::-1]",
    "torch.ones(3)[[0, 5]]",
    "torch.ones(3)[torch.tensor([True, False])]",
    "torch.ones(3)[torch.tensor([1.0])]",
    "torch.ones(2, 3)[[0, 1], [0, 1, 2]]",
    "torch.ones(2).sum(1)",
    "torch.ones(2).sum(-2)",
    "torch.ones(2, 2).sum((0, 0))",
    "torch.ones(2, 2).mean(2)",
    "torch.ones(2, 2).max(2)",
    "torch.ones(2, 2).argmax(2)",
    "torch.ones(2, 2).softmax(2)",
    "torch.ones(2, 2).log_softmax(-3)",
    "torch.ones(2, 2).cumsum(2)",
    "torch.ones(2, 2).unsqueeze(4)",
    "torch.ones(2, 2).squeeze(4)",
    "torch.ones(2, 2).transpose(0, 2)",
    "torch.ones(2, 2).permute(0)",
    "torch.ones(2, 2).permute(0, 0)",
    "torch.ones(2, 2).permute(0, 5)",
    "torch.ones(2, 2, 2).t()",
    "torch.ones(2, 2).size(2)",
    "torch.ones(2, 2).flip(2)",
    "torch.ones(2, 2).unbind(2)",
    "torch.ones(2, 2).select(2, 0)",
    "torch.ones(2, 2).select(0, 2)",
    "torch.ones(2, 2).narrow(0, 1, 2)",
    "torch.ones(2, 2).narrow(2, 0, 1)",
    "torch.ones(2, 3).view(4)",
    "torch.ones(2, 3).view(4, -1)",
    "torch.ones(2, 3).view(-1, -1)",
    "torch.ones(2, 3).reshape(5, 5)",
    "torch.ones(2, 3).t().view(6)",
    "torch.ones(2, 3).expand(3, 3)",
    "torch.ones(2, 3).expand(2)",
    "torch.ones(2, 3).split([1, 2])",
    "torch.ones(2, 3).repeat(2)",
    "torch.cat([])",
    "torch.stack([])",
    "torch.cat([torch.ones(2), torch.ones(2, 2)])",
    "torch.cat([torch.ones(2, 2), torch.ones(3, 3)])",
    "torch.cat([torch.ones(2, 2), torch.ones(2, 2)], 2)",
    "torch.cat([torch.tensor(1.0), torch.tensor(2.0)])",
    "torch.cat([torch.ones(2), 3])",
    "torch.stack([torch.ones(2), torch.ones(3)])",
    "torch.stack([torch.ones(2), torch.ones(2)], 3)",
    "torch.ones(0).max()",
    "torch.ones(0).min()",
    "torch.ones(0).argmax()",
    "torch.ones(0, 2).max(0)",
    "torch.tensor([1, 2]).mean()",
    "torch.tensor([True]).mean(0)",
    "torch.tensor([1, 2]).std()",
    "torch.tensor([1, 2]).var(0)",
    "torch.tensor([1, 2]).norm()",
    "torch.tensor([1, 2]).softmax(0)",
    "torch.tensor([1, 2]).log_softmax(0)",
    "torch.tensor([1, 2]).logsumexp(0)",
    "torch.tensor([1, 2]) ** -1",
    "torch.tensor([True]) - torch.tensor([True])",
    "torch.tensor([True]) - 1",
    "1 - torch.tensor([True])",
    "-torch.tensor([True])",
    "~torch.tensor([1.0])",
    "torch.tensor([1.0]) & torch.tensor([1.0])",
    "torch.tensor([1, 2]) // 0",
    "torch.tensor([1, 2]) % 0",
    "torch.tensor([1, 2]).add_(1.5)",
    "torch.tensor([1, 2]).div_(2)",
    "torch.tensor([1, 2]).exp_()",
    "torch.ones(2).add_(torch.ones(2, 2))",
    "torch.ones(2).add_(torch.ones(3))",
    "torch.ones(2).copy_(torch.ones(3))",
    "torch.ones(2).__setitem__(slice(None), torch.ones(3))",
    "torch.ones(2).__setitem__(5, 1.0)",
    "torch.where(torch.ones(2), torch.ones(2), torch.ones(2))",
    "torch.where(torch.ones(2) > 0, torch.ones(2), torch.ones(3))",
    "torch.ones(2).clamp()",
    "torch.exp(1.0)",
    "torch.sum(1.0)",
    "torch.sum([1.0])",
    "torch.mean(np.ones(2))",
    "torch.max(1.0)",
    "torch.relu('a')",
    "torch.matmul(1.0, 2.0)",
    "torch.stack(torch.ones(2), torch.ones(2))",
    "torch.ones(2) + 'a'",
    "torch.ones(2) + None",
    "torch.ones(2) + [1, 2]",
    "[1, 2] + torch.ones(2)",
    "'a' * torch.ones(2)",
    "torch.ones(2) < 'a'",
    "torch.ones(2) == 'a'",
    "torch.ones(2) == None",
    "torch.ones(2) != None",
    "torch.ones(2) ** 'a'",
    "torch.tensor([[1, 2], [3]])",
    "torch.tensor([1, [2]])",
    "torch.tensor('a')",
    "torch.tensor(['a'])",
    "torch.tensor(None)",
    "torch.tensor([None])",
    "torch.tensor({})",
    "torch.tensor({1})",
    "torch.tensor(np.array(['a']))",
    "torch.tensor(np.array([object()]))",
    "torch.from_numpy([1.0])",
    "torch.from_numpy(np.array(['a']))",
    "torch.zeros(2, dtype=int).requires_grad_()",
    "torch.ones(-1)",
    "torch.ones('a')",
    "torch.ones(2.5)",
    "torch.arange(0, 5, 0)",
    "torch.arange(5, 0)",
    "torch.ones(2, device='cuda')",
    "torch.ones(2, device='nowhere')",
    "torch.ones(2).cuda()",
    "torch.ones(2).to('cuda')",
    "torch.ones(2).no_such_name",
    "torch.ones(2).grad_fn.no_such_name",
    "torch.no_such_name",
    "torch.ones(2, requires_grad=True).sum().grad_fn.no_such_name",
    "setattr(torch.ones(2), 'grad', 1.0)",
    "setattr(torch.ones(2), 'grad', torch.ones(3))",
    "setattr(torch.ones(2), 'grad', torch.ones(2, dtype=torch.float64))",
    "setattr(torch.ones(2), 'data', 1.0)",
    "torch.autograd.grad(torch.ones(2), torch.ones(2))",
    "torch.autograd.grad(torch.ones((), requires_grad=True) * 2, torch.ones(2))",
    "torch.autograd.grad(torch.ones((), requires_grad=True) * 2, torch.ones(2).requires_grad_())",
    "torch.autograd.backward([])",
    "torch.ones((), requires_grad=True).mul(2).backward(inputs=[])",
    "torch.ones((), requires_grad=True).mul(2).backward(inputs=[torch.ones(1)])",
    "torch.no_grad(3)",
    "torch.set_grad_enabled()",
    "torch.gather(torch.ones(2, 2), 0, torch.tensor([[5]]))",
    "torch.gather(torch.ones(2, 2), 2, torch.tensor([[0]]))",
    "torch.gather(torch.ones(2, 2), 0, torch.tensor([0]))",
    "torch.index_select(torch.ones(2, 2), 0, torch.tensor([5]))",
    "torch.ones(2).type('a')",
    "torch.ones(2).to('a')",
    "torch.ones(2).masked_fill(torch.ones(2), 0.0)",
    "torch.set_default_dtype(torch.int64)",
    "torch.manual_seed('a')",
    "torch.randint(5, 5, (2,))",
    "torch.randperm(-1)",
    "torch.maximum(torch.ones(2), 1)",
    "torch.ones(2).minimum(1)",
    "torch.ones(2, 2).mm(1)",
    "torch.dot(torch.ones(2), 1)",
    "torch.logical_and(torch.ones(2), 1)",
    "torch.zeros_like([1])",
    "torch.numel(2)",
    "torch.cat(torch.ones(2))",
    "torch.ones(2, 'a')",
    "torch.ones([2.5])",
    "torch.rand(2, -1)",
    "torch.full(3, 1.0)",
    "torch.tensor([[1], 2])",
    "torch.tensor([1.5, [2]])",
    "torch.tensor([1, None])",
    "torch.tensor([torch.ones(2)])",
    "torch.tensor(2**70)",
    "torch.tensor(map(int, [1]))",
    "torch.ones(2).mT",
    "torch.ones(2, 2).narrow(0, 5, 1)",
    "torch.ones(2, 2).narrow(0, 1, -1)",
    "torch.ones(2, 2)[0, torch.tensor([True, False, True])]",
    "torch.ones(2, 2)[:, [5]]",
    "torch.ones(2).fill_(torch.ones(2))",
    "torch.tensor([True]).relu()",
    "torch.tensor([True]) // torch.tensor([True])",
    "torch.ones(0, 2).amax(0)",
    "torch.ones(0, 2).argmin(0)",
    "torch.tensor([True]).argmax()",
]  # fmt: skip


@pytest.mark.parametrize("code", ERRORS)
def test_bad_input_raises_what_pytorch_raises(code):
    mine, theirs = both(code)
    assert mine.get("error") == theirs.get("error")


DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
OPERANDS = [
    *(f"torch.tensor([1, 2], dtype=torch.{name})" for name in DTYPES),
    *(f"torch.tensor(1, dtype=torch.{name})" for name in DTYPES),
    "2",
    "1.5",
    "True",
]
BINARY = [
    "{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} // {}", "{} % {}", "{} ** {}", "{} > {}",
    "{} == {}", "{} & {}", "{} | {}", "torch.maximum({}, {})",
    "torch.where(torch.tensor([True, False]), {}, {})",
    "torch.stack([torch.as_tensor({}).sum(), torch.as_tensor({}).sum()])",
]  # fmt: skip
UNARY = [
    "-{}", "abs({})", "~{}", "{}.exp()", "{}.sqrt()", "{}.sigmoid()", "{}.relu()", "{}.floor()",
    "{}.round()", "{}.sum()", "{}.sum(0)", "{}.mean()", "{}.prod()", "{}.cumsum(0)", "{}.max()",
    "{}.argmax()", "{}.norm()", "{}.std()", "{}.softmax(0)", "{}.reciprocal()", "1 / {}",
    "{} ** 2", "{} ** 0.5", "2 ** {}", "0.5 ** {}", "{}.clamp(0, 1)", "{}.clamp(min=0.5)",
    "{}.sign()", "{}.isnan()", "{}.all()", "{}.any()", "{}.square()", "{}.log_softmax(0)",
    "torch.zeros_like({})", "{}.new_ones(2)", "{}.item()", "{}.masked_fill({}.bool(), 1)",
    "{}.type()", "{}.dtype.is_floating_point", "{}.element_size()", "{}.add_(1)", "{}.mul_(1.5)",
    "{}.div_(2)", "{}.remainder(2)", "{} == {}.to(torch.float32)",
]  # fmt: skip


def agree(mine, theirs):
    """Whether two outcomes have the same error, or the same dtype, shape and rounded values."""
    if "found" not in mine or "found" not in theirs:
        return mine == theirs
    one, other = mine["found"], theirs["found"]
    if not hasattr(other, "dtype"):
        return one == other
    if str(one.dtype) != str(other.dtype) or tuple(one.shape) != tuple(other.shape):
        return False
    margin = np.finfo(other.numpy().dtype).eps if other.is_floating_point() else 0
    return np.allclose(one.numpy(), other.numpy(), rtol=margin, atol=0, equal_nan=True)


@pytest.mark.parametrize("template", BINARY)
def test_two_operands_are_promoted_as_in_pytorch(template):
    different = {}
    for one, other in itertools.product(OPERANDS, OPERANDS):
        if "torch" not in one + other:
            continue
        mine, theirs = both(template.format(one, other))
        if not agree(mine, theirs):
            different[f"{one}, {other}"] = (mine, theirs)
    assert different == {}


@pytest.mark.parametrize("template", UNARY)
def test_one_operand_gives_the_dtype_of_pytorch(template):
    different = {}
    for operand in OPERANDS[: 2 * len(DTYPES)]:
        mine, theirs = both(template.replace("{}", operand))
        if not agree(mine, theirs):
            different[operand] = (mine, theirs)
    assert different == {}
