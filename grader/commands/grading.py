"""The command that grades a class, and goes on where it ended.

Heavy modules are imported by the functions that need them, so that `grader --help` is instant.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.commands import common, preparing, steps, writing
from grader.messages import Message, Told, render

if TYPE_CHECKING:
    from grader.results import SubmissionResult


@click.command(epilog="Example:  grader grade handed_in/ -a manual_backprop -o results -j 4")
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
@common.jobs
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
@common.pseudonyms
@common.torch
@common.executor
@common.timeout
@common.memory
@common.isolation
@common.min_score
@common.lang
@common.plain
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
        settings = preparing.settings(loaded, seed, options)
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
        with (
            steps.stopped_gently(),
            steps.progress(expected, language, plain=options["plain"]) as advance,
        ):
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
