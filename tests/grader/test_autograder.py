"""The bundle for Gradescope, unpacked and run in a tree like /autograder."""

import compileall
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import autograder, catalogue
from grader.assignment import Assignment, AssignmentError
from grader.autograder import container
from grader.cli import main

ASSIGNMENT = """
from grader import Assignment, array

hw = Assignment("sums", title="Sums", late=0.5)


@hw.question(points=2, inputs={"x": array("n")})
def total(x):
    return x.sum()


@hw.question(points=2, inputs={"x": array("n")}, feedback="verdict")
def double(x):
    return 2 * x
"""
RIGHT = "def total(x):\n    return x.sum()\n\n\ndef double(x):\n    return 2 * x\n"
WRONG = "def total(x):\n    return 2 * x.sum()\n\n\ndef double(x):\n    return x\n"
ENDLESS = "while True:\n    pass\n"
METADATA = {
    "id": 123456,
    "created_at": "2026-07-01T14:22:32.365935-07:00",
    "assignment": {"due_date": "2026-07-31T23:00:00.000000-07:00", "total_points": "20.0"},
    "submission_method": "upload",
    "users": [{"email": "ana@example.com", "id": 1, "name": "Ana"}],
    "previous_submissions": [],
}
TOP = {"score", "output", "output_format", "test_output_format", "test_name_format", "visibility",
       "stdout_visibility", "execution_time", "extra_data", "tests"}  # fmt: skip
NO_NAMESPACES = (
    "for one in user pid net mnt ipc; do echo 0 > /proc/sys/user/max_${one}_namespaces; done && "
)


def zipped(folder, **options):
    (folder / "assignment.py").write_text(ASSIGNMENT, encoding="utf-8")
    return autograder.write(catalogue.load(folder), folder / "out", **options)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return zipped(tmp_path_factory.mktemp("course"))


