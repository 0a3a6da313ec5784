"""The wheel: what it installs, and that bundled assignments load from it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    wheels = pytest.importorskip(
        "hatchling.builders.wheel", reason="hatchling builds the wheel; it is in the extra [test]"
    )
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = wheels.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(built)


def test_only_the_two_packages_become_top_level(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {
        "grader",
        "reference_engine",
    }


def test_templates_and_assignments_are_shipped(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "grader/reports/html.jinja",
        "grader/reports/results.schema.json",
        "grader/autograder/bundle/run_autograder",
        "grader/assignments/manual_backprop/assignment.py",
        "grader/assignments/manual_backprop/statement.en.md",
    } <= names


def test_an_installed_wheel_loads_and_grades_its_assignments(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import grader, reference_engine\n"
        "assert grader.__file__.startswith(sys.argv[1]), grader.__file__\n"
        "from grader.cli import main\n"
        "main(['check', sys.argv[2], '--plain'], prog_name='grader')"
    )
    sample = ROOT / "assignments" / "manual_backprop" / "samples" / "alice.ipynb"
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site"), str(sample)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "4.0/4.0" in run.stdout


def test_an_installed_wheel_writes_an_autograder_of_itself(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "from grader.cli import main\n"
        "main(prog_name='grader')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site"), "release", "manual_backprop",
         "--gradescope", "-o", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(tmp_path / "manual_backprop-autograder.zip") as archive:
        asked = archive.read("requirements.txt").decode()
        names = set(archive.namelist())
    assert "numpy" in asked
    assert "pytest" not in asked
    assert {
        "package/grader/cli.py",
        "package/reference_engine/__init__.py",
        "package/grader/assignments/manual_backprop/assignment.py",
    } <= names
