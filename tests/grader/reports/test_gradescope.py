"""results.json as Gradescope's specification has it."""

import json

import pytest
from msgspec.structs import replace

from grader.reports import gradescope

TOP = {
    "score", "execution_time", "output", "output_format", "test_output_format", "test_name_format",
    "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard",
}  # fmt: skip
TEST = {
    "score", "max_score", "status", "name", "name_format", "number", "output", "output_format",
    "tags", "visibility", "extra_data",
}  # fmt: skip
FORMATS = {"text", "html", "simple_format", "md", "ansi"}


@pytest.fixture
def written(results, tmp_path):
    """The content of results.json by student."""
    top = gradescope.write(results, tmp_path)
    assert top == tmp_path / "gradescope"
    return {path.parent.name: json.loads(path.read_text()) for path in top.glob("*/results.json")}


def test_everyone_has_a_file_with_the_fields_of_the_specification(results, written):
    assert len(written) == len(results.submissions)
    for content in written.values():
        assert content.keys() <= TOP
        assert {content["output_format"], content["test_output_format"]} <= FORMATS
        for test in content["tests"]:
            assert test.keys() <= TEST
            assert test["visibility"] == "visible"
            assert test.get("status") in {None, "passed", "failed"}


def test_points_and_reasons_are_there(written):
    bruno = written["bruno"]
    assert bruno["score"] == 3.0
    first, second = bruno["tests"]
    assert (first["name"], first["score"], first["max_score"]) == ("manual_backprop", 3.0, 4.0)
    assert (first["status"], second["status"]) == ("failed", "failed")
    assert "3 times too large" in bruno["tests"][0]["output"]


def test_what_failed_beside_the_questions_is_said_of_the_whole(written):
    assert written["alice"]["output"].startswith("Cell 4 failed, which alone costs no points.")
    assert written["bruno"]["output"] == ""


def test_what_waits_for_a_person_has_no_score(written):
    fatima = written["fatima"]
    assert fatima["extra_data"] == {"pending": 2.0}
    assert fatima["tests"][1].keys().isdisjoint({"score", "max_score", "status"})
    assert fatima["score"] == 0.0


def test_what_could_not_be_read_is_no_zero(written):
    assert "score" not in written["dora"]
    assert "not a notebook" in written["dora"]["output"]


def test_an_empty_submission_is_a_zero(written):
    assert written["emil"]["score"] == 0.0


def test_marks_are_scaled(results):
    content = json.loads(gradescope.to_json(results.submissions[1], scale_to=20))
    assert content["score"] == 10.0
    assert [one["max_score"] for one in content["tests"]] == [13.33, 6.67]


def test_lateness_lowers_the_whole_and_no_test(results):
    late = replace(results.submissions[0], score=4.5, late=True, late_factor=0.75)
    content = json.loads(gradescope.to_json(late))
    assert content["score"] == 4.5
    assert sum(one["score"] for one in content["tests"]) == 6.0
