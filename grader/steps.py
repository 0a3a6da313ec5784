"""The steps that commands are made of: load, take in, run, write, tell, and leave with a status.

Heavy modules are imported by the steps that need them, so that `grader --help` is instant.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from grader.messages import Language, Message, Told, choose_language, render

if TYPE_CHECKING:
    from rich.console import Console

    from grader.assignment import Assignment
    from grader.distributed import Workers
    from grader.gradebook import Gradebook
    from grader.results import Results, SubmissionResult
    from grader.sandbox.limits import Limits
    from grader.sandbox.pool import Sandbox
    from grader.sandbox.protocol.control import Level
    from grader.submissions import Submission, Submissions

DONE, BELOW, USAGE, ISOLATION, UNWRITTEN, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

KEPT = ("json", "html", "pages")
"""What is kept up to date; the page of the class leads to those of the students."""
EXPORTS = ("junit", "gradescope", "github", "classroom50", "csv")
"""What other systems read."""
FORMATS = (*KEPT, *EXPORTS)
"""What can be written into OUT."""
FILLED = ("canvas", "moodle")
"""What is written into a system's own file."""
FEEDBACK = ("canvas-feedback", "moodle-feedback")
"""Everyone's page in a zip for a system."""
NAMELESS = "projector"
"""The page of the class under pseudonyms."""
HANDED_OVER = ("pages", NAMELESS, *EXPORTS, *FILLED, *FEEDBACK)
"""What others than the instructor may have been given."""
SCALED = ("gradescope", "classroom50", "csv")
"""The exports whose marks can be told out of another number of points."""
PRINTED = ("json", "junit", "github")
"""What `check` prints for machines."""
LAYOUTS = ("gradescope", "canvas", "moodle", "nbgrader", "classroom", "plain")
"""Those of `grader.submissions`, named here so that help need not load it."""
FILES = {
    "json": "results.json",
    "html": "index.html",
    "pages": "pages",
    NAMELESS: "projector.html",
    "junit": "junit.xml",
    "gradescope": "gradescope",
    "github": "github",
    "classroom50": "classroom50",
    "csv": "gradebook.csv",
    "canvas": "canvas.csv",
    "moodle": "moodle.csv",
    "canvas-feedback": "canvas-feedback.zip",
    "moodle-feedback": "moodle-feedback.zip",
}
MOST_SHOWN = 500
"""The largest class that is shown student by student in a terminal."""
MOST_ON_A_PAGE = 2_000
"""The largest class that is put on a page unless that is asked for."""


pseudonyms = click.option(
    "--pseudonyms",
    is_flag=True,
    help="Also write projector.html: the page of the class on which nobody can be recognised.",
)
"""The option of the commands that write the page of the class."""


def fail(told: Told, exit_code: int, *, language: Language = "en") -> NoReturn:
    """End the command with one line on stderr and the exit code for its kind of failure."""
    say(told, language=language)
    raise click.exceptions.Exit(exit_code)


def say(told: Told, *, language: Language = "en") -> None:
    """One line on stderr, whatever a student's file name or message holds."""
    from grader.reports.escaping import terminal

    click.echo(f"grader: {terminal(render(told, language), 2000)}", err=True)


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what the library raises for users into failures; an interrupt into exit code 130."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        told_in = language(kwargs.get("lang"), None)
        try:
            from grader.assignment import AssignmentError
            from grader.reports import ReportError
            from grader.submissions import IntakeError

            return command(*args, **kwargs)
        except KeyboardInterrupt:  # first: it may come before the others are there
            fail(Message("check.interrupted"), INTERRUPTED, language=told_in)
        except (AssignmentError, IntakeError) as error:
            fail(error.told, USAGE, language=told_in)
        except ReportError as error:
            fail(str(error), UNWRITTEN)

    return guarded


def watch(check: Callable[[], None], options: Mapping[str, Any]) -> NoReturn:
    """Check, and again whenever the file is saved, until Ctrl-C ends it."""
    from grader.reports.escaping import terminal
    from grader.watching import saves

    file, chosen = options["file"], options["lang"]
    if not file.is_file():
        missing = Message("check.cannot_watch", {"path": str(file)})
        fail(missing, USAGE, language=language(chosen, None))
    try:
        for _ in saves(file):
            if not options["plain"]:
                click.clear()  # nothing where there is no terminal
            status = _status_of(check)
            if status == INTERRUPTED:
                break
            now = time.strftime("%H:%M:%S")
            waiting = Message("check.watching", {"time": now, "path": file.name})
            told = render(waiting, language(chosen, _own_language(file)))
            click.echo(terminal(told, 2000), err=True)
    except KeyboardInterrupt:
        pass
    sys.exit(INTERRUPTED)


