"""Drawn values take the place of a notebook's own assignments."""

import numpy as np
import pytest

from grader.given import replace_assignments
from grader.outcomes import TensorValue

VALUES = {
    "array": (np.array([[0.1, -2.5], [3.25, 1e-9]]), "float64"),
    "single": (np.array([0.1, 0.7], dtype=np.float32), "float32"),
    "labels": (np.array([2, 0, 1]), "int64"),
}


def run(cells):
    namespace = {}
    for cell in cells:
        exec(cell, namespace)
    return namespace


@pytest.mark.parametrize(("value", "dtype"), VALUES.values(), ids=VALUES)
def test_an_array_arrives_as_it_was_drawn(value, dtype):
    (cell,), unassigned = replace_assignments(["x = 1"], {"x": value})
    found = run([cell])["x"]
    assert unassigned == ()
    assert np.array_equal(found, value)
    assert found.dtype == dtype


def test_a_tensor_arrives_as_a_tensor():
    value = TensorValue(np.ones(2, dtype=np.float32), requires_grad=True)
    (cell,), _ = replace_assignments(["x = 1"], {"x": value})
    assert "__import__('torch').tensor(" in cell
    assert cell.endswith("requires_grad=True))")


def test_the_statements_after_it_use_the_new_value():
    cells, _ = replace_assignments(["x = 2", "y = x * x"], {"x": 5})
    assert run(cells)["y"] == 25


@pytest.mark.parametrize("between", ["\x0c", "y = '\u2028'\n", "y = '\x0b'; ", "y = 1\r", "\r\n"])
def test_only_what_python_takes_for_a_line_is_one(between):
    (cell,), _ = replace_assignments([f"{between}x = 1\nz = x"], {"x": 5})
    assert run([cell])["z"] == 5


def test_lines_keep_their_numbers():
    source = "x = (1 +\n     2)\n\ny = x\n"
    (cell,), _ = replace_assignments([source], {"x": 7})
    assert cell.count("\n") == source.count("\n")
    assert run([cell])["y"] == 7


def test_magics_and_accents_beside_it_do_no_harm():
    cells = ["%matplotlib inline\n\n\né = 'ação'; x = 1; z = 2"]
    (cell,), _ = replace_assignments(cells, {"x": 3})
    assert cell == "%matplotlib inline\n\n\né = 'ação'; x = (3); z = 2"


def test_only_the_top_level_and_only_the_given_names_are_touched():
    cells = ["def f():\n    x = 1\n    return x", "y = 2", "x: int = 3"]
    changed, _ = replace_assignments(cells, {"x": 9})
    assert changed == (cells[0], cells[1], "x: int = (9)")


def test_names_that_are_never_assigned_are_told():
    _, unassigned = replace_assignments(["y = 2", "x ="], {"x": 1, "y": 2})
    assert unassigned == ("x",)
