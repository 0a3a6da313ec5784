"""A gradebook from anybody: no report runs what it names, and nothing is written beside OUT."""

import json
import shutil
import sqlite3
import zlib

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook import FILE_NAME

ASSIGNMENT = """
from grader import Assignment, array

hw = Assignment("sums", title={"en": "Sums", "pt": "Somas"})

@hw.question(points=2, inputs={"x": array("n")})
def total(x):
    return x.sum()
"""
EVIL = "from pathlib import Path\nPath(__file__).with_name('run').touch()\n"
FORMATS = [f"--format={name}" for name in ("html", "json", "junit", "github", "csv")]


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed")
    (folder / "sums.py").write_text(ASSIGNMENT)
    (folder / "class").mkdir()
    for name in ("ana", "bia"):
        (folder / "class" / f"{name}.py").write_text("def total(x):\n    return x.sum()\n")
    done = run(
        "grade", folder / "class", "-a", folder / "sums.py", "-o", folder / "out", "--format=json"
    )
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def handed(graded, tmp_path):
    shutil.copytree(graded, tmp_path / "handed")
    return tmp_path / "handed"


def change(folder, statement, *values):
    with sqlite3.connect(folder / "out" / FILE_NAME) as book:
        book.execute(statement, values)
    book.close()


def test_no_report_runs_the_file_that_a_gradebook_names(handed):
    evil = handed / "evil.py"
    evil.write_text(EVIL)
    change(handed, "UPDATE command SET line = json_set(line, '$.assignment', ?)", str(evil))
    done = run("report", handed / "out", *FORMATS, "--lang=pt")
    assert done.exit_code == 0, done.output
    assert run("status", handed / "out").exit_code == 0
    assert not (handed / "run").exists()
    assert "Somas" in (handed / "out" / "index.html").read_text()


OTHERS = {
    "a command that is none": ("UPDATE command SET line = '{'", ()),
    "a result of other types": ("UPDATE grading SET result = json_set(result, '$.flags', 1)", ()),
    "no result": ("UPDATE grading SET result = NULL", ()),
    "a sentence that nobody knows": (
        "UPDATE grading SET result = json_set(result, '$.questions[0].message', json(?))",
        ('{"id": "no.such"}',),
    ),
    "a result that is none": ("UPDATE grading SET result = 'x' || char(27) || '[2J'", ()),
    "code that is none": ("UPDATE code SET cells = x'00'", ()),
    "code without end": (
        "UPDATE code SET cells = ?", (zlib.compress(b'["' + b"x" * 2**27 + b'"]'),)
    ),
}  # fmt: skip


@pytest.mark.parametrize("changed", OTHERS.values(), ids=OTHERS)
def test_what_no_grader_writes_is_told_in_one_line(handed, changed):
    statement, values = changed
    change(handed, statement, *values)
    done = run("report", handed / "out", "--format=html")
    assert done.exit_code == 4
    assert "holds what no grader writes" in done.output
    assert len(done.output.splitlines()) == 1
    assert "\x1b" not in done.output


def test_grading_into_what_no_grader_writes_ends_with_one_line(handed):
    change(handed, "UPDATE grading SET result = '{'")
    hand_ins, out = handed / "class", handed / "out"
    done = run("grade", hand_ins, "-a", handed / "sums.py", "-o", out, "--format=json")
    assert done.exit_code == 4
    assert "holds what no grader writes" in done.output
    assert len(done.output.splitlines()) == 1


PICTURES = {
    "entries without end": {
        "picture": "entries",
        "output": "x",
        "shape": [10**9, 10**9],
        "pattern": "x",
    },
    "entries of no shape": {"picture": "entries", "output": "x", "shape": [], "pattern": "x"},
    "other entries": {"picture": "entries", "output": "x", "shape": [3], "pattern": "<\x1b>"},
    "no steps": {"picture": "steps", "output": "x", "deviations": [None]},
    "steps back": {"picture": "steps", "output": "x", "deviations": [-1.0, 0.0]},
    "an edge to nowhere": {
        "picture": "graph",
        "own": {"nodes": [{"kind": "leaf"}], "edges": [{"source": 0, "target": 9, "kind": "cut"}]},
        "reference": {"nodes": [], "edges": []},
        "mark": {"kind": "cut", "node": 0},
    },
    "a mark at nothing": {
        "picture": "graph",
        "own": {"nodes": [{"kind": "leaf"}], "edges": []},
        "reference": {"nodes": [], "edges": []},
        "mark": {"kind": "cut", "node": -5},
    },
}


def test_pictures_that_no_grader_draws_are_left_out(handed):
    change(
        handed,
        "UPDATE grading SET result = json_set(result, '$.questions[0].verdict', 'wrong_value', "
        "'$.questions[0].pictures', json(?))",
        json.dumps(list(PICTURES.values())),
    )
    done = run("report", handed / "out", *FORMATS)
    assert done.exit_code == 0, done.output
    written = "".join(one.read_text() for one in (handed / "out").rglob("*.html"))
    assert 'class="drawing"' not in written


@pytest.mark.parametrize("name", ["../../../up", "/up", "..", "a/../../../up", "a\0b"])
def test_a_student_is_no_place_to_write_to(handed, name):
    before = {one.relative_to(handed.parent) for one in handed.parent.rglob("*")}
    result = json.dumps(name)
    change(handed, "UPDATE code SET student = ? WHERE student = 'ana'", name)
    change(
        handed,
        "UPDATE grading SET student = ?, result = json_set(result, '$.id', json(?)) "
        "WHERE student = 'ana'",
        name,
        result,
    )
    done = run("report", handed / "out", *FORMATS)
    assert done.exit_code == 0, done.output
    after = {one.relative_to(handed.parent) for one in handed.parent.rglob("*")}
    assert all(one.parts[:2] == ("handed", "out") for one in after - before)


def test_pages_that_lead_elsewhere_cost_no_file_there(handed, tmp_path):
    elsewhere = tmp_path / "site"
    elsewhere.mkdir()
    (elsewhere / "index.html").write_text("mine")
    pages = handed / "out" / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir()
    (pages / "students").symlink_to(elsewhere)
    assert run("report", handed / "out", "--format=html").exit_code == 0
    assert (elsewhere / "index.html").read_text() == "mine"
