"""The commands that hand marks over: to other systems, and from a person into the gradebook."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands import common, steps, writing
from grader.messages import LANGUAGES, Languages

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.reports.lms import Filled, Rows
    from grader.results import Results, SubmissionResult

MOST_NAMED = 20
"""The most students that a remark names."""

_out = click.argument("out", type=click.Path(path_type=Path))
_lang = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of what students read.  [default: as for grade, else that of the notebooks, "
    "else the system's]",
)


@click.command(epilog="Example:  grader report results --format canvas --into grades.csv")
@_out
@click.option(
    "--format",
    "formats",
    type=click.Choice((*writing.FORMATS, *writing.FILLED, *writing.FEEDBACK)),
    multiple=True,
    required=True,
    help="What to write into OUT; may be given several times.",
)
@click.option(
    "--into",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Canvas's exported gradebook or Moodle's grading worksheet, to fill in, or to tell who is "
    "missing in feedback; FILE itself is not changed.",
)
@click.option(
    "--scale-to",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Tell marks out of N points; they are rounded here, once.",
)
@common.pseudonyms
@_lang
@steps.one_line_errors
def report(  # noqa: PLR0913 - one parameter an option
    out: Path,
    formats: Sequence[str],
    into: Path | None,
    scale_to: float | None,
    pseudonyms: bool,
    lang: str | None,
) -> None:
    """Write the marks for other systems.

    Learning systems, continuous integration, spreadsheets.

    A mark stays blank while any of it is still to be judged; `grader status OUT` lists what that
    is.
    """
    from grader.gradebook import existing
    from grader.reports.lms import pending
    from grader.reports.summary import class_summary

    filled = [name for name in writing.FILLED if name in formats]
    _check(formats, filled, into, scale_to)
    with existing(out) as book:
        results = book.results()
        languages = steps.languages(lang or writing.asked_language(book), class_summary(results))
        written = []
        if filled and into is not None:
            written.append(_fill(results, filled[0], into, out, languages, scale_to))
        for name in (one for one in writing.FEEDBACK if one in formats):
            written.append(_zip_pages(book, name, out, languages))
            if into is not None and not filled:
                _tell_missing(results, name, into)
        written += writing.write(
            book,
            out,
            [*formats, *[writing.NAMELESS] * pseudonyms],
            languages=languages,
            anew=True,
            scale_to=scale_to,
        )
        if "csv" in formats or filled:
            _name("left blank, since something is still to be judged", pending(results))
    steps.say_written(written, languages.of_class)


def _check(
    formats: Sequence[str], filled: Sequence[str], into: Path | None, scale_to: float | None
) -> None:
    """Refuse options that do not go together."""
    systems = {name.removesuffix("-feedback") for name in (*filled, *writing.FEEDBACK)}
    systems &= {name.removesuffix("-feedback") for name in formats}
    if len(filled) > 1 or (into is not None and len(systems) > 1):
        steps.fail("Canvas's and Moodle's formats are for different files", steps.USAGE)
    if filled and into is None:
        steps.fail(
            f"--format {filled[0]} needs --into FILE, "
            + (
                "the gradebook exported from Canvas (Grades, Export)"
                if filled[0] == "canvas"
                else "the worksheet from Moodle (View all submissions, Download grading worksheet)"
            ),
            steps.USAGE,
        )
    if into is not None and not systems:
        steps.fail("--into is for the formats of Canvas and Moodle", steps.USAGE)
    if scale_to is not None and not set(formats) & {*writing.SCALED, *writing.FILLED}:
        steps.fail(
            f"--scale-to is for the formats {', '.join((*writing.SCALED, *writing.FILLED))}",
            steps.USAGE,
        )


def _fill(  # noqa: PLR0913 - as many facts
    results: "Results",
    name: str,
    into: Path,
    out: Path,
    languages: Languages,
    scale_to: float | None,
) -> Path:
    """Write the system's own file with marks in it into OUT, and say who is in it."""
    from grader.reports import lms, tables, write_atomically

    try:
        exported = tables.read(into)
        if name == "canvas":
            filled = lms.canvas(results, exported, scale_to=scale_to)
        else:
            filled = lms.moodle(results, exported, languages=languages, scale_to=scale_to)
    except tables.TableError as error:
        steps.fail(str(error), steps.USAGE)
    if not filled.matched:
        steps.fail(
            f"no submission in {out} has a row in {into}, and nothing was written: give the file "
            f"of the course whose submissions were downloaded from {name.capitalize()} and graded",
            steps.USAGE,
        )
    path = write_atomically(out / writing.FILES[name], filled.content)
    _tell(filled, into)
    return path


