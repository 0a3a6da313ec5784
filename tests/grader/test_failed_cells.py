"""Cells that fail beside the questions are told of in a line each, and cost nothing."""

import pytest

from grader import Assignment, array
from grader.failed_cells import MOST, remarks
from grader.grading import Grader
from grader.messages import LANGUAGES, render
from grader.outcomes import Answered, Raised, Stopped, Undefined
from grader.sandbox.limits import Limits
from grader.sandbox.pool import Sandbox
from grader.submissions import Submission

RIGHT = "def total(x):\n    return x.sum()"
ZERO = Raised("ZeroDivisionError", "division by zero", cell=1, line=1, source_line="1 / 0")
HANGS = Stopped("timeout", "6 s")


def told(failed, outcomes=(), form="notebook"):
    return [render(one) for one in remarks(failed, outcomes, form=form)]


def test_a_cell_is_named_by_its_number_and_what_it_raised():
    (line,) = told([(1, ZERO)])
    assert line.startswith("Cell 2 failed, which alone costs no points. Your code raised ")
    assert line.endswith("ZeroDivisionError in line 1 (`1 / 0`): division by zero")


@pytest.mark.parametrize(
    "text", ["[Errno 2] No such file or directory: 'x.csv'", "x.npy not found."]
)
def test_what_is_there_is_said_where_a_file_is_not(text):
    (line,) = told([(0, Raised("FileNotFoundError", text, cell=0, line=1, source_line="f()"))])
    assert line.endswith(
        f"{text} (Only your file and the modules that it imports are there when it is graded.)"
    )


def test_a_cell_that_hangs_is_told_of():
    assert told([(0, HANGS)])[0].startswith("Cell 1 failed, which alone costs no points. Your code")


def test_a_module_has_no_cells():
    assert told([(0, ZERO)], form="module")[0].startswith("Some of your code failed, which alone")


@pytest.mark.parametrize("failure", [ZERO, HANGS])
def test_what_a_question_tells_of_is_not_told_twice(failure):
    outcomes = [Answered(1.0), Undefined(failure)]
    assert told([(1, failure)], outcomes) == []


@pytest.mark.parametrize(
    ("form", "begins"), [("notebook", "Cell 2 failed."), ("module", "Some of your code failed.")]
)
def test_where_a_name_is_missing_for_no_known_reason_it_may_be_that(form, begins):
    (line,) = told([(1, ZERO)], [Answered(1.0), Undefined()], form)
    assert line.startswith(f"{begins} Perhaps that is why a name is not defined. Your code raised")


def test_a_name_that_is_missing_for_want_of_what_failed_before_is_not_told():
    missing = Raised("NameError", "name 'x' is not defined", cell=2, line=1)
    assert len(told([(1, ZERO), (2, missing)])) == 1
    assert len(told([(2, missing)])) == 1


@pytest.mark.parametrize(
    "failure",
    [
        Raised("RuntimeError", "", unsupported="torch.fft"),
        Raised("RuntimeError", "", forbidden="torch.tensor"),
        Raised("SystemExit", "0"),
        Raised("ModuleNotFoundError", "No module named 'grader'"),
    ],
)
def test_what_is_no_fault_of_the_code_is_not_told(failure):
    assert told([(0, failure)]) == []


def test_the_first_few_cells_are_told_of_once_each():
    failed = [(cell, ZERO) for cell in range(2 * MOST) for _ in range(2)]
    assert [line.split()[1] for line in told(failed)] == ["1", "2", "3"]


# -- in a result ----------------------------------------------------------------------------------


def sums(feedback="full"):
    hw = Assignment("sums", title="Sums", feedback=feedback)

    @hw.question(points=2, inputs={"x": array("n")})
    def total(x):
        return x.sum()

    @hw.question(points=1, inputs={"x": array("n")}, autograd="forbidden")
    def first(x):
        return x[0]

    return hw


def graded(*cells, feedback="full"):
    submission = Submission(id="ana", path="ana.ipynb", form="notebook", cells=cells)
    with Sandbox(least="limits", limits=Limits(call=2.0, cell=2.0)) as sandbox:
        return Grader(sums(feedback), sandbox, seed="s", torch="facade").grade(submission)


def test_a_cell_that_fails_costs_nothing_and_is_said():
    cells = (RIGHT, "def first(x):\n    return x[0]", "1 / 0", "import torch\ntorch.ones(2)")
    result = graded(*cells)
    assert result.score == 3.0
    (remark,) = result.remarks
    assert "Cell 3" in render(remark)


def test_nothing_is_said_of_a_cell_that_a_question_wanted():
    result = graded("K = 1 / 0", "def total(x):\n    return K * x.sum()", RIGHT + "\nfirst = K")
    assert result.remarks == ()
    assert result.questions[1].verdict == "error"


def test_nothing_is_said_where_students_are_told_verdicts_alone():
    assert graded(RIGHT, "1 / 0", feedback="verdict").remarks == ()


def test_it_is_in_every_language():
    (remark,) = remarks([(1, ZERO)], [], form="notebook")
    assert len({render(remark, language) for language in LANGUAGES}) == len(LANGUAGES)
