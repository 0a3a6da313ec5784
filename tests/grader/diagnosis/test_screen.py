"""What a stored output shows of earlier runs; it explains, and never scores."""

import json
import textwrap

import pytest

from grader.catalogue import load
from grader.diagnosis.screen import stale_output
from grader.grading import Grader
from grader.messages import render
from grader.notebooks import CodeCell, read_notebook
from grader.sandbox.pool import Sandbox
from grader.submissions import collect


def cell(shown, count=None):
    return CodeCell("print(x.grad)", count, shown)


def told(shown, fresh, count=None):
    found = stale_output(cell(shown, count), fresh)
    return None if found is None else dict(found.parameters)


def test_eight_runs_of_a_cell_are_counted():
    assert told("tensor([24., 24.])\n", "tensor([3., 3.])\n") == {
        "stored": "24",
        "fresh": "3",
        "k": 8,
    }


def test_a_negative_gradient_adds_up_as_well():
    assert told("tensor([-56.])", "tensor([-28.])")["k"] == 2


def test_what_is_the_same_on_every_run_may_stand_beside_it():
    assert told("epoch 1: 6.0", "epoch 1: 3.0")["k"] == 2


@pytest.mark.parametrize(
    ("shown", "fresh"),
    [
        ("tensor([3.])", "tensor([3.])"),
        ("tensor([4.5])", "tensor([3.])"),
        ("tensor([6., 9.])", "tensor([3., 3.])"),
        ("gradient 6.0", "loss 3.0"),
        ("6.0", "0.0"),
        ("6.0", ""),
        ("", "3.0"),
        ("tensor([6., 6., 6.])", "tensor([3., 3.])"),
    ],
    ids=["same", "broken", "several", "words", "zero", "silent", "nothing", "more"],
)
def test_nothing_is_said_where_runs_do_not_add_up(shown, fresh):
    assert told(shown, fresh) is None


def test_a_cell_cannot_have_run_more_often_than_its_notebook():
    assert told("24.0", "3.0", count=7) is None
    assert told("24.0", "3.0", count=8) is not None


# -- from a notebook to its result ---------------------------------------------------------------

ASSIGNMENT = """
    from grader import Assignment
    import reference_engine as torch

    hw = Assignment("mean", title="Mean")

    @hw.variable(points=1)
    def g():
        return torch.tensor([[3.0, 3.0], [3.0, 3.0]])
"""
SETUP = "import torch\nx = torch.ones(2, 2, requires_grad=True)"
BACKWARD = "((2 * (x + 2) ** 2).mean()).backward()\ng = x.grad\n"
FOUR = "tensor([[24., 24.],\n        [24., 24.]])"


def notebook(last, outputs):
    cells = [
        {"cell_type": "code", "source": SETUP, "execution_count": 9, "outputs": []},
        {
            "cell_type": "code",
            "source": BACKWARD + last,
            "execution_count": 17,
            "outputs": outputs,
        },
    ]
    for one in cells:
        one["metadata"] = {}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


PRINTED = [{"output_type": "stream", "name": "stdout", "text": [FOUR + "\n"]}]
RESULT = [
    {
        "output_type": "execute_result",
        "execution_count": 17,
        "metadata": {},
        "data": {"text/plain": FOUR.splitlines(keepends=True), "text/html": "<b>24</b>"},
    }
]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screen")
    (folder / "mean.py").write_text(textwrap.dedent(ASSIGNMENT), encoding="utf-8")
    assignment = load(str(folder / "mean.py"))
    with Sandbox() as sandbox:
        grader = Grader(assignment, sandbox, seed="screen", torch="facade")

        def make(text):
            file = folder / "hand_in.ipynb"
            file.write_text(text, encoding="utf-8")
            (submission,) = collect([file])
            (question,) = grader.grade(submission).questions
            return question

        yield make


@pytest.mark.parametrize(("last", "outputs"), [("print(g)", PRINTED), ("g", RESULT)])
def test_a_screen_that_shows_24_where_a_fresh_run_gives_3_is_explained(graded, last, outputs):
    question = graded(notebook(last, outputs))
    (found,) = question.diagnoses
    assert found.id == "stale_output"
    assert render(found.message).startswith(
        "Your screen shows 24, a fresh run gives 3: 8 runs of this cell."
    )


@pytest.mark.parametrize("outputs", [[], PRINTED, RESULT, "not outputs"])
def test_stored_outputs_never_score(graded, outputs):
    assert graded(notebook("g", outputs)).score == 1


def test_a_value_that_cannot_be_shown_changes_nothing(graded):
    class_text = "class Odd:\n    def __repr__(self):\n        raise ValueError\ng = x.grad\nOdd()"
    assert graded(notebook(class_text, RESULT)).score == 1


def test_outputs_are_read_as_text_and_result():
    (_, last) = read_notebook(notebook("g", PRINTED + RESULT).encode()).cells
    assert (last.shown, last.has_result) == (f"{FOUR}\n{FOUR}", True)


def test_pictures_and_errors_show_no_text():
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": "warning"},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0"}},
        {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": []},
    ]
    (_, last) = read_notebook(notebook("g", outputs).encode()).cells
    assert (last.shown, last.has_result) == ("", False)
