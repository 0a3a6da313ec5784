"""`torch.testing.assert_close` holds and fails where PyTorch's does, in its words."""

import numpy as np
import pytest

import reference_engine
from reference_engine import testing

try:
    import torch
    import torch.testing
except ImportError:
    torch = None


PAIRS = [
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.0])",
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.5])",
    "m.tensor([[1, 2], [3, 4]]), m.tensor([[1, 5], [3, 8]])",
    "m.tensor([5, 0]), m.tensor([5, 2])",
    "m.tensor([2, 0]), m.tensor([2, 0]) * 0",
    "m.tensor([1.0, nan]), m.tensor([1.0, nan])",
    "m.tensor([1.0, nan]), m.tensor([1.0, nan]), equal_nan=True",
    "m.tensor([1.0, nan, 3]), m.tensor([1.0, 2.0, 0.0])",
    "m.tensor([1.0, inf]), m.tensor([1.0, -inf])",
    "m.tensor([1.0, inf]), m.tensor([1.0, inf])",
    "m.tensor(1.0), m.tensor(2.0)",
    "m.tensor(1.0), m.tensor([1.0])",
    "m.tensor([1.0]), m.tensor([1])",
    "m.tensor([1.0]), m.tensor([1]), check_dtype=False",
    "m.tensor([True, False]), m.tensor([True, True])",
    "m.ones(2, dtype=m.float64), m.ones(2, dtype=m.float64) + 1e-6",
    "m.ones(2), m.ones(2) + 1e-6",
    "m.ones(2, dtype=m.float16) * 1.01, m.ones(2, dtype=m.float16)",
    "m.ones(2, requires_grad=True), m.ones(2)",
    "m.zeros(0), m.zeros(0)",
    "m.zeros(2, 3).t(), m.zeros(3, 2), check_stride=True",
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.5]), rtol=0, atol=0",
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.5]), rtol=0, atol=1",
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.5]), rtol=0",
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.5]), msg='not the same'",
    "m.tensor([1.0, 2.0]), m.tensor([1.0, 2.5]), msg=lambda text: f'{text}!'",
    "1.0, 1.1",
    "1, 2",
    "1, 1.0",
    "0.5, 0.0",
    "nan, nan",
    "nan, nan, equal_nan=True",
    "np.float64(1.5), 1.5",
    "None, None",
    "None, 1",
    "True, False",
    "[1.0, 2.0], [1.0, 3.0]",
    "[1.0], [1.0, 2.0]",
    "(1, 2), [1, 2]",
    "[], []",
    "{'a': 1.0}, {'a': 2.0}",
    "{'a': 1.0}, {'b': 2.0}",
    "[{'a': [m.tensor([1.0, 2.0])]}], [{'a': [m.tensor([1.0, 3.0])]}]",
    "np.ones(2), np.ones(2) * 2",
    "np.ones(2), m.ones(2)",
    "m.ones(2), [1, 1]",
    "'a', 'a'",
]


def outcome(module, assert_close, pair):
    names = {
        "m": module, "np": np, "nan": float("nan"), "inf": float("inf"), "close": assert_close,
    }  # fmt: skip
    try:
        eval(f"close({pair})", names)
    except Exception as error:  # noqa: BLE001 - whatever PyTorch raises
        return f"{type(error).__name__}: {error}"
    return "close"


@pytest.mark.pytorch
@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_is_judged_in_pytorch_s_words(pair):
    expected = outcome(torch, torch.testing.assert_close, pair)
    assert outcome(reference_engine, testing.assert_close, pair) == expected


def test_close_values_pass_and_others_are_named():
    testing.assert_close(reference_engine.ones(3), reference_engine.ones(3) + 1e-6)
    with pytest.raises(AssertionError, match=r"Greatest absolute difference: 1.0 at index \(1,\)"):
        testing.assert_close(reference_engine.ones(2), reference_engine.tensor([1.0, 2.0]))
