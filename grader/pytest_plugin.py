"""Questions as pytest items: `pytest --grader-assignment NAME submission.ipynb`.

It does nothing unless that option is given, and imports the grader only then. Students' code runs
in the grader's own processes, never in pytest's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.messages import Language
    from grader.results import QuestionResult, SubmissionResult

OPTION = "--grader-assignment"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that asks for the plugin."""
    parser.getgroup("grader").addoption(
        OPTION,
        metavar="ASSIGNMENT",
        help="grade the notebooks and modules that are named here by this assignment "
        "(a bundled id, or a path to an assignment.py), a test for each question",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "SubmissionFile | None":
    """Notebooks that are named on the command line."""
    if file_path.suffix.lower() == ".ipynb" and _is_asked_for(file_path, parent):
        return SubmissionFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> "SubmissionFile | None":
    """Modules that are named on the command line, which pytest would import otherwise."""
    if _is_asked_for(module_path, parent):
        return SubmissionFile.from_parent(parent, path=module_path)
    return None


def _is_asked_for(path: Path, parent: pytest.Collector) -> bool:
    return bool(parent.config.getoption(OPTION)) and parent.session.isinitpath(path)


class GradingError(Exception):
    """A fault of the grader, of the machine or of the options: no failure of the student's."""


class SubmissionFile(pytest.File):
    """A student's file, graded as a whole when the first of its questions is run."""

    _result: "SubmissionResult | None" = None

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each question of the assignment."""
        try:
            items = _assignment(self.config).items
        except pytest.UsageError as error:  # pytest would show our source with it
            raise self.CollectError(str(error)) from None
        for item in items:
            yield QuestionItem.from_parent(self, name=item.id)

    def result(self) -> "SubmissionResult":
        """What the grader says of the file; raises GradingError where it could not judge it."""
        if self._result is None:
            self._result = _graded(self.path, _assignment(self.config))
        return self._result


class QuestionItem(pytest.Item):
    """A question: passes with all of its points, and is skipped where a person judges it."""

    parent: SubmissionFile

    def setup(self) -> None:
        """Grade the file: where that fails it is an error, not a failure."""
        self.parent.result()

    def runtest(self) -> None:
        """Fail with what the student is told, or skip what could not be judged."""
        from grader.reports import export

        result = self.parent.result()
        if result.problem is not None:
            raise NotRightError(export.problem(result, _language(result)))
        (question,) = (one for one in result.questions if one.id == self.name)
        self._note_points(question)
        if question.score is None:
            pytest.skip(export.told(question, _language(result)))
        if not export.is_full(question):
            raise NotRightError(export.told(question, _language(result)))

    def _note_points(self, question: "QuestionResult") -> None:
        if question.score is not None:
            self.user_properties.append(("points", f"{question.score:g}"))
        self.user_properties.append(("max_points", f"{question.max_score:g}"))

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,
    ) -> Any:
        """The words alone: where in the grader they were raised is nothing to a student."""
        if isinstance(excinfo.value, NotRightError | GradingError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The file and the question."""
        return self.path, None, self.name


class NotRightError(Exception):
    """An answer that is not right; the text is what the student is told."""


def _language(result: "SubmissionResult") -> "Language":
    """The notebook's language, as `grader check` has it."""
    from grader.commands import steps

    return steps.language(None, result.language)


def _assignment(config: pytest.Config) -> "Assignment":
    from grader.assignment import AssignmentError
    from grader.catalogue import load

    try:
        return load(config.getoption(OPTION))
    except AssignmentError as error:
        raise pytest.UsageError(f"{OPTION}: {error}") from None


def _graded(path: Path, assignment: "Assignment") -> "SubmissionResult":
    """The file's result on public cases, as `grader check` has it."""
    from grader.cases import PUBLIC_SEED
    from grader.grading import Grader
    from grader.reports import export
    from grader.sandbox.pool import Sandbox, SandboxError
    from grader.submissions import IntakeError, collect

    try:
        (submission,) = collect([path])
        with Sandbox(least="limits", few=True) as sandbox:
            grader = Grader(assignment, sandbox, seed=PUBLIC_SEED)
            result = grader.told(grader.grade(submission), hints=1)
    except (SandboxError, IntakeError) as error:
        raise GradingError(str(error)) from None
    if result.problem == "grader_fault":
        raise GradingError(export.problem(result))
    return result
