"""Checks an assignment before students meet it.

It knows assignments, and asks a `Grader` what students would be told; it marks nobody.
"""

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec import Struct

from grader import catalogue
from grader.assignment import (
    Assignment,
    AssignmentError,
    Choice,
    Item,
    Question,
    Solution,
    Text,
    Variable,
)
from grader.assignment.remedies import raised
from grader.authoring.statements import module, sections
from grader.authoring.strength import Survivor, answer_of, is_clear, survivors
from grader.cases import PUBLIC_SEED, Case, Expected, draw_cases
from grader.comparison import holds, judge
from grader.diagnosis.wrong_answers import disagrees, wrong_answer
from grader.grading import Grader, has_real_torch
from grader.messages import LANGUAGES
from grader.outcomes import Answered
from grader.solving import numbers, outputs_of, solve
from grader.submissions import IntakeError, collect
from grader.values import first_mismatch

GRADED = "validate"
"""What cases are drawn from: a grading run's seed is any other than that of the public cases."""


class Remark(Struct, frozen=True):
    """What is wrong with an assignment (`error`), or could be better (`warning`)."""

    level: Literal["error", "warning"]
    text: str


def validate(assignment: Assignment, grader: Grader) -> Iterator[Remark]:
    """What there is to say of an assignment; nothing where all is well.

    `grader` grades it, so that the stub and the samples meet what students' work will meet.
    """
    for item in assignment:
        try:
            cases = [draw_cases(item, seed) for seed in (GRADED, PUBLIC_SEED)]
        except AssignmentError as error:
            yield Remark("error", str(error))
            continue
        yield from _reference(item, cases)
        if isinstance(item, Question):
            yield from _misconceptions(item, cases[0])
            yield from _gradients(item, cases[0][0])
            yield from _strength(item, *cases)
        if isinstance(item, Variable) and not item.given:
            yield Remark("warning", f"{item.id}: without given= its value can be written down")
    if has_real_torch():
        yield from _on_pytorch(assignment)
    yield from _statements(assignment)
    yield from _stub(assignment, grader)
    yield from _samples(assignment, grader)


# -- the reference ------------------------------------------------------------------------------


def _reference(item: Item, draws: list[tuple[Case, ...]]) -> Iterator[Remark]:
    """The reference's own answers have to be right: properties, too, have to hold of them."""
    if isinstance(item, Choice | Text):
        return
    for cases in draws:
        answers = [Answered(answer_of(case.expected), case.arguments) for case in cases]
        judgement = judge(item, cases, answers)
        if judgement.verdict != "correct":
            wrong = next(one.name for one in judgement.outputs if one.verdict != "correct")
            yield Remark("error", _why_it_fails(item, cases[0], wrong))
            return
    outputs = [one for cases in draws for case in cases for one in case.expected.outputs.items()]
    endless = dict.fromkeys(
        name for name, value in outputs if not np.isfinite(numbers(value)).all()
    )
    if endless:
        yield Remark(
            "warning",
            f"{item.id}: the reference gives NaN or an infinity for {', '.join(endless)}, and "
            "numbers there are wrong: draw other inputs (low=, high=) where that is not meant",
        )
    if isinstance(item, Question) and not item.properties:
        case = draws[0][0]
        changing = _differing(item, case, wrong_answer(item, item.reference, case))
        if changing:
            yield Remark(
                "error",
                f"{item.id}: the reference gives another {', '.join(changing)} each time it is "
                "run; seed its random numbers, or take them as an input",
            )


def _why_it_fails(item: Question | Variable, case: Case, output: str) -> str:
    """The line of the property that raises, or which output it is."""
    for one in item.properties if isinstance(item, Question) else ():
        try:
            holds(one, case, answer_of(case.expected))
        except Exception as error:  # noqa: BLE001 - whatever an instructor's code raises
            during = f"{item.id}: for the reference's own answer the property {one.id} raised "
            return str(raised(error, item.reference.__code__.co_filename, during=during))
    return (
        f"{item.id}: the reference's own answer fails at {output}; correct the reference, or what "
        "is asked of its answer"
    )


def _why_it_gives_nothing(question: Question, solution: Solution, case: Case) -> str:
    """The line where a wrong solution raises, or what it returns in place of the outputs."""
    try:
        value = solve(question, solution, case.arguments)
    except Exception as error:  # noqa: BLE001 - whatever an instructor's code raises
        return str(raised(error, question.reference.__code__.co_filename, during="it raised "))
    wanted = ", ".join(case.expected.outputs)
    return f"it returns {', '.join(outputs_of(question, value))}; return the outputs {wanted}"


def _misconceptions(question: Question, cases: tuple[Case, ...]) -> Iterator[Remark]:
    for one in question.misconceptions:
        where = f"{question.id}: the misconception {one.id}"
        answers = [wrong_answer(question, one.solution, case) for case in cases]
        pairs = [(case, wrong) for case, wrong in zip(cases, answers, strict=True) if wrong]
        if not pairs:
            why = _why_it_gives_nothing(question, one.solution, cases[0])
            yield Remark("error", f"{where} stands for no answer: {why}")
        elif not any(is_clear(question, case.expected, wrong) for case, wrong in pairs):
            yield Remark(
                "error",
                f"{where} cannot be told from the right answer on any case: correct it, or draw "
                "other inputs",
            )


