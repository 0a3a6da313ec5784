"""Snippets do what PyTorch did when it ran them: what they print, raise and warn of is recorded.

`PYTHONPATH=. python -m tests.reference_engine.test_semantics` records the outcome of every snippet
anew; it needs PyTorch. With snippets' text on its standard input, a JSON list of pairs of what a
snippet is about and its code, it records those too. Snippets that differ stand in `differences`.
"""

import contextlib
import io
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import reference_engine

from .differences import DIFFERENCES

try:
    import torch
except ImportError:
    torch = None

RECORDED = Path(__file__).parent / "data" / "semantics.json"
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)")
TRACEBACK = "Traceback of forward call that caused the error:"


def graph(node):
    """A graph as text, from a node down to its leaves."""
    if node is None:
        return "None"
    following = [
        graph(one) + (f":{number}" if number else "") for one, number in node.next_functions
    ]
    return f"{node.name()}({', '.join(following)})"


def names_for(torch):
    """What snippets can name: `torch` itself, and short forms over it."""

    def leaf(values, **options):
        return torch.tensor(values, dtype=torch.float64, requires_grad=True, **options)

    def constant(values):
        return torch.tensor(values, dtype=torch.float64)

    def gradients(function, *inputs):
        """Print the first result, and the gradients of its sum."""
        result = function(*inputs)
        result = result[0] if isinstance(result, tuple) else result
        result.backward(torch.ones_like(result))
        grads = [None if one.grad is None else one.grad.tolist() for one in inputs]
        print(result.detach().tolist(), *grads)

    def attempt(function):
        """Print what a function gives, or what it raises, and go on."""
        try:
            print("->", function())
        except Exception as raised:  # noqa: BLE001 - whatever it raises is printed
            print(scrubbed(f"{type(raised).__name__}: {raised}"))

    def attempts(*functions):
        """`attempt`, one after the other."""
        for one in functions:
            attempt(one)

    def show(result):
        """Print what the graph of a result knows of how it was made."""
        print(graph(result.grad_fn), result.dtype, result.shape, result.is_leaf)

    return {
        "torch": torch, "np": np, "leaf": leaf, "graph": graph, "show": show, "attempts": attempts,
        "T": leaf, "C": constant, "G": gradients, "D": torch.float64, "attempt": attempt,
        "nn": torch.nn, "F": torch.nn.functional, "Function": torch.autograd.Function,
        "grad": torch.autograd.grad,
    }  # fmt: skip


ABOUT_NODES = (
    "F = torch.nn.functional; x = leaf([1.0, 2.0]); y = leaf([3.0, 4.0]); "
    "A = leaf([[1.0, 2.0], [3.0, 5.0]]); B = leaf([[[1.0, 2.0], [3.0, 4.0]]])"
)
"""What every snippet about names of nodes begins with."""


def scrubbed(text):
    """A text without what differs from run to run: addresses, and where code stands."""
    text = ADDRESS.sub("0x", text.split("Exception raised from ")[0])
    before, cut, _ = text.partition(TRACEBACK)
    return (before + cut).split("(Triggered internally")[0].rstrip()


def outcome(module, record):
    """What a snippet prints, raises and warns of, where `torch` is `module`."""
    names = names_for(module)
    if record["about"] == "names of nodes":
        exec(ABOUT_NODES, names)
    printed, error = io.StringIO(), None
    module.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            exec(record["code"], names)
        except Exception as raised:  # noqa: BLE001 - whatever it raises is recorded
            error = scrubbed(f"{type(raised).__name__}: {raised}")
    module.set_grad_enabled(True)
    module.set_default_dtype(module.float32)
    told = [scrubbed(f"{one.category.__name__}: {one.message}") for one in caught]
    return {"printed": scrubbed(printed.getvalue()), "error": error, "warnings": told}


def assert_same(found, record):
    """The outcome is the recorded one; printed numbers may differ in their last digits."""
    expected = {name: record[name] for name in ("printed", "error", "warnings")}
    numbers = [NUMBER.findall(one["printed"]) for one in (found, expected)]
    if len(numbers[0]) == len(numbers[1]):
        assert list(map(float, numbers[0])) == pytest.approx(
            list(map(float, numbers[1])), rel=1e-12, abs=1e-12, nan_ok=True
        )
        found, expected = (
            {**one, "printed": NUMBER.sub("#", one["printed"])} for one in (found, expected)
        )
    assert found == expected


def records():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def title(record):
    return f"{record['about']}: {record['code']:.60}"


def marked(record):
    """The record; expected to fail, and to fail the test once it no longer does, if it differs."""
    reason = DIFFERENCES.get(record["code"])
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    return pytest.param(record, id=title(record), marks=marks)


@pytest.mark.parametrize("record", [marked(one) for one in records()])
def test_a_snippet_does_what_it_did_in_pytorch(record):
    reference_engine.set_warn_always(True)
    try:
        assert_same(outcome(reference_engine, record), record)
    finally:
        reference_engine.set_warn_always(False)


@pytest.mark.pytorch
@pytest.mark.parametrize("record", records(), ids=title)
def test_the_recorded_outcome_is_that_of_the_installed_pytorch(record):
    torch.set_warn_always(True)
    try:
        found = outcome(torch, record)
    finally:
        torch.set_warn_always(False)
    # The first forward pass with tangents in a process loads what PyTorch itself warns of.
    found["warnings"] = [one for one in found["warnings"] if "`torch.jit" not in one]
    assert_same(found, record)


def test_what_differs_is_recorded():
    assert set(DIFFERENCES) <= {one["code"] for one in records()}


def test_no_snippet_is_recorded_twice():
    codes = [one["code"] for one in records()]
    assert len(set(codes)) == len(codes)


def record(more=()):
    """Record every snippet anew, and more: pairs of what a snippet is about and its code."""
    torch.set_warn_always(True)
    snippets = {one["code"]: one["about"] for one in records()}
    snippets.update((code, about) for about, code in more if code not in snippets)
    recorded = [{"about": about, "code": code} for code, about in snippets.items()]
    lines = ",\n".join(json.dumps({**one, **outcome(torch, one)}) for one in recorded)
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    record([] if sys.stdin.isatty() else json.loads(sys.stdin.read() or "[]"))
