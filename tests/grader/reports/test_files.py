"""A report's file is whole, or what was there before is still there."""

import stat
import tracemalloc
from collections.abc import Collection

import pytest
from msgspec.structs import replace

from grader.reports import ReportError, feedback, html, json, junit, lms, write_atomically
from grader.results import from_json, to_json


def test_results_come_back_as_they_were_written(results, tmp_path):
    path = json.write(results, tmp_path / "results")
    assert path == tmp_path / "results" / "results.json"
    assert from_json(path.read_bytes()) == results


def test_results_are_written_the_same_every_time(results, tmp_path):
    first = json.write(results, tmp_path / "first").read_bytes()
    assert json.write(results, tmp_path / "second").read_bytes() == first == to_json(results)


def test_a_folder_that_is_made_is_private(results, tmp_path):
    folder = html.write(results, tmp_path / "results", secret=b"s").parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path):
    tmp_path.chmod(0o755)
    write_atomically(tmp_path / "report", b"new")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_report_takes_the_place_of_the_former_one(tmp_path):
    write_atomically(tmp_path / "report", b"old")
    assert write_atomically(tmp_path / "report", b"new").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_folder_in_the_place_of_the_file_is_left_alone(tmp_path):
    former = tmp_path / "report" / "former"
    write_atomically(former, b"old")
    with pytest.raises(ReportError, match="report could not be written") as raised:
        write_atomically(tmp_path / "report", b"new")
    assert "\n" not in str(raised.value)
    assert former.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_write_that_breaks_off_leaves_the_former_file(tmp_path):
    path = write_atomically(tmp_path / "report", b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["report"]


def test_a_file_in_the_place_of_the_folder_is_one_line(results, tmp_path):
    (tmp_path / "results").write_text("mine")
    with pytest.raises(ReportError, match=r"results\.json could not be written"):
        json.write(results, tmp_path / "results")
    assert (tmp_path / "results").read_text() == "mine"


class Many(Collection):
    """A class of so many like one submission, each with much to say, made anew when it is read."""

    def __init__(self, one, count):
        self.one, self.count = one, count

    def __len__(self):
        return self.count

    def __contains__(self, one):
        return False

    def __iter__(self):
        for number in range(self.count):
            questions = tuple(
                replace(each, message=f"{number} " * 3_000) for each in self.one.questions
            )
            yield replace(
                self.one, id=f"student{number}", path=f"x_{number}_7_a.py", questions=questions,
                lms={"system": "canvas", "user_id": str(number), "attachment_id": "7"},
            )  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        lambda results, folder: html.write(results, folder, secret=b"s"),
        junit.write,
        lms.write_csv,
        lambda results, folder: feedback.write(
            results, folder, system="canvas", page=lambda one: one.questions[0].message
        ),
    ],
    ids=["html", "junit", "csv", "feedback"],
)
def test_of_a_large_class_one_result_is_held_at_a_time(results, tmp_path, write):
    bruno = next(one for one in results.submissions if one.id == "bruno")
    write(replace(results, submissions=Many(bruno, 1)), tmp_path / "first")
    tracemalloc.start()
    try:
        write(replace(results, submissions=Many(bruno, 60)), tmp_path / "results")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000
