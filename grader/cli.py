"""The command line: thin commands over the library, one clear line for every mistake of a user.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

import io
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__, steps

if TYPE_CHECKING:
    from grader.results import SubmissionResult

PUBLIC_SEED = "public"
"""What `check` draws its cases from: the same for everyone, and never that of a grading run."""


class _Commands(click.Group):
    """The commands in the order of their use, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with:  grader list",
)
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade autograd coursework against computed gradients, and say why an answer is wrong."""
    # Where the terminal's encoding lacks a character it shows a question mark, not a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


# -- options that commands share ------------------------------------------------------------------

_torch = click.option(
    "--torch",
    type=click.Choice(["auto", "facade", "real"]),
    default="auto",
    show_default=True,
    help="What a student's `import torch` gives: the bundled engine (facade), the installed "
    "PyTorch (real), or PyTorch only where the engine lacks a name (auto).",
)
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for one call of a student's function; a cell has three times, a submission six "
    "times as long.",
)
_memory = click.option(
    "--memory",
    type=click.IntRange(min=256),
    default=None,
    metavar="MB",
    help="Memory of a student's process.  [default: 1024, with real PyTorch 3072]",
)
_isolation = click.option(
    "--isolation",
    type=click.Choice(["auto", "full", "kernel", "limits"]),
    default="auto",
    show_default=True,
    help="The least protection to run under; `grader doctor` says what there is.",
)
_min_score = click.option(
    "--min-score",
    type=click.FloatRange(0, 100),
    default=None,
    metavar="PERCENT",
    help="End with exit status 1 where a submission is below this part of the points.",
)
_plain = click.option(
    "--plain", is_flag=True, help="No colours, lines or moving parts: for logs and screen readers."
)


# -- commands -------------------------------------------------------------------------------------


@main.command("list", epilog="Example:  grader list")
@_plain
@steps.one_line_errors
def list_command(plain: bool) -> None:
    """Show the assignments at hand."""
    from rich.table import Table
    from rich.text import Text

    from grader.catalogue import bundled, load

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, justify in (("assignment", "left"), ("points", "right"), ("asks", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for name in bundled():
        assignment = load(name)
        asks = ", ".join(item.id for item in assignment.items)
        if plain:
            click.echo(f"{name}\t{assignment.max_score:g}\t{assignment.title}\t{asks}")
        else:
            table.add_row(name, f"{assignment.max_score:g}", Text(f"{assignment.title}\n{asks}"))
    if not plain:
        steps.console().print(table)


@main.command(epilog="Example:  grader check my_notebook.ipynb -a manual_backprop")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-a",
    "--assignment",
    metavar="ASSIGNMENT",
    help="A bundled id, or a path to an assignment.py.  [default: recognised by the names that "
    "the file defines]",
)
@click.option("--more", is_flag=True, help="Go on from the first hint to the place and the rule.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@_torch
@_timeout
@_memory
@_isolation
@_min_score
@_plain
@steps.one_line_errors
def check(file: Path, assignment: str | None, more: bool, form: str, **options: Any) -> None:
    """Check your own work: hints on public cases, no marks kept."""
    from grader.reports import terminal
    from grader.results import to_json
    from grader.submissions import collect

    submissions = list(collect([file]))
    if len(submissions) != 1:
        steps.fail(
            f"{file} holds {len(submissions)} submissions; check takes one file", steps.USAGE
        )
    (submission,) = submissions
    if submission.problem is not None:
        steps.say(f"{submission.path}: {submission.problem_message}")
        if form == "text" or assignment is None:
            sys.exit(steps.USAGE)
    loaded = steps.load(assignment) if assignment else steps.recognise(submission, file)
    with steps.run(loaded, PUBLIC_SEED, options) as run:
        result = run.told(run.grade(submission), hints=3 if more else 1)
        results = run.results([result])
    if form == "json":
        click.echo(to_json(results), nl=False)
    else:
        steps.console(plain=options["plain"]).print(terminal.detail(result), markup=False)
        steps.say_how_it_ran(result, more=more)
    if submission.problem is not None:
        sys.exit(steps.USAGE)
    steps.end(results, options["min_score"])


@main.command(epilog="Example:  grader grade handed_in/ -a manual_backprop -o results -j 4")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-a",
    "--assignment",
    required=True,
    metavar="ASSIGNMENT",
    help="A bundled id (`grader list`), or a path to an assignment.py.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="The folder for the results; a new one is private to you.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    metavar="N",
    help="Submissions to grade at a time.  [default: the number of cores]",
)
@click.option(
    "--seed",
    metavar="TEXT",
    help="Draw the cases from this seed; results.json names the one that was used.  [default: new]",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(steps.FORMATS),
    multiple=True,
    default=steps.FORMATS,
    help="What to write into OUT; may be given several times.  [default: json and html]",
)
@_torch
@_timeout
@_memory
@_isolation
@_min_score
@_plain
@steps.one_line_errors
def grade(  # noqa: PLR0913 - one parameter an option
    paths: Sequence[Path],
    assignment: str,
    out: Path,
    jobs: int,
    seed: str | None,
    formats: Sequence[str],
    **options: Any,
) -> None:
    """Grade a class: marks and reasons, as a table, a page and JSON.

    PATHS are notebooks, modules, or folders of them.
    """
    from grader.grading import grade_all
    from grader.reports import terminal

    loaded = steps.load(assignment)
    taken, missing = steps.take(paths, loaded, assignment)
    finished: list[SubmissionResult] = []
    interrupted = False
    with steps.run(loaded, seed or secrets.token_hex(8), options) as run:
        steps.check_writable(out)
        try:
            with (
                steps.stopped_gently(),
                steps.progress(len(taken), plain=options["plain"]) as advance,
            ):
                for result in grade_all(run.grade, taken, jobs=jobs):
                    finished.append(result)
                    advance()
        except KeyboardInterrupt:
            interrupted = True
            # A second one must not cost what is finished.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    results = run.results(finished)
    for result in results.submissions:
        if result.problem is not None:
            steps.say(f"{result.path}: {result.problem_message}")
    written = steps.write(results, out, formats)
    if options["plain"]:
        click.echo(terminal.plain(results))
    else:
        steps.console().print(terminal.table(results))
    steps.say(f"written: {' and '.join(map(str, written))}")
    if interrupted:
        steps.fail(f"interrupted; {len(finished)} of {len(taken)} are graded", steps.INTERRUPTED)
    steps.end(results, options["min_score"], missing=missing)


@main.command(epilog="Example:  grader doctor")
@_plain
def doctor(plain: bool) -> None:
    """Show what this machine offers, and what would improve it."""
    from rich.table import Table
    from rich.text import Text

    from grader.health import findings

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "what", "found", "what it is for"):
        table.add_column(column)
    for one in findings():
        cells = ("ok" if one.available else "--", one.name, one.found, one.purpose)
        if plain:
            click.echo("\t".join(cells))
        else:
            table.add_row(*map(Text, cells))
    if not plain:
        steps.console().print(table)
