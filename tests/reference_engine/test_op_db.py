"""The engine against PyTorch's own database of operations, live and recorded."""

import json

import numpy as np
import pytest

from . import op_db

AGREEING_OPERATIONS = 260
"""How many of the listed operations must agree."""
pytestmark = pytest.mark.filterwarnings("ignore:index_reduce")

PARTS = 12
"""The comparison takes long: in parts, several processes share it."""


@pytest.mark.filterwarnings("ignore:Using torch.cross without")
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


@pytest.fixture(scope="module")
def entries():
    """What of PyTorch's database is compared, by name."""
    pytest.importorskip("expecttest", reason="PyTorch's database of operations needs it")
    return op_db.compared()


@pytest.mark.pytorch
@pytest.mark.parametrize("part", range(PARTS))
def test_every_entry_of_pytorchs_database_agrees(entries, part):
    names = sorted(entries)[part::PARTS]
    differences = {name: op_db.disagreement(entries[name]) for name in names}
    assert {name: text for name, text in differences.items() if text is not None} == {}


@pytest.mark.pytorch
def test_enough_operations_are_compared(entries):
    agreeing = op_db.agreeing_operations(dict.fromkeys(entries))
    print(len(agreeing), "of", len(op_db.OPERATIONS), "operations agree")
    assert len(agreeing) >= AGREEING_OPERATIONS
