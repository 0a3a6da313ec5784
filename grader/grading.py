"""The pipeline from a submission to its result.

This module alone knows the whole way: sandbox, comparison, diagnosis, result.
"""

import contextlib
import hashlib
import importlib.util
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec.structs import replace

import grader
from grader.assignment import (
    Assignment,
    Item,
    Question,
    Variable,
)
from grader.cases import PUBLIC_SEED, Case, draw_cases
from grader.catalogue import recognise
from grader.comparison import Judgement, follow_through, judge
from grader.diagnosis import diagnose
from grader.diagnosis.findings import Finding
from grader.diagnosis.missing import read_again
from grader.diagnosis.screen import stale_output
from grader.diagnosis.traces import Event, is_open, may_tell, told_apart
from grader.failed_cells import remarks
from grader.fingerprints import fingerprint
from grader.given import replace_assignments
from grader.judged import Judged, question_result
from grader.messages import Message, Told
from grader.outcomes import Answered, Outcome, Raised, Stopped, Undefined
from grader.results import (
    Problem,
    QuestionResult,
    Results,
    SubmissionResult,
    for_student,
)
from grader.sandbox.budget import Budget
from grader.sandbox.pool import Sandbox, SandboxError
from grader.sandbox.session import Session
from grader.submissions import Submission

TorchChoice: TypeAlias = Literal["auto", "facade", "real"]
Kind: TypeAlias = Literal["numpy", "facade", "real"]

_REMEMBERED = 10_000
"""Different outcomes of which is kept what is said; a class has far fewer."""


