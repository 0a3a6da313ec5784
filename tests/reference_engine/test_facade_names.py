"""What coursework names works on the façade as in PyTorch, to the text of results and errors.

What PyTorch 2.13 gave is recorded in `data/names.json`; to record it anew, where it is installed:
`python -m tests.reference_engine.test_facade_names`
"""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import reference_engine

from .names import MORE, USED_OFTEN, USED_ONCE

try:
    import torch
except ImportError:
    torch = None

RECORDED = Path(__file__).parent / "data" / "names.json"
EXPRESSIONS = [*USED_OFTEN.values(), *USED_ONCE.values(), *MORE.strip().splitlines()]
PASSING = re.compile("TypedStorage is deprecated|set_default_tensor_type|torch.jit|__array_")
"""What PyTorch warns of once in a process, and of its own dealings with NumPy and its compiler."""


def shown(module, expression):
    """The value or the error, and the warnings, as text."""

    class Twice(module.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 2 + 0 * x

    import importlib

    module.manual_seed(0)
    names = {
        "torch": module,
        "np": np,
        "nn": importlib.import_module(f"{module.__name__}.nn"),
        "F": importlib.import_module(f"{module.__name__}.nn.functional"),
        "optim": importlib.import_module(f"{module.__name__}.optim"),
        "X": module.tensor([[1.0, 2.0], [3.0, 4.5]]),
        "P": lambda values: module.tensor(values, requires_grad=True),
        "Q": module.tensor([0.5, -1.5], requires_grad=True),
        "Twice": Twice,
    }
    names["M"] = names["nn"].Linear(2, 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            text = repr(eval(expression, names))
        except Exception as error:  # noqa: BLE001 - what it says is compared
            text = f"{type(error).__name__}: {error}"
        finally:
            module.set_printoptions(profile="default")
    notes = [str(one.message).split(" (Triggered")[0] for one in caught]
    return "\n".join([text, *(f"warns: {note}" for note in notes if not PASSING.search(note))])


def recorded():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_facade_gives_what_pytorch_gave(expression):
    assert shown(reference_engine, expression) == recorded()[expression]


@pytest.mark.pytorch
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_pytorch_gives_what_was_recorded(expression):
    assert shown(torch, expression) == recorded()[expression]


def record():
    found = {expression: shown(torch, expression) for expression in EXPRESSIONS}
    RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
