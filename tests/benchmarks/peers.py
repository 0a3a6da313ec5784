"""The same class, graded by other programs, whichever are installed: a benchmark's comparison.

Each is given what it asks for: nbgrader a course folder, otter an autograder, pytest a file of
tests, nbconvert nothing. All run the same answers with the same two checks.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PYTHON = sys.executable
ENVIRONMENT = os.environ | {"PATH": f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}"}
"""Some call programs of their own, which lie beside Python."""
CHECKS = """\
import numpy as np
x, w = np.array([1.5, -2.0, 0.7]), np.array([0.5, 3.0, -1.0])
assert np.allclose(slope(x, w)["dx"], 2 * w * x)
assert np.allclose(slope(x, w)["dw"], x ** 2)
"""


class Peer(NamedTuple):
    """A program: the package it comes in, and the commands that grade a class in a folder.

    `prepare` writes what the program needs into an empty folder, for answers that are the sources
    of modules; only its commands are measured.
    """

    name: str
    package: str
    prepare: Callable[[Path, list[str]], list[list[str]]]


def cell(kind, source, **metadata):
    found = {"cell_type": kind, "id": metadata.pop("id", "cell"), "metadata": metadata}
    return found | {"source": source, "execution_count": None, "outputs": []}


def write(path, cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": cells,
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def nbconvert(folder, answers):
    commands = []
    for number, answer in enumerate(answers):
        file = folder / f"s{number}.ipynb"
        write(file, [cell("code", answer), cell("code", CHECKS, id="checks")])
        commands.append([PYTHON, "-m", "nbconvert", "--to", "notebook", "--execute",
                         "--allow-errors", "--inplace", str(file)])  # fmt: skip
    return commands


def pytest(folder, answers):
    commands = []
    for number, answer in enumerate(answers):
        own = folder / f"s{number}"
        own.mkdir()
        (own / "submission.py").write_text(answer, encoding="utf-8")
        checks = "\n    ".join(CHECKS.splitlines())
        test = f"from submission import slope\n\ndef test_slope():\n    {checks}\n"
        (own / "test_submission.py").write_text(test, encoding="utf-8")
        commands.append([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(own)])
    return commands


def nbgrader(folder, answers):
    def marked(source, *, solution):
        kind = {"grade": not solution, "solution": solution, "locked": not solution, "task": False}
        name = "slope" if solution else "checks"
        more = {"schema_version": 3, "grade_id": name} | ({} if solution else {"points": 2})
        return cell("code", source, id=name, nbgrader=kind | more)

    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'course'\n", encoding="utf-8"
    )
    task = "### BEGIN SOLUTION\ndef slope(x, w): ...\n### END SOLUTION\n"
    for place, source in [("source/slopes", task)] + [
        (f"submitted/s{number}/slopes", answer) for number, answer in enumerate(answers)
    ]:
        cells = [marked(source, solution=True), marked(CHECKS, solution=False)]
        write(folder / place / "slopes.ipynb", cells)
    start = [PYTHON, "-m", "nbgrader"]
    subprocess.run(
        [*start, "generate_assignment", "slopes", "--create"],
        cwd=folder, env=ENVIRONMENT, check=True, capture_output=True,
    )  # fmt: skip
    return [[*start, "autograde", "slopes", "--create"]]


def otter(folder, answers):
    tests = folder / "tests"
    tests.mkdir()
    body = "\n    ".join(CHECKS.splitlines())
    (tests / "slope.py").write_text(
        "from otter.test_files import test_case\n\n"
        "OK_FORMAT = False\nname = 'slope'\npoints = 2\n\n"
        f"@test_case()\ndef test_slope(slope):\n    {body}\n",
        encoding="utf-8",
    )
    subprocess.run(
        [PYTHON, "-m", "otter", "generate", "-t", "tests", "--no-environment"],
        cwd=folder, env=ENVIRONMENT, check=True, capture_output=True,
    )  # fmt: skip
    commands = []
    for number, answer in enumerate(answers):
        file = folder / f"s{number}.ipynb"
        write(file, [cell("code", answer)])
        (folder / f"out{number}").mkdir()
        commands.append([PYTHON, "-m", "otter", "run", str(file), "-a", "autograder.zip",
                         "-o", f"out{number}"])  # fmt: skip
    return commands


PEERS = (
    Peer("nbconvert --execute", "nbconvert", nbconvert),
    Peer("pytest in a subprocess", "pytest", pytest),
    Peer("nbgrader autograde", "nbgrader", nbgrader),
    Peer("otter run", "otter", otter),
)


def installed():
    return [one for one in PEERS if find_spec(one.package) and _can_run(one)]


def _can_run(peer):
    return peer.package == "pytest" or find_spec("ipykernel") is not None
