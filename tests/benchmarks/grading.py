"""The cost of grading a class: wall and CPU time a submission, memory, and going on.

    python -m tests.benchmarks.grading [SIZE...]

Each size (by default 10, 100, 1,000 and 10,000) is a class of small notebooks, graded by the
command line in a process of its own, then once more with nothing new. CPU times count all
processes. A class of 100 is graded at each level of isolation that the machine offers. One line
shows `python -c "import numpy"` for measure; what is installed of the peers grades five of the same
answers.
"""

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks import peers

ROOT = Path(__file__).parents[2]
SIZES = (10, 100, 1_000, 10_000)
ONE_LEVEL = 100
A_FEW = 5
HOSTILE = 20
"""One submission in so many never ends, fills memory, dies or prints without end."""

ASSIGNMENT = """
from grader import Assignment, array

hw = Assignment("slopes", title="Slopes")

@hw.question(points=2, inputs={"x": array("n"), "w": array("n")}, autograd="forbidden")
def slope(x, w):
    return {"dx": 2 * w * x, "dw": x**2}
"""
ANSWERS = (
    "def slope(x, w):\n    return {'dx': 2 * w * x, 'dw': x ** 2}\n",
    "def slope(x, w):\n    return {'dx': w * x, 'dw': x ** 2}\n",
    "def slope(x, w):\n    return {'dx': 2 * w * x, 'dw': x}\n",
)
WORST = (
    "while True: pass\n",
    "x = bytearray(2 ** 40)\n",
    "import os\nos._exit(3)\n",
    "while True: print('x' * 10 ** 6)\n",
)
PROGRAM = """
import resource, sys
from grader.__main__ import run
try:
    run()
finally:
    with open(sys.argv[sys.argv.index("-o") + 1] + ".peak", "w") as file:
        file.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock and of all processors, and the grader's own peak memory in MiB."""

    wall: float
    cpu: float
    peak: float = float("nan")


def notebook(cells):
    code = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": one}
        for one in cells
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": code})


def write_class(folder, size, *, hostile):
    folder.mkdir()
    for number in range(size):
        answer = ANSWERS[number % len(ANSWERS)]
        if hostile and number % HOSTILE == 0:
            answer = WORST[number // HOSTILE % len(WORST)] + answer
        cells = ["import numpy as np", f"student = {number}", answer]
        (folder / f"student{number:06}.ipynb").write_text(notebook(cells), encoding="utf-8")


def measured(command, **options):
    """What a command and all that it starts cost."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, ended


def grade(folder, out, assignment, *more):
    command = [sys.executable, "-c", PROGRAM, "grade", folder, "-a", assignment, "-o", out]
    command += ["--format", "json", "--format", "csv", "--plain", *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    wall, cpu, ended = measured([str(one) for one in command], env=environment)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return Cost(wall, cpu, int(Path(f"{out}.peak").read_text()) / 1024)


def grade_class(place, size, *, hostile=False, level="kernel"):
    """The costs of a class of this size, and of going on when all is done."""
    name = f"{size}-{level}-{hostile}"
    folder, out = place / f"class{name}", place / f"out{name}"
    assignment = place / "slopes.py"
    assignment.write_text(ASSIGNMENT, encoding="utf-8")
    write_class(folder, size, hostile=hostile)
    options = ("--isolation", level, *(("--timeout", "0.2") if hostile else ()))
    first = grade(folder, out, assignment, *options)
    again = grade(folder, out, assignment, *options)
    shutil.rmtree(folder)
    return first, again


def row(name, size, cost):
    print(
        f"{name:<28}{size:>8,}{1000 * cost.wall / size:>12.1f}{1000 * cost.cpu / size:>12.1f}"
        f"{cost.wall:>10.1f}{cost.peak:>10.0f}",
        flush=True,
    )


def main(arguments):
    sizes = [int(one) for one in arguments] or SIZES
    wall, cpu, _ = measured([sys.executable, "-c", "import numpy"])
    print(f'python -c "import numpy": {1000 * wall:.0f} ms of wall, {1000 * cpu:.0f} ms of CPU')
    head = ("size", "wall ms", "CPU ms", "wall s", "MiB")
    print(f"{'':<28}{head[0]:>8}{head[1]:>12}{head[2]:>12}{head[3]:>10}{head[4]:>10}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for size in sizes:
            first, again = grade_class(place, size)
            row("graded", size, first)
            row("again, nothing new", size, again)
        most = max(sizes[-1], HOSTILE)
        row("graded, 5 % hostile", most, grade_class(place, most, hostile=True)[0])
        place /= "levels"  # these classes have not been graded before
        place.mkdir()
        for level in ("limits", "kernel", "full"):
            with contextlib.suppress(SystemExit):  # not to be had on this machine
                row(f"at {level}", ONE_LEVEL, grade_class(place, ONE_LEVEL, level=level)[0])
        for peer in peers.installed():
            own = place / peer.package
            own.mkdir()
            commands = peer.prepare(own, list(islice(cycle(ANSWERS), A_FEW)))
            costs = [measured(command, cwd=own, env=peers.ENVIRONMENT) for command in commands]
            row(peer.name, A_FEW, Cost(sum(one[0] for one in costs), sum(one[1] for one in costs)))


if __name__ == "__main__":
    main(sys.argv[1:])
