"""The command line: thin commands over the library, one clear line for every mistake of a user.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

import io
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from grader import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from grader.assignment import Assignment
    from grader.results import Results, SubmissionResult
    from grader.submissions import Submission, Submissions

DONE, BELOW, USAGE, ISOLATION, UNWRITTEN, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

PUBLIC_SEED = "public"
"""What `check` draws its cases from: the same for everyone, and never that of a grading run."""

_FORMATS = ("json", "html")


def _fail(message: str, exit_code: int) -> NoReturn:
    """End the command with one line on stderr and the exit code for its kind of failure."""
    _say(message)
    raise click.exceptions.Exit(exit_code)


def _say(message: str) -> None:
    """One line on stderr, whatever a student's file name or message holds."""
    from grader.reports.escaping import terminal

    click.echo(f"grader: {terminal(message, 2000)}", err=True)


def _one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what the library raises for users into failures; an interrupt into exit code 130."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            from grader.assignment import AssignmentError
            from grader.reports import ReportError
            from grader.submissions import IntakeError

            return command(*args, **kwargs)
        except KeyboardInterrupt:  # first: it may come before the others are there
            _fail("interrupted", INTERRUPTED)
        except (AssignmentError, IntakeError) as error:
            _fail(str(error), USAGE)
        except ReportError as error:
            _fail(str(error), UNWRITTEN)

    return guarded


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
@_one_line_errors
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
        _console().print(table)


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
@_one_line_errors
def check(file: Path, assignment: str | None, more: bool, form: str, **options: Any) -> None:
    """Check your own work: hints on public cases, no marks kept."""
    from grader.reports import terminal
    from grader.results import to_json
    from grader.submissions import collect

    submissions = list(collect([file]))
    if len(submissions) != 1:
        _fail(f"{file} holds {len(submissions)} submissions; check takes one file", USAGE)
    (submission,) = submissions
    if submission.problem is not None:
        _say(f"{submission.path}: {submission.problem_message}")
        if form == "text" or assignment is None:
            sys.exit(USAGE)
    loaded = _load(assignment) if assignment else _recognise(submission, file)
    with _run(loaded, PUBLIC_SEED, options) as run:
        result = run.told(run.grade(submission), hints=3 if more else 1)
        results = run.results([result])
    if form == "json":
        click.echo(to_json(results), nl=False)
    else:
        _console(plain=options["plain"]).print(terminal.detail(result), markup=False)
        _say_how_it_ran(result, more=more)
    if submission.problem is not None:
        sys.exit(USAGE)
    _end(results, options["min_score"])


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
    type=click.Choice(_FORMATS),
    multiple=True,
    default=_FORMATS,
    help="What to write into OUT; may be given several times.  [default: json and html]",
)
@_torch
@_timeout
@_memory
@_isolation
@_min_score
@_plain
@_one_line_errors
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

    loaded = _load(assignment)
    taken, missing = _take(paths, loaded, assignment)
    finished: list[SubmissionResult] = []
    interrupted = False
    with _run(loaded, seed or secrets.token_hex(8), options) as run:
        _check_writable(out)
        try:
            with _stopped_gently(), _progress(len(taken), plain=options["plain"]) as advance:
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
            _say(f"{result.path}: {result.problem_message}")
    written = _write(results, out, formats)
    if options["plain"]:
        click.echo(terminal.plain(results))
    else:
        _console().print(terminal.table(results))
    _say(f"written: {' and '.join(map(str, written))}")
    if interrupted:
        _fail(f"interrupted; {len(finished)} of {len(taken)} are graded", INTERRUPTED)
    _end(results, options["min_score"], missing=missing)


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
        _console().print(table)


# -- steps of the commands ------------------------------------------------------------------------


def _load(name: str) -> "Assignment":
    from grader.catalogue import load

    return load(name)


def _recognise(submission: "Submission", file: Path) -> "Assignment":
    """The bundled assignment that a file names, or whose names it defines."""
    from grader.catalogue import bundled, load, recognise

    names = bundled()
    if submission.assignment in names:
        return load(submission.assignment)
    candidates = recognise(submission.cells)
    if len(candidates) == 1:
        return candidates[0]
    found = ", ".join(one.id for one in candidates) or ", ".join(names)
    _fail(
        f"{file} does not say which assignment it answers; name it with -a, one of: {found}", USAGE
    )


def _take(paths: Sequence[Path], assignment: "Assignment", name: str) -> tuple["Submissions", bool]:
    """The submissions of the paths that can be taken in, and whether some path could not."""
    from grader.catalogue import FILE_NAME
    from grader.submissions import IntakeError, collect

    # Where the assignment lies among the submissions it is none of them.
    own = [Path(name), *([assignment.path / FILE_NAME] if assignment.path else [])]
    good, missing = [], False
    for path in paths:
        try:
            collect([path], leaving_out=own)
            good.append(path)
        except IntakeError as error:
            missing = True
            _say(str(error))
    if not good:
        _fail("there is nothing to grade", USAGE)
    return collect(good, leaving_out=own), missing


