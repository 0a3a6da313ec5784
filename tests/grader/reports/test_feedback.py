"""Zips of pages as Canvas and Moodle take them in: read back by the rules of their importers."""

import io
import re
import unicodedata
import zipfile
from pathlib import PurePosixPath

import pytest
from msgspec.structs import replace

from grader.reports import feedback

CANVAS_NAME = re.compile(
    r"(?P<name>.+?)(?:_(?P<late>LATE))?_(?P<user_id>\d+)_(?P<attachment_id>\d+)_(?P<file>.+)"
)


def canvas_reads(name):
    """User and attachment as Canvas infers them from a file's name; None where it passes over."""
    parts = [part for part in PurePosixPath(name).name.split("_") if part != "LATE"]
    if parts[0] == "anon":
        user, attachment = parts[1:3]
    else:
        numbers = [part for part in parts if re.fullmatch("[0-9]+", part)]
        if len(numbers) < 2:
            return None
        user, attachment = numbers[:2]
    if parts[-1].startswith("link") or name.startswith("._"):
        return None
    return user, attachment


def moodle_reads(path, participants):
    """Participant and file as Moodle 4 infers them from a path; None where it passes over."""
    if PurePosixPath(path).name.startswith((".", "~")):
        return None
    parts = path.split("/")
    while parts:
        name, number, *rest = (*parts.pop(0).split("_", 4), "", "")
        if number.isdecimal() and int(number) in participants and len(rest) > 3:
            assert rest[0] == "assignsubmission"
            assert rest[1] in {"file", "onlinetext"}
            return int(number), "/".join([rest[2], *parts]).strip("/"), name
    return None


def moodle_before_4_reads(path):
    """Participant as earlier versions infer it: by the whole path's first five parts."""
    parts = f"/import/{path}".split("_", 4)
    return int(parts[1]) if len(parts) == 5 else None


def with_files(results, system, **by_student):
    """The results as if their files had come from a system: a path and what intake keeps of it."""
    return replace(
        results,
        submissions=tuple(
            replace(one, path=by_student[one.id][0], lms={"system": system} | by_student[one.id][1])
            if one.id in by_student
            else one
            for one in results.submissions
        ),
    )


def page(result):
    return f"<!DOCTYPE html><p>{result.id}"


def zipped(results, folder, system):
    written = feedback.write(results, folder, system=system, page=page)
    with zipfile.ZipFile(written.path) as archive:
        assert archive.testzip() is None
        return written, {name: archive.read(name).decode() for name in archive.namelist()}


# -- Canvas ---------------------------------------------------------------------------------------


@pytest.fixture
def from_canvas(results):
    return with_files(
        results,
        "canvas",
        alice=("ferreiraalice_501_7001_hw 1.ipynb", {"user_id": "501", "attachment_id": "7001"}),
        bruno=("class/bruno_LATE_502_7002_linked_list.py",
               {"user_id": "502", "attachment_id": "7002"}),
        chidi=("anon_x9Kd2_7003_2024_11.ipynb",
               {"anonymous_id": "x9Kd2", "attachment_id": "7003"}),
        dora=("núñezdora_504_text.html", {"user_id": "504"}),
        emil=("çelikemil_505_7005_link_ção\u202e.ipynb",
              {"user_id": "505", "attachment_id": "7005"}),
    )  # fmt: skip


def test_canvas_finds_the_submission_of_every_page(from_canvas, tmp_path):
    _, pages = zipped(from_canvas, tmp_path, "canvas")
    assert {canvas_reads(name): content for name, content in pages.items()} == {
        ("501", "7001"): page(from_canvas.submissions[0]),
        ("502", "7002"): page(from_canvas.submissions[1]),
        ("x9Kd2", "7003"): page(from_canvas.submissions[2]),
        ("505", "7005"): page(from_canvas.submissions[4]),
    }


def test_canvas_has_the_downloaded_names_at_the_top_of_the_zip(from_canvas, tmp_path):
    _, pages = zipped(from_canvas, tmp_path, "canvas")
    assert "ferreiraalice_501_7001_hw 1.ipynb_feedback.html" in pages
    assert not any("/" in name for name in pages)
    assert all(CANVAS_NAME.fullmatch(name) for name in pages if not name.startswith("anon_"))


