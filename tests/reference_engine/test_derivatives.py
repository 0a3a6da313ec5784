"""Every formula of the table of derivatives against numerical differentiation, twice over.

A call of `samples` is run on inputs that hypothesis draws: a seed of their values, and shapes where
the call takes any that broadcast. Kinks and ties, where nothing can be differentiated numerically,
are recorded in `test_kinks`.
"""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import reference_engine as torch
from reference_engine._backward import TensorOperations
from reference_engine._derivatives import TABLE, load_all
from reference_engine._dispatch import observe
from reference_engine.autograd import grad

from .samples import SAMPLES, arrays, evaluate

pytestmark = pytest.mark.filterwarnings("ignore:index_reduce")

STEP = 1e-4
RTOL, ATOL = 1e-6, 1e-8
ROWS_THAT_REFUSE = {
    "floor_divide": ("a // 2", "derivative for aten::floor_divide is not implemented"),
    "heaviside": ("torch.heaviside(a, a)", "derivative for aten::heaviside is not implemented"),
    "remainder_of_number": ("2 % a", "derivative for aten::remainder is not implemented"),
    "unique2": ("torch.unique(a)", "the derivative for '_unique2' is not implemented."),
    "unique_dim": ("a.unique(dim=0)", "the derivative for 'unique_dim' is not implemented."),
    "unique_consecutive": (
        "a.unique_consecutive()", "the derivative for 'unique_consecutive' is not implemented."
    ),
    "ctc_loss_backward": (
        "grad(torch.nn.CTCLoss()(a.outer(a), torch.ones(1), 2, 1), a, create_graph=True)[0]",
        "derivative for aten::_ctc_loss_backward is not implemented",
    ),
    "hardsigmoid_backward": (
        "grad(torch.nn.functional.hardsigmoid(a).sum(), a, create_graph=True)[0]",
        "derivative for aten::hardsigmoid_backward is not implemented",
    ),
}  # fmt: skip
"""Rows with a formula that is there to raise PyTorch's error."""

CALLS = [list(alike) for _, alike in groupby(SAMPLES, lambda one: (one.row, one.call))]
"""The samples of each call: they differ in their shapes alone."""

FEW, MANY = (
    settings(
        max_examples=count, derandomize=True, database=None, deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    for count in (2, 60)
)  # fmt: skip


@st.composite
def drawn(draw, alike):
    """A sample of a call, a seed for its values, and one for cotangents and directions."""
    seeds = draw(st.tuples(*[st.integers(0, 2**20)] * 2))
    sample = draw(st.sampled_from(alike))
    if sample.broadcasts:
        count = len(sample.shapes)
        shapes = mutually_broadcastable_shapes(num_shapes=count, min_side=1, max_dims=3, max_side=3)
        sample = replace(sample, shapes=draw(shapes).input_shapes)
    return sample, *seeds


def leaves(inputs):
    return [torch.tensor(one, requires_grad=True) for one in inputs]


def results_of(sample, inputs):
    return evaluate(sample, torch, inputs, TensorOperations.namespace)


def normal(tensors, generator):
    """Random numbers of both signs in the shapes of `tensors`."""
    return [generator.standard_normal(one.shape) for one in tensors]


def weighed(values, weights):
    """The sum of all values, each weighed: a scalar whose gradient depends on every formula."""
    total = 0.0
    for value, weight in zip(values, weights, strict=True):
        if value is not None:
            total = total + (value * weight).sum()
    return total


def slope(function, inputs, directions, step):
    """The derivative of a function of arrays along directions, from five points."""

    def at(distance):
        return function(
            [one + distance * along for one, along in zip(inputs, directions, strict=True)]
        )

    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)


def assert_is_slope(found, function, inputs, directions):
    """`found` is the function's derivative along the directions; rejects inputs beside a kink."""
    expected = slope(function, inputs, directions, STEP)
    if found != pytest.approx(expected, rel=RTOL, abs=ATOL):
        nearer = slope(function, inputs, directions, STEP / 3)
        if nearer != pytest.approx(expected, rel=RTOL / 10, abs=ATOL / 10):
            reject()
    assert found == pytest.approx(expected, rel=RTOL, abs=ATOL)


