"""Checks what a running notebook has defined: `grader.check("manual_backprop")`, `%grader check`.

It calls students' functions where they are, in the kernel, on the public cases of a bundle. Of an
assignment it knows that bundle alone: a solution never gets into the kernel. The expressions that a
bundle holds are evaluated there, so that it is to be trusted as the notebook itself is.
"""

import contextlib
import io
import linecache
import os
import shlex
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from html import escape
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, cast

import click
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console

import grader
import reference_engine
from grader import bundle, catalogue
from grader.assignment import Assignment, AssignmentError
from grader.assignment.items import Item, Variable
from grader.bundle import reader as bundle_reader
from grader.bundle.recorded import Recorded
from grader.cases import PUBLIC_SEED, Case
from grader.commands import steps
from grader.grading import Grader
from grader.messages import LANGUAGES, Language, Message, render, tag
from grader.notebooks import NotebookError, read_notebook
from grader.outcomes import Answered, Outcome, PlainValue, Raised, Stopped, Undefined
from grader.reports import summary, terminal
from grader.reports.escaping import visible
from grader.results import Isolation, OutputResult, QuestionResult, SubmissionResult
from grader.sandbox.protocol import Source
from grader.sandbox.values import from_protocol, to_protocol, to_raised
from grader.sandbox.worker.child import apply
from grader.sandbox.worker.failures import describe
from grader.sandbox.worker.values import build_value, pack_value
from grader.submissions import Submission

if TYPE_CHECKING:
    from grader.sandbox.pool import Sandbox
    from grader.sandbox.protocol.control import Kind


class Report(Struct, frozen=True):
    """What is said of a notebook: a table in Jupyter, the same in text elsewhere."""

    result: SubmissionResult | None
    remarks: tuple[str, ...]
    language: Language

    def __repr__(self) -> str:
        return _text(self)

    def _repr_html_(self) -> str:
        return _html(self)


def check(
    assignment: str | Path | None = None, *, more: bool = False, lang: Language | None = None
) -> Report:
    """Check what the notebook has defined so far on the public cases, as a help and for no marks.

    `assignment` is a bundled id, or the path of what you were given to check with (a .grader.json,
    or its folder), which goes before where it lies beside the notebook. None is the only one there,
    or else what the notebooks there say that they answer, where they all say the same.
    With `more` all hints are told. What cannot be checked is said in the report, never raised.
    """
    language = steps.language(lang, None)
    try:
        asked = _for_a_notebook(_bundle(assignment))
    except AssignmentError as error:
        return Report(None, (render(error.told, language),), language)
    live = _Live(vars(sys.modules["__main__"]))
    # Of a sandbox it has all that a grader asks for.
    run = Grader(asked, cast("Sandbox", live), seed=PUBLIC_SEED, torch="facade")
    result = _as_it_stands(
        run.told(run.grade(_submission(asked, language)), hints=4 if more else 1)
    )
    told = [Message("live.no_sandbox")]
    if any(one.feedback.hints for one in result.questions) and not more:
        told.insert(0, Message("live.more", {"command": f'grader.check("{asked.id}", more=True)'}))
    if live.interrupted:
        told.insert(0, Message("live.interrupted", {"names": ", ".join(live.interrupted)}))
    return Report(result, tuple(render(one, language) for one in told), language)


def register(shell: Any) -> None:
    """Give an IPython shell the magic `%grader`."""

    def magic(line: str) -> object:
        try:
            words = shlex.split(line)
            return _magic.main(words, prog_name="%grader", standalone_mode=False) or None
        except (click.UsageError, ValueError) as error:
            return Report(None, (f"{error} Write: %grader check manual_backprop --more",), "en")

    shell.register_magic_function(magic, magic_name="grader")


@click.command(epilog="Example:  %grader check manual_backprop --more")
@click.argument("command", type=click.Choice(["check"]))
@click.argument("assignment", required=False)
@click.option("--more", is_flag=True, help="Go on from the first hint to the place and the rule.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of results and hints.")
def _magic(command: str, assignment: str | None, more: bool, lang: Language | None) -> Report:
    """Check what this notebook has defined so far."""
    del command  # there is one
    return check(assignment, more=more, lang=lang)


