"""Schedules give PyTorch's rates, epoch by epoch, and its warnings and errors."""

import math
import warnings

import pytest

import reference_engine
from reference_engine import optim
from reference_engine.optim import lr_scheduler

try:
    import torch
except ImportError:
    torch = None


SCHEDULES = [
    "s.StepLR(o, 3, gamma=0.5)",
    "s.MultiStepLR(o, [2, 5, 5, 9])",
    "s.ExponentialLR(o, 0.9)",
    "s.LambdaLR(o, lambda epoch: 1 / (1 + epoch))",
    "s.LambdaLR(o, [lambda epoch: 0.5**epoch, lambda epoch: 2])",
    "s.MultiplicativeLR(o, lambda epoch: 0.95)",
    "s.CosineAnnealingLR(o, 5)",
    "s.CosineAnnealingLR(o, 7, eta_min=0.01)",
    "s.CosineAnnealingWarmRestarts(o, 4)",
    "s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01)",
    "s.LinearLR(o)",
    "s.LinearLR(o, start_factor=0.1, end_factor=0.8, total_iters=8)",
    "s.ConstantLR(o, factor=0.25, total_iters=4)",
    "s.PolynomialLR(o, total_iters=7, power=2.0)",
    "s.OneCycleLR(o, max_lr=0.5, total_steps=14)",
    "s.OneCycleLR(o, max_lr=[0.5, 0.7], epochs=3, steps_per_epoch=5, anneal_strategy='linear')",
    "s.OneCycleLR(o, max_lr=0.5, total_steps=14, three_phase=True, cycle_momentum=False)",
    "s.CyclicLR(o, 0.01, 0.1, step_size_up=3)",
    "s.CyclicLR(o, [0.01, 0.02], 0.1, step_size_up=3, step_size_down=2, mode='triangular2')",
    "s.CyclicLR(o, 0.01, 0.1, step_size_up=2, mode='exp_range', gamma=0.9)",
    "s.CyclicLR(o, 0.01, 0.1, step_size_up=2, scale_fn=lambda x: 1 / x, scale_mode='cycle')",
    "s.SequentialLR(o, [s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)], [4])",
    "s.SequentialLR(o, [s.LinearLR(o, 0.2, 1.0, 4), s.CosineAnnealingLR(o, 8)], [4])",
    "s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)])",
    "s._LRScheduler.__mro__[1] and s.StepLR(o, 2)",
]
MISTAKES = [
    "s.StepLR(3, 1)",
    "s.StepLR(o)",
    "s.LambdaLR(o, [lambda epoch: 1])",
    "s.MultiplicativeLR(o, 3)",
    "s.ConstantLR(o, factor=2)",
    "s.LinearLR(o, start_factor=0)",
    "s.LinearLR(o, end_factor=2)",
    "s.StepLR(o, 3, last_epoch=4)",
    "s.OneCycleLR(o, 0.1)",
    "s.OneCycleLR(o, 0.1, total_steps=-3)",
    "s.OneCycleLR(o, 0.1, epochs=2, steps_per_epoch=0)",
    "s.OneCycleLR(o, 0.1, total_steps=3, pct_start=2.0)",
    "s.OneCycleLR(o, 0.1, total_steps=3, anneal_strategy='fast')",
    "s.OneCycleLR(o, [0.1], total_steps=3)",
    "s.OneCycleLR(optim.Rprop([torch.ones(1)]), 0.1, total_steps=3)",
    "s.CyclicLR(o, 0.1, 0.2, mode='x')",
    "s.CosineAnnealingWarmRestarts(o, 0)",
    "s.CosineAnnealingWarmRestarts(o, 3, T_mult=1.5)",
    "s.ReduceLROnPlateau(o, factor=1.0)",
    "s.ReduceLROnPlateau(o, mode='least')",
    "s.ReduceLROnPlateau(o, threshold_mode='most')",
    "s.ReduceLROnPlateau(o, min_lr=[1])",
    "s.ReduceLROnPlateau(5)",
    "s.SequentialLR(o, [], [])",
    "s.SequentialLR(o, [s.ExponentialLR(o, 0.9)], [3])",
    "s.SequentialLR(o, [s.ReduceLROnPlateau(o)], [])",
    "s.ChainedScheduler([])",
    "s.ChainedScheduler([s.ReduceLROnPlateau(o)])",
    "s.LRScheduler(o)",
]