def _gradients(question: Question, case: Case) -> Iterator[Remark]:
    """What the reference differentiates has to agree with differences of its values."""
    wrong = [name for name in question.inputs if disagrees(question, case, name)]
    if wrong:
        names = ", ".join(wrong)
        yield Remark(
            "error", f"{question.id}: a gradient is not what differences say, moving {names}"
        )


def _strength(
    question: Question, graded: tuple[Case, ...], public: tuple[Case, ...]
) -> Iterator[Remark]:
    """Every mistake has to lose points, for the marks and in a student's own check."""
    told: set[Survivor] = set()
    for kind, cases in (("graded", graded), ("public", public)):
        for one in survivors(question, cases):
            where = f"{question.id}: at `{one.place}` ({', '.join(one.misconceptions)})"
            if one.escape == "close":
                yield Remark(
                    "error",
                    f"{where} a mistake hardly shows on the {kind} cases: draw other inputs "
                    "(low=, high=), or more of them (cases=)",
                )
            elif one.place not in question.unasked and one not in told:
                yield Remark(
                    "warning",
                    f"{where} a mistake does not show: let an output depend on it, such as the "
                    "gradient of its operand, or say with unasked= why none does",
                )
            told.add(one)
    for place in sorted(question.unasked.keys() - {one.place for one in told}):
        yield Remark("warning", f"{question.id}: unasked= names `{place}`, where mistakes do show")


def _on_pytorch(assignment: Assignment) -> Iterator[Remark]:
    """PyTorch has to give what the engine gives, on the same cases."""
    if assignment.path is None:
        return
    try:
        other = catalogue.load(assignment.path, torch="real")
    except AssignmentError as error:
        yield Remark("error", f"on PyTorch: {error}")
        return
    for item in assignment:
        theirs = other[item.id]
        if not isinstance(item, Question) or not isinstance(theirs, Question):
            continue
        differing = {
            name
            for case in draw_cases(item, GRADED)
            for name in _differing(item, case, wrong_answer(theirs, theirs.reference, case))
        }
        if differing and not item.properties:
            names = ", ".join(sorted(differing))
            yield Remark("error", f"{item.id}: PyTorch gives another answer for {names}")


def _differing(question: Question, case: Case, other: Expected | None) -> list[str]:
    """The outputs that the same reference gives otherwise elsewhere; all where it gives none."""
    names = list(case.expected.outputs)
    if other is None:
        return names
    answer = answer_of(other)
    return [one for one in names if first_mismatch(one, case.expected, answer, question.compare)]


# -- statement, stub, samples -------------------------------------------------------------------


def _statements(assignment: Assignment) -> Iterator[Remark]:
    own = [item.id for item in assignment if assignment.origin(item.id) is assignment]
    for language in LANGUAGES:
        file = None if assignment.path is None else assignment.path / f"statement.{language}.md"
        if file is None or not file.is_file():
            level: Literal["error", "warning"] = "error" if language == "en" else "warning"
            yield Remark(level, f"there is no statement.{language}.md")
            continue
        headings = {one.heading for one in sections(file.read_text(encoding="utf-8"))}
        for missing in (name for name in own if name not in headings):
            remedy = "write it" if language == "en" else "write it, or remove the file"
            yield Remark("error", f"{file.name} has no section '## {missing}': {remedy}")


def _stub(assignment: Assignment, grader: Grader) -> Iterator[Remark]:
    """What a student starts from has to be read, and to be worth nothing."""
    if assignment.statement() is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stub.py"
        file.write_text(module(assignment, "en"), encoding="utf-8")
        (submission,) = collect([file])
        result = grader.grade(submission)
    if result.problem is not None:
        yield Remark("error", f"the stub cannot be graded: {result.problem_message}")
    for one in result.questions:
        if one.score:
            yield Remark("error", f"{one.id}: the untouched stub already earns {one.score:g}")


def _samples(assignment: Assignment, grader: Grader) -> Iterator[Remark]:
    """Every sample has to get the verdicts that `samples/verdicts.csv` writes down."""
    folder = None if assignment.path is None else assignment.path / "samples"
    if folder is None or not (folder / "verdicts.csv").is_file():
        yield Remark("warning", "there are no samples with a samples/verdicts.csv")
        return
    with (folder / "verdicts.csv").open(encoding="utf-8", newline="") as lines:
        wanted = {(row["file"], row["question"]): row["verdict"] for row in csv.DictReader(lines)}
    told: dict[tuple[str, str], str | None] = {}
    try:
        for submission in collect([folder]):
            result = grader.grade(submission)
            told[submission.path, ""] = result.problem
            told.update({(submission.path, one.id): one.verdict for one in result.questions})
    except IntakeError as error:
        yield Remark("error", str(error))
        return
    for (file, question), verdict in wanted.items():
        found = told.get((file, question))
        if found != verdict:
            place = f"{file}, {question}" if question else file
            yield Remark("error", f"{place}: verdicts.csv says {verdict}, it gets {found}")
    for file in {file for file, _ in told} - {file for file, _ in wanted}:
        yield Remark("warning", f"verdicts.csv says nothing of {file}")