@contextmanager
def _run(assignment: "Assignment", seed: str, options: dict[str, Any]) -> Iterator[Any]:
    """A grader in a sandbox with the limits that were asked for."""
    from grader.grading import Grader, has_real_torch
    from grader.sandbox.limits import MIB, Limits
    from grader.sandbox.pool import Sandbox, SandboxError

    _demand(options["isolation"])
    if options["torch"] == "real" and not has_real_torch():
        _fail(
            "--torch real needs PyTorch, which is not installed; nothing was run: "
            "pip install 'autograd-grader[torch]', or use --torch facade",
            USAGE,
        )
    call = options["timeout"]
    limits = Limits(call=call, cell=3 * call, submission=6 * call)
    if options["memory"] is not None:
        size = options["memory"] * MIB
        limits = Limits(
            call=call, cell=3 * call, submission=6 * call, memory=size, torch_memory=size
        )
    try:
        with Sandbox(limits=limits) as sandbox:
            yield Grader(assignment, sandbox, seed=seed, torch=options["torch"])
    except SandboxError as error:
        _fail(f"students' code cannot be run here: {error}", FAULT)


def _demand(level: Literal["auto", "full", "kernel", "limits"]) -> None:
    """Fail closed where a level is demanded that this machine and version do not offer."""
    if level in {"full", "kernel"}:
        _fail(
            f"isolation level {level!r} is not to be had here; nothing was run. Only 'limits' is "
            "(a process of its own with resource limits, which can still read files and use the "
            "network): run in a container or virtual machine, with --isolation limits",
            ISOLATION,
        )


@contextmanager
def _stopped_gently() -> Iterator[None]:
    """Let SIGTERM and a closed terminal interrupt as Ctrl-C does: what is finished is written."""
    handlers = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _check_writable(out: Path) -> None:
    """Make OUT and try it out before the work begins."""
    from grader.reports import ReportError

    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise ReportError(
            f"{out} cannot be written ({reason}); nothing was run: choose another with -o"
        ) from None


def _write(results: "Results", out: Path, formats: Sequence[str]) -> list[Path]:
    """Write the reports; where OUT cannot take them any more, keep results.json elsewhere."""
    from grader.reports import ReportError, html, json

    writers = {"json": json.write, "html": html.write}
    try:
        return [writers[name](results, out) for name in _FORMATS if name in formats]
    except ReportError as error:
        _fail(f"{error} Nothing is lost: the results are {_rescue(results)}", UNWRITTEN)


def _rescue(results: "Results") -> str:
    """Keep results.json in a temporary folder, or at least print it; says where it is."""
    import tempfile

    from grader.reports import ReportError, json
    from grader.results import to_json

    try:
        return f"in {json.write(results, Path(tempfile.mkdtemp(prefix='grader-results-')))}"
    except (OSError, ReportError):
        click.echo(to_json(results), nl=False)
        return "on standard output, since no temporary folder takes them either"


def _end(results: "Results", min_score: float | None, *, missing: bool = False) -> NoReturn:
    """Leave with the exit status that the results call for, the most serious first."""
    graded = results.submissions
    if any(one.problem == "grader_fault" or _lacks_a_name(one) for one in graded):
        sys.exit(FAULT)
    unread = [one for one in graded if one.problem not in {None, "empty"}]
    # Where points decide, nobody passes for having handed in what cannot be read.
    if missing or (unread and (len(unread) == len(graded) or min_score is not None)):
        sys.exit(USAGE)
    if min_score is not None and any(_is_below(one, min_score) for one in graded):
        sys.exit(BELOW)
    sys.exit(DONE)


def _lacks_a_name(result: "SubmissionResult") -> bool:
    return any(question.verdict == "unsupported" for question in result.questions)


def _is_below(result: "SubmissionResult", percent: float) -> bool:
    from grader.reports.summary import part

    got = part(result)
    return got is not None and got < round(percent / 100, 9)


def _say_how_it_ran(result: "SubmissionResult", *, more: bool) -> None:
    if any(one.feedback.hints for one in result.questions) and not more:
        click.echo("More help: the same command with --more", err=True)
    if result.isolation is not None and result.isolation.level == "limits":
        click.echo(
            "Your own code ran in a process of its own, with limits but without a sandbox.",
            err=True,
        )


def _console(*, plain: bool = False) -> "Console":
    from rich.console import Console

    return Console(no_color=True, highlight=False) if plain else Console(highlight=False)


@contextmanager
def _progress(total: int, *, plain: bool) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr with count, rate and time left; nothing where it is no terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if plain or not console.is_terminal:
        yield lambda: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    rate = TextColumn("{task.fields[rate]}")
    with Progress(
        TextColumn("grading"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(),
        console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("grading", total=total, rate="")

        def advance() -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(task, advance=1, rate="" if speed is None else f"{speed:.0f}/s")

        yield advance
