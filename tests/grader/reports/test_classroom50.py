"""result.json as Classroom 50's collector takes it."""

import json

import pytest
from msgspec.structs import replace

from grader.reports import classroom50

ENVIRONMENT = {
    "CLASSROOM": "autumn", "ASSIGNMENT": "week-3", "SUBMISSION_TAG": "submit/1",
    "COMMIT_URL": "https://c", "RELEASE_URL": "https://r", "REVIEW_URL": "https://v",
}  # fmt: skip


def content(results, student, **options):
    (one,) = [one for one in results.submissions if one.id == student]
    options = {"environment": ENVIRONMENT} | options
    return json.loads(classroom50.to_json(one, results.assignment, **options))


def test_the_fields_are_those_of_the_schema(results):
    bruno = content(results, "bruno")
    assert list(bruno) == [
        "schema", "classroom", "assignment", "submission", "commit", "release", "review",
        "datetime", "score", "max-score", "tests",
    ]  # fmt: skip
    assert bruno["schema"] == "classroom50/result/v1"
    assert (bruno["classroom"], bruno["assignment"], bruno["submission"]) == (
        "autumn", "week-3", "submit/1",
    )  # fmt: skip
    assert all(
        list(test) == ["test-name", "passed", "score", "max-score"] for test in bruno["tests"]
    )


@pytest.mark.parametrize(("scale", "score", "most"), [(None, 50, 100), (10, 5, 10), (7, 4, 7)])
def test_scores_are_whole_numbers_rounded_once(results, scale, score, most):
    bruno = content(results, "bruno", scale_to=scale)
    assert (bruno["score"], bruno["max-score"]) == (score, most)
    assert all(type(test["score"]) is int for test in bruno["tests"])


def test_what_waits_for_a_person_is_in_neither_score(results):
    fatima = content(results, "fatima")
    assert (fatima["score"], fatima["max-score"]) == (0, 67)
    assert [test["test-name"] for test in fatima["tests"]] == ["manual_backprop"]


def test_what_could_not_be_judged_has_no_file(results, tmp_path):
    top = classroom50.write(results, tmp_path, environment={})
    written = {path.parent.name for path in top.glob("*/result.json")}
    assert {one.id for one in results.submissions} - written == {"dora"}


def test_all_of_the_points_pass(results):
    alice = content(results, "alice")
    assert all(test["passed"] for test in alice["tests"])
    assert (alice["score"], alice["max-score"]) == (100, 100)


def test_lateness_lowers_the_whole(results):
    late = replace(results, submissions=(replace(results.submissions[0], score=4.5),))
    assert content(late, "alice")["score"] == 75
