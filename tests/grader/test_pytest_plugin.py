"""The plugin in a pytest of its own: a question is a test, and silence unless asked."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
ASSIGNMENT = """
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums")

    @hw.question(points=2, inputs={"x": array("n")})
    def total(x):
        return x.sum()

    @hw.question(points=1, inputs={"x": array("n")})
    def largest(x):
        return x.max()

    hw.text("why", points=1)
"""
STUDENT = """
    import pathlib, os
    pathlib.Path("imported").touch()

    def total(x):
        return x.sum()

    def largest(x):
        return x.min()

    why = "since"
"""


@pytest.fixture
def here(tmp_path):
    """A folder with an assignment and one student's module and notebook."""
    code = textwrap.dedent(STUDENT)
    (tmp_path / "sums.py").write_text(textwrap.dedent(ASSIGNMENT), encoding="utf-8")
    (tmp_path / "ana.py").write_text(code, encoding="utf-8")
    cell = {"cell_type": "code", "source": code, "metadata": {}, "outputs": []}
    notebook = {"cells": [cell | {"execution_count": None}], "metadata": {}}
    notebook |= {"nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "ana.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return tmp_path


def run(here, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "grader.pytest_plugin", "-p", "no:cacheprovider",
         "-rA", *arguments],
        cwd=here, capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                          "PYTEST_ADDOPTS": ""},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["ana.py", "ana.ipynb"])
def test_each_question_is_a_test(here, name):
    ended = run(here, "--grader-assignment", "sums.py", name, "--junitxml", "junit.xml")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"PASSED {name}::total" in ended.stdout
    assert f"FAILED {name}::largest" in ended.stdout
    assert "1 failed, 1 passed, 1 skipped" in ended.stdout
    assert "pytest_plugin.py" not in ended.stdout.split("FAILURES")[1].split("====")[0]
    cases = ET.parse(here / "junit.xml").getroot().iter("testcase")  # noqa: S314 - our own
    points = {
        case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")}
        for case in cases
    }
    assert points["total"] == {"points": "2", "max_points": "2"}
    assert points["largest"]["points"] == "0"


def test_a_students_module_is_not_imported_by_pytest(here):
    run(here, "--grader-assignment", "sums.py", "ana.py")
    assert not (here / "imported").exists()


def test_one_question_can_be_chosen(here):
    ended = run(here, "--grader-assignment", "sums.py", "ana.py", "-k", "total")
    assert ended.returncode == 0, ended.stdout
    assert "1 passed, 2 deselected" in ended.stdout


def test_a_file_that_cannot_be_read_fails_with_the_reason(here):
    (here / "ana.ipynb").write_text("{", encoding="utf-8")
    ended = run(here, "--grader-assignment", "sums.py", "ana.ipynb")
    assert "3 failed" in ended.stdout
    assert "Traceback" not in ended.stdout


def test_an_unknown_assignment_is_one_line(here):
    ended = run(here, "--grader-assignment", "sun.py", "ana.py")
    said = ended.stdout + ended.stderr
    assert "--grader-assignment: there is no assignment 'sun.py'" in said
    assert "Traceback" not in said
    assert "pytest_plugin.py" not in said


def test_nothing_happens_unless_it_is_asked_for(here):
    ended = run(here, "ana.ipynb")
    assert "not found" in ended.stderr or "no tests ran" in ended.stdout
    (here / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    assert "1 passed" in run(here).stdout