def two_groups(module, kind="SGD"):
    groups = [{"params": [module.ones(1)]}, {"params": [module.ones(1)], "lr": 0.3}]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(module.optim, kind)(groups, lr=0.1, **options)


def make(code, module, kind="SGD"):
    optimizer = two_groups(module, kind)
    names = {
        "s": module.optim.lr_scheduler, "o": optimizer, "torch": module, "optim": module.optim,
    }  # fmt: skip
    return eval(code, names), optimizer


def history(code, module, kind="SGD", count=13):
    """The rates (and what cycles with them) of each epoch, and what is warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scheduler, optimizer = make(code, module, kind)
        rows = [scheduler.get_last_lr()]
        for _ in range(count):
            optimizer.step()
            scheduler.step()
            rows.append(scheduler.get_last_lr())
            groups = optimizer.param_groups
            rows.append([group.get("momentum", group.get("betas")) for group in groups])
    return rows, [str(one.message) for one in caught]


@pytest.mark.pytorch
@pytest.mark.parametrize("code", SCHEDULES)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_every_rate_is_pytorch_s(code, kind):
    assert history(code, reference_engine, kind) == history(code, torch, kind)


@pytest.mark.pytorch
@pytest.mark.parametrize("code", MISTAKES)
def test_mistakes_have_pytorch_s_text(code):
    texts = []
    for module in (reference_engine, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever PyTorch raises
            make(code, module)
        texts.append(f"{type(caught.value).__name__}: {caught.value}")
    assert texts[0] == texts[1]


@pytest.mark.pytorch
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 1, "cooldown": 2},
        {"mode": "max", "patience": 0, "factor": 0.5},
        {"threshold_mode": "abs", "threshold": 0.2, "patience": 1},
        {"min_lr": [0.05, 0.1], "patience": 0},
    ],
)
def test_a_plateau_lowers_the_rates_where_pytorch_does(options):
    metrics = [1.0, 0.9, 0.85, 0.85, 0.85, 0.9, 0.9, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86] * 2
    rates = []
    for module in (reference_engine, torch):
        optimizer = two_groups(module)
        scheduler = module.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rows = []
        for metric in metrics:
            scheduler.step(module.tensor(metric))
            rows.append((scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.best))
        rates.append(rows)
    assert rates[0] == rates[1]


def test_a_step_schedule_multiplies_at_its_steps():
    optimizer = two_groups(reference_engine)
    scheduler = lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    rates = []
    for _ in range(5):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [0.1, 0.05, 0.05, 0.025, 0.025]


def test_a_cosine_ends_at_its_least_rate():
    optimizer = two_groups(reference_engine)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, 4, eta_min=0.02)
    for _ in range(4):
        optimizer.step()
        scheduler.step()
    assert math.isclose(scheduler.get_last_lr()[0], 0.02)


def test_a_step_before_the_optimizer_s_is_warned_of():
    scheduler = lr_scheduler.StepLR(two_groups(reference_engine), 2)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()


def test_get_lr_outside_a_step_is_warned_of():
    scheduler = lr_scheduler.StepLR(two_groups(reference_engine), 2)
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        scheduler.get_lr()


@pytest.mark.pytorch
def test_a_given_epoch_takes_the_closed_form_and_warns():
    for code in SCHEDULES[:4] + SCHEDULES[6:14]:
        rows = []
        for module in (reference_engine, torch):
            scheduler, optimizer = make(code, module)
            optimizer.step()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scheduler.step(4)
            rows.append((scheduler.get_last_lr(), [str(one.message) for one in caught]))
        assert rows[0] == rows[1]


@pytest.mark.parametrize("code", [one for one in SCHEDULES if "lambda" not in one])
def test_a_loaded_state_goes_on_where_it_was_saved(code):
    def steps(scheduler, optimizer, count):
        for _ in range(count):
            optimizer.step()
            scheduler.step()
        return scheduler.get_last_lr()

    expected = steps(*make(code, reference_engine), 8)
    scheduler, optimizer = make(code, reference_engine)
    steps(scheduler, optimizer, 4)
    state, groups = scheduler.state_dict(), optimizer.state_dict()
    other, second = make(code, reference_engine)
    second.load_state_dict(groups)
    second.step()
    other.load_state_dict(state)
    assert steps(other, second, 4) == expected


def test_a_rate_that_is_a_tensor_is_written_in_place():
    rate = reference_engine.tensor(0.5)
    optimizer = optim.SGD([reference_engine.ones(1)], lr=rate)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.25