def test_what_canvas_cannot_take_a_file_for_is_told(from_canvas, tmp_path):
    written, pages = zipped(from_canvas, tmp_path, "canvas")
    assert written.count == len(pages) == 4
    assert written.unmatched == ("dora", "fatima", "gui", "h\u00e9l\u00e8ne", "ines")


# -- Moodle ---------------------------------------------------------------------------------------


@pytest.fixture
def from_moodle(results):
    def numbered(number):
        return {"identifier": f"Participant {number}"}

    decomposed = unicodedata.normalize("NFD", "José Núñez")
    return with_files(
        results,
        "moodle",
        alice=("Alice Ferreira_11_assignsubmission_file/hw.ipynb", numbered(11)),
        bruno=(f"{decomposed}_12_assignsubmission_file_/week 1/hw.py", numbered(12)),
        chidi=("all/Chidi_Chu_13_assignsubmission_file_hw.ipynb", numbered(13)),
        dora=("Participant_14_assignsubmission_onlinetext/onlinetext.html", numbered(14)),
    )


def test_moodle_finds_the_participant_of_every_page(from_moodle, tmp_path):
    _, pages = zipped(from_moodle, tmp_path, "moodle")
    read = {moodle_reads(name, {11, 12, 13, 14})[:2]: text for name, text in pages.items()}
    assert read == {
        (number, "feedback.html"): page(one)
        for number, one in zip((11, 12, 13, 14), from_moodle.submissions[:4], strict=True)
    }


def test_moodle_gets_back_the_folders_that_it_gave_out(from_moodle, tmp_path):
    _, pages = zipped(from_moodle, tmp_path, "moodle")
    assert "Alice Ferreira_11_assignsubmission_file/feedback.html" in pages
    assert "Participant_14_assignsubmission_onlinetext/feedback.html" in pages


def test_a_folder_of_an_earlier_moodle_is_read_by_an_earlier_moodle(from_moodle, tmp_path):
    _, pages = zipped(from_moodle, tmp_path, "moodle")
    earlier = [name for name in pages if name.split("/")[0].endswith("_")]
    assert sorted(map(moodle_before_4_reads, earlier)) == [12, 13]


def test_no_name_of_a_file_puts_a_page_where_anothers_is(results, tmp_path):
    flat = "Alice_11_assignsubmission_file_x_12_assignsubmission_file_hw.py"
    handed_in = with_files(
        results,
        "moodle",
        alice=(flat, {"identifier": "Participant 11"}),
        bruno=("Bruno_12_assignsubmission_file_hw.py", {"identifier": "Participant 12"}),
    )
    _, pages = zipped(handed_in, tmp_path, "moodle")
    assert {moodle_reads(name, {11, 12})[0] for name in pages} == {11, 12}


def test_those_who_came_another_way_are_told(from_moodle, tmp_path):
    written, _ = zipped(from_moodle, tmp_path, "moodle")
    assert written.count == 4
    assert "fatima" in written.unmatched
    assert "alice" not in written.unmatched


# -- both -----------------------------------------------------------------------------------------


def test_the_same_pages_are_the_same_zip(from_moodle, tmp_path):
    first, _ = zipped(from_moodle, tmp_path / "a", "moodle")
    second, _ = zipped(from_moodle, tmp_path / "b", "moodle")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_without_a_page_no_zip_is_written(results, tmp_path):
    written = feedback.write(results, tmp_path, system="canvas", page=page)
    assert (written.count, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\nb", "C:\\x", "a\x00b", "con|x?"])
def test_no_name_leaves_the_folder_that_a_zip_is_unpacked_in(results, tmp_path, name):
    numbers = {"user_id": "1", "attachment_id": "2"}
    bad = with_files(results, "canvas", alice=(f"x_1_2_{name}", numbers))
    written, pages = zipped(bad, tmp_path, "canvas")
    with zipfile.ZipFile(io.BytesIO(written.path.read_bytes())) as archive:
        archive.extractall(tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == len(pages) == 1
    assert all(PurePosixPath(one).name == one and one.isprintable() for one in pages)
