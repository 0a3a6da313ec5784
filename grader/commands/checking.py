"""The command by which students check their own work, as fast as a worker can be started.

Heavy modules are imported by the functions that need them, so that `grader --help` is instant.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from grader.commands import common, preparing, steps, writing
from grader.messages import Message, render

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.results import Results
    from grader.sandbox.pool import Sandbox
    from grader.sandbox.starting import Starting
    from grader.submissions import Submission


@click.command(epilog="Example:  grader check my_notebook.ipynb -a manual_backprop")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-a",
    "--assignment",
    metavar="ASSIGNMENT",
    help="A bundled id, or a path: to what you were given to check with (.grader.json, or its "
    "folder), or to an assignment.py.  [default: recognised by what the file says and defines]",
)
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved; Ctrl-C ends.")
@click.option("--more", is_flag=True, help="Go on from the first hint to the place and the rule.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *writing.PRINTED]),
    default="text",
    show_default=True,
    help="What to print; with github, a step's summary is appended to $GITHUB_STEP_SUMMARY.",
)
@common.torch
@common.timeout
@common.memory
@common.isolation
@common.min_score
@common.lang
@common.plain
def check(watch: bool, **options: Any) -> None:
    """Check your own work: hints on public cases, no marks kept."""
    if watch:
        steps.watch(lambda: _check(**options), options)
    else:
        _check(**options)


@steps.one_line_errors
def _check(**options: Any) -> None:
    import numpy as np  # noqa: F401 - before typing_extensions, with which its types take longer to make

    with preparing.beforehand() as starting:
        _check_in(starting, **options)


def _check_in(
    starting: "Starting | None",
    file: Path,
    assignment: str | None,
    more: bool,
    form: str,
    **options: Any,
) -> None:
    # The sooner the assignment is known, the sooner a worker loads what it needs.
    if assignment is None:
        submission = _one_submission(file, assignment, form, options)
        loaded = preparing.recognise(submission, file, language=options["lang"])
    else:
        loaded = preparing.load_to_check(assignment, file)
    with preparing.sandbox(
        loaded, options, least="limits", starting=starting, meanwhile=_loading_reports()
    ) as sandbox:
        if assignment is not None:
            submission = _one_submission(file, assignment, form, options)
        results = _graded(submission, loaded, sandbox, more, options)
        sandbox.hang_up()  # the workers end while the results are shown
        _show(submission, results, more, form, options)
    if submission.problem is not None:
        sys.exit(steps.USAGE)

    from grader.reports import summary

    steps.end(summary.class_summary(results), options["min_score"])


def _one_submission(
    file: Path, assignment: str | None, form: str, options: dict[str, Any]
) -> "Submission":
    """What a file holds, in whose language everything is told from then on."""
    from grader.catalogue import FILE_NAME
    from grader.submissions import collect

    # An assignment that lies beside the file is none of the student's.
    own = [Path(assignment), Path(assignment, FILE_NAME)] if assignment else []
    submissions = list(collect([file], leaving_out=own, layout="plain", with_modules=True))
    if len(submissions) != 1:
        several = Message("check.several", {"path": str(file), "count": len(submissions)})
        steps.fail(several, steps.USAGE, language=steps.language(options["lang"], None))
    (submission,) = submissions
    options["lang"] = language = steps.language(options["lang"], submission.language)
    if submission.problem is not None:
        steps.say(f"{submission.path}: {render(submission.problem_message or '', language)}")
        if form == "text" or assignment is None:
            sys.exit(steps.USAGE)
    return submission


def _graded(
    submission: "Submission",
    assignment: "Assignment",
    sandbox: "Sandbox",
    more: bool,
    options: dict[str, Any],
) -> "Results":
    from msgspec.structs import replace

    from grader.cases import PUBLIC_SEED

    language = options["lang"]
    times = {"call": f"{options['timeout']:g}", "cell": f"{3 * options['timeout']:g}"}
    with steps.patiently(Message("check.running", times), language):
        grader = preparing.grader(assignment, sandbox, PUBLIC_SEED, options)
        result = grader.told(grader.grade(submission), hints=4 if more else 1)
    return replace(grader.results([result]), title=assignment.title_in(language))


def _show(
    submission: "Submission", results: "Results", more: bool, form: str, options: dict[str, Any]
) -> None:
    from grader.reports import terminal

    language = options["lang"]
    (result,) = results.submissions
    if form == "text":
        told = terminal.detail(result, language)
        steps.console(plain=options["plain"]).print(told, markup=False)
        writing.say_how_it_ran(result, more=more, language=language)
        if names := ", ".join(f"{name}.py" for name in submission.modules):
            steps.say(Message("check.hand_in_too", {"names": names}), language=language)
    else:
        writing.print_for(form, results, language)


def _loading_reports() -> Iterator[ModuleType]:
    """Load what shows a result, piece by piece."""
    return map(
        import_module, ("rich.text", "rich.console", "rich.table", "grader.reports.terminal")
    )
