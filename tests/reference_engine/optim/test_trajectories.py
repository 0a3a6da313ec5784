"""Twenty steps of every optimizer end where PyTorch's do: recorded, and PyTorch's own.

`PYTHONPATH=. python tests/reference_engine/optim/test_trajectories.py` records the ends anew; it
needs PyTorch.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import reference_engine
import reference_engine.optim

try:
    import torch
except ImportError:
    torch = None

RECORDED = Path(__file__).parent.parent / "data" / "optim.json"
STEPS = 20
SHAPES = ((3, 2), (4,), ())

CASES = [
    ("SGD", {"lr": 0.01}),
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.5}),
    ("SGD", {"lr": 0.001, "momentum": 0.5, "maximize": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "foreach": True}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "fused": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.6), "eps": 1e-3, "maximize": True}),
    ("Adam", {"lr": 0.05, "fused": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.003, "centered": True, "momentum": 0.9, "weight_decay": 0.1}),
    ("RMSprop", {"alpha": 0.5, "eps": 1e-3, "maximize": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "weight_decay": 0.1}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.1, "betas": (0.5, 0.6), "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.1}),
    ("RAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05, "betas": (0.5, 0.6), "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Rprop", {}),
    ("Rprop", {"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.05)}),
    ("ASGD", {"lr": 0.01}),
    ("ASGD", {"lr": 0.01, "t0": 3, "lambd": 0.1, "weight_decay": 0.1}),
    ("LBFGS", {"lr": 0.3, "history_size": 2, "max_iter": 2}),
    ("LBFGS", {"line_search_fn": "strong_wolfe", "max_iter": 1}),
]
IDS = [f"{name}-{'-'.join(options)}" for name, options in CASES]


def descend(module, name, options, dtype):
    """The parameters after each step, in one row a step, and the optimizer."""
    generator = np.random.Generator(np.random.PCG64(0))
    starts = [generator.normal(size=shape).astype(dtype) for shape in SHAPES]
    goals = [generator.normal(size=shape).astype(dtype) for shape in SHAPES]
    params = [module.tensor(start, requires_grad=True) for start in starts]
    optimizer = getattr(module.optim, name)(params, **options)

    def closure():
        optimizer.zero_grad()
        loss = 0
        for weight, (param, goal) in enumerate(zip(params, goals, strict=True), 1):
            far = param - module.tensor(goal)
            loss = loss + weight * (0.7 * (far * far).sum() + 0.1 * (param**4).sum())
        loss.backward()
        return loss

    rows = []
    for _ in range(STEPS):
        optimizer.step(closure)
        rows.append(np.concatenate([param.detach().numpy().reshape(-1) for param in params]))
    return np.array(rows), optimizer


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_the_end_is_the_recorded_one(name, options):
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    rows, _ = descend(reference_engine, name, options, np.float64)
    expected = [float.fromhex(one) for one in recorded[IDS[CASES.index((name, options))]]]
    np.testing.assert_allclose(rows[-1], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.pytorch
@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_every_step_is_pytorch_s(name, options):
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-5)):
        rows, optimizer = descend(reference_engine, name, options, dtype)
        expected, original = descend(torch, name, options, dtype)
        assert rows.dtype == dtype
        np.testing.assert_allclose(rows, expected, rtol=tolerance, atol=tolerance / 10)
        assert repr(optimizer) == repr(original)


@pytest.mark.pytorch
@pytest.mark.parametrize(
    ("name", "options"),
    [case for case in CASES if case[0] != "LBFGS"],
    ids=[name for name in IDS if not name.startswith("LBFGS")],
)
def test_the_saved_state_has_pytorch_s_parts(name, options):
    mine, theirs = (
        descend(module, name, options, np.float32)[1].state_dict()
        for module in (reference_engine, torch)
    )
    assert mine["param_groups"] == theirs["param_groups"]
    assert list(mine["state"]) == list(theirs["state"])
    for number, state in mine["state"].items():
        assert list(state) == list(theirs["state"][number])
        for part, value in state.items():
            expected = theirs["state"][number][part]
            assert str(value.dtype) == str(expected.dtype)
            np.testing.assert_allclose(value.numpy(), expected.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.pytorch
def test_a_tensor_s_rate_gives_pytorch_s_steps():
    for name in ("SGD", "Adam", "RMSprop", "Adagrad"):
        found, expected = (
            descend(module, name, {"lr": module.tensor(0.02)}, np.float32)[0]
            for module in (reference_engine, torch)
        )
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


def record():
    """Write the ends that PyTorch reaches."""
    ends = {
        label: [one.hex() for one in descend(torch, *case, np.float64)[0][-1].tolist()]
        for label, case in zip(IDS, CASES, strict=True)
    }
    RECORDED.write_text(json.dumps(ends, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
