"""The guide to writing assignments, followed word by word from an empty folder."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.catalogue import load
from grader.cli import main
from grader.commands import steps
from grader.results import from_json

GUIDE = (Path(__file__).parents[2] / "assignments" / "WRITING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^(`{3,})(\w+)\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


def blocks(language, section):
    text = GUIDE.split(f"\n## {section}", 1)[1].split("\n## Samples", 1)[0]
    if section.startswith(("Samples", "Try")):
        text = GUIDE.split(f"\n## {section}", 1)[1]
    return [content for _, kind, content in BLOCK.findall(text) if kind == language]


COMMANDS = [
    line.removeprefix("$ ") for block in blocks("console", "Try") for line in block.splitlines()
]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The folder that whoever follows the guide has before the first command."""
    folder = tmp_path_factory.mktemp("guide")
    samples = folder / "descent" / "samples"
    samples.mkdir(parents=True)
    solutions = "\n\n".join(blocks("python", "The solutions"))
    (statement,) = blocks("markdown", "The statement")
    (wrong,), (verdicts,) = blocks("python", "Samples"), blocks("csv", "Samples")
    (samples.parent / "assignment.py").write_text(solutions, encoding="utf-8")
    (samples.parent / "statement.en.md").write_text(statement, encoding="utf-8")
    (samples / "wrong.py").write_text(wrong, encoding="utf-8")
    (samples / "verdicts.csv").write_text(verdicts, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def followed(here):
    """What each command of the guide ended with, in order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        return {words[1]: run(words) for words in map(shlex.split, COMMANDS)}


def run(words):
    # The guide does not depend on what the machine has to protect itself with.
    extra = ["--isolation", "limits"] if words[1] in ("check", "grade") else []
    return CliRunner().invoke(main, [*words[1:], *extra])


def test_the_words_of_the_guide_fill_two_pages_at_most():
    assert len(BLOCK.sub("", GUIDE).split()) <= 1000


def test_every_block_is_one_that_is_followed():
    assert [kind for _, kind, _ in BLOCK.findall(GUIDE)] == [
        *["python"] * 4,
        "markdown",
        "python",
        "csv",
        "console",
    ]


def test_the_commands_are_those_of_an_afternoon():
    assert [shlex.split(one)[1] for one in COMMANDS] == ["validate", "release", "check", "grade"]


@pytest.mark.parametrize("command", [shlex.split(one)[1] for one in COMMANDS])
def test_each_command_ends_well(followed, command):
    assert followed[command].exit_code == steps.DONE, followed[command].output


def test_the_assignment_holds_without_an_error(followed):
    assert "error" not in followed["validate"].stdout
    assert "descent holds: 8 questions, 14 points" in followed["validate"].stdout


def test_a_student_is_told_the_mistake_from_the_released_bundle(followed):
    assert "gradients" in followed["check"].stdout
    assert "upstream gradient" in followed["check"].stdout


def test_the_class_is_graded_with_the_diagnosis_that_the_samples_name(followed, here):
    assert followed["grade"].exit_code == steps.DONE
    results = from_json((here / "results" / "results.json").read_bytes())
    (question, *_) = results.submissions[0].questions
    assert [one.id for one in question.diagnoses] == ["missing_chain_factor"]


def test_what_is_released_holds_no_solution(followed, here):
    released = b"".join(path.read_bytes() for path in (here / "for_students").iterdir())
    for secret in (b"retain_grad", b"e[:1] * x[:1]", b"0.02 * 4 * start", b"forward_difference"):
        assert secret not in released


@pytest.mark.parametrize("option", ["autograd", "compare", "accept", "examples", "given"])
def test_every_way_to_say_what_is_right_is_shown(here, option):
    assert f"{option}=" in (here / "descent" / "assignment.py").read_text(encoding="utf-8")
    assert load(here / "descent").max_score == 14


def test_every_input_spec_is_named():
    import grader

    specs = [name for name in grader.__all__ if name[0].islower() and not name.startswith("_")]
    specs = [name for name in specs if name not in {"check", "load_ipython_extension"}]
    assert [name for name in specs if f"{name}(" not in GUIDE] == []
