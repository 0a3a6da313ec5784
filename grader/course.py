"""The commands around an assignment: what a student starts from, a new one, and whether it holds.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

from pathlib import Path

import click

from grader import steps
from grader.messages import LANGUAGES


@click.command(epilog="Example:  grader start manual_backprop --lang pt")
@click.argument("assignment")
@click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default=lambda: steps.language(None, None),
    help="The language of the statement.  [default: the environment's, else en]",
)
@click.option("--module", is_flag=True, help="Write a Python module in place of a notebook.")
@steps.one_line_errors
def start(assignment: str, language: str, module: bool) -> None:
    """Write the notebook that a student starts from."""
    import msgspec

    from grader import statements

    loaded = steps.load(assignment)
    if module:
        name, text = f"{loaded.id}.py", statements.module(loaded, language)
    else:
        content = msgspec.json.encode(statements.notebook(loaded, language))
        name = f"{loaded.id}.ipynb"
        text = msgspec.json.format(content, indent=1).decode() + "\n"
    _write_new(Path(name), text)
    click.echo(f"written: {name}")
    steps.say(f"when you have answered:  grader check {name}")


@click.command(epilog="Example:  grader new my_course/week_2")
@click.argument("name", type=click.Path(path_type=Path))
@steps.one_line_errors
def new(name: Path) -> None:
    """Write a small assignment to begin from."""
    from grader import example

    if not name.name.isidentifier():
        steps.fail(
            f"{name.name!r} cannot name an assignment; use letters, digits and _", steps.USAGE
        )
    for file, text in example.files(name.name).items():
        path = name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, text)
    click.echo(f"written: {name}")
    steps.say(f"change it, and look whether it holds:  grader validate {name}")


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

    loaded = steps.load(path)
    options = {"torch": torch, "timeout": 10.0, "memory": None, "isolation": "auto"}
    with steps.run(loaded, "validate", options, least="limits") as grader:
        remarks = list(authoring.validate(loaded, grader))
    for remark in remarks:
        click.echo(f"{remark.level}: {remark.text}")
    errors = sum(remark.level == "error" for remark in remarks)
    if errors:
        steps.fail(f"{loaded.id} does not hold: {errors} to put right", steps.USAGE)
    click.echo(f"{loaded.id} holds: {len(loaded)} questions, {loaded.max_score:g} points")


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; what a student has written is never lost."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        steps.fail(
            f"{path} is already here, and nothing was written: move it or start in another folder",
            steps.USAGE,
        )
    except OSError as error:
        steps.fail(f"{path} cannot be written: {error.strerror or error}", steps.UNWRITTEN)
