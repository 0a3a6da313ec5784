"""The command line: thin commands over the library, one clear line for every mistake of a user.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

import errno
import io
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__
from grader.commands import common, course, grading, handover, preparing, steps, upkeep, writing
from grader.messages import Message, render, say

if TYPE_CHECKING:
    from grader.sandbox.starting import Starting


class _Commands(click.Group):
    """The commands in the order of their use, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a fault of the grader's own ends in its status, not in a student's."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever reads this may report it
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                _give_up_unwritable_output()
                told = f"{error.strerror}: make room, and give the same command again"
                steps.fail(told, steps.UNWRITTEN)
            traceback.print_exc()
            ctx.exit(steps.FAULT)


def _give_up_unwritable_output() -> None:
    """Let what cannot be written go: Python would try again at the end, with its own status."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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


@main.command("list", epilog="Example:  grader list")
@common.plain
@steps.one_line_errors
def list_command(plain: bool) -> None:
    """Show the assignments at hand."""
    from rich.table import Table
    from rich.text import Text

    from grader.catalogue import bundled, load

    table = Table(box=None, pad_edge=False, header_style="bold")
    language = steps.language(None, None)
    table.add_column(say("report.assignment", language).lower(), overflow="fold")
    table.add_column(say("report.points", language).lower(), justify="right")
    table.add_column(say("start.asks", language), overflow="fold")
    for name in bundled():
        assignment = load(name)
        title = assignment.title_in(language)
        asks = ", ".join(item.id for item in assignment.items)
        if plain:
            click.echo(f"{name}\t{assignment.max_score:g}\t{title}\t{asks}")
        else:
            table.add_row(name, f"{assignment.max_score:g}", Text(f"{title}\n{asks}"))
    if not plain:
        steps.console().print(table)


main.add_command(course.start)


@main.command(epilog="Example:  grader check my_notebook.ipynb -a manual_backprop")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-a",
    "--assignment",
    metavar="ASSIGNMENT",
    help="A bundled id, or a path: to what you were given to check with (.grader.json, or its "
    "folder), or to an assignment.py.  [default: recognised by what the file says and defines]",
)
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved; Ctrl-C ends.")
@click.option("--more", is_flag=True, help="Go on from the first hint to the place and the rule.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *writing.PRINTED]),
    default="text",
    show_default=True,
    help="What to print; with github, a step's summary is appended to $GITHUB_STEP_SUMMARY.",
)
@common.torch
@common.timeout
@common.memory
@common.isolation
@common.min_score
@common.lang
@common.plain
def check(watch: bool, **options: Any) -> None:
    """Check your own work: hints on public cases, no marks kept."""
    if watch:
        steps.watch(lambda: _check(**options), options)
    else:
        _check(**options)


@steps.one_line_errors
def _check(**options: Any) -> None:
    with preparing.beforehand() as starting:
        _check_in(starting, **options)


def _check_in(
    starting: "Starting | None",
    file: Path,
    assignment: str | None,
    more: bool,
    form: str,
    **options: Any,
) -> None:
    from msgspec.structs import replace

    from grader.cases import PUBLIC_SEED
    from grader.catalogue import FILE_NAME
    from grader.reports import summary, terminal
    from grader.submissions import collect

    # An assignment that lies beside the file is none of the student's.
    own = [Path(assignment), Path(assignment, FILE_NAME)] if assignment else []
    submissions = list(collect([file], leaving_out=own, with_modules=True))
    if len(submissions) != 1:
        several = Message("check.several", {"path": str(file), "count": len(submissions)})
        steps.fail(several, steps.USAGE, language=steps.language(options["lang"], None))
    (submission,) = submissions
    language = steps.language(options["lang"], submission.language)
    options["lang"] = language
    if submission.problem is not None:
        steps.say(f"{submission.path}: {render(submission.problem_message or '', language)}")
        if form == "text" or assignment is None:
            sys.exit(steps.USAGE)
    loaded = (
        preparing.load_to_check(assignment, file)
        if assignment
        else preparing.recognise(submission, file, language=language)
    )
    times = {"call": f"{options['timeout']:g}", "cell": f"{3 * options['timeout']:g}"}
    with (
        steps.patiently(Message("check.running", times), language),
        preparing.run(loaded, PUBLIC_SEED, options, least="limits", starting=starting) as run,
    ):
        result = run.told(run.grade(submission), hints=4 if more else 1)
        results = replace(run.results([result]), title=loaded.title_in(language))
    if form == "text":
        told = terminal.detail(result, language)
        steps.console(plain=options["plain"]).print(told, markup=False)
        writing.say_how_it_ran(result, more=more, language=language)
        if names := ", ".join(f"{name}.py" for name in submission.modules):
            steps.say(Message("check.hand_in_too", {"names": names}), language=language)
    else:
        writing.print_for(form, results, language)
    if submission.problem is not None:
        sys.exit(steps.USAGE)
    steps.end(summary.class_summary(results), options["min_score"])


main.add_command(grading.grade)


for _command in (course.new, course.release, course.validate):
    main.add_command(_command)


for _command in (
    handover.report,
    upkeep.status,
    upkeep.regrade,
    upkeep.explain,
    handover.marks,
    upkeep.forget,
):
    main.add_command(_command)


@main.command(epilog="Example:  grader doctor")
@common.plain
def doctor(plain: bool) -> None:
    """Show what this machine offers, and what would improve it."""
    from rich.table import Table
    from rich.text import Text

    from grader.commands.health import findings

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "what", "found", "what it is for"):
        table.add_column(column, overflow="fold")
    for one in findings():
        cells = ("ok" if one.available else "--", one.name, one.found, one.purpose)
        if plain:
            click.echo("\t".join(cells))
        else:
            table.add_row(*map(Text, cells))
    if not plain:
        steps.console().print(table)
