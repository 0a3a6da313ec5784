"""Writing assignments: the example holds, and validation says what is wrong with others."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.authoring import validate
from grader.catalogue import bundled, load
from grader.cli import main
from grader.grading import Grader
from grader.sandbox.pool import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def remarks(sandbox):
    def make(path):
        assignment = load(path)
        grader = Grader(assignment, sandbox, seed="validate", torch="facade")
        return [(one.level, one.text) for one in validate(assignment, grader)]

    return make


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, arguments)


@pytest.fixture
def folder(run):
    run("new", "own")
    return Path("own")


def change(folder, old, new, file="assignment.py"):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_example_has_everything_and_holds(folder, remarks):
    assert remarks(folder) == []


def test_the_command_says_that_it_holds(folder, run):
    result = run("validate", "own")
    assert (result.exit_code, result.output) == (0, "own holds: 2 questions, 3 points\n")


@pytest.mark.parametrize("name", ["build_autograd", "concepts", "first_gradients", "week_3"])
def test_bundled_assignments_hold(name, remarks):
    assert name in bundled()
    assert remarks(name) == []


def test_a_reference_that_raises_is_told_by_its_line(folder, run):
    change(folder, "return x.grad", "return x.gradient")
    result = run("validate", "own")
    assert result.exit_code == 2
    assert "assignment.py, line" in result.stderr


def test_a_reference_without_its_own_property_is_told(folder, remarks):
    with (folder / "assignment.py").open("a", encoding="utf-8") as file:
        file.write(
            "\n\n@weighted_square.property\ndef is_small(answer):\n"
            '    """All entries are small."""\n    return (abs(answer) < 1e-9).all()\n'
        )
    errors = [text for level, text in remarks(folder) if level == "error"]
    assert any("is_small" in text for text in errors)


def test_a_property_that_raises_is_told_by_its_line(folder, remarks):
    with (folder / "assignment.py").open("a", encoding="utf-8") as file:
        file.write(
            "\n\n@weighted_square.property\ndef is_small(answer):\n"
            '    """All entries are small."""\n    return answer.no_such_name\n'
        )
    (told,) = [text for level, text in remarks(folder) if level == "error" and "raised" in text]
    assert "assignment.py, line 29: " in told
    assert "the property is_small raised AttributeError" in told


def test_a_reference_that_gives_no_number_is_a_warning(folder, remarks):
    change(folder, "return x.grad", "return x.grad / (len(x) - 2)")
    told = [text for level, text in remarks(folder) if level == "warning"]
    assert any("gives NaN or an infinity for weighted_square" in text for text in told)


def test_a_reference_with_another_answer_each_time_is_told(folder, remarks):
    change(folder, "return x.grad", "return x.grad * __import__('random').random()")
    assert any(
        "each time it is run; seed its random numbers" in text for _, text in remarks(folder)
    )


@pytest.mark.parametrize(
    ("solution", "told"),
    [
        ("6 * x.detach() / len(x)", "cannot be told from the right answer"),
        ("x.no_such_name", "assignment.py, line 28: it raised AttributeError"),
        ("{'dx': x}", "it returns dx; return the outputs weighted_square"),
    ],
)
def test_a_misconception_that_is_none_is_told(folder, remarks, solution, told):
    with (folder / "assignment.py").open("a", encoding="utf-8") as file:
        file.write(
            '\n\n@weighted_square.misconception("missing_factor")\n'
            f"def not_wrong(x):\n    return {solution}\n"
        )
    assert any(told in text for _, text in remarks(folder))


def test_a_statement_that_leaves_a_question_out_is_told(folder, remarks):
    change(folder, "## adds_up", "## something", file="statement.pt.md")
    assert (
        "error", "statement.pt.md has no section '## adds_up': write it, or remove the file",
    ) in remarks(folder)  # fmt: skip


def test_a_missing_translation_is_a_warning(folder, remarks):
    (folder / "statement.es.md").unlink()
    assert remarks(folder) == [("warning", "there is no statement.es.md")]


def test_a_sample_with_another_verdict_is_told(folder, remarks):
    change(
        folder, "wrong.py,adds_up,wrong_value", "wrong.py,adds_up,correct", "samples/verdicts.csv"
    )
    assert remarks(folder) == [
        ("error", "wrong.py, adds_up: verdicts.csv says correct, it gets wrong_value")
    ]


def test_a_variable_that_could_be_written_down_is_a_warning(folder, remarks):
    with (folder / "assignment.py").open("a", encoding="utf-8") as file:
        file.write("\n\n@hw.variable(points=1)\ndef total():\n    return 6.0\n")
    assert ("warning", "total: without given= its value can be written down") in remarks(folder)


def test_start_never_overwrites_what_a_student_wrote(run):
    assert run("start", "manual_backprop", "--lang", "pt").exit_code == 0
    again = run("start", "manual_backprop")
    assert again.exit_code == 2
    assert "already here" in again.stderr


def test_start_writes_a_module_or_a_notebook_in_the_language_of_the_environment(run, monkeypatch):
    monkeypatch.setenv("LC_ALL", "es_MX.UTF-8")
    run("start", "manual_backprop")
    run("start", "manual_backprop", "--module", "--lang", "en")
    assert "Retropropagación" in Path("manual_backprop.ipynb").read_text(encoding="utf-8")
    assert "def manual_backprop(x, w, y):" in Path("manual_backprop.py").read_text(encoding="utf-8")


def test_new_refuses_a_name_that_is_none(run):
    result = run("new", "week-1")
    assert result.exit_code == 2
    assert "letters" in result.stderr
