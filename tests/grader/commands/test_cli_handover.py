"""Handing marks over on the command line: `report`, `marks`, what `status` asks a person for."""

import csv
import io
import json
import textwrap
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.commands import steps, writing

ASSIGNMENT = """
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums")

    @hw.question(points=2, inputs={"x": array("n")})
    def total(x):
        return x.sum()

    hw.text("why", points=1)
"""
RIGHT = "def total(x):\n    return x.sum()\n\nwhy = 'it adds'\n"
WRONG = "def total(x):\n    return 2 * x.sum()\n\nwhy = 'no idea'\n"
CANVAS = """\
Student,ID,SIS Login ID,Section,Sums (77)
    Points Possible,,,,3.00
Ana,1,doejane,A,
Bob,1042,b,A,
Cem,1043,c,A,
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder with an assignment, and a class of two graded into `out`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C")
    for name, text in {
        "sums.py": textwrap.dedent(ASSIGNMENT),
        "class/bob_1042_7_hw.py": RIGHT,
        "class/cem_1043_8_hw.py": WRONG,
        "class/dot_1044_9_hw.pdf": "%PDF",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    result = grade()
    assert result.exit_code == steps.DONE, result.stderr
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def grade(*more):
    return run("grade", "class", "-a", "sums.py", "-o", "out", "--isolation", "limits", *more)


def marks(text, *more):
    Path("marks.csv").write_text(text, encoding="utf-8")
    return run("marks", "out", "marks.csv", *more)


def scores():
    content = json.loads(Path("out/results.json").read_text())
    return {one["id"]: (one["score"], one["pending"]) for one in content["submissions"]}


def rows(path):
    return list(csv.reader(io.StringIO(Path(path).read_text(encoding="utf-8-sig"), newline="")))


def test_status_lists_what_a_person_has_to_look_at(here):
    lines = run("status", "out").output.splitlines()
    assert [line for line in lines if line.startswith("person")] == [
        "person      bob_1042\twhy\tneeds_human",
        "person      cem_1043\twhy\tneeds_human",
        "person      dot_1044\twrong_file_type",
    ]


def test_marks_are_taken_in_and_survive_regrading(here):
    result = marks("id;question;points;comment\n*;why;0,5;ok\nbob_1042;why;1;fine\n", "--by", "tia")
    assert result.exit_code == steps.DONE, result.stderr
    expected = {"bob_1042": (3.0, 0.0), "cem_1043": (0.5, 0.0), "dot_1044": (None, 3.0)}
    assert scores() == expected
    assert run("regrade", "out", "--isolation", "limits").exit_code == steps.DONE
    assert scores() == expected
    lines = run("status", "out").output.splitlines()
    assert sum(line.startswith("person") for line in lines) == 1


def test_one_bad_row_and_no_mark_is_taken(here):
    before = scores()
    result = marks("id,question,points\nbob_1042,why,1\nbop_1042,why,1\n")
    assert result.exit_code == steps.USAGE
    assert "row 3: there is no submission 'bop_1042': 'bob_1042' is meant" in result.stderr
    assert "no mark was taken" in result.stderr
    assert scores() == before


@pytest.mark.parametrize("format_", writing.EXPORTS)
def test_every_export_is_written(here, format_):
    result = run("report", "out", "--format", format_)
    assert result.exit_code == steps.DONE, result.stderr
    assert Path("out", writing.FILES[format_]).exists()


def test_grade_writes_exports_beside_what_is_asked_for(here):
    result = grade("--format", "junit", "--format", "json")
    assert result.exit_code == steps.DONE, result.stderr
    assert Path("out/junit.xml").is_file()


def test_canvas_is_filled_and_who_is_in_it_is_said(here):
    Path("grades.csv").write_text(CANVAS, encoding="utf-8")
    marks("id,question,points\n*,why,1\n")
    result = run("report", "out", "--format", "canvas", "--into", "grades.csv", "--scale-to", 10)
    assert result.exit_code == steps.DONE, result.stderr
    assert [row[4] for row in rows("out/canvas.csv")] == ["Sums (77)", "3.00", "", "10", "3.33"]
    assert "rows of grades.csv that have a submission: 2" in result.stderr
    assert "no row in grades.csv (1): dot_1044" in result.stderr
    assert "no submission (1): Ana" in result.stderr
    assert "left blank, since something is still to be judged (1): dot_1044" in result.stderr
    assert "--scale-to 3 makes them agree" in result.stderr
    assert Path("grades.csv").read_text(encoding="utf-8") == CANVAS


def test_pages_go_back_to_canvas_and_who_is_left_out_is_said(here):
    result = run("report", "out", "--format", "canvas-feedback", "--lang", "pt")
    assert result.exit_code == steps.DONE, result.stderr
    assert "3 submissions have a page in out/canvas-feedback.zip" in result.stderr
    with zipfile.ZipFile("out/canvas-feedback.zip") as archive:
        assert archive.namelist() == [
            "bob_1042_7_hw.py_feedback.html",
            "cem_1043_8_hw.py_feedback.html",
            "dot_1044_9_hw.pdf_feedback.html",
        ]
        pages = {name[:3]: archive.read(name).decode() for name in archive.namelist()}
    assert "valor errado" in pages["cem"]
    assert "cem_1043" not in pages["bob"]


def test_pages_for_a_system_that_nothing_came_from_are_no_zip(here):
    result = run("report", "out", "--format", "moodle-feedback")
    assert result.exit_code == steps.USAGE
    assert "no submission came from Moodle" in result.stderr
    assert not Path("out/moodle-feedback.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "canvas"], "needs --into FILE, the gradebook exported from Canvas"),
        (["--format", "moodle"], "needs --into FILE, the worksheet from Moodle"),
        (["--format", "csv", "--into", "x.csv"], "--into is for the formats of Canvas and Moodle"),
        (["--format", "canvas", "--format", "moodle", "--into", "x"], "are for different files"),
        (["--format", "canvas", "--into", "x.csv"], "x.csv cannot be read"),
        (["--format", "moodle", "--into", "sums.py"], "worksheet downloaded from Moodle"),
        (["--format", "html", "--scale-to", "10"], "--scale-to is for the formats"),
    ],
)
def test_options_that_do_not_go_together_are_told(here, arguments, told):
    result = run("report", "out", *arguments)
    assert result.exit_code == steps.USAGE
    assert told in result.stderr


def test_a_file_of_another_class_is_not_filled(here):
    Path("other.csv").write_text(CANVAS.replace("1042", "42").replace("1043", "43"))
    result = run("report", "out", "--format", "canvas", "--into", "other.csv")
    assert result.exit_code == steps.USAGE
    assert "no submission in out has a row in other.csv, and nothing was written" in result.stderr
    assert not Path("out/canvas.csv").exists()


def test_feedback_tells_whom_the_systems_file_and_the_marks_do_not_both_know(here):
    Path("grades.csv").write_text(CANVAS)
    result = run("report", "out", "--format", "canvas-feedback", "--into", "grades.csv")
    assert result.exit_code == steps.DONE, result.stderr
    assert "no row in grades.csv (1): dot_1044" in result.stderr
    assert "no submission (1): Ana" in result.stderr


def test_what_could_not_be_read_is_marked_by_hand_and_handed_over(here):
    result = marks("id,question,points\ndot_1044,total,1.5\ndot_1044,why,1\n")
    assert result.exit_code == steps.DONE, result.stderr
    assert scores()["dot_1044"] == (2.5, 0.0)
    assert run("report", "out", "--format", "csv").exit_code == steps.DONE
    (dot,) = [row for row in rows("out/gradebook.csv") if row[0] == "dot_1044"]
    assert dot[2] == "2.5"
    status = run("status", "out").output
    assert not [line for line in status.splitlines() if "person" in line and "dot_1044" in line]


def test_what_is_written_is_told_in_the_language_that_is_asked_for(here):
    assert "gravado: out/gradebook.csv" in grade("--lang", "pt", "--format", "csv").stderr


def test_going_on_writes_an_export_again_only_where_it_would_be_another(here):
    grade("--format", "csv")
    file = Path("out/gradebook.csv")
    first = file.stat().st_ino
    grade("--format", "csv")
    assert file.stat().st_ino == first
    run("report", "out", "--format", "csv", "--scale-to", "30")
    grade("--format", "csv")
    (bob,) = [row for row in rows(file) if row[0] == "bob_1042"]
    assert bob[3] == "3"


def test_the_language_of_a_report_can_be_chosen(here):
    run("report", "out", "--format", "gradescope", "--lang", "pt")
    content = Path("out/gradescope/cem_1043/results.json").read_text(encoding="utf-8")
    assert "valor errado" in content


def test_who_is_forgotten_is_in_no_report(here):
    run("report", "out", *(f"--format={name}" for name in (*writing.EXPORTS, "canvas-feedback")))
    assert Path("out/canvas-feedback.zip").exists()
    run("forget", "out", "bob_1042")
    assert not Path("out/canvas-feedback.zip").exists()
    text = "".join(
        f"{path}{path.read_text(encoding='utf-8', errors='replace')}"
        for path in Path("out").rglob("*")
        if path.is_file() and path.suffix != ".sqlite"
    )
    assert "bob_1042" not in text
    assert "cem_1043" in text
