"""The action, the workflow templates and the GitLab snippet: valid, pinned, and run for real."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

import grader

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "grade" / "action.yml"
FEEDBACK = ROOT / ".github" / "templates" / "feedback.yml"
MARKS = ROOT / ".github" / "templates" / "marks.yml"
GITLAB = ROOT / ".gitlab" / "grade.yml"
FILES = {ACTION: "github-actions", FEEDBACK: "github-workflows", MARKS: "github-workflows",
         GITLAB: "gitlab-ci"}  # fmt: skip
PAGE = (ROOT / "grader" / "ci.md").read_text(encoding="utf-8")

ASSIGNMENT = """
from grader import Assignment, array

hw = Assignment("sums", title="Sums")


@hw.question(points=3, inputs={"x": array("n")})
def total(x):
    return x.sum()
"""
RIGHT = "def total(x):\n    return x.sum()\n"
WRONG = "def total(x):\n    return 2 * x.sum()\n"
UNSUPPORTED = "import torch\n\n\ndef total(x):\n    return torch.fft.fft(torch.tensor(x))\n"
HOSTILE = """
print("::error title=x::y")
print("::set-output name=score::100")
print("::stop-commands::x")
print("##[set-env name=A]b")


def total(x):
    raise ValueError("a\\n::error::b\\r\\n##[group]c\\n::add-mask::d %0A::warning::e")
"""
COMMAND = re.compile(r"\s*::([\w-]+)( [^:]*)?::(.*)")


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def step(steps, name):
    (found,) = [one for one in steps if one.get("name") == name]
    return found


# -- what they are --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_what_its_schema_allows(path):
    pytest.importorskip("check_jsonschema", reason="it is in the extra [test]")
    command = [sys.executable, "-m", "check_jsonschema"]
    checked = subprocess.run(
        [*command, "--builtin-schema", f"vendor.{FILES[path]}", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", [*FILES, ROOT / "grader" / "ci.md"], ids=lambda path: path.name)
def test_the_grader_is_pinned_to_this_version(path):
    text = path.read_text(encoding="utf-8")
    versions = re.findall(r"autograd-grader==([\w.]+)|(?:@|ref: )v([\w.]+\d)", text)
    assert versions
    assert {one or other for one, other in versions} == {grader.__version__}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_input_becomes_part_of_a_script(path):
    def scripts(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key in {"run", "script"}:
                    yield str(value)
                yield from scripts(value)
        elif isinstance(node, list):
            for one in node:
                yield from scripts(one)

    assert not [one for one in scripts(load(path)) if "${{" in one]


@pytest.mark.parametrize("path", [FEEDBACK, MARKS], ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_ends(path):
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        checkouts = [one for one in job["steps"] if "checkout" in one.get("uses", "")]
        assert all(one["with"]["persist-credentials"] is False for one in checkouts)


def test_the_templates_use_inputs_that_the_action_has():
    (used,) = [
        one for one in load(FEEDBACK)["jobs"]["feedback"]["steps"] if "grade@" in one["uses"]
    ]
    inputs = load(ACTION)["inputs"]
    assert used["with"].keys() <= inputs.keys()
    assert {name for name, one in inputs.items() if one.get("required")} <= used["with"].keys()


def test_the_page_shows_the_templates_as_they_are():
    assert f"```yaml\n{FEEDBACK.read_text(encoding='utf-8')}```" in PAGE
    for path in FILES:
        assert path.relative_to(ROOT).as_posix() in PAGE


def test_the_page_names_every_input_of_the_action():
    assert re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE) == list(load(ACTION)["inputs"])


# -- the action, run as GitHub runs it ------------------------------------------------------------


class Runner:
    """A folder with what a runner of GitHub's offers, and the real grader in its place."""

    def __init__(self, folder):
        self.temp, self.work = folder / "temp", folder / "work"
        self.summary = folder / "summary.md"
        self.work.mkdir()
        self.summary.touch()
        self.launcher = self.temp / "grader" / "bin" / "grader"
        self.launcher.parent.mkdir(parents=True)
        self.launcher.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -c '
            '"from grader.cli import main; main(prog_name=\'grader\')" "$@"\n',
            encoding="utf-8",
        )
        self.launcher.chmod(0o755)
        (self.work / "assignment.py").write_text(ASSIGNMENT, encoding="utf-8")

    def run(self, script, **variables):
        """The exit status of a step, and the lines of its log."""
        file = self.temp / "step.sh"
        file.write_text(script, encoding="utf-8")
        known = {"PYTHONPATH": str(ROOT), "RUNNER_TEMP": str(self.temp), "LANG": "C.UTF-8",
                 "GITHUB_STEP_SUMMARY": str(self.summary)}  # fmt: skip
        path = f"{self.temp}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", file],
            cwd=self.work, env=os.environ | known | {"PATH": path} | variables,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return ended.returncode, ended.stdout.splitlines()

    def check(self, code, name="answers.py", **inputs):
        """Run the action's step on a file in the repository."""
        (self.work / name).write_text(code, encoding="utf-8")
        action = load(ACTION)
        given = {key: one.get("default", "") for key, one in action["inputs"].items()}
        given |= {"file": name, "assignment": "assignment.py"}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        check = step(action["runs"]["steps"], "Check")
        variables = {
            key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda one: given[one[1]], value)
            for key, value in check["env"].items()
        }
        return self.run(check["run"], **variables)


