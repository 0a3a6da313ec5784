"""How long `grader check` of one small notebook takes from cold, beside `import numpy`.

    python -m tests.benchmarks.check [ROUNDS]

Each round runs every command once, in a process of its own, one after the other; shown are the
medians of the wall clock, and how many imports of NumPy that is. The modules are compiled before.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.grading import ROOT, notebook

ROUNDS = 15
GRADER = [sys.executable, "-m", "grader", "check"]
IMPORT = "import numpy"

MANUAL = "def manual_backprop(x, w, y):\n    e = x * w - y\n    "
RIGHT = MANUAL + "return {'de2': 1 + 0 * e, 'de': 2 * e, 'dy_pred': 2 * e, 'dw': 2 * e * x}"
WRONG = MANUAL + "return {'de2': 1 + 0 * e, 'de': 2 * e, 'dy_pred': 2 * e, 'dw': 2 * e}"
TORCH = (
    "import torch\n\ndef gradient_at_point(x):\n    x = torch.tensor(x, requires_grad=True)\n"
    "    (x**2).backward()\n    return x.grad"
)


def commands(place):
    for name, assignment, cell in (
        ("NumPy, right", "manual_backprop", RIGHT),
        ("NumPy, wrong", "manual_backprop", WRONG),
        ("torch", "first_gradients", TORCH),
    ):
        file = place / f"{name.replace(', ', '_')}.ipynb"
        file.write_text(notebook(["import numpy as np", cell]), encoding="utf-8")
        yield name, [*GRADER, str(file), "-a", assignment, "--plain"]


def seconds(command):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)  # noqa: PLW1510 - a wrong answer is no fault
    return time.monotonic() - began


def main(arguments):
    rounds = int(arguments[0]) if arguments else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        asked = [(IMPORT, [sys.executable, "-c", IMPORT]), *commands(Path(folder))]
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
