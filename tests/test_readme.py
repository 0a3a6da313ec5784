"""What the README shows: its commands parse, its assignment grades, its words are the program's."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import settings

from grader.cli import main
from grader.commands import steps
from grader.messages import Message, render
from grader.results import from_json

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

RIGHT = """
def weighted_gradient(x, w):
    return {"dx": 2 * w * x}
"""
WRONG = """
def weighted_gradient(x, w):
    return {"dx": w * x}
"""


def section(title):
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def grader_commands():
    """Every command line of the grader's that is shown, in blocks and within sentences."""
    lines = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    lines += [part for block in blocks("sh") for part in block.strip().split(" && ")]
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)
    lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    found = [re.sub(r"^\S*\bgrader ", "grader ", line) for line in lines]
    return [line for line in dict.fromkeys(found) if line.startswith("grader ")]


# -- quick start ----------------------------------------------------------------------------------


def test_the_quick_start_is_two_commands_of_one_line():
    commands = blocks("sh", section("Quick start"))
    assert len(commands) == 2
    assert all(command.count("\n") == 1 for command in commands)


def test_sh_blocks_stand_in_the_quick_start_only():
    assert blocks("sh") == blocks("sh", section("Quick start"))


def test_each_command_makes_its_own_environment_and_installs_into_it():
    for command in blocks("sh"):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")


def test_the_first_command_grades_samples_that_are_there():
    words = shlex.split(blocks("sh")[0])
    assert (ROOT / words[words.index("grade") + 1]).is_dir()


def test_the_tests_do_not_download_pytorch():
    assert "torch" not in blocks("sh")[1]


# -- commands -------------------------------------------------------------------------------------


def command(name):
    return main.get_command(click.Context(main), name)


def test_there_are_commands_to_look_at():
    assert len(grader_commands()) >= 6


@pytest.mark.parametrize("line", grader_commands())
def test_every_command_line_is_one_that_the_grader_takes(line):
    name, *arguments = shlex.split(line)[1:]
    command(name).make_context(name, arguments)


def test_every_option_exists():
    shown = set(re.findall(r"`(--[a-z-]+)", README))
    assert shown
    names = main.list_commands(click.Context(main))
    params = [param for name in names for param in command(name).params]
    assert shown <= {name for param in params for name in param.opts}


def test_exit_statuses_are_those_of_the_command_line():
    shown = [int(one) for one in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)]
    assert shown == [
        steps.DONE,
        steps.BELOW,
        steps.USAGE,
        steps.ISOLATION,
        steps.UNWRITTEN,
        steps.FAULT,
        steps.INTERRUPTED,
    ]


# -- words and code -------------------------------------------------------------------------------


def test_the_student_of_the_story_is_told_what_the_readme_says():
    told = render(Message("misconception.accumulated_gradient.idea", {"k": 8}))
    story = README.split("\n## ", 1)[0]
    quoted = " ".join(line.removeprefix("> ") for line in story.splitlines() if line[:2] == "> ")
    assert quoted == told


EXPLAINED = re.findall(
    r"```py\n(.*?)```\n\n> (.*?)\n", section("Why an answer is wrong"), re.DOTALL
)


def test_three_answers_are_explained():
    assert len(EXPLAINED) == 3


@pytest.mark.parametrize(("answer", "told"), EXPLAINED, ids=["24", "-56", "tanh"])
def test_an_explained_answer_is_told_what_the_readme_says(answer, told, tmp_path):
    name = "mlp_backprop" if "def mlp_backprop" in answer else "accumulation_trap"
    (tmp_path / "answer.py").write_text(answer, encoding="utf-8")
    path = str(tmp_path / "answer.py")
    result = CliRunner().invoke(main, ["check", path, "-a", name, "--format", "json"])
    question = "mlp_backprop" if name == "mlp_backprop" else "gradient"
    results = from_json(result.stdout.encode())
    (found,) = [one for one in results.submissions[0].questions if one.id == question]
    assert told in [render(hint) for hint in found.feedback.hints] + [
        one.message if isinstance(one.message, str) else render(one.message)
        for one in found.diagnoses
    ]


@pytest.fixture
def first_steps(tmp_path):
    """Grades modules by the assignment that the README shows."""
    (source,) = blocks("python")
    (tmp_path / "assignment.py").write_text(source, encoding="utf-8")

    def grade(module):
        student, out = tmp_path / "student.py", tmp_path / "out"
        student.write_text(module, encoding="utf-8")
        arguments = ["grade", student, "-a", tmp_path / "assignment.py", "-o", out]
        ended = CliRunner().invoke(main, [str(one) for one in arguments])
        assert ended.exit_code == steps.DONE, ended.stderr
        (submission,) = from_json((out / "results.json").read_bytes()).submissions
        (question,) = submission.questions
        return question

    return grade


def test_the_assignment_shown_gives_a_right_answer_its_points(first_steps):
    question = first_steps(RIGHT)
    assert (question.id, question.score) == ("weighted_gradient", 2.0)


def test_the_assignment_shown_gives_the_diagnosis_that_it_declares(first_steps):
    question = first_steps(WRONG)
    assert question.score == 0.0
    diagnosis, *_ = question.diagnoses
    assert diagnosis.id == "missing_factor"


def test_as_many_bundled_assignments_are_there_as_the_readme_says():
    from grader.catalogue import bundled

    words = {"nineteen": 19, "twenty": 20, "twenty-one": 21, "twenty-two": 22}
    (said,) = re.findall(r"`assignments/` holds\s+(\w+) complete ones", README)
    assert words[said] == len(bundled())


# -- development ----------------------------------------------------------------------------------


def test_benchmarks_are_programs_and_markers_and_profiles_are_known(pytestconfig):
    text = section("Development")
    benchmarks = re.findall(r"`python -m (\S+)`", text)
    assert {path.stem for path in (ROOT / "tests/benchmarks").glob("[a-z]*.py")} - {"peers"} == {
        name.rpartition(".")[2] for name in benchmarks
    }
    known = {line.split(":")[0] for line in pytestconfig.getini("markers")}
    assert set(re.findall(r"`pytest -m (\w+)`", text)) <= known
    (profile,) = re.findall(r"--hypothesis-profile (\w+)", text)
    assert not settings.get_profile(profile).derandomize
