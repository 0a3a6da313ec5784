"""Every statement, in every language: complete, and a notebook that runs and earns nothing yet."""

import ast
import json
import re

import msgspec
import nbformat
import pytest

from grader.assignment.items import Question
from grader.authoring import statements
from grader.authoring.statements import sections
from grader.catalogue import bundled, load, recognise
from grader.grading import Grader
from grader.messages import LANGUAGES
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

PAIRS = [(name, language) for name in bundled() for language in LANGUAGES]


def read(name, language):
    return (load(name).path / f"statement.{language}.md").read_text(encoding="utf-8")


def fenced(text):
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "language"), PAIRS)
def test_every_question_has_a_section_and_every_list_is_composed(name, language):
    assignment = load(name)
    headings = [section.heading for section in sections(read(name, language))]
    own = [item.id for item in assignment if assignment.origin(item.id) is assignment]
    assert [heading for heading in headings if heading in assignment] == own


@pytest.mark.parametrize("name", bundled())
def test_the_languages_have_the_same_sections_tables_and_code(name):
    def form(language):
        text = read(name, language)
        parts = sections(text)
        codes = [ast.dump(ast.parse(code)) for code in fenced(text)]
        entries = re.findall(r"^\| (`\"\w+\"`)", text, re.MULTILINE)
        questions = [part.heading for part in parts if part.heading in load(name)]
        return len(parts), questions, codes, entries

    assert form("pt") == form("en")
    assert form("es") == form("en")


@pytest.mark.parametrize("name", bundled())
def test_every_option_of_a_choice_is_told(name):
    for language in LANGUAGES:
        parts = {part.heading: part.text for part in sections(read(name, language))}
        for item in load(name):
            if hasattr(item, "options") and item.id in parts:
                text = parts[item.id]
                assert all(f'"{one}"' in text or f"- {one}: " in text for one in item.options)


@pytest.mark.parametrize(("name", "language"), PAIRS)
def test_a_notebook_is_valid_and_names_its_assignment(name, language):
    notebook = statements.notebook(load(name), language)
    nbformat.validate(nbformat.from_dict(notebook))
    assert notebook["metadata"]["grader"] == {"assignment": name, "language": language}


@pytest.mark.parametrize(("name", "language"), PAIRS)
def test_a_module_is_python_and_recognised_by_its_names(name, language):
    text = statements.module(load(name), language)
    ast.parse(text)
    assert [one.id for one in recognise([text])] == [name]


def test_stubs_have_the_signatures_of_the_questions():
    for name in bundled():
        assignment = load(name)
        tree = ast.parse(statements.module(assignment, "en"))
        stubs = {
            one.name: [argument.arg for argument in one.args.args]
            for one in tree.body
            if isinstance(one, ast.FunctionDef)
        }
        for item in assignment:
            if isinstance(item, Question) and item.call is None:
                assert stubs[item.id] == list(item.inputs)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", bundled())
def test_an_untouched_notebook_runs_without_a_failure_and_earns_nothing(name, sandbox, tmp_path):
    assignment = load(name)
    grader = Grader(assignment, sandbox, seed="public", torch="facade")
    for language in LANGUAGES:
        notebook = statements.notebook(assignment, language)
        file = tmp_path / f"{name}.{language}.ipynb"
        file.write_bytes(msgspec.json.encode(notebook))
        (submission,) = collect([file])
        with sandbox.session("facade", submission.cells, form="notebook", seed=1) as session:
            assert session.failures == ()
        result = grader.grade(submission)
        assert (result.score, result.pending) == (0, 0)
        assert all(question.message for question in result.questions)


def test_no_notebook_holds_a_line_of_a_reference():
    for name in bundled():
        assignment = load(name)
        source = (assignment.path / "assignment.py").read_text(encoding="utf-8")
        bodies = {line.strip() for line in source.splitlines() if "backward(" in line}
        text = json.dumps(statements.notebook(assignment, "en"))
        stubs = [cell for cell in json.loads(text)["cells"] if "your answer" in cell["source"]]
        assert not any(line in stub["source"] for stub in stubs for line in bodies)
