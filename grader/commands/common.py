"""The options that several commands take, each told once."""

import os

import click

from grader.messages import LANGUAGES

torch = click.option(
    "--torch",
    type=click.Choice(["auto", "facade", "real"]),
    default="auto",
    show_default=True,
    help="What a student's `import torch` gives: the bundled engine (facade), the installed "
    "PyTorch (real), or PyTorch only where the engine lacks a name (auto).",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for one call of a student's function; a cell has three times, a submission six "
    "times as long.",
)
memory = click.option(
    "--memory",
    type=click.IntRange(min=256),
    default=None,
    metavar="MB",
    help="Memory of a student's process.  [default: 1024, with real PyTorch 3072]",
)
isolation = click.option(
    "--isolation",
    type=click.Choice(["auto", "full", "kernel", "limits"]),
    default="auto",
    show_default=True,
    help="The least protection to run under, kernel for grade and limits for check where it is "
    "auto; `grader doctor` says what there is.",
)
executor = click.option(
    "--executor",
    type=click.Choice(["fast", "jupyter"]),
    default="fast",
    show_default=True,
    help="What runs the cells: the grader itself, or a Jupyter kernel through nbconvert, for "
    "notebooks that need one (seconds each).",
)
min_score = click.option(
    "--min-score",
    type=click.FloatRange(0, 100),
    default=None,
    metavar="PERCENT",
    help="End with exit status 1 where a submission is below this part of the points.",
)
lang = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of results and hints.  [default: that of the notebooks, else the system's]",
)
plain = click.option(
    "--plain", is_flag=True, help="No colours, lines or moving parts: for logs and screen readers."
)
jobs = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    metavar="N",
    help="Submissions to grade at a time.  [default: the number of cores]",
)
pseudonyms = click.option(
    "--pseudonyms",
    is_flag=True,
    help="Also write projector.html: the page of the class on which nobody can be recognised.",
)
