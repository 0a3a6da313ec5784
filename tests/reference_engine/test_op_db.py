"""The engine against PyTorch's own database of operations, live and recorded."""

import json

import numpy as np
import pytest

from . import op_db

AGREEING = 450
"""How many operations must agree; 454 and 455 of 463 did in the runs when this was written."""


def test_a_recorded_sample_of_the_database_is_reproduced():
    for one in json.loads(op_db.DATA.read_text()):
        found = op_db.replay(one)
        for values, targets in zip(found, (one["results"], one["gradients"]), strict=True):
            for value, target in zip(values, targets, strict=True):
                np.testing.assert_allclose(
                    value, np.reshape(target, value.shape), op_db.RTOL, op_db.ATOL,
                    err_msg=f"{one['operation']}{one['arguments']}",
                )  # fmt: skip


def test_the_recording_covers_many_operations():
    assert len({one["operation"] for one in json.loads(op_db.DATA.read_text())}) > 150


def test_operations_of_pytorchs_database_agree():
    pytest.importorskip("torch", reason="PyTorch is not installed; the recording stands in for it")
    pytest.importorskip("expecttest", reason="PyTorch's database of operations needs it")
    found = {
        name: op_db.disagreement(entry)
        for name, entry in op_db.database().items()
        if name not in op_db.EXCLUDED
    }
    differing = [f"{name}: {text}" for name, text in found.items() if text is not None]
    assert len(found) - len(differing) >= AGREEING, "\n\n".join(differing)