def _own_language(file: Path) -> str | None:
    """What a notebook says of its language; None where it cannot be read."""
    from grader.submissions import IntakeError, collect

    try:
        return next((one.language for one in collect([file])), None)
    except IntakeError:
        return None


def _status_of(command: Callable[[], None]) -> object:
    """The exit status that a command would end with, which ends nothing."""
    try:
        command()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except SystemExit as ended:
        return ended.code
    return DONE


def language(chosen: str | None, own: str | None) -> Language:
    """The language in which results are told: the chosen one, else the notebooks', the system's."""
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides
    system = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return choose_language(chosen, own, *system.split(":"))


def load(name: str) -> "Assignment":
    """The assignment with a bundled id, or that of a path."""
    from grader.catalogue import load

    return load(name)


def load_to_check(name: str, file: Path) -> "Assignment":
    """What a students' bundle says of an assignment, or the assignment with an id or of a path.

    The name is an id whose bundle lies beside the file, a path, or a bundled id.
    """
    from grader.bundle import beside, find
    from grader.catalogue import bundled

    there = beside(file, name)
    if Path(name).name == name and there.is_file():
        return _read_bundle(there)
    bundle = None if name in bundled() else find(name)
    return load(name) if bundle is None else _read_bundle(bundle)


def _read_bundle(path: Path) -> "Assignment":
    from grader.bundle_reader import read

    return read(path)


def recognise(submission: "Submission", file: Path, *, language: Language) -> "Assignment":
    """The assignment that a file names or whose names it defines; a bundle beside it first."""
    from grader.bundle import beside
    from grader.catalogue import bundled, load, recognise

    if submission.assignment is not None:
        there = beside(file, submission.assignment)
        if there.is_file():
            return _read_bundle(there)
    names = bundled()
    if submission.assignment in names:
        return load(submission.assignment)
    candidates = recognise(submission.cells)
    if len(candidates) == 1:
        return candidates[0]
    found = ", ".join(one.id for one in candidates) or ", ".join(names)
    told = Message("check.which_assignment", {"path": str(file), "names": found})
    fail(told, USAGE, language=language)


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
            say(error.told)
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
    from grader.grading import Grader
    from grader.sandbox.pool import Sandbox, SandboxError

    told_in = language(options.get("lang"), None)
    _check_installed(options)
    executor = options.get("executor", "fast")
    if options["isolation"] != "auto":
        least = options["isolation"]
    try:
        with Sandbox(limits=limits(options), least=least, executor=executor) as sandbox:
            grader = Grader(assignment, sandbox, seed=seed, torch=options["torch"])
            _demand(least, sandbox, language=told_in)
            yield grader
    except SandboxError as error:
        fail(Message("check.cannot_run", {"reason": str(error)}), FAULT, language=told_in)


@contextmanager
def run_elsewhere(
    scheduler: str, assignment: "Assignment", name: str, seed: str, options: dict[str, Any]
) -> Iterator["Workers"]:
    """The workers of a cluster that grade as `run` would here; without any nothing is run.

    `name` is what names the assignment. The least isolation is that of `grade`.
    """
    import logging

    from grader.batch import WorkersError

    _check_installed(options)
    if find_spec("distributed") is None:
        fail(
            "--scheduler needs dask.distributed, which is not installed; nothing was run: "
            "pip install 'autograd-grader[distributed]'",
            USAGE,
        )
    from grader.distributed import connected
    from grader.parcels import order_of

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a line of ours says what matters
    try:
        order = order_of(
            assignment,
            source(name),
            seed=seed,
            torch=options["torch"],
            executor=options["executor"],
            least="kernel" if options["isolation"] == "auto" else options["isolation"],
            limits=limits(options),
        )
        with connected(scheduler, assignment, order, tell=say) as workers:
            yield workers
    except WorkersError as error:
        fail(str(error), ISOLATION if error.lacks_isolation else USAGE)


def _check_installed(options: Mapping[str, Any]) -> None:
    """End here where what the options ask for is not installed."""
    from grader.grading import has_real_torch

    if options["torch"] == "real" and not has_real_torch():
        fail(Message("check.no_torch"), USAGE, language=language(options.get("lang"), None))
    if options.get("executor") == "jupyter" and find_spec("ipykernel") is None:
        fail(
            "--executor jupyter needs a kernel, which is not installed; nothing was run: "
            "pip install 'autograd-grader[jupyter]'",
            USAGE,
        )