def unpack(bundle, top):
    """A tree like /autograder, with the executable bits that unzip gives."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(top / "source")
        for one in archive.infolist():
            (top / "source" / one.filename).chmod(one.external_attr >> 16)
    shutil.copy(top / "source" / "run_autograder", top)
    (top / "submission").mkdir()
    return top


@pytest.fixture(scope="module")
def image(bundle, tmp_path_factory):
    """A tree as setup.sh leaves it, compiled."""
    top = unpack(bundle, tmp_path_factory.mktemp("image") / "autograder")
    assert compileall.compile_dir(top / "source" / "package", quiet=1)
    return top


@pytest.fixture
def tree(image, tmp_path):
    return shutil.copytree(image, tmp_path / "autograder")


def environment(tree, **more):
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"AUTOGRADER_ROOT": str(tree), "GRADER_HOME": sys.prefix, **more}


def run(tree, code=None, *, metadata=METADATA, before="", **variables):
    """What run_autograder leaves as results.json; it ends well whatever happens."""
    if code is not None:
        (tree / "submission" / "answers.py").write_text(code, encoding="utf-8")
    if metadata is not None:
        (tree / "submission_metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    command = ["bash", "-c", f'{before}exec "$0"', tree / "run_autograder"]
    if before:
        command = ["unshare", "-Ur", *command]
    ended = subprocess.run(
        command, cwd=tree, env=environment(tree, **variables),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return results(tree)


def results(tree):
    content = json.loads((tree / "results" / "results.json").read_bytes())
    assert content.keys() <= TOP
    assert "score" in content or "tests" in content
    return content


def is_unfinished(content):
    return content == json.loads(autograder.ungraded("autograder.unfinished"))


def is_nothing(content):
    return content == json.loads(autograder.ungraded("autograder.nothing"))


# -- the zip --------------------------------------------------------------------------------------


def test_scripts_stand_at_the_top_and_are_executable(bundle):
    with zipfile.ZipFile(bundle) as archive:
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
    assert (modes["setup.sh"], modes["run_autograder"]) == (0o755, 0o755)
    assert modes["settings.json"] == 0o644


def test_no_work_of_students_and_nothing_hidden_goes_along(bundle, tmp_path):
    folder = tmp_path / "course"
    for name in ("samples/ana.py", "handed_in/bob.py", ".secret", "data.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    with zipfile.ZipFile(zipped(folder)) as archive:
        names = archive.namelist()
    own = {name for name in names if name.startswith("assignment/")}
    assert own == {"assignment/assignment.py", "assignment/data.csv"}
    assert not [name for name in names if "samples/" in name or "/." in name]
    assert "package/grader/assignments/manual_backprop/assignment.py" in names


def test_a_file_of_another_name_goes_alone(tmp_path):
    (tmp_path / "sums.py").write_text(ASSIGNMENT, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    written = autograder.write(catalogue.load(tmp_path / "sums.py"), tmp_path / "out")
    with zipfile.ZipFile(written) as archive:
        own = [name for name in archive.namelist() if name.startswith("assignment/")]
    assert own == ["assignment/sums.py"]


def test_an_assignment_of_no_file_cannot_be_bundled(tmp_path):
    with pytest.raises(AssignmentError, match="loaded from no file"):
        autograder.write(Assignment("sums", title="Sums"), tmp_path)


def test_everyone_has_the_same_cases_and_every_release_others(bundle, tmp_path):
    def seed(written):
        with zipfile.ZipFile(written) as archive:
            return json.loads(archive.read("settings.json"))["seed"]

    assert seed(bundle) != seed(zipped(tmp_path))


def test_the_command_writes_it(tmp_path):
    (tmp_path / "assignment.py").write_text(ASSIGNMENT, encoding="utf-8")
    arguments = ["release", tmp_path, "--gradescope", "--isolation", "limits", "-o", tmp_path / "o"]
    ended = CliRunner().invoke(main, [str(one) for one in arguments])
    assert ended.exit_code == 0, ended.output
    with zipfile.ZipFile(tmp_path / "o" / "sums-autograder.zip") as archive:
        assert json.loads(archive.read("settings.json"))["isolation"] == "limits"


def test_it_needs_what_the_grader_needs():
    names = {one.split(">")[0].split("=")[0] for one in autograder.requirements()}
    assert {"numpy", "click", "msgspec"} <= names
    assert "pytest" not in names


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_parse(bundle, tmp_path, name):
    with zipfile.ZipFile(bundle) as archive:
        script = Path(archive.extract(name, tmp_path))
    assert script.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


# -- a submission ---------------------------------------------------------------------------------


def test_a_right_answer_has_its_points(tree):
    content = run(tree, RIGHT)
    assert content["score"] == 4.0
    assert [test["status"] for test in content["tests"]] == ["passed", "passed"]
    assert {content["visibility"], *(one["visibility"] for one in content["tests"])} == {"visible"}
    assert content["stdout_visibility"] == "hidden"
    assert (tree / "results" / "results.json").stat().st_mode & 0o777 == 0o644


def test_a_wrong_answer_is_told_as_much_as_the_assignment_allows(tree):
    full, verdict = run(tree, WRONG)["tests"]
    assert (full["score"], full["status"]) == (0.0, "failed")
    assert len(full["output"].splitlines()) > 1
    assert verdict["output"].splitlines()[0] == "wrong value"
    assert "?" not in verdict["output"]


@pytest.mark.parametrize(("created", "score"), [("2026-08-01", 2.0), ("2026-07-30", 4.0)])
def test_lateness_is_that_of_the_submission(tree, created, score):
    late = METADATA | {"created_at": f"{created}T14:22:32.365935-07:00"}
    assert run(tree, RIGHT, metadata=late)["score"] == score


def test_a_group_has_one_result(tree):
    users = [{"email": f"{name}@example.com", "id": 1, "name": name} for name in ("ana", "bob")]
    assert run(tree, RIGHT, metadata=METADATA | {"users": users})["score"] == 4.0


def test_what_is_no_notebook_is_no_zero(tree):
    (tree / "submission" / "answers.pdf").write_bytes(b"%PDF")
    content = run(tree)
    assert "score" not in content
    assert content["output"]


def test_a_link_is_not_followed_to_the_solutions(tree):
    (tree / "submission" / "answers.py").symlink_to(tree / "source/assignment/assignment.py")
    assert is_nothing(run(tree))


@pytest.mark.parametrize("metadata", [None, {}, {"created_at": 7, "users": "no"}])
def test_without_what_gradescope_says_nothing_is_graded_or_it_is_graded(tree, metadata):
    content = run(tree, RIGHT, metadata=metadata)
    assert is_unfinished(content) or content["score"] == 4.0


def test_nothing_handed_in_is_told_and_no_zero(tree):
    assert is_nothing(run(tree))


# -- when something is wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("why", ["autograder.unfinished", "autograder.nothing"])
def test_that_nothing_was_graded_is_said_in_three_languages_and_is_no_zero(why):
    content = json.loads(autograder.ungraded(why))
    assert "score" not in content
    assert len(content["output"].split("\n\n")) == 3


def test_a_grader_that_is_killed_leaves_a_whole_result(tree):
    (tree / "submission" / "answers.py").write_text(ENDLESS, encoding="utf-8")
    (tree / "submission_metadata.json").write_text(json.dumps(METADATA), encoding="utf-8")
    running = subprocess.Popen(
        [tree / "run_autograder"], cwd=tree, env=environment(tree), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tree / "results" / "results.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.5)  # by now it grades
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert is_unfinished(results(tree))
    assert [path.name for path in (tree / "results").iterdir()] == ["results.json"]


def test_a_grader_that_does_not_start_leaves_a_whole_result(tree):
    (tree / "source" / "package" / "grader" / "cli.py").unlink()
    assert is_unfinished(run(tree, RIGHT))


def test_a_python_that_is_not_there_leaves_a_whole_result(tree):
    assert is_unfinished(run(tree, RIGHT, GRADER_HOME=str(tree / "nowhere")))


def test_the_result_of_an_earlier_run_is_not_taken_for_this_one(tree):
    assert run(tree, RIGHT)["score"] == 4.0
    assert is_unfinished(run(tree, RIGHT, GRADER_HOME=str(tree / "nowhere")))


# -- isolation ------------------------------------------------------------------------------------


@pytest.fixture
def no_namespaces():
    """What goes before a command so that it is root in a container that allows no namespaces."""
    tried = subprocess.run(
        ["unshare", "-Ur", "bash", "-c", f"{NO_NAMESPACES}true"], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip("this machine lets nobody make the container to try it in")
    return NO_NAMESPACES


def test_it_grades_as_root_where_there_are_no_namespaces(tree, no_namespaces):
    assert run(tree, RIGHT, before=no_namespaces)["score"] == 4.0


def test_without_isolation_nothing_is_graded(tree):
    assert is_unfinished(run(tree, RIGHT, GRADER_NO_FORK="1"))


def test_with_limits_accepted_it_grades_without_isolation(tmp_path):
    tree = unpack(zipped(tmp_path, isolation="limits"), tmp_path / "autograder")
    assert run(tree, RIGHT, GRADER_NO_FORK="1")["score"] == 4.0


def attempt(tree, **variables):
    return subprocess.run(
        [sys.executable, "-P", "-m", "grader.autograder.container", "--try", tree],
        env=environment(tree, PYTHONPATH=str(tree / "source" / "package"), **variables),
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_build_succeeds_where_an_empty_answer_is_graded(tree):
    ended = attempt(tree)
    assert ended.returncode == 0, ended.stderr
    assert not (tree / "results").exists()


def test_the_build_fails_where_the_isolation_is_not_to_be_had(tree):
    ended = attempt(tree, GRADER_NO_FORK="1")
    assert ended.returncode == 1
    assert "isolation" in ended.stderr
    assert "does not work in this image" in ended.stderr


# -- the container's limits -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({}, []),
        ({"memory.max": "max\n", "cpu.max": "max 100000\n"}, []),
        ({"memory.max": "805306368\n", "cpu.max": "50000 100000\n"},
         ["--memory", "448", "--timeout", "20"]),
        ({"memory.max": "6442450944\n", "cpu.max": "400000 100000\n"}, []),
        ({"memory.max": "268435456\n"}, ["--memory", "256"]),
        ({"memory/memory.limit_in_bytes": "1073741824\n", "cpu/cpu.cfs_quota_us": "75000\n",
          "cpu/cpu.cfs_period_us": "100000\n"}, ["--memory", "704", "--timeout", "14"]),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n", "cpu/cpu.cfs_quota_us": "-1\n",
          "cpu/cpu.cfs_period_us": "100000\n"}, []),
    ],
)  # fmt: skip
def test_limits_are_the_containers(tmp_path, files, options):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert container.limits(tmp_path) == options


# -- the image ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "asked"),
    [("python3.10", "python3.11 python3.11-venv"), ("python3", "python3 python3-venv")],
)
def test_setup_asks_for_a_python_where_the_image_has_none_that_will_do(tree, name, asked):
    programs = tree / "programs"
    programs.mkdir()
    for tool in ("bash", "env"):
        (programs / tool).symlink_to(shutil.which(tool))
    # Recent, but without the module that makes environments, as Debian parts them.
    lacking = f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    # Ubuntu's own installer is not to be had everywhere: what it is asked for is what matters.
    installer = f'#!/bin/sh\n[ "$1" = update ] || {{ echo "$@" > {tree}/asked; exit 1; }}\n'
    for program, text in ((name, lacking), ("apt-get", installer)):
        (programs / program).write_text(text, encoding="utf-8")
        (programs / program).chmod(0o755)
    ended = subprocess.run(
        ["bash", tree / "source" / "setup.sh"], env=environment(tree, PATH=str(programs)),
        capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert (tree / "asked").read_text(encoding="utf-8").split()[-2:] == asked.split()


@pytest.mark.slow  # it installs the packages that the grader needs
def test_setup_makes_an_environment_in_which_a_submission_is_graded(tree):
    home = str(tree / "home")
    subprocess.run(["bash", tree / "source/setup.sh"], env=environment(tree, GRADER_HOME=home),
                   check=True)  # fmt: skip
    assert run(tree, RIGHT, GRADER_HOME=home)["score"] == 4.0
