"""How long `grader check` of one small file takes from cold, beside `import numpy`.

    python -m tests.benchmarks.check [ROUNDS]

Each round runs every command once, in a process of its own, one after the other; shown are the
medians of the wall clock, and how many imports of NumPy that is. The modules are compiled before.
"""

import os
import statistics
import subprocess
import sys
import time

from tests.benchmarks.grading import ROOT

ROUNDS = 15
GRADER = [sys.executable, "-m", "grader", "check"]
IMPORT = "import numpy"

SAMPLES = {
    "NumPy, right": "manual_backprop/samples/alice.ipynb",
    "NumPy, wrong": "manual_backprop/samples/carla.py",
    "torch, right": "higher_order/samples/marta.py",
}
"""Notebooks and modules that come along, one of each of their assignments' students."""


def commands():
    for name, sample in SAMPLES.items():
        assignment = sample.partition("/")[0]
        yield name, [*GRADER, str(ROOT / "assignments" / sample), "-a", assignment, "--plain"]


def seconds(command):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)  # noqa: PLW1510 - a wrong answer is no fault
    return time.monotonic() - began


def main(arguments):
    rounds = int(arguments[0]) if arguments else ROUNDS
    asked = [(IMPORT, [sys.executable, "-c", IMPORT]), *commands()]
    for _, command in asked:
        seconds(command)
    taken = {name: [] for name, _ in asked}
    for _ in range(rounds):
        for name, command in asked:
            taken[name].append(seconds(command))
    unit = statistics.median(taken[IMPORT])
    print(f"{'':<16}{'ms':>8}{'imports of NumPy':>20}")
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"{name:<16}{1000 * middle:>8.0f}{middle / unit:>20.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
