"""A report's file is whole, or what was there before is still there."""

import stat

import pytest

from grader.reports import ReportError, html, json, write_atomically
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