def check_first_order(sample, seed, other_seed):
    """Gradients for random cotangents are the results' slope along a random direction."""
    generator = np.random.default_rng(other_seed)
    inputs = arrays(sample, seed)
    tensors = leaves(inputs)
    results = results_of(sample, tensors)
    cotangents, directions = normal(results, generator), normal(inputs, generator)
    found = grad(results, tensors, [torch.tensor(one) for one in cotangents], allow_unused=True)

    def value(moved):
        values = results_of(sample, [torch.tensor(one) for one in moved])
        return weighed([one.numpy() for one in values], cotangents)

    gradients = [None if one is None else one.numpy() for one in found]
    assert_is_slope(weighed(gradients, directions), value, inputs, directions)


def check_second_order(sample, seed, other_seed):
    """Gradients of gradients are the slope of gradients, in the inputs and in the cotangents."""
    generator = np.random.default_rng(other_seed)
    inputs = arrays(sample, seed)
    plain = results_of(sample, [torch.tensor(one) for one in inputs])
    point = [*inputs, *normal(plain, generator)]
    directions = normal(point, generator)
    weights = [torch.tensor(one) for one in normal(inputs, generator)]

    def gradient_along(tensors):
        variables, cotangents = tensors[: len(inputs)], tensors[len(inputs) :]
        found = grad(
            results_of(sample, variables), variables, cotangents, create_graph=True,
            allow_unused=True,
        )  # fmt: skip
        return weighed(found, weights)

    tensors = leaves(point)
    second = grad(gradient_along(tensors), tensors, allow_unused=True, materialize_grads=True)
    assert_is_slope(
        weighed([one.numpy() for one in second], directions),
        lambda moved: gradient_along(leaves(moved)).item(),
        point,
        directions,
    )


DIFFERENTIABLE_ONCE = frozenset(("ctc_loss", "hardsigmoid"))
"""Rows whose second derivative PyTorch refuses."""


def check(drawn_sample):
    check_first_order(*drawn_sample)
    if drawn_sample[0].row not in DIFFERENTIABLE_ONCE:
        check_second_order(*drawn_sample)


@pytest.mark.parametrize("alike", CALLS, ids=lambda alike: alike[0].call)
@FEW
@given(data=st.data())
def test_derivatives_agree_with_numerical_differentiation(alike, data):
    check(data.draw(drawn(alike)))


@pytest.mark.slow
@pytest.mark.parametrize("alike", CALLS, ids=lambda alike: alike[0].call)
@MANY
@given(data=st.data())
def test_derivatives_agree_with_numerical_differentiation_on_many_draws(alike, data):
    check(data.draw(drawn(alike)))


def test_every_row_with_formulas_has_a_sample():
    load_all()
    sampled = {sample.row for sample in SAMPLES} | set(ROWS_THAT_REFUSE)
    assert {name for name, row in TABLE.items() if row.formulas} == sampled


@pytest.fixture(params=SAMPLES, ids=str)
def sample(request):
    return request.param


def test_a_sample_runs_its_row(sample):
    seen = set()

    class Watching:
        def operation(self, row, *_):
            seen.add(row.name)

    with observe(Watching()):
        results_of(sample, leaves(arrays(sample)))
    assert sample.row in seen


def test_formulas_give_the_same_on_arrays_and_on_tensors(sample):
    generator = np.random.default_rng(3)
    tensors = leaves(arrays(sample))
    results = results_of(sample, tensors)
    cotangents = [torch.tensor(one) for one in normal(results, generator)]
    on_arrays = grad(results, tensors, cotangents, retain_graph=True, materialize_grads=True)
    on_tensors = grad(results, tensors, cotangents, create_graph=True, materialize_grads=True)
    for one, other in zip(on_arrays, on_tensors, strict=True):
        np.testing.assert_allclose(one.numpy(), other.detach().numpy(), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("call", "message"), ROWS_THAT_REFUSE.values())
def test_a_row_without_derivative_says_so_on_the_way_back(call, message):
    a = torch.tensor([5.0, 7.0], requires_grad=True)
    result = eval(call, {"torch": torch, "grad": grad, "a": a})
    with pytest.raises(RuntimeError, match=message):
        result.sum().backward()