def _demand(least: "Level", sandbox: "Sandbox", *, language: Language) -> None:
    """Fail closed where this machine does not offer the isolation that is asked for."""
    from grader.sandbox.isolation import CONTAINER, reaches

    found = sandbox.isolation.level
    if reaches(found, least):
        return
    lacking = ", ".join(one.name for one in sandbox.layers if one.lacking)
    known = {"least": least, "found": found, "lacking": lacking, "container": CONTAINER}
    fail(Message("check.no_isolation", known), ISOLATION, language=language)


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
    language: Language,
    title: str | None = None,
    anew: bool = False,
    scale_to: float | None = None,
) -> list[Path]:
    """Write the reports that are not up to date; where OUT cannot take them, rescue results.json.

    `title` is the assignment's in that language, looked up in its file where it is not given. With
    `anew` all are written, whatever language they were in. Returns the paths of all that were asked
    for.
    """
    import msgspec

    from grader.reports import ReportError

    frame = book.frame()
    frame = msgspec.structs.replace(frame, title=title or own_title(book, language) or frame.title)
    # What the page of the class leads to is written before it.
    wanted = {*formats, "pages"} if "html" in formats else formats
    paths = []
    try:
        for name in (one for one in ("json", "pages", "html", NAMELESS, *EXPORTS) if one in wanted):
            path = out / FILES[name]
            if name in EXPORTS:
                results = msgspec.structs.replace(frame, submissions=book.results().submissions)
                _export(name, results, out, language=language, scale_to=scale_to)
            elif anew or not (book.is_reported(name) and path.exists()):
                _write_kept(name, frame, book, out, language=language)
            paths.extend([path] if name in formats else [])
    except ReportError as error:
        rescued = _rescue(book.results(), language)
        fail(f"{error} Nothing is lost: the results are {rescued}", UNWRITTEN)
    return paths


def own_title(book: "Gradebook", language: Language) -> str | None:
    """The title of the assignment that was graded last, if its file is still where it was."""
    from grader.assignment import AssignmentError

    try:
        return load(book.commands()[-1].assignment).title_in(language)
    except AssignmentError:
        return None


def _write_kept(
    name: str, frame: "Results", book: "Gradebook", out: Path, *, language: Language
) -> None:
    """Write a report from the gradebook, submission by submission, and note that it was written."""
    import msgspec

    from grader.reports import html, json, pages
    from grader.reports.summary import brief

    if name == "json":
        json.write_pieces(frame, book.rows(), out, language=language)
    elif name == "pages":
        pages.write(
            book.submissions(), out,
            title=frame.title, secret=book.secret, cells_of=book.cells, language=language,
        )  # fmt: skip
    else:
        results = msgspec.structs.replace(frame, submissions=tuple(map(brief, book.submissions())))
        write_page = html.write if name == "html" else html.write_nameless
        write_page(results, out, secret=book.secret, language=language)
    book.reported(name)


def _export(
    name: str, results: "Results", out: Path, *, language: Language, scale_to: float | None
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


def _rescue(results: "Results", language: Language) -> str:
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


def show(book: "Gradebook", marks: "Results", *, plain: bool, language: Language) -> None:
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


def print_for(form: str, results: "Results", language: Language) -> None:
    """Print the results for a machine; GitHub's step summary goes to the file that it names."""
    from grader.reports import github, junit
    from grader.results import to_json

    if form == "json":
        click.echo(to_json(results, language), nl=False)
    elif form == "junit":
        click.echo(junit.to_xml(results, language), nl=False)
    else:
        for line in github.annotations(results, language):
            click.echo(line)
        if file := os.environ.get("GITHUB_STEP_SUMMARY"):
            github.append_summary(results, Path(file), language)


def say_how_it_ran(result: "SubmissionResult", *, more: bool, language: Language) -> None:
    """Tell a student how to hear more, and what protected their machine."""
    if any(one.feedback.hints for one in result.questions) and not more:
        click.echo(render(Message("check.more"), language), err=True)
    if result.isolation is not None and result.isolation.level == "limits":
        click.echo(render(Message("check.no_sandbox"), language), err=True)


def console(*, plain: bool = False) -> "Console":
    """The console on stdout; a plain one writes nothing but the text, on a terminal as well."""
    from rich.console import Console

    return Console(color_system=None if plain else "auto", highlight=False)


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
