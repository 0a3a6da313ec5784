"""PyTorch's signatures, and what is said of calls that fit none of them."""

import pytest

import reference_engine as torch
from reference_engine import _arguments
from reference_engine._arguments import _table
from reference_engine._arguments.signatures import signatures_of


def named_in(table):
    lines = [line for line in table.splitlines() if not line.startswith(" ")]
    return [name for line in lines for name in line.split()]


@pytest.mark.parametrize(
    ("table", "is_method"), [(_table.FUNCTIONS, False), (_table.METHODS, True)]
)
def test_every_signature_in_the_table_can_be_read(table, is_method):
    for name in named_in(table):
        assert signatures_of(name, is_method=is_method), name


def test_a_method_takes_what_its_function_takes_after_the_tensor():
    (signature,) = signatures_of("atan2", is_method=True)
    assert str(signature) == "(Tensor other)"


@pytest.mark.parametrize(
    ("name", "arguments", "named", "is_method"),
    [
        ("add", (torch.ones(1), 2), {"alpha": 3}, False),
        ("sum", ((0, 1),), {"keepdim": True}, True),
        ("view", (2, 3), {}, True),
        ("zeros", (2, 3), {"dtype": torch.float64, "requires_grad": True}, False),
        ("max", (), {"axis": 0}, True),
        ("clamp", (), {"max": 1.0}, True),
        ("exp", (), {}, True),
        ("to", (torch.float64,), {}, True),
        ("expand", (torch.Size([2]),), {}, True),
    ],
)
def test_a_call_that_pytorch_takes_is_not_refused(name, arguments, named, is_method):
    assert _arguments.refusal(name, arguments, named, is_method=is_method) is None


def test_what_pytorch_has_in_python_is_left_to_python():
    assert _arguments.refusal("norm", ("a", "b", "c", "d", "e", "f"), {}, is_method=True) is None


def test_an_error_of_the_callers_own_passes_through():
    def failing(value):
        raise KeyError(value)

    with pytest.raises(KeyError):
        torch.ones(2).apply_(failing)
