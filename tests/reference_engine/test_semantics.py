"""Snippets do what PyTorch did when it ran them: what they print, raise and warn of is recorded.

`PYTHONPATH=. python tests/reference_engine/test_semantics.py` records the outcome of every snippet
anew; it needs PyTorch.
"""

import contextlib
import io
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import reference_engine

try:
    import torch
except ImportError:
    torch = None

RECORDED = Path(__file__).parent / "data" / "semantics.json"
ADDRESS = re.compile(r"0x[0-9a-f]+")


def graph(node):
    """A graph as text, from a node down to its leaves."""
    if node is None:
        return "None"
    following = [
        graph(one) + (f":{number}" if number else "") for one, number in node.next_functions
    ]
    return f"{node.name()}({', '.join(following)})"


def outcome(module, code):
    """What a snippet prints, raises and warns of, where `torch` is `module`.

    `leaf(values)` makes a float64 leaf that requires grad, `graph(node)` the text of a graph.
    """

    def leaf(values):
        return module.tensor(values, dtype=module.float64, requires_grad=True)

    names = {"torch": module, "np": np, "leaf": leaf, "graph": graph}
    printed, error = io.StringIO(), None
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            exec(code, names)
        except Exception as raised:  # noqa: BLE001 - whatever it raises is recorded
            error = f"{type(raised).__name__}: {raised}".split("Exception raised from ")[0].rstrip()
    module.set_grad_enabled(True)
    module.set_default_dtype(module.float32)
    told = [
        f"{one.category.__name__}: {one.message}".split("(Triggered internally")[0].rstrip()
        for one in caught
    ]
    return {"printed": ADDRESS.sub("0x", printed.getvalue()), "error": error, "warnings": told}


def records():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("record", records(), ids=lambda one: f"{one['about']}: {one['code']:.50}")
def test_a_snippet_does_what_it_did_in_pytorch(record):
    expected = {name: record[name] for name in ("printed", "error", "warnings")}
    assert outcome(reference_engine, record["code"]) == expected


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed; nothing to compare with")
@pytest.mark.parametrize("record", records(), ids=lambda one: f"{one['about']}: {one['code']:.50}")
def test_the_recorded_outcome_is_that_of_the_installed_pytorch(record):
    torch.set_warn_always(True)
    try:
        expected = {name: record[name] for name in ("printed", "error", "warnings")}
        assert outcome(torch, record["code"]) == expected
    finally:
        torch.set_warn_always(False)


def test_there_are_recordings_of_every_kind():
    assert len({one["code"] for one in records()}) == len(records()) >= 120


def record():
    torch.set_warn_always(True)
    recorded = [
        {"about": one["about"], "code": one["code"], **outcome(torch, one["code"])}
        for one in records()
    ]
    lines = ",\n".join(json.dumps(one) for one in recorded)
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    record()
