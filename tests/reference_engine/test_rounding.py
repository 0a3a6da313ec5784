"""Single precision: sums and elementary functions round as PyTorch does, and losses print alike."""

import numpy as np
import pytest

from reference_engine._derivatives import _elementary
from reference_engine._derivatives._summing import total

SIZES = [1, 4, 5, 7, 8, 9, 15, 16, 33, 100, 511, 513, 2049, 9000]


def drawn(*shape):
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_a_sum_is_numpys_but_for_the_rounding(size, dtype):
    values = (drawn(3, size) * 8).astype(dtype)
    for axis, keepdim in ((None, False), (1, False), (-1, True), ((0, 1), True), (0, False)):
        expected = np.add.reduce(values, axis, keepdims=keepdim)
        found = total(values, axis, None, keepdim)
        assert (np.shape(found), found.dtype) == (np.shape(expected), expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.pytorch
@pytest.mark.parametrize("size", SIZES)
def test_a_sum_in_single_precision_is_pytorchs_to_the_last_digit(size):
    import torch

    if torch.backends.cpu.get_cpu_capability() != "AVX2":
        pytest.skip("PyTorch adds in another order on this processor")
    values = drawn(20, size)
    np.testing.assert_array_equal(total(values, 1), torch.from_numpy(values).sum(1).numpy())
    for row in values:
        assert total(row) == torch.from_numpy(row).sum().item()


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "log2", "log10", "tanh"])
def test_single_precision_is_rounded_once(name):
    values = np.abs(drawn(1000))
    exact = getattr(np, name)(values.astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(getattr(_elementary, name)(values), exact)


@pytest.mark.parametrize("name", ["exp", "sin", "tanh"])
def test_double_precision_is_numpys_own(name):
    values = drawn(100).astype(np.float64)
    np.testing.assert_array_equal(getattr(_elementary, name)(values), getattr(np, name)(values))


@pytest.mark.pytorch
@pytest.mark.parametrize(
    ("name", "most"), [("exp", 0.03), ("tanh", 0.01), ("log1p", 0.03), ("expm1", 0.02)]
)
def test_few_values_differ_from_pytorchs_in_the_last_digit(name, most):
    import torch

    values = np.abs(drawn(20_000))
    wanted = getattr(torch, name)(torch.from_numpy(values)).numpy()
    assert np.mean(getattr(_elementary, name)(values) != wanted) < most
