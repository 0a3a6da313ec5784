"""The steps that commands are made of: load, take in, run, write, tell, and leave with a status.

Heavy modules are imported by the steps that need them, so that `grader --help` is instant.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from grader.assignment import Assignment
    from grader.gradebook import Gradebook
    from grader.messages import Language
    from grader.results import Results, SubmissionResult
    from grader.sandbox.limits import Limits
    from grader.sandbox.pool import Sandbox
    from grader.sandbox.protocol.control import Level
    from grader.submissions import Submission, Submissions

DONE, BELOW, USAGE, ISOLATION, UNWRITTEN, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXPORTS = ("pages", "junit", "gradescope", "github", "classroom50", "csv")
"""What students and other systems read."""
FORMATS = ("json", "html", *EXPORTS)
"""What can be written into OUT."""
FILLED = ("canvas", "moodle")
"""What is written into a system's own file."""
SCALED = ("gradescope", "classroom50", "csv")
"""The exports whose marks can be told out of another number of points."""
LAYOUTS = ("gradescope", "canvas", "moodle", "nbgrader", "classroom", "plain")
"""Those of `grader.submissions`, named here so that help need not load it."""
FILES = {
    "json": "results.json",
    "html": "index.html",
    "pages": "pages",
    "junit": "junit.xml",
    "gradescope": "gradescope",
    "github": "github",
    "classroom50": "classroom50",
    "csv": "gradebook.csv",
    "canvas": "canvas.csv",
    "moodle": "moodle.csv",
}
MOST_SHOWN = 500
"""The largest class that is shown student by student in a terminal."""
MOST_ON_A_PAGE = 2_000
"""The largest class that is put on a page unless that is asked for."""


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


def language(chosen: str | None, own: str | None) -> "Language":
    """The language in which results are told: the chosen one, else the notebooks', the system's."""
    from grader.messages import choose_language

    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides
    system = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return choose_language(chosen, own, *system.split(":"))


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


def take(
    paths: Sequence[Path], assignment: "Assignment", name: str, *, layout: str | None = None
) -> tuple["Submissions", list[Path]]:
    """The submissions of the paths that can be taken in, and those paths."""
    from grader.catalogue import FILE_NAME
    from grader.submissions import IntakeError, collect

    # Where the assignment lies among the submissions it is none of them.
    own = [Path(name), *([assignment.path / FILE_NAME] if assignment.path else [])]
    good: list[Path] = []
    for path in paths:
        try:
            found = collect([path], leaving_out=own, layout=layout)
            good.append(path)
        except IntakeError as error:
            say(str(error))
    if not good:
        fail("there is nothing to grade", USAGE)
    if len(good) > 1:
        found = collect(good, leaving_out=own, layout=layout)
    for remark in found.remarks:
        say(remark)
    return found, good


def source(name: str) -> str:
    """What names the assignment from any folder: a bundled id, or the absolute path of its file."""
    from grader.catalogue import bundled

    return name if name in bundled() else str(Path(name).absolute())


def default_formats(marks: "Results") -> tuple[str, ...]:
    """A page and JSON; of a very large class only what a machine reads."""
    return ("json", "html") if len(marks.submissions) <= MOST_ON_A_PAGE else ("json",)


def limits(options: Mapping[str, Any]) -> "Limits":
    """The limits that --timeout and --memory ask for."""
    from grader.sandbox.limits import MIB, Limits

    call = options["timeout"]
    times = Limits(call=call, cell=3 * call, submission=6 * call)
    if options["memory"] is None:
        return times
    size = options["memory"] * MIB
    return replace(times, memory=size, torch_memory=size)


@contextmanager
def run(
    assignment: "Assignment", seed: str, options: dict[str, Any], *, least: "Level"
) -> Iterator[Any]:
    """A grader in a sandbox with the limits and the isolation that were asked for.

    `least` is the least isolation where none was asked for; without it nothing is run.
    """
    from grader.grading import Grader, has_real_torch
    from grader.sandbox.pool import Sandbox, SandboxError

    if options["torch"] == "real" and not has_real_torch():
        fail(
            "--torch real needs PyTorch, which is not installed; nothing was run: "
            "pip install 'autograd-grader[torch]', or use --torch facade",
            USAGE,
        )
    executor = options.get("executor", "fast")
    if executor == "jupyter" and find_spec("ipykernel") is None:
        fail(
            "--executor jupyter needs a kernel, which is not installed; nothing was run: "
            "pip install 'autograd-grader[jupyter]'",
            USAGE,
        )
    if options["isolation"] != "auto":
        least = options["isolation"]
    try:
        with Sandbox(limits=limits(options), least=least, executor=executor) as sandbox:
            grader = Grader(assignment, sandbox, seed=seed, torch=options["torch"])
            _demand(least, sandbox)
            yield grader
    except SandboxError as error:
        fail(f"students' code cannot be run here: {error}", FAULT)


