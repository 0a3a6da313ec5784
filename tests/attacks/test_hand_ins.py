"""Hand-ins that mean harm to whoever reads them: the next student's are graded as ever."""

import csv
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from grader.gradebook import FILE_NAME
from grader.results import from_json

PLACES = [str(Path(entry).absolute()) for entry in sys.path if entry]
ASSIGNMENT = """
from grader import Assignment, array

hw = Assignment("sums", title="Sums")

@hw.question(points=2, inputs={"x": array("n")})
def total(x):
    return x.sum()
"""
RIGHT = "def total(x):\n    return x.sum()\n"
TAKEN = ("numpy", "msgspec", "json", "click", "rich", "sitecustomize", "usercustomize", "conftest")
FORMATS = ("json", "html", "junit", "github", "csv", "gradescope", "classroom50")


@pytest.fixture
def handed(tmp_path):
    (tmp_path / "sums.py").write_text(ASSIGNMENT)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ana.py").write_text(RIGHT)
    return tmp_path


def grade(handed, *arguments, cwd=None):
    """The command in a process of its own, as `python -m`, and its results."""
    formats = [f"--format={name}" for name in FORMATS]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "grader", "grade", handed / "class", "-a", handed / "sums.py"),
            *("-o", handed / "out", "--isolation=limits", "--plain", *formats, *arguments),
        ],
        capture_output=True,
        cwd=cwd or handed,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(PLACES)},
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    results = from_json((handed / "out" / "results.json").read_bytes())
    return done, {one.id: (one.score, one.problem) for one in results.submissions}


def test_no_file_handed_in_is_taken_for_a_library(handed):
    for name in TAKEN:
        body = f"from pathlib import Path\nPath({str(handed / 'ran')!r}).touch()\n{RIGHT}"
        # In the sandbox it may do so: it writes nothing there.
        body = f"if __name__ != 'submission':\n    raise SystemExit({name!r})\n{body}"
        (handed / "class" / f"{name}.py").write_text(body)
    done, found = grade(handed, cwd=handed / "class")
    assert done.returncode == 0, done.stderr
    assert found["ana"] == (2.0, None)


def test_files_that_are_none_keep_nobody_waiting(handed):
    there = handed / "class"
    os.mkfifo(there / "fifo.ipynb")
    (there / "zero.ipynb").symlink_to("/dev/zero")
    (there / "itself").symlink_to(there)
    (there / "folder.ipynb").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(there)
        listener.bind("socket.py")
        os.chdir(here)
    with (there / "sparse.ipynb").open("wb") as sparse:
        sparse.truncate(2**40)
    _, found = grade(handed)
    assert found == {"ana": (2.0, None), "sparse": (None, "too_large")}


NAMES = (
    "new\nline", "\x1b[2J\x1b]0;t\x07", "=1+1", "+cmd|x", "-rf", "@SUM(1)", "::error::x", "%0A::x",
    "\u202egpj", "<script>alert(1)<script>", "]]>", "<!--", '"', "'", "`x`", "$(id)", "[red]x[b]",
    "{0.__class__}", "%s%n", "|a|", "tab\t", "\x85", "\ufffe", "\\..\\x", "\uff1d1", "a,b;c",
)  # fmt: skip


def test_the_name_of_a_file_is_text_wherever_it_is_told(handed):
    for name in NAMES:
        (handed / "class" / f"{name}.py").write_text(RIGHT)
    done, found = grade(handed)
    assert len(found) == 1 + len(NAMES)
    assert set(found.values()) == {(2.0, None)}
    said = (done.stdout + done.stderr).decode()
    assert re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]", said) is None
    assert not any(line.startswith("::") for line in said.splitlines())
    out = handed / "out"
    written = [path for path in out.rglob("*") if path.is_file() and path.name != FILE_NAME]
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "\x1b" not in text, path
        if path.suffix == ".html":
            assert "<script>alert" not in text, path
            assert "\u202e" not in text, path
        if path.suffix == ".xml":
            ET.fromstring(text)  # noqa: S314 - our own
        if path.suffix == ".csv":
            cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
            assert not [cell for cell in cells if re.match("[=+@\t\r\uff1d]|-[^0-9]", cell)], path
        if "github" in path.parts:
            assert not [line for line in text.splitlines() if line.startswith("::error::x")]
