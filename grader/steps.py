"""The steps that commands are made of: load, take in, run, write, tell, and leave with a status.

Heavy modules are imported by the steps that need them, so that `grader --help` is instant.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from grader.assignment import Assignment
    from grader.results import Results, SubmissionResult
    from grader.submissions import Submission, Submissions

DONE, BELOW, USAGE, ISOLATION, UNWRITTEN, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

FORMATS = ("json", "html")
"""What can be written into OUT."""


def fail(message: str, exit_code: int) -> NoReturn:
    """End the command with one line on stderr and the exit code for its kind of failure."""
    say(message)
    raise click.exceptions.Exit(exit_code)


def say(message: str) -> None:
    """One line on stderr, whatever a student's file name or message holds."""
    from grader.reports.escaping import terminal

    click.echo(f"grader: {terminal(message, 2000)}", err=True)


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what the library raises for users into failures; an interrupt into exit code 130."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            from grader.assignment import AssignmentError
            from grader.reports import ReportError
            from grader.submissions import IntakeError

            return command(*args, **kwargs)
        except KeyboardInterrupt:  # first: it may come before the others are there
            fail("interrupted", INTERRUPTED)
        except (AssignmentError, IntakeError) as error:
            fail(str(error), USAGE)
        except ReportError as error:
            fail(str(error), UNWRITTEN)

    return guarded


def load(name: str) -> "Assignment":
    """The assignment with a bundled id, or that of a path."""
    from grader.catalogue import load

    return load(name)


def recognise(submission: "Submission", file: Path) -> "Assignment":
    """The bundled assignment that a file names, or whose names it defines."""
    from grader.catalogue import bundled, load, recognise

    names = bundled()
    if submission.assignment in names:
        return load(submission.assignment)
    candidates = recognise(submission.cells)
    if len(candidates) == 1:
        return candidates[0]
    found = ", ".join(one.id for one in candidates) or ", ".join(names)
    fail(
        f"{file} does not say which assignment it answers; name it with -a, one of: {found}", USAGE
    )


def take(paths: Sequence[Path], assignment: "Assignment", name: str) -> tuple["Submissions", bool]:
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
            say(str(error))
    if not good:
        fail("there is nothing to grade", USAGE)
    return collect(good, leaving_out=own), missing


@contextmanager
def run(assignment: "Assignment", seed: str, options: dict[str, Any]) -> Iterator[Any]:
    """A grader in a sandbox with the limits that were asked for."""
    from grader.grading import Grader, has_real_torch
    from grader.sandbox.limits import MIB, Limits
    from grader.sandbox.pool import Sandbox, SandboxError

    _demand(options["isolation"])
    if options["torch"] == "real" and not has_real_torch():
        fail(
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
        fail(f"students' code cannot be run here: {error}", FAULT)


def _demand(level: Literal["auto", "full", "kernel", "limits"]) -> None:
    """Fail closed where a level is demanded that this machine and version do not offer."""
    if level in {"full", "kernel"}:
        fail(
            f"isolation level {level!r} is not to be had here; nothing was run. Only 'limits' is "
            "(a process of its own with resource limits, which can still read files and use the "
            "network): run in a container or virtual machine, with --isolation limits",
            ISOLATION,
        )


@contextmanager
def stopped_gently() -> Iterator[None]:
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


def check_writable(out: Path) -> None:
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


def write(results: "Results", out: Path, formats: Sequence[str]) -> list[Path]:
    """Write the reports; where OUT cannot take them any more, keep results.json elsewhere."""
    from grader.reports import ReportError, html, json

    writers = {"json": json.write, "html": html.write}
    try:
        return [writers[name](results, out) for name in FORMATS if name in formats]
    except ReportError as error:
        fail(f"{error} Nothing is lost: the results are {_rescue(results)}", UNWRITTEN)


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


def end(results: "Results", min_score: float | None, *, missing: bool = False) -> NoReturn:
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


def say_how_it_ran(result: "SubmissionResult", *, more: bool) -> None:
    """Tell a student how to hear more, and what protected their machine."""
    if any(one.feedback.hints for one in result.questions) and not more:
        click.echo("More help: the same command with --more", err=True)
    if result.isolation is not None and result.isolation.level == "limits":
        click.echo(
            "Your own code ran in a process of its own, with limits but without a sandbox.",
            err=True,
        )


def console(*, plain: bool = False) -> "Console":
    """The console on stdout."""
    from rich.console import Console

    return Console(no_color=True, highlight=False) if plain else Console(highlight=False)


@contextmanager
def progress(total: int, *, plain: bool) -> Iterator[Callable[[], None]]:
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
