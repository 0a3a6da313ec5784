"""What every command is made of: words and progress on the terminal, and leaving with a status.

Heavy modules are imported by the steps that need them, so that `grader --help` is instant.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from grader.messages import Language, Languages, Message, Told, choose_language, render

if TYPE_CHECKING:
    from rich.console import Console

    from grader.reports.summary import ClassSummary


PATIENCE = 3.0
"""Seconds for which nobody wonders whether anything happens."""

DONE, BELOW, USAGE, ISOLATION, UNWRITTEN, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def fail(told: Told, exit_code: int, *, language: Language = "en") -> NoReturn:
    """End the command with one line on stderr and the exit code for its kind of failure."""
    say(told, language=language)
    raise click.exceptions.Exit(exit_code)


def unknown(out: Path, ids: Sequence[str], known: Collection[str]) -> NoReturn:
    """End the command that was given ids of which there is no mark in OUT."""
    from difflib import get_close_matches

    near = dict.fromkeys(one for each in ids for one in get_close_matches(each, known, n=1))
    meant = f"is {', '.join(near)} meant?" if near else "the ids are those in results.json"
    fail(f"{out} holds no mark of {', '.join(map(repr, ids))}: {meant}", USAGE)


def say(told: Told, *, language: Language = "en") -> None:
    """One line on stderr, whatever a student's file name or message holds."""
    from grader.reports.escaping import terminal

    click.echo(f"grader: {terminal(render(told, language), 2000)}", err=True)


def say_written(paths: Iterable[Path], language: Language) -> None:
    """Say which files were written."""
    say(Message("start.written", {"name": ", ".join(map(str, paths))}), language=language)


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what the library raises for users into failures; an interrupt into exit code 130."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            told_in = language(kwargs.get("lang"), None)
            fail(Message("check.interrupted"), INTERRUPTED, language=told_in)
        except Exception as error:
            _tell_users(error, kwargs.get("lang"))
            raise

    return guarded


def _tell_users(error: Exception, asked_for: str | None) -> None:
    """End with what the library raised for users, if it is that."""
    from grader.assignment import AssignmentError
    from grader.reports import ReportError
    from grader.submissions import IntakeError

    if isinstance(error, AssignmentError | IntakeError):
        fail(error.told, USAGE, language=language(asked_for, None))
    if isinstance(error, ReportError):
        fail(str(error), UNWRITTEN)


def watch(check: Callable[[], None], options: Mapping[str, Any]) -> NoReturn:
    """Check, and again whenever the file is saved, until Ctrl-C ends it."""
    from grader.commands.watching import saves
    from grader.reports.escaping import terminal

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


def languages(chosen: str | None, figures: "ClassSummary") -> Languages:
    """The languages of a class: the chosen one for everyone, else the notebooks' own."""
    return Languages(language(chosen, figures.language), is_asked_for=chosen is not None)


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


def end(figures: "ClassSummary", min_score: float | None, *, missing: bool = False) -> NoReturn:
    """Leave with the exit status that a class's figures call for, the most serious first."""
    if figures.faults:
        sys.exit(FAULT)
    unread = figures.unread
    # Where points decide, nobody passes for having handed in what cannot be read.
    if missing or (unread and (unread == figures.submissions or min_score is not None)):
        sys.exit(USAGE)
    lowest = figures.lowest
    if min_score is not None and lowest is not None and lowest < round(min_score / 100, 9):
        sys.exit(BELOW)
    sys.exit(DONE)


@contextmanager
def patiently(told: Message, language: Language) -> Iterator[None]:
    """Say this once what is done takes long, to whoever sits before a terminal."""
    if not _is_watched():
        yield
        return
    from threading import Timer

    timer = Timer(PATIENCE, say, [told], {"language": language})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_watched() -> bool:
    """Whether stderr is a terminal; it may as well be closed, or not there."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def console(*, plain: bool = False) -> "Console":
    """The console on stdout; a plain one writes nothing but the text, on a terminal as well."""
    from rich.console import Console

    return Console(color_system=None if plain else "auto", highlight=False, emoji=False)


@contextmanager
def progress(total: int, language: Language, *, plain: bool) -> Iterator[Callable[[], None]]:
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

    what = TextColumn(render(Message("grade.progress"), language))
    rate = TextColumn("{task.fields[rate]}")
    with Progress(
        what, BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(),
        console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("grading", total=total, rate="")

        def advance() -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(task, advance=1, rate="" if speed is None else f"{speed:.0f}/s")

        yield advance
