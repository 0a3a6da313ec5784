"""Which entries and steps of a wrong answer are drawn, and what a result holds of them."""

import textwrap

import numpy as np
import pytest

from grader.cases import draw_cases
from grader.catalogue import load
from grader.comparison import judge
from grader.diagnosis.pictures import pictures
from grader.outcomes import Answered
from grader.results import EntriesPicture, StepsPicture

ASSIGNMENT = """
    import numpy as np
    from grader import Assignment, array

    hw = Assignment("shapes", title="Shapes")

    @hw.question(points=1, inputs={"x": array(3, 4)}, autograd="forbidden")
    def matrix(x):
        return x ** 2 + 1

    @hw.question(points=1, inputs={"x": array(4)}, autograd="forbidden")
    def descent(x):
        return [x / 2 ** step for step in range(5)]

    @hw.question(points=1, inputs={"x": array(4)}, autograd="forbidden")
    def several(x):
        return {name: 2 * x for name in "abcde"}

    @hw.question(points=1, inputs={"x": array(20, 20)}, autograd="forbidden")
    def large(x):
        return x
"""


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    file = tmp_path_factory.mktemp("pictures") / "shapes.py"
    file.write_text(textwrap.dedent(ASSIGNMENT), encoding="utf-8")
    return load(str(file))


@pytest.fixture
def drawn(assignment):
    """The pictures of an answer to a question that is the right one, changed."""

    def make(name, change):
        item = assignment[name]
        cases = draw_cases(item, "pictures")
        outcomes = [
            Answered(change(item.reference(**one.arguments)), one.arguments) for one in cases
        ]
        judgement = judge(item, cases, outcomes)
        return pictures(item, cases, outcomes=outcomes, judgement=judgement, seen=())

    return make


def changed(entries):
    def change(right):
        answer = right.copy()
        for place, value in entries.items():
            answer[place] = value
        return answer

    return change


def test_the_entries_that_are_wrong_are_told_row_by_row(drawn):
    (found,) = drawn("matrix", changed({(0, 1): -9.0, (2, 3): 99.0}))
    assert found == EntriesPicture(output="matrix", shape=(3, 4), pattern="=x=========x")


def test_an_entry_that_is_nearly_right_and_one_that_is_no_number_are_told_apart(drawn):
    def change(right):
        answer = right.copy()
        answer[1, 0] += 0.002 * right.max()
        return answer

    (found,) = drawn("matrix", change)
    assert found.pattern == "====~======="
    (found,) = drawn("matrix", changed({(1, 0): np.nan}))
    assert found.pattern == "====?======="


@pytest.mark.parametrize(
    "change",
    [lambda right: right, lambda right: right + 1, lambda right: right.T, lambda right: "12"],
)
def test_what_is_right_or_wrong_throughout_or_of_another_form_needs_no_picture(drawn, change):
    assert drawn("matrix", change) == ()


def test_an_array_of_many_entries_is_not_drawn(drawn):
    assert drawn("large", changed({(0, 0): 9.0})) == ()


def test_at_most_three_outputs_are_drawn(drawn):
    def change(right):
        return {name: changed({0: 99.0})(value) for name, value in right.items()}

    assert [one.output for one in drawn("several", change)] == ["a", "b", "c"]


def test_a_trajectory_is_told_by_how_far_each_step_is_off(drawn):
    def change(right):
        scale = max(np.abs(step).max() for step in right)
        return [step + 0.123 * scale * (number > 2) for number, step in enumerate(right)]

    (found,) = drawn("descent", change)
    assert found == StepsPicture(output="descent", deviations=(0.0, 0.0, 0.0, 0.1, 0.1))


def test_a_step_that_is_not_finite_is_told_as_such(drawn):
    def change(right):
        return [*right[:3], right[3] + 9, right[4] * np.inf]

    (found,) = drawn("descent", change)
    assert found.deviations[:3] == (0.0, 0.0, 0.0)
    assert found.deviations[3] > 0
    assert found.deviations[4] is None


@pytest.mark.parametrize(
    "change",
    [
        lambda right: right,
        lambda right: right[:-1],
        lambda right: [*right[:-1], right[-1] * np.nan],
    ],
)
def test_a_trajectory_without_a_step_that_is_off_by_some_number_needs_no_picture(drawn, change):
    assert drawn("descent", change) == ()


def test_nobody_can_go_back_from_a_step_to_the_right_value(drawn):
    def change(right):
        return [step + 0.123456 * np.arange(4) for step in right]

    (found,) = drawn("descent", change)
    assert all(float(f"{one:.0e}") == one for one in found.deviations)