def _zip_pages(book: "Gradebook", name: str, out: Path, languages: Languages) -> Path:
    """Write everyone's page as a system's feedback files into OUT, and say who is in it."""
    from grader.reports import feedback, pages

    results = book.results()
    title_in = writing.own_title(book)

    def page(one: "SubmissionResult") -> str:
        language = languages.of(one.language)
        return pages.page(one, title_in(language), language, cells=book.cells(one.id))

    system: feedback.System = "canvas" if name == "canvas-feedback" else "moodle"
    written = feedback.write(results, out, system=system, page=page)
    if not written.count:
        steps.fail(
            f"no submission came from {system.capitalize()}: grade what its Download of all "
            "submissions gave, and ask for this again",
            steps.USAGE,
        )
    steps.say(f"{written.count} submissions have a page in {written.path}")
    if system == "canvas":
        steps.say("Canvas shows each page, which is HTML, under the name of the student's own file")
    _name(f"no file of theirs came from {system.capitalize()}", written.unmatched)
    return written.path


def _tell_missing(results: "Results", name: str, into: Path) -> None:
    """Say whom the system's file and the gradebook do not both know."""
    from grader.reports import lms, tables

    try:
        exported = tables.read(into)
        if name == "canvas-feedback":
            found = lms.canvas_rows(results, exported)
        else:
            found = lms.moodle_rows(results, exported)
    except tables.TableError as error:
        steps.fail(str(error), steps.USAGE)
    _tell_rows(found, into)


def _tell_rows(found: "Rows", into: Path) -> None:
    _name(f"no row in {into}", found.unmatched)
    _name("no submission", found.missing)


def _tell(filled: "Filled", into: Path) -> None:
    steps.say(f"rows of {into} that have a submission: {filled.matched}")
    _tell_rows(filled.rows, into)
    if filled.remark:
        steps.say(filled.remark)


def _name(what: str, students: Sequence[str]) -> None:
    if students:
        more = len(students) - MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        steps.say(f"{what} ({len(students)}): {', '.join(students[:MOST_NAMED])}{rest}")


@click.command(epilog="Example:  grader marks results read_by_me.csv --by 'A. Prado'")
@_out
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--by", metavar="NAME", help="Who gives the marks.  [default: your login]")
@steps.one_line_errors
def marks(out: Path, file: Path, by: str | None) -> None:
    """Take a person's marks in; grading again keeps them.

    FILE is a table with the columns id, question, points and, if wanted, comment; the id * is
    everyone. Where one row is not understood, none is taken.
    """
    import getpass

    from grader.gradebook import existing
    from grader.gradebook.marks import MarksError, read_marks
    from grader.reports.summary import class_summary
    from grader.reports.tables import TableError

    with existing(out) as book:
        try:
            given = read_marks(file, book.results(), writing.worth(book))
        except TableError as error:
            steps.fail(str(error), steps.USAGE)
        except MarksError as error:
            for line in error.lines:
                steps.say(line)
            steps.fail("no mark was taken: correct these rows and give the file again", steps.USAGE)
        book.override(given, by=by or getpass.getuser())
        figures = class_summary(book.results())
        languages = steps.languages(writing.asked_language(book), figures)
        writing.write(book, out, writing.default_formats(figures), languages=languages)
        stale = [
            name
            for name in writing.HANDED_OVER
            if (out / writing.FILES[name]).exists() and not book.is_reported(name)
        ]
    steps.say(f"marks taken: {len(given)}")
    if stale:
        steps.say(f"these reports hold earlier marks; ask for them again: {', '.join(stale)}")
