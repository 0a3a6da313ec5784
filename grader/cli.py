"""The command line: thin commands over the library, one clear line for every mistake of a user.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__
from grader.commands import course, handover, preparing, steps, upkeep, writing
from grader.messages import LANGUAGES, Message, Told, render, say

if TYPE_CHECKING:
    from grader.results import SubmissionResult
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
        except Exception:  # noqa: BLE001 - whatever it is, whoever reads this may report it
            traceback.print_exc()
            ctx.exit(steps.FAULT)


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
    help="The least protection to run under, kernel for grade and limits for check where it is "
    "auto; `grader doctor` says what there is.",
)
_executor = click.option(
    "--executor",
    type=click.Choice(["fast", "jupyter"]),
    default="fast",
    show_default=True,
    help="What runs the cells: the grader itself, or a Jupyter kernel through nbconvert, for "
    "notebooks that need one (seconds each).",
)
_min_score = click.option(
    "--min-score",
    type=click.FloatRange(0, 100),
    default=None,
    metavar="PERCENT",
    help="End with exit status 1 where a submission is below this part of the points.",
)
_lang = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of results and hints.  [default: that of the notebooks, else the system's]",
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
@_torch
@_timeout
@_memory
@_isolation
@_min_score
@_lang
@_plain
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
    from grader.reports import summary, terminal
    from grader.submissions import collect

    submissions = list(collect([file]))
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
    with preparing.run(loaded, PUBLIC_SEED, options, least="limits", starting=starting) as run:
        result = run.told(run.grade(submission), hints=3 if more else 1)
        results = replace(run.results([result]), title=loaded.title_in(language))
    if form == "text":
        told = terminal.detail(result, language)
        steps.console(plain=options["plain"]).print(told, markup=False)
        writing.say_how_it_ran(result, more=more, language=language)
    else:
        writing.print_for(form, results, language)
    if submission.problem is not None:
        sys.exit(steps.USAGE)
    steps.end(summary.class_summary(results), options["min_score"])


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
@steps.jobs
@click.option(
    "--seed",
    metavar="TEXT",
    help="Draw the cases from this seed, which OUT keeps.  [default: that of OUT, or a new one]",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(writing.FORMATS),
    multiple=True,
    help="What to write into OUT; may be given several times.  [default: json, and html for "
    f"classes of up to {writing.MOST_ON_A_PAGE}]",
)
@click.option(
    "--layout",
    type=click.Choice(preparing.LAYOUTS),
    help="How the files are laid out and named.  [default: recognised]",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on the workers of the dask cluster with this scheduler, such as "
    "tcp://10.0.0.1:8786; they decide then how many at a time.",
)
@steps.pseudonyms
@_torch
@_executor
@_timeout
@_memory
@_isolation
@_min_score
@_lang
@_plain
@steps.one_line_errors
def grade(  # noqa: PLR0913 - one parameter an option
    paths: Sequence[Path],
    assignment: str,
    out: Path,
    jobs: int,
    seed: str | None,
    formats: Sequence[str],
    layout: str | None,
    scheduler: str | None,
    **options: Any,
) -> None:
    """Grade a class: marks and reasons, as a table, a page and JSON.

    PATHS are notebooks, modules, folders of them, or what a learning system hands out, zipped or
    not. The same command again goes on where it ended, and grades only what is new or changed.
    """
    from grader import batch, gradebook
    from grader.reports.summary import class_summary

    loaded = preparing.load(assignment)
    told_in = steps.language(options["lang"], None)
    taken, good = preparing.take(paths, loaded, assignment, layout=layout, language=told_in)
    for remark in taken.remarks:
        steps.say(remark, language=told_in)
    command = gradebook.Command(
        paths=tuple(str(path.absolute()) for path in good),
        layout=layout,
        assignment=preparing.source(assignment),
        options={
            name: options[name]
            for name in ("torch", "executor", "timeout", "memory", "isolation", "lang")
        },
        **preparing.told_of(loaded),
    )
    stopped: tuple[Told, int] | None = None
    with ExitStack() as held:

        def start(seed: str) -> Any:
            if scheduler is None:
                return held.enter_context(preparing.run(loaded, seed, options, least="kernel"))
            there = preparing.run_elsewhere(scheduler, loaded, assignment, seed, options)
            return held.enter_context(there)

        run = None
        if not gradebook.exists(out):
            # Before there is anything, it must be sure that something can be run.
            seed = seed or os.urandom(8).hex()
            run = start(seed)
        writing.check_writable(out)
        book = held.enter_context(gradebook.opened(out))
        seed = seed or book.seed or os.urandom(8).hex()
        settings = batch.settings(
            loaded,
            seed=seed,
            torch=options["torch"],
            executor=options.get("executor", "fast"),
            limits=preparing.limits(options),
        )
        book.start(batch.frame(loaded, seed), settings, command)
        waiting = batch.waiting(book, taken)
        first = next(waiting, None)
        if first is not None:
            run = run or start(seed)
            expected = batch.expected(book, taken)
            everything = chain([first], waiting)
            stopped = _grade_all(
                batch.grade_into(book, run, everything, jobs=jobs)
                if scheduler is None
                else batch.grade_elsewhere(book, run, everything, expected=expected or len(taken)),
                expected,
                options,
            )
        figures = class_summary(book.results())
        languages = steps.languages(options["lang"], figures)
        language = languages.of_class
        written = writing.write(
            book,
            out,
            [
                *(formats or writing.default_formats(figures)),
                *[writing.NAMELESS] * options["pseudonyms"],
            ],
            languages=languages,
            title_in=loaded.title_in,
        )
        writing.show(book, figures, plain=options["plain"], language=language)
        outdated = book.outdated()
    steps.say_written(written, language)
    if figures.off_topic:
        off = Message("grade.off_topic", {"count": figures.off_topic, "assignment": loaded.id})
        steps.say(off, language=language)
    if outdated:
        told = Message("grade.outdated", {"count": outdated, "out": str(out)})
        steps.say(told, language=language)
    if stopped is not None:
        why, status = stopped
        known = {"why": why, "graded": figures.submissions, "all": len(taken)}
        steps.fail(Message("grade.goes_on", known), status, language=language)
    steps.end(figures, options["min_score"], missing=len(good) < len(paths))


def _grade_all(
    graded: Iterator["SubmissionResult"], expected: int, options: dict[str, Any]
) -> tuple[Told, int] | None:
    """Grade until the end, or until it is stopped: why, and the exit status for that."""
    from grader.batch import WorkersError

    language = steps.language(options["lang"], None)
    try:
        with steps.stopped_gently(), steps.progress(expected, plain=options["plain"]) as advance:
            for result in graded:
                if result.problem is not None:
                    told = render(result.problem_message or "", language)
                    steps.say(f"{result.path}: {told}")
                advance()
    except WorkersError as error:
        return str(error), steps.FAULT
    except KeyboardInterrupt:
        # A second one must not cost what is finished.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return Message("check.interrupted"), steps.INTERRUPTED
    return None


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
@_plain
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
