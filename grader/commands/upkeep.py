"""The commands that look after an OUT: how far it is, grading again, explaining and forgetting."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.commands import common, preparing, steps, writing
from grader.messages import Language, say

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.batch import Change
    from grader.gradebook import Command
    from grader.results import SubmissionResult

_out = click.argument("out", type=click.Path(path_type=Path))


@click.command(epilog="Example:  grader status results")
@_out
@steps.one_line_errors
def status(out: Path) -> None:
    """Show how far a grading run is, and what a person has to look at."""
    from grader.gradebook import existing
    from grader.reports.escaping import terminal

    with existing(out) as book:
        found = book.status()
        click.echo(f"assignment  {found.assignment}")
        click.echo(f"seed        {found.seed}")
        click.echo(f"graded      {found.graded}, the last at {found.last or '-'}")
        click.echo(f"begun       {found.unfinished} and not finished")
        which = "by the assignment, grader or options of the last run"
        click.echo(f"outdated    {found.outdated} {which}")
        for problem, count in found.problems:
            click.echo(f"problem     {count} {problem}")
        for one in book.results().submissions:
            name = terminal(one.id, 66)
            if one.problem is not None and one.pending:
                click.echo(f"person      {name}\t{one.problem}")
            for question in one.questions:
                if question.score is None:
                    click.echo(f"person      {name}\t{question.id}\t{question.verdict}")


@click.command(epilog="Example:  grader regrade results --only ana --only bob")
@_out
@click.option(
    "--only", metavar="ID", multiple=True, help="Only this student; may be given several times."
)
@click.option("--raise-only", is_flag=True, help="Let a new mark count only where it is higher.")
@common.jobs
@click.option(
    "--isolation",
    type=click.Choice(["auto", "full", "kernel", "limits"]),
    help="The least protection to run under.  [default: as when it was graded]",
)
@common.plain
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
    import msgspec

    from grader import batch, gradebook
    from grader.reports.summary import class_summary, reading_order

    with ExitStack() as held:
        book = held.enter_context(gradebook.existing(out))
        unknown = sorted(set(only) - set(book.students()))
        if unknown:
            steps.unknown(out, unknown, book.students())
        command = book.commands()[-1]
        options: dict[str, Any] = dict(command.options)
        if isolation is not None:
            options["isolation"] = isolation
        loaded = preparing.load(command.assignment)
        command = msgspec.structs.replace(command, **preparing.told_of(loaded))
        seed = book.frame().seed
        run = held.enter_context(preparing.run(loaded, seed, options, least="kernel"))
        settings = preparing.settings(loaded, seed, options)
        book.start(batch.frame(loaded, seed), settings, command)
        left = set(only or book.students())
        told_in = steps.language(writing.asked_language(book), None)
        lines: list[tuple[str, str]] = []
        changed = 0
        with steps.stopped_gently(), steps.progress(len(left), told_in, plain=plain) as advance:
            # What was given last is what counts where several commands brought a student's file.
            for given in reversed(book.commands()):
                for change in batch.grade_again(
                    book,
                    run,
                    _taken(given, loaded),
                    only=frozenset(left),
                    raise_only=raise_only,
                    jobs=jobs,
                ):
                    left.discard(change.new.id)
                    lines.append((change.new.id, _line_of(change)))
                    changed += change.old is None or change.old.score != change.new.score
                    advance()
        for _, line in sorted(lines, key=lambda one: reading_order(one[0])):
            click.echo(line)
        steps.say(f"graded again: {len(lines)}, with another mark: {changed}")
        for student in sorted(left, key=reading_order):
            steps.say(f"{student}: the file is no longer where it was; the mark stands")
        figures = class_summary(book.results())
        languages = steps.languages(writing.asked_language(book), figures)
        formats = writing.default_formats(figures)
        writing.write(book, out, formats, languages=languages, title_in=loaded.title_in)
    steps.end(figures, None)


def _taken(command: "Command", assignment: "Assignment") -> Any:
    paths = [Path(path) for path in command.paths]
    taken, _ = preparing.take(paths, assignment, command.assignment, layout=command.layout)
    return taken


def _line_of(one: "Change") -> str:
    from grader.reports import summary
    from grader.reports.escaping import terminal

    old = "-" if one.old is None else summary.points(one.old.score)
    new = summary.points(one.new.score)
    same = one.old is not None and one.old.score == one.new.score
    told = "unchanged" if same else "changed" if one.counts else "kept the old one"
    return f"{terminal(one.new.id, 66)}\t{old}\t{new}\t{told}"


@click.command(epilog="Example:  grader forget results ana")
@_out
@click.argument("student", metavar="ID")
@steps.one_line_errors
def forget(out: Path, student: str) -> None:
    """Remove all that is stored of a student."""
    from grader.gradebook import existing
    from grader.reports.summary import class_summary

    with existing(out) as book:
        if not book.forget(student):
            steps.unknown(out, [student], book.students())
        # What was made for other systems is made anew on demand; until then it holds nobody.
        removed = [name for name in writing.HANDED_OVER if (out / writing.FILES[name]).exists()]
        for name in removed:
            _remove(out / writing.FILES[name])
        written = [name for name in ("json", "html") if (out / writing.FILES[name]).is_file()]
        languages = steps.languages(writing.asked_language(book), class_summary(book.results()))
        writing.write(book, out, written, languages=languages)
    if gone := [name for name in removed if not (out / writing.FILES[name]).exists()]:
        steps.say(f"removed, since they named {student}; ask for them again: {', '.join(gone)}")
    steps.say(
        f"{student} is forgotten in {out}; files that were handed in are not touched, and grading "
        "them again would store them anew"
    )


def _remove(path: Path) -> None:
    import shutil

    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except OSError as error:
        steps.fail(
            f"{path} cannot be removed ({error.strerror or error}): remove it by hand, it may "
            "still name the student",
            steps.UNWRITTEN,
        )


@click.command(epilog="Example:  grader explain results ana -q gradient")
@_out
@click.argument("student", metavar="ID")
@click.option("-q", "--question", metavar="Q", help="Only this question.  [default: all]")
@click.option("--for-student", is_flag=True, help="Leave the expected values out.")
@click.option(
    "--isolation",
    type=click.Choice(["auto", "full", "kernel", "limits"]),
    help="The least protection to run under.  [default: as when it was graded]",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "pt", "es"]),
    help="The language of the sentences.  [default: as for grade, else that of the notebook, else "
    "the system's]",
)
@steps.one_line_errors
def explain(  # noqa: PLR0913 - one parameter an option
    out: Path,
    student: str,
    question: str | None,
    for_student: bool,
    isolation: str | None,
    lang: str | None,
) -> None:
    """Explain a mark: inputs, answers, and the mistake.

    The file is run again, as it was graded, and the mark compared with the one that was given.
    Nothing is kept of that.
    """
    from grader.explanation import explain as lines_of
    from grader.gradebook import existing

    with existing(out) as book:
        kept = book.mark(student)
        if kept is None:
            steps.unknown(out, [student], book.students())
        frame, commands = book.frame(), book.commands()
        asked = writing.asked_language(book)
    options: dict[str, Any] = dict(commands[-1].options)
    if isolation is not None:
        options["isolation"] = isolation
    loaded = preparing.load(commands[-1].assignment)
    if question is not None and all(item.id != question for item in loaded):
        names = ", ".join(item.id for item in loaded)
        steps.fail(f"{loaded.id} has no question {question!r}, only {names}", steps.USAGE)
    found = [one for given in commands for one in _taken(given, loaded).only([student])]
    if not found:
        steps.fail(f"{student}: the file is no longer where it was", steps.USAGE)
    language = steps.language(lang or asked, kept.language)
    with preparing.run(loaded, frame.seed, options, least="kernel") as run:
        again, judged = run.examine(found[-1])
    mark = _mark(kept, language)
    _line(say("explain.graded", language, student=student, mark=mark, path=kept.path))
    for one in judged:
        if question in (None, one.item.id):
            points = _points(one.judgement.score, one.judgement.max_score, language)
            _line(f"{one.item.id}: {points}")
            for line in lines_of(one, language, for_student=for_student):
                _line(f"  {line}")
    if again.isolation is not None:
        layers = ", ".join(again.isolation.layers) or "none"
        level = again.isolation.level
        _line(say("explain.isolation", language, level=level, layers=layers))
    _compare(kept, again, language)


def _compare(kept: "SubmissionResult", again: "SubmissionResult", language: Language) -> None:
    """Say whether the mark is the same; a mark that the same file does not get again is a fault."""
    computed = {
        one.id: one.override.computed if one.override else one.score for one in kept.questions
    }
    for one in kept.questions:
        if one.override is not None:
            points = _points(one.override.score, one.max_score, language)
            by = one.override.by
            _line(say("explain.by_person", language, id=one.id, points=points, by=by))
    same = computed == {one.id: one.score for one in again.questions}
    if kept.problem == again.problem and (same or kept.problem is not None):
        marked = any(one.override for one in kept.questions)
        sentence = "explain.same_computed" if marked else "explain.same_mark"
        _line(say(sentence, language, mark=_mark(again, language)))
        return
    _line(say("explain.other_mark", language, mark=_mark(again, language)))
    if kept.sha256 != again.sha256:
        steps.say("the file has changed since it was graded: grade it again")
        return
    steps.fail(
        "the assignment or the grader has changed, or the code answers differently each time it "
        "is run: grader regrade shows old and new marks",
        steps.FAULT,
    )


def _mark(result: "SubmissionResult", language: Language) -> str:
    problem = f" ({result.problem})" if result.problem else ""
    return f"{_points(result.score, result.max_score, language)}{problem}"


def _points(score: float | None, most: float, language: Language) -> str:
    from grader.reports import summary

    known = {"score": summary.points(score), "most": summary.points(most)}
    return say("explain.points", language, **known)


def _line(text: str) -> None:
    from grader.reports.escaping import visible

    click.echo(visible(text))
