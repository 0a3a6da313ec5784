"""Tensors print as PyTorch prints them: recorded printouts, and PyTorch itself where installed.

`PYTHONPATH=. python tests/reference_engine/test_printing.py` records the text of every entry anew;
it needs PyTorch.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from reference_engine._printing import (
    PrintOptions,
    get_printoptions,
    set_printoptions,
    tensor_text,
)

try:
    import torch
except ImportError:
    torch = None


RECORDED = Path(__file__).parent / "data" / "printing.json"
NUMBERS = {"np": np, "nan": math.nan, "inf": math.inf}


@pytest.fixture(autouse=True)
def default_options():
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


def records():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("record", records(), ids=lambda record: record["array"][:60])
def test_text_is_the_recorded_one(record):
    set_printoptions(**record["options"])
    text = tensor_text(
        eval(record["array"], NUMBERS),
        suffixes=record["suffixes"],
        default_dtype=np.dtype(record["default_dtype"]),
    )
    assert text == record["text"]


def test_a_scalar_prints_without_brackets():
    assert tensor_text(np.float32(3.0).reshape(())) == "tensor(3.)"


def test_what_follows_the_data_keeps_its_order():
    text = tensor_text(np.ones(2), suffixes=["grad_fn=<MulBackward0>", "tangent=1"])
    assert text == "tensor([1., 1.], dtype=torch.float64, grad_fn=<MulBackward0>, tangent=1)"


def test_a_suffix_that_does_not_fit_starts_a_new_line():
    text = tensor_text(np.full(9, 0.5, np.float32), suffixes=["grad_fn=<MulBackward0>"])
    assert text.splitlines()[1:] == ["       grad_fn=<MulBackward0>)"]


def test_options_not_given_stay_as_they_were():
    set_printoptions(precision=2)
    set_printoptions(linewidth=40)
    assert get_printoptions() == {
        "precision": 2,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 40,
        "sci_mode": None,
    }


def test_every_call_sets_sci_mode():
    set_printoptions(sci_mode=True)
    set_printoptions(precision=3)
    assert get_printoptions()["sci_mode"] is None


def test_an_unknown_profile_changes_nothing():
    before = get_printoptions()
    set_printoptions(profile="wide")
    assert get_printoptions() == before


def test_a_profile_gives_way_to_single_options():
    set_printoptions(profile="short", precision=5)
    assert get_printoptions()["precision"] == 5
    assert get_printoptions()["edgeitems"] == 2


def test_options_read_can_be_set_again():
    set_printoptions(precision=7, threshold=12, sci_mode=True)
    saved = get_printoptions()
    set_printoptions(profile="default")
    set_printoptions(**saved)
    assert get_printoptions() == saved


shapes = numpy_strategies.array_shapes(min_dims=0, max_dims=4, max_side=6)


@given(numpy_strategies.arrays(np.int64, shapes))
def test_printed_integers_read_back_as_they_were(array):
    np.testing.assert_array_equal(eval(tensor_text(array), {"tensor": np.array}), array)


@given(numpy_strategies.arrays(np.float64, shapes, elements=st.floats(allow_nan=False)))
def test_floats_printed_with_17_digits_read_back_as_they_were(array):
    set_printoptions(precision=16, sci_mode=True)
    text = tensor_text(array, default_dtype=np.dtype(np.float64))
    np.testing.assert_array_equal(eval(text, {"tensor": np.array, "inf": math.inf}), array)


@given(numpy_strategies.arrays(np.float32, 3_000, elements=st.floats(-1e3, 1e3, width=32)))
def test_a_long_tensor_shows_three_numbers_at_each_end(array):
    text = tensor_text(array)
    shown = tensor_text(array[[0, 1, 2, -3, -2, -1]])
    assert text.replace(" ...,", "").split() == shown.split()


DTYPES = (
    np.float32,
    np.float64,
    np.float16,
    np.int64,
    np.int32,
    np.uint8,
    np.bool_,
    np.complex64,
    np.complex128,
)


@st.composite
def arrays(draw):
    kind = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(numpy_strategies.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    elements = None
    if kind.kind == "f":
        width = 8 * kind.itemsize
        typical = st.sampled_from([0.0, -0.0, 1.0, -2.0, 0.5, 1024.0, math.nan, math.inf])
        elements = typical | st.integers(-999, 999).map(float) | st.floats(width=width)
    return draw(numpy_strategies.arrays(kind, shape, elements=elements))


options = st.fixed_dictionaries(
    {"profile": st.sampled_from(["default", "short", "full"])},
    optional={
        "precision": st.integers(0, 9),
        "threshold": st.integers(0, 60),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.integers(10, 160),
        "sci_mode": st.booleans(),
    },
)


@pytest.mark.pytorch
@given(array=arrays(), chosen=options, default=st.sampled_from(["float32", "float64"]))
def test_text_is_that_of_the_installed_pytorch(array, chosen, default):
    set_printoptions(**chosen)
    text = tensor_text(array, default_dtype=np.dtype(default))
    assert text == torch_text(array, chosen, default, suffixes=[])


@pytest.mark.pytorch
def test_default_options_are_those_of_the_installed_pytorch():
    torch.set_printoptions(profile="default")
    assert PrintOptions(**torch._tensor_str.get_printoptions()) == PrintOptions()


def torch_text(array, options, default_dtype, suffixes):
    """What the installed PyTorch prints for a tensor that is given what `suffixes` say."""
    tensor = torch.from_numpy(np.array(array))
    if "requires_grad=True" in suffixes:
        tensor.requires_grad_()
    if "grad_fn=<CloneBackward0>" in suffixes:
        tensor = tensor.requires_grad_().clone()
    torch.set_default_dtype(getattr(torch, default_dtype))
    torch.set_printoptions(**options)
    try:
        return repr(tensor)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_printoptions(profile="default")


def record():
    recorded = records()
    for one in recorded:
        one["text"] = torch_text(
            eval(one["array"], NUMBERS), one["options"], one["default_dtype"], one["suffixes"]
        )
    lines = ",\n".join(json.dumps(one) for one in recorded)
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    record()
