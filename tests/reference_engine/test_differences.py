"""Gradients beside differences of values: what they agree on, what they tell, what they cannot."""

import numpy as np

import reference_engine as torch
from reference_engine.differences import disagreement

DATA = np.array([0.3, -0.7, 1.9])
DIRECTION = np.array([0.5, 1.0, -0.25])


class Tripled(torch.autograd.Function):
    """x**2 with the derivative of something else."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, received):
        (x,) = ctx.saved_tensors
        return 3 * x * received


def moved(compute):
    def run(step):
        return compute(torch.tensor(DATA + step * DIRECTION, requires_grad=True))

    return run


def test_a_right_gradient_agrees():
    assert disagreement(moved(lambda x: (x**3).sum().backward())) is False


def test_every_pass_of_several_is_looked_at():
    def compute(x):
        x.sum().backward()
        Tripled.apply(x).sum().backward()

    assert disagreement(moved(compute)) is True


def test_a_wrong_backward_formula_disagrees():
    assert disagreement(moved(lambda x: Tripled.apply(x).sum().backward())) is True


def test_a_cotangent_is_taken_along():
    cotangent = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    assert disagreement(moved(lambda x: x.exp().backward(cotangent))) is False


def test_what_is_cut_off_on_purpose_says_nothing():
    assert disagreement(moved(lambda x: (x * x.detach()).sum().backward())) is None


def test_without_a_backward_pass_nothing_is_said():
    assert disagreement(moved(lambda x: x.sum())) is None


def test_an_input_that_plays_no_part_says_nothing():
    def run(step):
        x = torch.tensor(DATA, requires_grad=True)
        x.sum().backward()

    assert disagreement(run) is None


def test_the_computation_is_left_as_it_is():
    kept = []

    def compute(x):
        (x**2).sum().backward()
        kept.append(x.grad.numpy())

    disagreement(moved(compute))
    np.testing.assert_allclose(kept[0], 2 * DATA)
