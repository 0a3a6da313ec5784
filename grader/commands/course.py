"""The commands around an assignment: what a student starts from, a new one, and whether it holds.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands import common, preparing, steps
from grader.messages import LANGUAGES, Language, Message, render, say

if TYPE_CHECKING:
    from grader.autograder import Demanded


@click.command("list", epilog="Example:  grader list")
@common.plain
@steps.one_line_errors
def list_command(plain: bool) -> None:
    """Show the assignments at hand."""
    from rich.table import Table
    from rich.text import Text

    from grader.catalogue import bundled, load

    table = Table(box=None, pad_edge=False, header_style="bold")
    language = steps.language(None, None)
    table.add_column(say("report.assignment", language).lower(), overflow="fold")
    table.add_column(say("report.points", language).lower(), justify="right")
    table.add_column(say("start.asks", language), overflow="fold")
    for name in bundled():
        assignment = load(name)
        title = assignment.title_in(language)
        asks = ", ".join(item.id for item in assignment.items)
        if plain:
            click.echo(f"{name}\t{assignment.max_score:g}\t{title}\t{asks}")
        else:
            table.add_row(name, f"{assignment.max_score:g}", Text(f"{title}\n{asks}"))
    if not plain:
        steps.console().print(table)


@click.command(epilog="Example:  grader start manual_backprop --lang pt")
@click.argument("assignment")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of the statement.  [default: the environment's, else en]",
)
@click.option("--module", is_flag=True, help="Write a Python module in place of a notebook.")
@steps.one_line_errors
def start(assignment: str, lang: str | None, module: bool) -> None:
    """Write the notebook that a student starts from."""
    import msgspec

    from grader.authoring import statements

    language = steps.language(lang, None)
    loaded = preparing.load(assignment)
    if module:
        name, text = f"{loaded.id}.py", statements.module(loaded, language)
    else:
        content = msgspec.json.encode(statements.notebook(loaded, language))
        name = f"{loaded.id}.ipynb"
        text = msgspec.json.format(content, indent=1).decode() + "\n"
    _write_new(Path(name), text, language=language)
    click.echo(render(Message("start.written", {"name": name}), language))
    steps.say(Message("start.next", {"name": name}), language=language)


@click.command(epilog="Example:  grader new my_course/week_2 --from source/week_2.ipynb")
@click.argument("name", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "notebook",
    type=click.Path(path_type=Path),
    help="An nbgrader source notebook to convert; it is read and never run.",
)
@steps.one_line_errors
def new(name: Path, notebook: Path | None) -> None:
    """Write an assignment to begin from, small or converted."""
    from grader.authoring import example

    if not name.name.isidentifier():
        steps.fail(
            f"{name.name!r} cannot name an assignment; use letters, digits and _", steps.USAGE
        )
    files: dict[str, str]
    remarks: tuple[str, ...]
    if notebook is None:
        files, remarks = example.files(name.name), ()
    else:
        files, remarks = _converted(notebook, name.name)
    for file, text in files.items():
        path = name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, text)
    click.echo(f"written: {name}")
    for line in remarks:
        click.echo(line)
    steps.say(f"change it, and look whether it holds:  grader validate {name}")


def _converted(notebook: Path, name: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The files that an nbgrader notebook becomes, and a line for each remark on a cell."""
    from grader.assignment import AssignmentError
    from grader.authoring.conversion import convert
    from grader.notebooks import MAX_BYTES
    from grader.reports.escaping import terminal

    try:
        with notebook.open("rb") as file:
            found = convert(file.read(MAX_BYTES + 1), name)
    except OSError as error:
        steps.fail(f"{notebook} cannot be read: {error.strerror or error}", steps.USAGE)
    except AssignmentError as error:
        steps.fail(f"{notebook}: {error}", steps.USAGE)
    remarks = tuple(f"cell {one.cell}: {terminal(one.text, 500)}" for one in found.remarks)
    return found.files, remarks


@click.command(epilog="Example:  grader release my_course/week_2 -o for_students")
@click.argument("path")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to write into; other files that are there stay as they are.",
)
@click.option("--module", is_flag=True, help="Write Python modules beside the notebooks.")
@click.option(
    "--gradescope",
    is_flag=True,
    help="Write an autograder for Gradescope, which holds the solutions, in place of the bundle.",
)
@click.option(
    "--isolation",
    type=click.Choice(["kernel", "limits"]),
    help="The least protection that the autograder runs students' code under; with limits it can "
    "read the solutions and write its own marks.  [default: kernel]",
)
@steps.one_line_errors
def release(
    path: str, out: Path, module: bool, gradescope: bool, isolation: "Demanded | None"
) -> None:
    """Write the notebooks for students, and the means to check them.

    The data file holds public cases with their expected outputs and the mistakes behind wrong
    ones, but no solution.
    """
    loaded = preparing.load(path)
    if gradescope:
        from grader import autograder

        written = autograder.write(loaded, out, isolation=isolation or "kernel")
        click.echo(f"written: {written}")
        return
    if isolation:
        steps.fail("--isolation is for --gradescope", steps.USAGE)
    from grader.bundle import folder as releasing

    for file in releasing.write(loaded, out, modules=module):
        click.echo(f"written: {file}")


@click.command(epilog="Example:  grader validate my_course/week_2")
@click.argument("path")
@click.option(
    "--torch",
    type=click.Choice(["facade", "real"]),
    default="facade",
    show_default=True,
    help="What the samples run on.",
)
@steps.one_line_errors
def validate(path: str, torch: str) -> None:
    """Check that an assignment holds.

    Its reference, its misconceptions, its statements, the stub that students start from, and its
    samples; against PyTorch, too, where it is installed.
    """
    from grader import authoring

    loaded = preparing.load(path)
    options = {"torch": torch, "timeout": 10.0, "memory": None, "isolation": "auto"}
    with preparing.run(loaded, "validate", options, least="limits") as grader:
        remarks = list(authoring.validate(loaded, grader))
    for remark in remarks:
        click.echo(f"{remark.level}: {remark.text}")
    errors = sum(remark.level == "error" for remark in remarks)
    if errors:
        steps.fail(f"{loaded.id} does not hold: {errors} to put right", steps.USAGE)
    click.echo(f"{loaded.id} holds: {len(loaded)} questions, {loaded.max_score:g} points")


def _write_new(path: Path, text: str, *, language: Language = "en") -> None:
    """Write a file that is not there yet; what a student has written is never lost."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        told = Message("start.already_here", {"path": str(path)})
        steps.fail(told, steps.USAGE, language=language)
    except OSError as error:
        known = {"path": str(path), "reason": str(error.strerror or error)}
        steps.fail(Message("start.unwritable", known), steps.UNWRITTEN, language=language)
