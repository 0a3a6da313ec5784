"""What holds of every model: its state, its parameters as a vector, its gradients when clipped."""

import copy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_engine as torch
from reference_engine import nn

widths = st.lists(st.integers(1, 5), min_size=2, max_size=4)


def model_of(widths):
    """A row of linear layers, with a batch norm behind each."""
    layers = [
        layer
        for inputs, outputs in pairwise(widths)
        for layer in (nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs))
    ]
    return nn.Sequential(*layers)


def values(model):
    return [one.detach().numpy().copy() for one in model.state_dict().values()]


def gradients_of(model, widths):
    random = np.random.default_rng(len(widths))
    model.double()(torch.tensor(random.standard_normal((3, widths[0])))).pow(2).sum().backward()
    return np.concatenate([one.grad.numpy().reshape(-1) for one in model.parameters()])


@given(widths)
def test_loading_a_state_makes_an_equal_model(widths):
    source, target = model_of(widths), model_of(widths)
    target.load_state_dict(source.state_dict())
    for mine, other in zip(values(target), values(source), strict=True):
        np.testing.assert_array_equal(mine, other)


@given(widths)
def test_parameters_come_back_from_their_vector(widths):
    model = model_of(widths)
    before = values(model)
    vector = nn.utils.parameters_to_vector(model.parameters()).detach()
    nn.utils.vector_to_parameters(vector.clone(), model.parameters())
    for now, then in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(now, then)


@given(widths, st.floats(0.01, 10))
def test_clipped_gradients_keep_their_direction_and_at_most_the_norm(widths, limit):
    model = model_of(widths)
    before = gradients_of(model, widths)
    found = nn.utils.clip_grad_norm_(model.parameters(), limit).item()
    after = np.concatenate([one.grad.numpy().reshape(-1) for one in model.parameters()])
    assert found == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(after) <= limit * (1 + 1e-6)
    np.testing.assert_allclose(after, before * min(1, limit / (found + 1e-6)), atol=1e-12)


@given(widths)
def test_a_copy_shares_nothing_with_its_original(widths):
    model = model_of(widths)
    before = values(model)
    twin = copy.deepcopy(model)
    for one in twin.parameters():
        nn.init.constant_(one, 7)
    for now, then in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(now, then)
