"""The figures of a class: what could not be judged is never counted as a zero."""

import msgspec
import pytest

from grader.messages import Message
from grader.reports import summary
from grader.results import Override

from .conftest import submission, times_run


def only(results, *ids):
    kept = tuple(one for one in results.submissions if one.id in ids)
    return msgspec.structs.replace(results, submissions=kept)


def find(results, identifier):
    return next(one for one in results.submissions if one.id == identifier)


def test_the_figures_of_a_class(results):
    figures = summary.class_summary(results)
    assert (figures.submissions, figures.graded) == (9, 8)
    assert (figures.below_half, figures.needs_human, figures.not_judged) == (4, 1, 2)


def test_the_mean_is_over_judged_points(results):
    # alice has 6 of 6; dora could not be read; gui has 1 of the 2 points that could be judged.
    assert summary.class_summary(only(results, "alice", "dora", "gui")).mean == 0.75


def unanswered(identifier):
    missing = Message("name_missing", {"name": "times_run"})
    return submission(identifier, times_run("missing", message=missing))


def test_a_class_is_off_topic_where_nobody_defines_a_name_that_is_asked_for(results):
    other = submission("bo", problem="wrong_assignment")
    off = (unanswered("ana"), other, *only(results, "dora", "emil").submissions)
    replaced = msgspec.structs.replace(results, submissions=off)
    assert summary.class_summary(replaced).off_topic == 2


def test_a_class_is_not_off_topic_where_anybody_answers(results):
    some = (unanswered("ana"), *only(results, "alice").submissions)
    replaced = msgspec.structs.replace(results, submissions=some)
    assert summary.class_summary(replaced).off_topic == 0


def test_an_empty_class_has_no_mean(results):
    assert summary.summary_line(only(results)) == "0 graded"


def test_the_line_names_what_needs_attention(results):
    assert summary.summary_line(results) == (
        "8 graded, mean 38 %, 4 below 50 %, 1 to be marked by a person, 2 could not be judged"
    )


@pytest.mark.parametrize(
    "names",
    [
        ["Álvaro", "Amélie", "bruno", "Zoe"],
        ["Ana", "ana b", "ana9", "ana10"],
        ["week 2/Zoe", "week 10/Ana"],
        ["Muller", "Müller", "Mullers"],
        ["Straße", "strasse b"],
    ],
)
def test_names_are_sorted_by_where_people_look_for_them(names):
    assert sorted([*names[1:], names[0]], key=summary.reading_order) == names


def test_no_two_names_share_a_place():
    names = ["ana", "Ana", "aná", "ana\u0301"]
    assert len(set(map(summary.reading_order, names))) == len(names)


def test_a_question_counts_only_who_was_judged_in_it(results):
    _, times_run = summary.question_summaries(only(results, "alice", "bruno", "fatima"))
    assert times_run.mean == 0.5
    assert times_run.verdicts == (("correct", 1), ("needs_human", 1), ("wrong_value", 1))


def test_a_question_names_its_most_frequent_diagnoses(results):
    backprop, _ = summary.question_summaries(results)
    assert backprop.diagnoses == (("accumulated_gradient", 1), ("graph_freed", 1))


def test_a_misconception_counts_once_a_submission(results):
    bruno = find(results, "bruno")
    (first, second) = bruno.questions
    both = msgspec.structs.replace(second, diagnoses=first.diagnoses)
    again = msgspec.structs.replace(bruno, id="zoe", questions=(first, both))
    class_of_two = msgspec.structs.replace(results, submissions=(bruno, again))
    assert summary.misconceptions(class_of_two) == (
        summary.SharedMisconception("accumulated_gradient", 2, ("manual_backprop", "times_run")),
    )


def test_every_graded_submission_lies_in_one_band(results):
    assert summary.distribution(results) == (
        ("100 %", 1), ("75 to 99 %", 0), ("50 to 74 %", 3),
        ("25 to 49 %", 1), ("1 to 24 %", 0), ("0 %", 3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ("alice", ""),
        ("bruno", "dw: accumulated gradient"),
        ("dora", "The file is not a notebook, or it is damaged"),
        ("ines", "No function named manual_backprop was found after a fresh run."),
    ],
)
def test_the_reason_is_a_few_words(results, identifier, reason):
    assert summary.reason(find(results, identifier)) == reason


def test_a_text_that_a_person_has_marked_is_no_reason(results):
    fatima = find(results, "fatima")
    (waiting,) = (one for one in fatima.questions if one.verdict == "needs_human")
    override = Override(score=1.0, comment="", by="tia", at="2025-11-03T09:12:00Z")
    marked = msgspec.structs.replace(waiting, score=1.0, override=override)
    assert summary.reason(msgspec.structs.replace(fatima, questions=(waiting,)))
    assert not summary.reason(msgspec.structs.replace(fatima, questions=(marked,)))


@pytest.mark.parametrize(
    ("score", "text"), [(3.0, "3.0"), (2.5, "2.5"), (1.25, "1.25"), (2 / 3, "0.67"), (None, "-")]
)
def test_points_have_one_decimal_or_two(score, text):
    assert summary.points(score) == text


@pytest.mark.parametrize(
    ("part", "text"), [(1.0, "100 %"), (0.999, "99 %"), (0.714, "71 %"), (0.0, "0 %"), (None, "-")]
)
def test_only_all_points_are_a_hundred_percent(part, text):
    assert summary.percent(part) == text
