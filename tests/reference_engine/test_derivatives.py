"""Every formula of the table of derivatives against numerical differentiation, twice over."""

import numpy as np
import pytest

import reference_engine as torch
from reference_engine._backward import TensorOperations
from reference_engine._derivatives import TABLE
from reference_engine._dispatch import observe
from reference_engine.autograd import grad

from .samples import SAMPLES, arrays, evaluate

STEP = 1e-5
ROWS_THAT_REFUSE = {"floor_divide", "heaviside"}
"""Rows with a formula that is there to raise PyTorch's error."""


def leaves(inputs):
    return [torch.tensor(one, requires_grad=True) for one in inputs]


def results_of(sample, inputs):
    return evaluate(sample, torch, inputs, TensorOperations.namespace)


def cotangents_of(results, generator):
    """A random cotangent of both signs for each result."""
    return [generator.standard_normal(one.shape) for one in results]


def directions_of(inputs, generator):
    return [generator.standard_normal(one.shape) for one in inputs]


def weighed(values, weights):
    """The sum of all values, each weighed: a scalar whose gradient depends on every formula."""
    total = 0.0
    for value, weight in zip(values, weights, strict=True):
        if value is not None:
            total = total + (value * weight).sum()
    return total


def moved(inputs, directions, step):
    return [one + step * direction for one, direction in zip(inputs, directions, strict=True)]


def central_difference(function, inputs, directions):
    ahead = function(moved(inputs, directions, STEP))
    behind = function(moved(inputs, directions, -STEP))
    return (ahead - behind) / (2 * STEP)


@pytest.fixture(params=SAMPLES, ids=str)
def sample(request):
    return request.param


def test_every_row_with_formulas_has_a_sample():
    sampled = {sample.row for sample in SAMPLES} | ROWS_THAT_REFUSE
    assert {name for name, row in TABLE.items() if row.formulas} == sampled


def test_a_sample_runs_its_row(sample):
    seen = set()

    class Watching:
        def operation(self, row, *_):
            seen.add(row.name)

    with observe(Watching()):
        results_of(sample, leaves(arrays(sample)))
    assert sample.row in seen


def test_the_gradient_agrees_with_central_differences(sample):
    generator = np.random.default_rng(1)
    inputs = arrays(sample)
    tensors = leaves(inputs)
    results = results_of(sample, tensors)
    cotangents = cotangents_of(results, generator)
    found = grad(results, tensors, [torch.tensor(one) for one in cotangents], allow_unused=True)

    def value(moved_inputs):
        values = results_of(sample, [torch.tensor(one) for one in moved_inputs])
        return weighed([one.numpy() for one in values], cotangents)

    for position, gradient in enumerate(found):
        directions = [np.zeros_like(one) for one in inputs]
        directions[position] = generator.standard_normal(inputs[position].shape)
        expected = central_difference(value, inputs, directions)
        along = 0.0 if gradient is None else (gradient.numpy() * directions[position]).sum()
        assert along == pytest.approx(expected, rel=1e-7, abs=1e-8)


def test_the_second_derivative_agrees_with_central_differences(sample):
    generator = np.random.default_rng(2)
    inputs = arrays(sample, seed=1)
    plain = results_of(sample, [torch.tensor(one) for one in inputs])
    point = [*inputs, *cotangents_of(plain, generator)]
    along = directions_of(inputs, generator)
    weights = [torch.tensor(one) for one in along]

    def slope(tensors):
        """The derivative along a fixed direction, as a function of inputs and cotangents."""
        variables, cotangents = tensors[: len(inputs)], tensors[len(inputs) :]
        found = grad(
            results_of(sample, variables), variables, cotangents, create_graph=True,
            allow_unused=True,
        )  # fmt: skip
        return weighed(found, weights)

    tensors = leaves(point)
    second = grad(slope(tensors), tensors, allow_unused=True, materialize_grads=True)
    directions = directions_of(point, generator)
    expected = central_difference(
        lambda moved_point: slope(leaves(moved_point)).item(), point, directions
    )
    assert weighed([one.numpy() for one in second], directions) == pytest.approx(
        expected, rel=1e-6, abs=1e-7
    )


def test_formulas_give_the_same_on_arrays_and_on_tensors(sample):
    generator = np.random.default_rng(3)
    tensors = leaves(arrays(sample))
    results = results_of(sample, tensors)
    cotangents = [torch.tensor(one) for one in cotangents_of(results, generator)]
    on_arrays = grad(results, tensors, cotangents, retain_graph=True, materialize_grads=True)
    on_tensors = grad(results, tensors, cotangents, create_graph=True, materialize_grads=True)
    for one, other in zip(on_arrays, on_tensors, strict=True):
        np.testing.assert_allclose(one.numpy(), other.detach().numpy(), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", sorted(ROWS_THAT_REFUSE))
def test_a_row_without_derivative_says_so_on_the_way_back(name):
    a = torch.tensor([5.0, 7.0], requires_grad=True)
    result = getattr(torch, name)(a, torch.tensor([2.0, 2.0]))
    with pytest.raises(RuntimeError, match=f"derivative for aten::{name} is not implemented"):
        result.sum().backward()
