"""Every module starts from PyTorch's numbers, computes its values and sends back its gradients.

Recorded outcomes stand in where PyTorch is not installed; this file, run as a program where it
is (`PYTHONPATH=. python -m tests.reference_engine.nn.test_modules`), records them anew.
"""

import json
from functools import cache
from pathlib import Path

import pytest

import reference_engine

from .modules import MODULES, outcome

RECORDED = Path(__file__).parents[1] / "data" / "modules.json"
TOLERANCE = 1e-9


def same(found, expected):
    """Whether plain data agree: text and shapes to the letter, numbers within the tolerance."""
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(same(found[k], expected[k]) for k in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float):
        return found == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE)
    return found == expected


@cache
def recorded():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", MODULES, ids=lambda case: case[0])
def test_module_is_the_recorded_one(case):
    expected = recorded()[repr(case)]
    found = outcome(reference_engine, case)
    assert found["start"] == expected["start"]
    assert {part: same(found[part], expected[part]) for part in found} == dict.fromkeys(
        expected, True
    )


@pytest.mark.pytorch
@pytest.mark.parametrize("case", MODULES, ids=lambda case: case[0])
def test_recorded_module_is_pytorchs(case):
    import torch

    assert same(outcome(torch, case), recorded()[repr(case)])


if __name__ == "__main__":
    import torch

    outcomes = {repr(case): outcome(torch, case) for case in MODULES}
    lines = ",\n".join(f"{json.dumps(case)}: {json.dumps(one)}" for case, one in outcomes.items())
    RECORDED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
