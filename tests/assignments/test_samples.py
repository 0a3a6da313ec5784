"""The samples of every bundled assignment, and the table that says what each must be told."""

import ast
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import nbformat
import pytest

from grader.batch import grade_all
from grader.catalogue import bundled, load
from grader.grading import Grader
from grader.messages import explains
from grader.results import Problem, Verdict
from grader.sandbox.limits import Limits
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

COLUMNS = ["file", "question", "verdict", "diagnosis", "remark"]
REQUIRED_KINDS = {"correct", "wrong_value", "error", "timeout", "unreadable"}
THOROUGH = ("accumulation_trap", "manual_backprop", "no_grad_detach")
"""The assignments whose samples are a whole class, with everything that can go wrong in it."""
RIGHT = {"correct", "needs_human"}


@dataclass(frozen=True)
class Row:
    """What the author of a sample wrote down; `question` is empty where the file is the problem."""

    file: str
    question: str
    verdict: str
    diagnosis: str


def samples_of(assignment):
    return load(assignment).path / "samples"


def read_table(folder: Path) -> list[Row]:
    with (folder / "verdicts.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        assert reader.fieldnames == COLUMNS
        return [
            Row(row["file"], row["question"], row["verdict"], row["diagnosis"]) for row in reader
        ]


def sample_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".ipynb", ".py"))


@pytest.fixture(params=bundled())
def assignment(request):
    return request.param


@pytest.fixture
def folder(assignment):
    return samples_of(assignment)


@pytest.fixture
def table(folder):
    return read_table(folder)


def test_every_file_is_judged_once_a_question_or_is_a_problem(assignment, folder, table):
    questions = sorted(item.id for item in load(assignment).items)
    judged = {path.name: [] for path in sample_files(folder)}
    for row in table:
        judged.setdefault(row.file, []).append(row.question)
    unlike = {file: rows for file, rows in judged.items() if sorted(rows) not in (questions, [""])}
    assert unlike == {}


def test_no_row_speaks_of_a_file_that_is_not_there(folder, table):
    assert {row.file for row in table} == {path.name for path in sample_files(folder)}


def test_verdicts_are_verdicts_and_problems_are_problems(table):
    unknown = [
        row
        for row in table
        if row.verdict not in (get_args(Verdict) if row.question else get_args(Problem))
    ]
    assert unknown == []


def test_a_right_answer_has_no_diagnosis(table):
    assert [row for row in table if row.verdict == "correct" and row.diagnosis] == []


def test_every_diagnosis_is_one_that_can_be_explained(table):
    assert [row for row in table if row.diagnosis and not explains(row.diagnosis)] == []


@pytest.mark.parametrize("name", THOROUGH)
def test_a_whole_class_has_twelve_samples_and_as_many_notebooks_as_modules(name):
    suffixes = Counter(path.suffix for path in sample_files(samples_of(name)))
    assert suffixes.total() >= 12
    assert abs(suffixes[".ipynb"] - suffixes[".py"]) <= 1


@pytest.mark.parametrize("name", THOROUGH)
def test_right_wrong_raising_endless_and_unreadable_samples_are_there(name):
    assert {row.verdict for row in read_table(samples_of(name))} >= REQUIRED_KINDS


def test_there_are_notebooks_and_modules(folder):
    assert {path.suffix for path in sample_files(folder)} == {".ipynb", ".py"}


def test_every_question_is_answered_rightly_by_some_and_wrongly_by_others(assignment, table):
    for item in load(assignment).items:
        verdicts = {row.verdict for row in table if row.question == item.id}
        assert verdicts & RIGHT
        assert verdicts - RIGHT


def test_students_have_names_of_their_own(folder):
    names = Counter(path.stem for path in sample_files(folder))
    assert [name for name, count in names.items() if count > 1] == []


def test_readable_notebooks_are_valid(folder, table):
    for file in {row.file for row in table if row.question and row.file.endswith(".ipynb")}:
        nbformat.validate(nbformat.read(folder / file, as_version=nbformat.NO_CONVERT))


def test_readable_modules_are_python(folder, table):
    for file in {row.file for row in table if row.question and row.file.endswith(".py")}:
        ast.parse((folder / file).read_text(encoding="utf-8"), filename=file)


def test_intake_meets_the_problems_of_the_table_and_no_others(folder, table):
    problems = {one.path: one.problem for one in collect([folder]) if one.problem is not None}
    assert problems == {row.file: row.verdict for row in table if not row.question}


@pytest.fixture(
    scope="module",
    params=[
        "facade",
        pytest.param(
            "real",
            marks=pytest.mark.pytorch,
        ),
    ],
)
def graded(request):
    """Every bundled sample's result, by assignment and file name; endless ones get one second."""
    found = {}
    for name in bundled():
        limits = Limits(call=1.0 if name in THOROUGH else 10.0)
        with Sandbox(limits=limits) as sandbox:
            grader = Grader(load(name), sandbox, seed="samples", torch=request.param)
            results = grade_all(grader.grade, collect([samples_of(name)]), jobs=2)
            found[name] = {Path(result.path).name: result for result in results}
    return found


def test_every_sample_gets_the_verdict_of_the_table(assignment, table, graded):
    told = {}
    for file, result in graded[assignment].items():
        told[file, ""] = result.problem
        told.update({(file, one.id): one.verdict for one in result.questions})
    unlike = {
        (row.file, row.question): (row.verdict, told.get((row.file, row.question)))
        for row in table
        if told.get((row.file, row.question)) != row.verdict
    }
    assert unlike == {}


def test_every_sample_gets_the_diagnosis_of_the_table(assignment, table, graded):
    unlike = {}
    for row in table:
        if row.diagnosis:
            questions = {one.id: one for one in graded[assignment][row.file].questions}
            found = [one.id for one in questions[row.question].diagnoses]
            if row.diagnosis not in found:
                unlike[row.file, row.question] = (row.diagnosis, found)
    assert unlike == {}


def test_no_exact_diagnosis_contradicts_the_table(assignment, table, graded):
    contradicted = {}
    for row in table:
        if not row.question:
            continue
        questions = {one.id: one for one in graded[assignment][row.file].questions}
        exact = {one.id for one in questions[row.question].diagnoses if one.exact}
        if exact and row.diagnosis and row.diagnosis not in exact:
            contradicted[row.file, row.question] = (row.diagnosis, exact)
    assert contradicted == {}


def test_the_endless_sample_costs_only_its_own_time_limit(assignment, table, graded):
    endless = {row.file for row in table if row.verdict == "timeout"}
    for file in endless:
        assert 1.0 <= graded[assignment][file].seconds < 10.0


def test_points_are_complete_where_everything_is_right(assignment, table, graded):
    wrong = {row.file for row in table if row.verdict not in RIGHT}
    for file, result in graded[assignment].items():
        judged = result.max_score - result.pending
        assert (result.score == judged) == (file not in wrong)