def _demand(least: "Level", sandbox: "Sandbox") -> None:
    """Fail closed where this machine does not offer the isolation that is asked for."""
    from grader.sandbox.isolation import CONTAINER, reaches

    found = sandbox.isolation.level
    if reaches(found, least):
        return
    lacking = ", ".join(one.name for one in sandbox.layers if one.lacking)
    fail(
        f"isolation {least!r} is not to be had here, only {found!r} (lacking: {lacking}); nothing "
        f"was run. In a container it is:  {CONTAINER}  "
        "Or type --isolation limits: students' code can then read your files and use the network",
        ISOLATION,
    )


@contextmanager
def stopped_gently() -> Iterator[None]:
    """Let SIGTERM and a closed terminal interrupt as Ctrl-C does: what is finished is written."""
    handlers = {
        number: signal.signal(number, signal.default_int_handler)
        # A terminal that closes has no signal on Windows.
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
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


def write(  # noqa: PLR0913 - as many facts
    book: "Gradebook",
    out: Path,
    formats: Sequence[str],
    *,
    language: "Language",
    title: str | None = None,
    anew: bool = False,
    scale_to: float | None = None,
) -> list[Path]:
    """Write the reports that are not up to date; where OUT cannot take them, rescue results.json.

    `title` is the assignment's in that language, if it is known. With `anew` all are written,
    whatever language they were in. Returns the paths of all that were asked for.
    """
    import msgspec

    from grader.reports import ReportError, html, json, pages

    def titled(results: "Results") -> "Results":
        return msgspec.structs.replace(results, title=title or results.title)

    paths = []
    try:
        for name in (one for one in FORMATS if one in formats):
            path = out / FILES[name]
            if name in EXPORTS:
                results = titled(book.results())
                if name == "pages":
                    pages.write(results, out, secret=book.secret, language=language)
                else:
                    _export(name, results, out, language=language, scale_to=scale_to)
            elif anew or not (book.is_reported(name) and path.is_file()):
                if name == "json":
                    json.write_pieces(titled(book.frame()), book.rows(), out, language=language)
                else:
                    html.write(titled(book.results()), out, language=language)
                book.reported(name)
            paths.append(path)
    except ReportError as error:
        rescued = _rescue(book.results(), language)
        fail(f"{error} Nothing is lost: the results are {rescued}", UNWRITTEN)
    return paths


def _export(
    name: str, results: "Results", out: Path, *, language: "Language", scale_to: float | None
) -> None:
    """Write a report that another system reads."""
    from grader.reports import classroom50, github, gradescope, junit, lms

    if name == "junit":
        junit.write(results, out, language=language)
    elif name == "github":
        github.write(results, out, language=language)
    elif name == "gradescope":
        gradescope.write(results, out, language=language, scale_to=scale_to)
    elif name == "classroom50":
        classroom50.write(results, out, scale_to=scale_to)
    else:
        lms.write_csv(results, out, scale_to=scale_to)


def _rescue(results: "Results", language: "Language") -> str:
    """Keep results.json in a temporary folder, or at least print it; says where it is."""
    import tempfile

    from grader.reports import ReportError, json
    from grader.results import to_json

    try:
        folder = Path(tempfile.mkdtemp(prefix="grader-results-"))
        return f"in {json.write(results, folder, language=language)}"
    except (OSError, ReportError):
        click.echo(to_json(results, language), nl=False)
        return "on standard output, since no temporary folder takes them either"


def show(book: "Gradebook", marks: "Results", *, plain: bool, language: "Language") -> None:
    """Print the table of a class; of a very large one only the line that sums it up."""
    from grader.reports import summary, terminal

    if len(marks.submissions) > MOST_SHOWN:
        click.echo(summary.summary_line(marks, language))
    elif plain:
        click.echo(terminal.plain(book.results(), language))
    else:
        console().print(terminal.table(book.results(), language))


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
    return any(one.verdict == "unsupported" and one.score is None for one in result.questions)


def _is_below(result: "SubmissionResult", percent: float) -> bool:
    from grader.reports.summary import part

    got = part(result)
    return got is not None and got < round(percent / 100, 9)


def say_how_it_ran(result: "SubmissionResult", *, more: bool, language: "Language") -> None:
    """Tell a student how to hear more, and what protected their machine."""
    from grader.messages import Message, render

    if any(one.feedback.hints for one in result.questions) and not more:
        click.echo(render(Message("check.more"), language), err=True)
    if result.isolation is not None and result.isolation.level == "limits":
        click.echo(render(Message("check.no_sandbox"), language), err=True)


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