@pytest.fixture
def runner(tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    return Runner(tmp_path)


def commands(lines):
    """The workflow commands in a log that a runner carries out: name, properties and message."""
    found, stopped = [], None
    for line in lines:
        command = COMMAND.fullmatch(line)
        if stopped is not None:
            stopped = None if command and command[1] == stopped else stopped
        elif command and command[1] == "stop-commands":
            stopped = command[3]
        elif command:
            found.append((command[1], (command[2] or "").strip(), command[3]))
        else:
            assert "##[" not in line
    assert stopped is None
    return found


def test_a_right_answer_passes_without_annotation(runner):
    status, lines = runner.check(RIGHT, min_score="100")
    assert (status, commands(lines)) == (0, [])
    assert "Checked on public cases" in lines[-1]
    assert "✓" in runner.summary.read_text(encoding="utf-8")


def test_a_wrong_answer_is_annotated_at_its_file(runner):
    (runner.work / "week").mkdir()
    status, lines = runner.check(WRONG, "week/answers.py")
    ((level, where, message),) = commands(lines)
    assert (status, level) == (0, "error")
    assert where.startswith("file=week/answers.py,title=total%3A wrong value")
    assert message
    assert "✗" in runner.summary.read_text(encoding="utf-8")


def test_a_raised_error_is_annotated_at_its_line(runner):
    _, lines = runner.check("def total(x):\n    y = 1\n    return x.summ()\n")
    ((_, where, _),) = commands(lines)
    assert where.startswith("file=answers.py,line=3,")


def test_the_job_fails_below_the_minimum_where_there_is_one(runner):
    assert runner.check(WRONG, min_score="50")[0] == 1
    assert runner.check(WRONG)[0] == 0


def test_no_score_is_in_the_log_or_the_summary(runner):
    _, lines = runner.check(WRONG)
    told = "\n".join([*lines, runner.summary.read_text(encoding="utf-8")])
    assert not re.search(r"\d+(\.\d+)?\s*(/|of|%)|points|score", told)


@pytest.mark.parametrize("language", ["pt", "es"])
def test_it_speaks_the_language_asked_for(runner, language):
    _, lines = runner.check(WRONG, language=language)
    ((_, where, _),) = commands(lines)
    assert "wrong" not in where


def test_a_failure_of_the_grader_is_a_notice_and_tried_again(runner):
    status, lines = runner.check(UNSUPPORTED, min_score="100")
    assert status == 0
    assert "The grader failed (exit status 5); once more." in lines
    assert {level for level, _, _ in commands(lines)} == {"notice"}
    assert commands(lines)[-1][1] == "title=The grader failed"


def test_a_mistake_in_the_grader_is_a_notice(runner):
    # The grader of this run has no sandbox.
    broken = "import sys; sys.modules['grader.sandbox.pool'] = None; from grader.cli import main"
    text = runner.launcher.read_text(encoding="utf-8")
    runner.launcher.write_text(
        text.replace("from grader.cli import main", broken), encoding="utf-8"
    )
    status, lines = runner.check(RIGHT, min_score="100")
    assert status == 0
    assert [where for _, where, _ in commands(lines)] == ["title=The grader failed"]
    assert any("ModuleNotFoundError" in line for line in lines)


def test_a_grader_that_cannot_even_start_is_a_notice(runner):
    runner.launcher.unlink()
    status, lines = runner.check(RIGHT, min_score="100")
    assert status == 0
    assert [where for _, where, _ in commands(lines)] == ["title=The grader failed"]


def test_a_file_that_is_not_there_fails_and_is_told(runner):
    status, lines = runner.check(RIGHT, file="nothing.py")
    assert status == 1
    assert commands(lines)[0][:2] == ("error", "title=Nothing was checked")
    assert any("nothing.py" in line for line in lines)


def test_nothing_of_a_students_is_a_command(runner):
    _, lines = runner.check(HOSTILE)
    ((level, where, _),) = commands(lines)
    assert level == "error"
    assert where.startswith("file=answers.py,")
    summary = runner.summary.read_text(encoding="utf-8")
    assert len([line for line in summary.splitlines() if line.startswith("|")]) == 3


def test_the_released_notebook_is_checked_without_the_assignment(runner):
    (runner.work / "assignment.py").unlink()
    released = runner.run('"$RUNNER_TEMP/grader/bin/grader" release manual_backprop -o .')
    assert released[0] == 0, released[1]
    notebook = (runner.work / "manual_backprop.en.ipynb").read_text(encoding="utf-8")
    status, lines = runner.check(notebook, "manual_backprop.en.ipynb", assignment="")
    ((level, where, _),) = commands(lines)
    assert (status, level) == (0, "error")
    assert where.startswith("file=manual_backprop.en.ipynb,title=manual_backprop")


def test_an_option_in_place_of_a_file_is_none(runner):
    status, lines = runner.check(RIGHT, file="--help")
    assert status == 1
    assert not any("Usage" in line for line in lines)


# -- the instructor's workflow --------------------------------------------------------------------


@pytest.fixture
def marks(runner):
    """Runs a step of the instructor's workflow, with a class of three fetched."""
    for name, code in {"ana": RIGHT, "bob": WRONG, "cem": HOSTILE}.items():
        folder = runner.temp / "class" / "hw-submissions" / f"hw-{name}"
        folder.mkdir(parents=True)
        (folder / "answers.py").write_text(code, encoding="utf-8")
    steps = load(MARKS)["jobs"]["marks"]["steps"]

    def run(name="Grade", **variables):
        known = {"ASSIGNMENT": "assignment.py", "SEED": "long"}
        return runner.run(step(steps, name)["run"], **(known | variables))

    return run


def test_marks_go_into_the_artefact_and_not_into_the_log(runner, marks):
    status, lines = marks()
    assert (status, commands(lines)) == (0, [])
    assert lines == ["Graded: the marks are in the artefact of this run."]
    results = json.loads((runner.temp / "results" / "results.json").read_bytes())
    assert {one["id"]: one["score"] for one in results["submissions"]} == {
        "ana": 3.0, "bob": 0.0, "cem": 0.0,
    }  # fmt: skip
    assert "bob" in (runner.temp / "results" / "table.txt").read_text(encoding="utf-8")
    assert (runner.temp / "results" / "gradebook.csv").is_file()


def test_one_that_could_not_be_graded_is_a_warning_and_the_rest_have_marks(runner, marks):
    path = runner.temp / "class" / "hw-submissions" / "hw-bob" / "answers.py"
    path.write_text(UNSUPPORTED, encoding="utf-8")
    status, lines = marks()
    assert status == 0
    ((level, where, _),) = commands(lines)
    assert (level, where) == ("warning", "title=Some were not graded")
    results = json.loads((runner.temp / "results" / "results.json").read_bytes())
    assert {one["id"]: one["score"] for one in results["submissions"]} == {
        "ana": 3.0, "bob": None, "cem": 0.0,
    }  # fmt: skip


def test_without_isolation_nothing_is_graded_and_the_job_fails(runner, marks):
    status, lines = marks(GRADER_NO_FORK="1")
    assert status == 1
    assert commands(lines)[0][1] == "title=Not graded"
    assert not (runner.temp / "results").exists()


def test_without_a_seed_that_stays_nothing_is_graded(marks):
    status, lines = marks(SEED="")
    assert (status, commands(lines)[0][1]) == (1, "title=No seed")


@pytest.mark.parametrize(("private", "status"), [("true", 0), ("false", 1), ("", 1)])
def test_a_public_repository_is_refused(runner, marks, private, status):
    # GitHub's own command is not to be had here: what it answers is.
    gh = runner.temp / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!/bin/sh\necho '{private}'\n", encoding="utf-8")
    gh.chmod(0o755)
    assert marks("Refuse a public repository", GITHUB_REPOSITORY="a/b")[0] == status


# -- GitLab ---------------------------------------------------------------------------------------


def gitlab(runner, code, **variables):
    job = load(GITLAB)["feedback"]
    (runner.work / "answers.py").write_text(code, encoding="utf-8")
    script = "\n".join(line for line in job["script"] if "grader check" in line)
    local = script.replace("/tmp/grader", str(runner.temp / "grader"))  # noqa: S108 - the image's
    known = job["variables"] | {"FILE": "answers.py", "ASSIGNMENT": "assignment.py"}
    return runner.run(local, **(known | variables))[0]


def test_gitlab_shows_a_test_for_each_question(runner):
    assert gitlab(runner, WRONG) == 1
    suites = ET.parse(runner.work / "junit.xml").getroot()  # noqa: S314 - our own
    assert [one.get("name") for one in suites.iter("testcase")] == ["total"]
    assert suites.find(".//failure") is not None
    assert load(GITLAB)["feedback"]["artifacts"]["reports"]["junit"] == "junit.xml"


def test_gitlab_passes_a_right_answer(runner):
    assert gitlab(runner, RIGHT) == 0


def test_gitlab_tries_a_failed_grader_again_and_fails_no_student(runner):
    status = gitlab(runner, UNSUPPORTED)
    job = load(GITLAB)["feedback"]
    assert status in job["retry"]["exit_codes"]
    assert status in job["allow_failure"]["exit_codes"]
    assert not {0, 1, 2} & set(job["allow_failure"]["exit_codes"])
