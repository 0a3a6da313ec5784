"""What all exports share: rounding once, comments that tell a student only theirs, safe names."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.reports import export


def of(results, student):
    return next(one for one in results.submissions if one.id == student)


@pytest.mark.parametrize(
    ("points", "factor", "expected"),
    [(2.675, 1.0, "2.68"), (0.1 + 0.2, 1.0, "0.3"), (1 / 3 + 1 / 3 + 1 / 3, 1.0, "1"),
     (2.0, 10 / 3, "6.67"), (1.005, 1.0, "1.01"), (100.0, 1.0, "100"), (0.0, 1.0, "0")],
)  # fmt: skip
def test_points_are_rounded_half_up_as_they_are_written(points, factor, expected):
    assert export.number(export.rounded(points, factor=factor)) == expected


@given(st.integers(0, 400), st.integers(1, 1000))
def test_scaled_marks_stay_within_the_scale(hundredths, scale):
    rounded = export.rounded(hundredths / 100, factor=scale / 4)
    assert Decimal(0) <= rounded <= Decimal(scale)


def test_where_only_the_verdict_is_told_nothing_more_leaves(results):
    question = replace(of(results, "bruno").questions[0], told="verdict")
    assert "3 times" not in export.told(question)
    assert export.told(question) != ""


def test_a_mark_with_something_still_to_be_judged_is_none(results):
    marks = {one.id: export.final(one, 12) for one in results.submissions}
    assert marks["alice"] == Decimal("12.00")
    assert marks["emil"] == Decimal("0.00")
    assert [name for name, mark in marks.items() if mark is None] == ["dora", "fatima", "gui"]


def test_a_comment_tells_points_and_reasons_and_no_flags(results):
    told = export.comment(of(results, "bruno"))
    assert "manual_backprop: 3.0/4.0, wrong value" in told
    assert "3 times too large" in told
    told = export.comment(of(results, "fatima"))
    assert "suspicious" not in told
    assert "2.0 of 6.0 points are still to be judged." in told


def test_a_comment_says_what_failed_beside_the_questions(results):
    assert "Cell 4 failed, which alone costs no points." in export.comment(of(results, "alice"))


def test_a_persons_comment_stands_in_place_of_the_machines(results):
    told = export.comment(of(results, "gui"))
    assert "Counted from zero, as the statement allows." in told
    assert "This is not the number of runs." not in told
    assert "instructor" not in told


def test_a_comment_on_what_could_not_be_read_says_why(results):
    assert "not a notebook, or it is damaged" in export.comment(of(results, "dora"))


def test_a_comment_has_a_limit(results):
    bruno = of(results, "bruno")
    long = replace(
        bruno, questions=tuple(replace(one, message="x" * 9000) for one in bruno.questions)
    )
    assert len(export.comment(long)) == export.MAX_COMMENT


@given(st.text(min_size=1))
@example("\N{MATHEMATICAL BOLD CAPITAL A}" * 31)
@example("\ud800" * 40)
def test_a_file_name_stays_in_its_folder(student):
    name = export.file_name(student)
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")
    assert len(name.encode("utf-8")) <= 120


def test_two_students_never_share_a_file_name():
    students = ["a/b", "a%2Fb", "a b", "..", ".", "x" * 200, "x" * 201, "ana", "an\u00e1"]
    assert len({export.file_name(one) for one in students}) == len(students)
