"""What a run leaves behind: the reports in OUT, and what is shown of them.

Heavy modules are imported by the functions that need them, so that `grader --help` is instant.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.messages import Language, Languages, Message, render

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.reports.summary import ClassSummary
    from grader.results import Results, SubmissionResult
from grader.commands.steps import UNWRITTEN, console, fail

KEPT = ("json", "html", "pages")
"""What is kept up to date; the page of the class leads to those of the students."""
EXPORTS = ("junit", "gradescope", "github", "classroom50", "csv")
"""What other systems read."""
OF_THE_MOMENT = ("classroom50",)
"""What follows from more than the marks, and is written each time that it is asked for."""
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


def default_formats(figures: "ClassSummary") -> tuple[str, ...]:
    """A page and JSON; of a very large class only what a machine reads."""
    return ("json", "html") if figures.submissions <= MOST_ON_A_PAGE else ("json",)


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
    languages: Languages,
    title_in: Callable[[Language], str] | None = None,
    anew: bool = False,
    scale_to: float | None = None,
) -> list[Path]:
    """Write the reports that are not up to date; where OUT cannot take them, rescue results.json.

    `title_in` is the assignment's, as the gradebook has it where it is not given. With `anew` what
    other systems read is written in any case, since somebody may have edited it. Returns the paths
    of all that were asked for.
    """
    import msgspec

    from grader.reports import ReportError

    language = languages.of_class
    title_in = title_in or own_title(book)
    frame = msgspec.structs.replace(book.frame(), title=title_in(language))
    # What the page of the class leads to is written before it.
    wanted = {*formats, "pages"} if "html" in formats else formats
    paths = []
    try:
        for name in (one for one in ("json", "pages", "html", NAMELESS, *EXPORTS) if one in wanted):
            path = out / FILES[name]
            how = f"{language}{' for all' * languages.is_asked_for}"
            how = f"{how} {scale_to or ''}" if name in SCALED else how
            in_any_case = name in OF_THE_MOMENT or (anew and name in EXPORTS)
            if in_any_case or not (book.is_reported(name, how) and path.exists()):
                if name in EXPORTS:
                    results = msgspec.structs.replace(frame, submissions=book.results().submissions)
                    _export(name, results, out, languages=languages, scale_to=scale_to)
                elif name == "pages":
                    _write_pages(book, out, languages, title_in)
                else:
                    _write_kept(name, frame, book, out, language=language)
                book.reported(name, how)
            paths.extend([path] if name in formats else [])
    except ReportError as error:
        rescued = _rescue(frame, book, language)
        fail(f"{error} Nothing is lost: the results are {rescued}", UNWRITTEN)
    return paths


def own_title(book: "Gradebook") -> Callable[[Language], str]:
    """The title of the assignment that was graded last, in each language, as the gradebook has it.

    Its file is not run for it: a gradebook may come from anybody.
    """
    titles = book.commands()[-1].titles
    title = titles.get("en", book.frame().title)
    return lambda language: titles.get(language, title)


def asked_language(book: "Gradebook") -> str | None:
    """The language that the last `grade` was asked for; None where it was left to the notebooks."""
    lang = book.commands()[-1].options.get("lang")
    return lang if isinstance(lang, str) else None


def worth(book: "Gradebook") -> dict[str, float]:
    """The points of its questions."""
    return book.commands()[-1].points


def _write_kept(
    name: str, frame: "Results", book: "Gradebook", out: Path, *, language: Language
) -> None:
    """Write a report from the gradebook, submission by submission."""
    import msgspec

    if name == "json":
        from grader.reports import json

        json.write_pieces(frame, book.rows(), out, language=language)
    else:
        from grader.reports import html

        results = msgspec.structs.replace(frame, submissions=book.results().submissions)
        write_page = html.write if name == "html" else html.write_nameless
        write_page(results, out, secret=book.secret, language=language)


def _write_pages(
    book: "Gradebook", out: Path, languages: Languages, title_in: Callable[[Language], str]
) -> None:
    """Write everyone's page from the gradebook, submission by submission."""
    from grader.reports import pages

    pages.write(
        book.results().submissions,
        out,
        title_in=title_in,
        secret=book.secret,
        cells_of=book.cells,
        languages=languages,
    )


def _export(
    name: str, results: "Results", out: Path, *, languages: Languages, scale_to: float | None
) -> None:
    """Write a report that another system reads."""
    from grader.reports import classroom50, github, gradescope, junit, lms

    language = languages.of_class
    if name == "junit":
        junit.write(results, out, language=language)
    elif name == "github":
        github.write(results, out, language=language)
    elif name == "gradescope":
        gradescope.write(results, out, languages=languages, scale_to=scale_to)
    elif name == "classroom50":
        classroom50.write(results, out, scale_to=scale_to)
    else:
        lms.write_csv(results, out, scale_to=scale_to)


def _rescue(frame: "Results", book: "Gradebook", language: Language) -> str:
    """Keep results.json in a temporary folder, or at least print it; says where it is."""
    import tempfile

    from grader.reports import ReportError, json
    from grader.results import to_json_pieces

    try:
        folder = Path(tempfile.mkdtemp(prefix="grader-results-"))
        return f"in {json.write_pieces(frame, book.rows(), folder, language=language)}"
    except (OSError, ReportError):
        for piece in to_json_pieces(frame, book.rows(), language):
            click.echo(piece, nl=False)
        return "on standard output, since no temporary folder takes them either"


def show(book: "Gradebook", figures: "ClassSummary", *, plain: bool, language: Language) -> None:
    """Print the table of a class; of a very large one only the line that sums it up."""
    from grader.reports import summary

    if figures.submissions > MOST_SHOWN:
        click.echo(summary.in_a_line(figures, language))
        return
    from grader.reports import terminal

    if plain:
        click.echo(terminal.plain(book.results(), language))
    else:
        console().print(terminal.table(book.results(), language))


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
