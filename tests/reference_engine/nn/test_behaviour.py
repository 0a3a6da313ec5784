"""Modules hold, show, load, call and refuse as PyTorch's do, to the letter.

Recorded printouts stand in where PyTorch is not installed; this file, run as a program where it
is (`PYTHONPATH=. python -m tests.reference_engine.nn.test_behaviour`), records them anew.
"""

import json
from functools import cache
from pathlib import Path

import pytest

import reference_engine

from .behaviour import PROGRAMS, printed

RECORDED = Path(__file__).parents[1] / "data" / "module_behaviour.json"


@cache
def recorded():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_prints_what_was_recorded(program):
    assert printed(reference_engine, program) == recorded()[program]


@pytest.mark.pytorch
@pytest.mark.parametrize("program", PROGRAMS)
def test_recorded_printout_is_pytorchs(program):
    import torch

    assert printed(torch, program) == recorded()[program]


if __name__ == "__main__":
    import torch

    printouts = {program: printed(torch, program) for program in PROGRAMS}
    RECORDED.write_text(json.dumps(printouts, indent=0) + "\n", encoding="utf-8")