# -- what is asked --------------------------------------------------------------------------------


def _bundle(name: str | Path | None) -> Assignment:
    here = Path.cwd()
    if name is None:
        found = bundle.find(here)
        if found is not None:
            return bundle_reader.read(found)
        said = _said_by_notebooks(here)
        if len(said) != 1:
            raise bundle.BundleError(Message("live.which"))
        (name,) = said
    beside = bundle.beside(here, str(name))
    found = beside if beside.is_file() else bundle.find(name)
    if found is not None:
        return bundle_reader.read(found)
    if str(name) in catalogue.bundled():
        return _made(str(name))
    raise catalogue.UnknownAssignment(Message("start.unknown", {"name": repr(str(name))}))


def _said_by_notebooks(folder: Path) -> set[str]:
    """The assignments that the notebooks in a folder say they answer; the kernel's is one."""
    said: set[str] = set()
    for path in folder.glob("*.ipynb"):
        with contextlib.suppress(NotebookError, OSError):
            said.update(filter(None, [read_notebook(path.read_bytes()).assignment]))
    return said


@cache
def _made(name: str) -> Assignment:
    """The bundle of a bundled assignment, made by another process: solutions stay out of this."""
    package = str(Path(grader.__file__).parents[1])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", "-m", "grader", "release", name, "-o", folder]
        ended = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            reason = ended.stderr.strip().rpartition("\n")[2]
            raise bundle.BundleError(Message("live.cannot_make", {"reason": reason}))
        return bundle_reader.read(bundle.beside(Path(folder), name))


def _for_a_notebook(assignment: Assignment) -> Assignment:
    """The same where cells cannot be run again with other values: what is left behind is read."""
    asked = Assignment(
        assignment.id,
        title=assignment.titles,
        feedback=assignment.feedback,
        follow_through=assignment.follow_through,
    )
    for item in assignment:
        asked.add(_read_only(item))
    return asked


def _read_only(item: Item) -> Item:
    if not isinstance(item, Variable):
        return item
    recorded = Recorded((Case({}, bundle_reader.WITHHELD),))
    return replace(item, given={}, cases=1, recorded=recorded)


def _submission(assignment: Assignment, language: Language) -> Submission:
    """What stands for the notebook: it answers this assignment, which need not be recognised."""
    names = [getattr(item, "called", item.id) for item in assignment]
    title = assignment.title_in(language)
    return Submission(id=assignment.id, path="", name=title, form="notebook", cells=tuple(names))


def _as_it_stands(result: SubmissionResult) -> SubmissionResult:
    """The result in which what is missing was not yet defined, whatever a fresh run would say."""

    def told(one: Any) -> Any:
        missing = isinstance(one.message, Message) and one.message.id == "name_missing"
        parameters = one.message.parameters if missing else {}
        return replace(one, message=Message("live.missing", parameters)) if missing else one

    questions = (
        told(replace(one, outputs=tuple(map(told, one.outputs)))) for one in result.questions
    )
    return replace(result, questions=tuple(questions))


# -- calling --------------------------------------------------------------------------------------