class Grader:
    """Grades submissions of one assignment in one sandbox, all on the same cases.

    `seed` decides the cases and, with a submission's bytes, its random generators. `torch` says
    what a student's `import torch` gives: the façade, the real one, or the real one only where
    the façade lacks a name ("auto"). Raises AssignmentError where a reference solution fails.
    """

    def __init__(
        self, assignment: Assignment, sandbox: Sandbox, *, seed: str, torch: TorchChoice = "auto"
    ) -> None:
        self.assignment = assignment
        self.sandbox = sandbox
        self.seed = seed
        self.torch = torch
        for kind in {assignment.kind_of(item, self._first_torch) for item in assignment.items}:
            with contextlib.suppress(SandboxError):  # told where a submission needs it
                sandbox.prepare(kind)
        self._cases = {item.id: draw_cases(item, seed) for item in assignment.items}
        self._known: dict[tuple[str, bytes], tuple[Judgement, tuple[Finding, ...]]] = {}

    @property
    def _first_torch(self) -> Literal["facade", "real"]:
        return "real" if self.torch == "real" else "facade"

    def grade(self, submission: Submission) -> SubmissionResult:
        """The result of one submission; never raises for what the submission does.

        A fault of the machine or of the grader itself is the problem `grader_fault`.
        """
        return self.examine(submission)[0]

    def examine(self, submission: Submission) -> tuple[SubmissionResult, tuple[Judged, ...]]:
        """The result of `grade`, and what it rests on, item by item; nothing under a problem."""
        started = time.monotonic()
        if submission.problem is not None:
            message = submission.problem_message
            return self._unjudged(submission, submission.problem, message), ()
        if other := self._other_assignment(submission):
            names = {"other": other, "assignment": self.assignment.id}
            message = Message("grading.wrong_assignment", names)
            return self._unjudged(submission, "wrong_assignment", message), ()
        try:
            return self._grade(submission, started)
        except SandboxError as error:
            message = Message("grading.machine", {"reason": str(error)})
            return self._unjudged(submission, "grader_fault", message), ()
        except Exception:  # the rest of the batch goes on, and the log has it all
            import logging  # noqa: PLC0415 - a check that goes well starts sooner without it

            logging.getLogger(__name__).exception("grading %s failed", submission.id)
            return self._unjudged(submission, "grader_fault", Message("grading.grader")), ()

    def set_aside(self, submission: Submission) -> SubmissionResult:
        """The result of a submission that the grader twice began to grade and never ended."""
        return set_aside(self.assignment, submission)

    def results(self, submissions: Sequence[SubmissionResult]) -> Results:
        """The run's results, sorted by id."""
        return Results(
            assignment=self.assignment.id,
            title=self.assignment.title,
            grader_version=grader.__version__,
            seed=self.seed,
            submissions=tuple(sorted(submissions, key=lambda one: one.id)),
        )

    def told(self, result: SubmissionResult, *, hints: int) -> SubmissionResult:
        """What the student is told of a result: so many hints, no more than a question's level."""
        questions = tuple(
            replace(one, feedback=replace(one.feedback, hints=one.feedback.hints[:hints]))
            for one in map(for_student, result.questions)
        )
        return replace(result, questions=questions)

    # -- one submission ---------------------------------------------------------------------------

    def _grade(
        self, submission: Submission, started: float
    ) -> tuple[SubmissionResult, tuple[Judged, ...]]:
        torch = self._first_torch
        judged, aside = self._judge(submission, torch)
        lacking = any(one.judgement.verdict == "unsupported" for one in judged)
        if lacking and self.torch == "auto" and has_real_torch():
            torch = "real"
            judged, aside = self._judge(submission, torch)
        questions = tuple(map(self._question, judged))
        score = _total(one.score for one in questions)
        blank = self._unjudged(submission, None, None)
        result = replace(
            blank,
            score=None if score is None else score * blank.late_factor,
            pending=sum((one.max_score for one in questions if one.score is None), 0.0),
            seconds=round(time.monotonic() - started, 3),
            torch=torch,
            isolation=self.sandbox.isolation,
            questions=questions,
            remarks=aside,
        )
        return result, tuple(judged)

    def _other_assignment(self, submission: Submission) -> str | None:
        """Another assignment that the code answers, where it has no name that this one asks for."""
        source = "\n".join(submission.cells)
        if any(getattr(item, "called", item.id) in source for item in self.assignment.items):
            return None
        if submission.assignment not in (None, self.assignment.id):
            return submission.assignment
        # A list of a week's assignments holds the same questions as what it is made of.
        others = sorted(recognise(submission.cells), key=lambda one: len(one.items))
        return others[0].id if others else None

    def _judge(
        self, submission: Submission, torch: Literal["facade", "real"]
    ) -> tuple[list[Judged], tuple[Message, ...]]:
        """Every item in order, and remarks on what failed beside them.

        There is one process for the items of each kind.
        """
        found: dict[str, Judged] = {}
        failed: tuple[tuple[int, Raised | Stopped], ...] = ()
        for kind in ("numpy", torch):
            asked = self.assignment
            items = [item for item in asked.items if asked.kind_of(item, torch) == kind]
            if not items:
                continue
            with self._session(submission, kind) as session:
                for item in items:
                    cases = self._cases[item.id]
                    outcomes = tuple(
                        self._ask_again(submission, item, cases, kind=kind)
                        if isinstance(item, Variable) and item.given
                        else _ask(session, item, cases)
                    )
                    judgement, findings = self._judged(item, cases, outcomes)
                    seen: tuple[Event, ...] = ()
                    if (
                        isinstance(item, Question)
                        and kind == "facade"  # no other engine leaves a trace
                        and may_tell(judgement.verdict)
                    ):
                        seen = session.trace(item.called, cases[0].arguments, through=item.call)
                    if is_open(judgement.verdict, findings):
                        findings = told_apart(findings, seen, submission.cells)
                    if isinstance(item, Question) and judgement.verdict in ("missing", "error"):
                        judgement, findings = read_again(
                            item, outcomes, judgement, findings, cells=submission.cells
                        )
                    findings += _stale_outputs(submission, session.screens, item)
                    found[item.id] = Judged(item, cases, outcomes, judgement, findings, seen)
                # The last is that of torch, if there is one: it lacks nothing that cells use.
                failed = session.failed_cells
        judged = [found[item.id] for item in self.assignment.items]
        return judged, self._remarks(submission, failed, judged)

    def _judged(
        self, item: Item, cases: Sequence[Case], outcomes: tuple[Outcome, ...]
    ) -> tuple[Judgement, tuple[Finding, ...]]:
        """What is said of outcomes by themselves, worked out once for all who have the same."""
        key = fingerprint(outcomes, [case.arguments for case in cases])
        known = self._known.get((item.id, key)) if key else None
        if known is not None:
            return known
        judgement = judge(item, cases, outcomes)
        findings = diagnose(item, cases, outcomes, judgement)
        if _follows_through(item, findings):
            judgement = follow_through(judgement)
        if key and len(self._known) < _REMEMBERED:
            self._known[item.id, key] = judgement, findings
        return judgement, findings

    def _remarks(
        self,
        submission: Submission,
        failed: Sequence[tuple[int, Raised | Stopped]],
        judged: Sequence[Judged],
    ) -> tuple[Message, ...]:
        if not failed or self.assignment.feedback == "verdict":
            return ()
        outcomes = (outcome for one in judged for outcome in one.outcomes)
        return remarks(failed, outcomes, form=submission.form or "notebook")

    def _ask_again(
        self, submission: Submission, variable: Variable, cases: Sequence[Case], *, kind: Kind
    ) -> Iterator[Outcome]:
        """What is left behind under a name where the drawn values are given, run for run."""
        budget = self.sandbox.budget()
        for case in cases:
            budget.run_again()
            cells, unassigned = replace_assignments(submission.cells, case.arguments)
            if unassigned:
                yield Undefined(name=unassigned[0])
                return
            with self._session(replace(submission, cells=cells), kind, budget) as session:
                outcome = session.read(variable.id)
            yield outcome
            if not isinstance(outcome, Answered):
                return

    def _session(self, submission: Submission, kind: Kind, budget: Budget | None = None) -> Session:
        assert submission.form is not None  # noqa: S101 - a submission without a problem has one
        digest = hashlib.sha256(f"{self.seed}\0{submission.sha256}".encode()).digest()
        seed = int.from_bytes(digest[:4])
        shows = [at for at, cell in enumerate(submission.screen) if cell.has_result]
        return self.sandbox.session(
            kind,
            submission.cells,
            form=submission.form,
            seed=seed,
            shows=shows,
            modules=submission.modules,
            budget=budget,
        )

    def _question(self, judged: Judged) -> QuestionResult:
        level = judged.item.feedback or self.assignment.feedback
        return question_result(judged, level, is_public=self.seed == PUBLIC_SEED)

    def _unjudged(
        self, submission: Submission, problem: Problem | None, message: Told | None
    ) -> SubmissionResult:
        return _unjudged(self.assignment, submission, problem, message)


