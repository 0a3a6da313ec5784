"""The commands that look after an OUT: how far it is, grading again, and forgetting a student."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import steps

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.batch import Change
    from grader.gradebook import Command, Gradebook

_out = click.argument("out", type=click.Path(path_type=Path))
_plain = click.option("--plain", is_flag=True, help="No colours, lines or moving parts.")


@click.command(epilog="Example:  grader status results")
@_out
@steps.one_line_errors
def status(out: Path) -> None:
    """Show how far a grading run is."""
    from grader.gradebook import existing

    with existing(out) as book:
        found = book.status()
    click.echo(f"assignment  {found.assignment}")
    click.echo(f"seed        {found.seed}")
    click.echo(f"graded      {found.graded}, the last at {found.last or '-'}")
    click.echo(f"begun       {found.unfinished} and not finished")
    click.echo(f"outdated    {found.outdated} by the assignment, grader or options of the last run")
    for problem, count in found.problems:
        click.echo(f"problem     {count} {problem}")


@click.command(epilog="Example:  grader regrade results --only ana --only bob")
@_out
@click.option(
    "--only", metavar="ID", multiple=True, help="Only this student; may be given several times."
)
@click.option("--raise-only", is_flag=True, help="Let a new mark count only where it is higher.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    metavar="N",
    help="Submissions to grade at a time.  [default: the number of cores]",
)
@click.option(
    "--isolation",
    type=click.Choice(["auto", "full", "kernel", "limits"]),
    help="The least protection to run under.  [default: as when it was graded]",
)
@_plain
@steps.one_line_errors
def regrade(  # noqa: PLR0913 - one parameter an option
    out: Path,
    only: Sequence[str],
    raise_only: bool,
    jobs: int,
    isolation: str | None,
    plain: bool,
) -> None:
    """Grade again, and show each old and new mark.

    The files are read where `grade` found them, and graded with the assignment and the grader as
    they are now. Earlier marks are kept in the gradebook.
    """
    from grader import batch, gradebook
    from grader.reports.summary import own_language

    with ExitStack() as held:
        book = held.enter_context(gradebook.existing(out))
        unknown = sorted(set(only) - set(book.students()))
        if unknown:
            steps.fail(
                f"{out} holds no mark of {', '.join(unknown)}: the ids are those in results.json",
                steps.USAGE,
            )
        command = book.commands()[-1]
        options: dict[str, Any] = dict(command.options)
        if isolation is not None:
            options["isolation"] = isolation
        loaded = steps.load(command.assignment)
        seed = book.frame().seed
        run = held.enter_context(steps.run(loaded, seed, options, least="kernel"))
        settings = batch.settings(
            loaded, seed=seed, torch=options["torch"], limits=steps.limits(options)
        )
        book.start(batch.frame(loaded, seed), settings, command)
        with steps.stopped_gently(), steps.progress(len(book.students()), plain=plain) as advance:
            found: list[Change] = []
            for given in book.commands():
                for change in batch.grade_again(
                    book,
                    run,
                    _taken(given, loaded),
                    only=only or book.students(),
                    raise_only=raise_only,
                    jobs=jobs,
                ):
                    found.append(change)
                    advance()
        _show(found)
        _tell_missing(book, only, found)
        marks = book.marks()
        language = steps.language(None, own_language(marks))
        steps.write(book, out, steps.default_formats(marks), language=language)
    steps.end(marks, None)


def _taken(command: "Command", assignment: "Assignment") -> Any:
    paths = [Path(path) for path in command.paths]
    taken, _ = steps.take(paths, assignment, command.assignment, layout=command.layout)
    return taken


def _show(changes: Iterable["Change"]) -> None:
    from grader.reports import summary
    from grader.reports.escaping import terminal

    for one in sorted(changes, key=lambda change: change.new.id):
        old = "-" if one.old is None else summary.points(one.old.score)
        new = summary.points(one.new.score)
        same = one.old is not None and one.old.score == one.new.score
        told = "unchanged" if same else "changed" if one.counts else "kept the old one"
        click.echo(f"{terminal(one.new.id, 66)}\t{old}\t{new}\t{told}")


def _tell_missing(book: "Gradebook", only: Sequence[str], changes: Sequence["Change"]) -> None:
    missing = sorted(set(only or book.students()) - {one.new.id for one in changes})
    for student in missing:
        steps.say(f"{student}: the file is no longer where it was; the mark stands")


@click.command(epilog="Example:  grader forget results ana")
@_out
@click.argument("student", metavar="ID")
@steps.one_line_errors
def forget(out: Path, student: str) -> None:
    """Remove everything that is stored of a student, and write the reports anew."""
    from grader.gradebook import existing
    from grader.reports.summary import own_language

    with existing(out) as book:
        if not book.forget(student):
            steps.fail(
                f"{out} holds nothing of {student!r}: the ids are those in results.json",
                steps.USAGE,
            )
        written = [name for name in steps.FORMATS if (out / steps.FILES[name]).is_file()]
        language = steps.language(None, own_language(book.marks()))
        steps.write(book, out, written, language=language)
    steps.say(f"{student} is forgotten in {out}; files that were handed in are not touched")