class _Live:
    """The kernel in place of a sandbox and its sessions: calls are made right here.

    `interrupted` are the names whose calls the user stopped.
    """

    isolation = Isolation(level="limits", layers=())
    screens: Mapping[int, str] = {}  # nothing was run before
    failed_cells: tuple[()] = ()

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._torch = _torch()
        self.interrupted: list[str] = []

    def prepare(self, _: str) -> None:
        """There is nothing to be started."""

    def session(self, *_: object, **__: object) -> Self:
        """The kernel as it is."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, name: str) -> Outcome:
        """The value of a name."""
        if name not in self._namespace:
            return Undefined()
        return Answered(self._plain(self._namespace[name]))

    def call(
        self, name: str, arguments: Mapping[str, PlainValue], *, through: str | None = None
    ) -> Outcome:
        """What the student's function does with the arguments."""
        if name not in self._namespace:
            return Undefined()
        function: Callable[..., Any] = self._namespace[name]
        started = time.monotonic()
        try:
            given = {one: self._build(value) for one, value in arguments.items()}
            if through is not None:
                function = partial(build_value(Source(text=through), self._torch), function)
            with _quietly():
                value = apply(function, given)
        except KeyboardInterrupt:
            self.interrupted.append(name)
            return Stopped("timeout", f"{time.monotonic() - started:.0f} s")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - students' code raises anything
            return self._raised(error)
        after = {one: self._plain(argument) for one, argument in given.items()}
        return Answered(self._plain(value), after)

    def trace(self, *_: object, **__: object) -> tuple[Mapping[str, Any], ...]:
        """Nothing is watched in a kernel that is somebody's own."""
        return ()

    def _build(self, value: PlainValue) -> Any:
        return build_value(to_protocol(value), self._torch)

    def _plain(self, value: object) -> PlainValue:
        return from_protocol(pack_value(value, self._torch))

    def _raised(self, error: BaseException) -> Raised:
        kind: Kind = "real" if self._torch.__name__ == "torch" else "facade"
        raised = to_raised(describe(error, {}, kind=kind), kind)
        step, line, source = error.__traceback__, None, None
        while step is not None:
            if step.tb_frame.f_globals is self._namespace:
                line = step.tb_lineno
                source = linecache.getline(step.tb_frame.f_code.co_filename, line).strip() or None
            step = step.tb_next
        return replace(raised, line=line, source_line=source)


def _torch() -> ModuleType:
    """What the notebook knows as torch; the engine where it knows none."""
    if "torch" in sys.modules:
        return sys.modules["torch"]
    return reference_engine


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """What functions print and warn of would drown what is said of them."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


# -- telling --------------------------------------------------------------------------------------


def _text(report: Report) -> str:
    screen = io.StringIO()
    # In a kernel rich would show everything there by itself.
    console = Console(
        file=screen, force_jupyter=False, force_terminal=False, highlight=False, width=80
    )
    if report.result is not None:
        console.print(terminal.detail(report.result, report.language), markup=False)
        console.print()
    for remark in report.remarks:
        console.print(visible(remark), markup=False)  # what is damaged may be anybody's
    return "\n".join(line.rstrip() for line in screen.getvalue().rstrip().splitlines())


def _html(report: Report) -> str:
    rows = "" if report.result is None else _table(report.result, report.language)
    remarks = "".join(f"<p>{_safe(one)}</p>" for one in report.remarks)
    return f'<div lang="{tag(report.language)}">{rows}{remarks}</div>'


def _table(result: SubmissionResult, language: Language) -> str:
    title = f"{_safe(result.name or result.id)} {summary.score(result)}"
    if result.problem is not None:
        title += f"<br>{_safe(render(result.problem_message or '', language))}"
    rows = "".join(_rows(one, language) for one in result.questions)
    return f"<table><caption>{title}</caption><tbody>{rows}</tbody></table>"


def _rows(question: QuestionResult, language: Language) -> str:
    """A question's row, and one for each of its outputs where they are judged apart."""
    rows = _row(question, question.id, _sentences(question, language), language)
    if len(question.outputs) < 2 or question.verdict == "correct":
        return rows
    for one in question.outputs:
        says_more = one.verdict != "correct" and one.message != question.message
        said = [render(one.message, language)] if says_more else []
        rows += _row(one, f"{question.id}: {one.name}", said, language)
    return rows


def _row(
    judged: QuestionResult | OutputResult, name: str, said: Sequence[str], language: Language
) -> str:
    verdict = summary.words("verdict", judged.verdict, language)
    sentences = "<br>".join(map(_safe, said))
    left = 'style="text-align: left"'
    return (
        f'<tr><th scope="row" {left}><code>{_safe(name)}</code></th>'
        f"<td {left}>{summary.icon(judged.verdict)} {_safe(verdict)}</td>"
        f"<td>{summary.score(judged)}</td><td {left}>{sentences}</td></tr>"
    )


def _sentences(question: QuestionResult, language: Language) -> Sequence[str]:
    """All that is said of a question, each sentence once."""
    findings = [one.message for one in question.diagnoses]
    said = [question.message, *findings, *question.feedback.hints]
    return list(dict.fromkeys(render(one, language) for one in said))


def _safe(text: str) -> str:
    """Text of anybody's in HTML."""
    return escape(visible(text))