def set_aside(assignment: Assignment, submission: Submission) -> SubmissionResult:
    """The result of a submission that was twice begun to be graded and never ended."""
    return _unjudged(assignment, submission, "grader_fault", Message("grading.set_aside"))


def has_real_torch() -> bool:
    """Whether PyTorch itself is installed; it is not loaded for that."""
    return importlib.util.find_spec("torch") is not None


def _unjudged(
    assignment: Assignment, submission: Submission, problem: Problem | None, message: Told | None
) -> SubmissionResult:
    """A submission without a judgement: its points are pending, unless it is empty."""
    empty = problem == "empty"
    return SubmissionResult(
        id=submission.id,
        name=submission.name,
        path=submission.path,
        sha256=submission.sha256,
        submitted_at=submission.submitted_at,
        late=submission.late,
        late_factor=1 - assignment.late if submission.late else 1.0,
        lms=dict(submission.lms),
        flags=submission.flags,
        others=submission.others,
        language=submission.language,
        score=0.0 if empty else None,
        max_score=assignment.max_score,
        pending=0.0 if empty else assignment.max_score,
        seconds=0.0,
        problem=problem,
        problem_message=message,
        torch=None,
        isolation=None,
        questions=(),
    )


def _ask(session: Session, item: Item, cases: Sequence[Case]) -> Iterator[Outcome]:
    """Call the student's function on every case, until one fails; or read their name."""
    if not isinstance(item, Question):
        yield session.read(item.id)
        return
    for case in cases:
        outcome = session.call(item.called, case.arguments, through=item.call)
        yield outcome
        if not isinstance(outcome, Answered):
            return


def _stale_outputs(
    submission: Submission, screens: Mapping[int, str], item: Item
) -> tuple[Finding, ...]:
    """What the screens of the cells that mention an item show of earlier runs, the first of it."""
    name = re.compile(rf"\b{re.escape(getattr(item, 'called', item.id))}\b")
    for number, cell in enumerate(submission.screen):
        if number in screens and name.search(cell.source):
            found = stale_output(cell, screens[number])
            if found is not None:
                return (found,)
    return ()


def _total(scores: Iterable[float | None]) -> float | None:
    """The sum of what was judged; None where nothing was."""
    judged = [score for score in scores if score is not None]
    return sum(judged) if judged else None


def _follows_through(item: Item, findings: Sequence[Finding]) -> bool:
    """Whether one mistake, known for certain, explains all that is wrong, and is charged once."""
    return (
        isinstance(item, Question)
        and item.follow_through
        and any(one.exact and one.explains_all for one in findings)
    )
