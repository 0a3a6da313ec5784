"""The command as its users run it, in this process or in one of its own, and what it leaves."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import click
from click.testing import CliRunner

from grader.cli import main
from grader.results import from_json

ROOT = Path(__file__).parents[3]
PROGRAM = "from grader.cli import main; main(prog_name='grader')"

ASSIGNMENT = """
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums")

    @hw.question(points=2, inputs={"x": array("n")})
    def total(x):
        return x.sum()
"""

RIGHT = "def total(x):\n    return x.sum()\n"
WRONG = "def total(x):\n    return 2 * x.sum()\n"
ENDLESS = "def total(x):\n    while True:\n        pass\n"

EIGHT_PASSES = """
    import torch

    def gradient(x):
        out = torch.mean(2 * (x + 2) ** 2)
        for _ in range(8):
            out.backward(retain_graph=True)
        return x.grad
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def commands():
    """Every command by its name."""
    context = click.Context(main)
    return {name: main.get_command(context, name) for name in main.list_commands(context)}


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def start(*arguments, **options):
    """The command as a process of its own, in the current folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("environment", {})
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **options
    )


def finish(process):
    out, error = process.communicate(timeout=60)
    return process.returncode, out.decode(), error.decode()


def lines(text):
    return [line for line in text.splitlines() if line]


def errors(result):
    """What stands on stderr, without the line that says where results are."""
    return [line for line in lines(result.stderr) if not line.startswith("grader: written:")]


def results_in(folder):
    return from_json((folder / "results.json").read_bytes())


def scores_in(folder):
    return {one.id: one.score for one in results_in(folder).submissions}
