"""The command line as its users meet it: exit statuses, one-line errors, files and streams."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from grader.commands import steps
from grader.results import from_json

from .running import (
    ASSIGNMENT,
    EIGHT_PASSES,
    RIGHT,
    ROOT,
    WRONG,
    commands,
    errors,
    results_in,
    run,
    scores_in,
    write,
)

# -- help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", commands())
def test_every_command_shows_an_example(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:  grader {command}" in result.stdout


def test_the_help_lists_every_command_with_a_whole_sentence():
    told = run("--help").stdout.splitlines()
    for name in commands():
        (line,) = [one for one in told if one.startswith(f"  {name} ")]
        assert line.endswith(".")
        assert not line.endswith("...")


def test_the_examples_of_the_help_have_options_that_exist():
    for name, command in commands().items():
        words = shlex.split(command.epilog.removeprefix(f"Example:  grader {name}"))
        command.make_context(name, words)


def test_a_misspelled_command_is_told_the_one_that_is_meant():
    assert "Did you mean 'check'?" in run("chek").stderr


@pytest.mark.parametrize("arguments", [["--help"], ["grade", "--help"], ["--version"]])
def test_asking_for_help_loads_nothing_heavy(arguments):
    heavy = "numpy", "msgspec", "rich", "jinja2", "IPython", "nbformat", "reference_engine"
    code = (
        f"import sys\nfrom grader.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"print([one for one in {heavy} if one in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout.endswith("[]\n")


# -- grade ----------------------------------------------------------------------------------------


def test_a_class_is_graded(here):
    write(here / "class" / "ana.py", RIGHT)
    write(here / "class" / "bob.py", WRONG)
    result = run("grade", "class", "-a", "sums.py", "-o", "out")
    assert result.exit_code == steps.DONE
    assert scores_in(here / "out") == {"ana": 2.0, "bob": 0.0}
    assert (here / "out" / "index.html").is_file()


def test_results_go_to_the_folder_results(here):
    write(here / "ana.py", RIGHT)
    run("grade", "ana.py", "-a", "sums.py")
    assert scores_in(here / "results") == {"ana": 2.0}


def test_a_new_out_is_private(here):
    write(here / "ana.py", RIGHT)
    run("grade", "ana.py", "-a", "sums.py", "-o", "deep/out")
    assert (here / "deep" / "out").stat().st_mode & 0o777 == 0o700


def test_only_the_formats_that_were_asked_for_are_written(here):
    write(here / "ana.py", RIGHT)
    result = run("grade", "ana.py", "-a", "sums.py", "-o", "out", "--format", "json")
    assert (here / "out" / "results.json").is_file()
    assert not (here / "out" / "index.html").exists()
    assert "written: out/results.json\n" in result.stderr


def test_the_same_seed_gives_the_same_results(here):
    write(here / "class" / "ana.py", RIGHT)
    write(here / "class" / "bob.py", WRONG)
    told = []
    for out in ("one", "two"):
        run("grade", "class", "-a", "sums.py", "-o", out, "--seed", "spring")
        text = (here / out / "results.json").read_text()
        told.append(re.sub(r'"seconds": [\d.]+', "", text))
    assert '"seed": "spring"' in told[0]
    assert told[0] == told[1]


def test_without_a_seed_each_run_draws_its_own(here):
    write(here / "ana.py", RIGHT)
    for out in ("one", "two"):
        run("grade", "ana.py", "-a", "sums.py", "-o", out)
    assert results_in(here / "one").seed != results_in(here / "two").seed


def test_a_file_given_twice_is_graded_once(here):
    write(here / "class" / "ana.py", RIGHT)
    result = run("grade", "class", "class/ana.py", "./class/../class/ana.py", "-a", "sums.py")
    assert result.exit_code == steps.DONE
    assert scores_in(here / "results") == {"ana": 2.0}


def test_grading_again_takes_the_place_of_the_first_results(here):
    write(here / "ana.py", WRONG)
    run("grade", ".", "-a", "sums.py")
    write(here / "ana.py", RIGHT)
    run("grade", "ana.py", "-a", "sums.py")
    assert scores_in(here / "results") == {"ana": 2.0}


def test_an_assignment_among_the_submissions_is_none_of_them(here):
    write(here / "class" / "sums.py", ASSIGNMENT)
    write(here / "class" / "ana.py", RIGHT)
    run("grade", "class", "-a", "class/sums.py")
    assert scores_in(here / "results") == {"ana": 2.0}


def test_folders_and_files_may_have_spaces_in_their_names(here):
    write(here / "my class" / "ana maria.py", RIGHT)
    assert run("grade", "my class", "-a", "sums.py", "-o", "my results").exit_code == steps.DONE
    assert scores_in(here / "my results") == {"ana maria": 2.0}


@pytest.mark.parametrize("command", ["grade", "check"])
@pytest.mark.parametrize("own", [False, True])
def test_eight_backward_passes_are_counted(here, command, own):
    write(here / "ana.py", EIGHT_PASSES)
    assignment = write(
        here / "assignment.py",
        """
        from grader import Assignment, tensor
        import reference_engine as torch

        hw = Assignment("first", title="First")

        @hw.question(
            points=1,
            inputs={"x": tensor("n", "m", requires_grad=True)},
            examples=[{"x": [[1.0, 1.0], [1.0, 1.0]]}],
        )
        def gradient(x):
            out = torch.mean(2 * (x + 2) ** 2)
            out.backward()
            return x.grad
        """,
    )
    result = run(command, "ana.py", "-a", assignment if own else "accumulation_trap")
    assert result.exit_code == steps.DONE
    if command == "check":
        told = result.stdout
    else:
        (submission,) = results_in(here / "results").submissions
        (question,) = [one for one in submission.questions if one.id == "gradient"]
        told = " ".join(question.feedback.hints)
        assert [one.id for one in question.diagnoses] == ["accumulated_gradient"]
    assert "8 backward passes added together" in " ".join(told.split())


# -- exit statuses --------------------------------------------------------------------------------


def test_0_with_every_submission_at_the_minimum(here):
    write(here / "ana.py", RIGHT)
    assert run("grade", "ana.py", "-a", "sums.py", "--min-score", 100).exit_code == 0


@pytest.mark.parametrize("command", ["grade", "check"])
def test_1_with_a_submission_below_the_minimum(here, command):
    write(here / "bob.py", WRONG)
    assert run(command, "bob.py", "-a", "sums.py", "--min-score", 50).exit_code == 1


def test_0_with_a_low_score_and_no_minimum(here):
    write(here / "bob.py", WRONG)
    assert run("grade", "bob.py", "-a", "sums.py").exit_code == 0


def test_a_minimum_is_not_missed_by_a_rounding_error(here):
    write(
        here / "thirds.py",
        """
        from grader import Assignment, array
        hw = Assignment("thirds", title="Thirds")

        @hw.question(points=1, inputs={"x": array("n")}, weights={"a": 29, "b": 71})
        def both(x):
            return {"a": x.sum(), "b": x.max()}
        """,
    )
    write(here / "ana.py", "def both(x):\n    return {'a': x.sum(), 'b': 0}")
    assert run("grade", "ana.py", "-a", "thirds.py", "--min-score", 29).exit_code == 0


def test_2_with_wrong_usage(here):
    assert run("grade", "ana.py").exit_code == 2


def test_2_with_a_minimum_and_work_that_cannot_be_read(here):
    write(here / "class" / "ana.py", RIGHT)
    write(here / "class" / "bob.ipynb", "no notebook")
    assert run("grade", "class", "-a", "sums.py").exit_code == 0
    assert run("grade", "class", "-a", "sums.py", "--min-score", 50).exit_code == 2


@pytest.mark.parametrize("command", ["grade", "check"])
@pytest.mark.parametrize("level", ["full", "kernel"])
def test_3_with_an_isolation_that_is_not_to_be_had(here, monkeypatch, command, level):
    monkeypatch.setenv("GRADER_NO_FORK", "1")
    write(here / "ana.py", RIGHT)
    result = run(command, "ana.py", "-a", "sums.py", "--isolation", level)
    assert result.exit_code == 3
    (line,) = errors(result)
    assert "nothing was run" in line
    assert "--isolation limits" in line
    assert not (here / "results").exists()


def test_3_where_a_class_is_graded_with_limits_alone_and_nobody_typed_that(here, monkeypatch):
    monkeypatch.setenv("GRADER_NO_FORK", "1")
    write(here / "ana.py", RIGHT)
    result = run("grade", "ana.py", "-a", "sums.py")
    assert result.exit_code == 3
    assert "docker run" in result.stderr
    assert run("grade", "ana.py", "-a", "sums.py", "--isolation", "limits").exit_code == 0


def test_a_student_may_check_with_limits_alone(here, monkeypatch):
    monkeypatch.setenv("GRADER_NO_FORK", "1")
    write(here / "ana.py", RIGHT)
    result = run("check", "ana.py", "-a", "sums.py")
    assert result.exit_code == 0
    assert "without a sandbox" in result.stderr


def test_4_with_an_out_that_cannot_be_written(here):
    write(here / "ana.py", RIGHT)
    write(here / "out", "a file")
    assert run("grade", "ana.py", "-a", "sums.py", "-o", "out").exit_code == 4


def test_5_with_a_name_that_the_engine_lacks(here):
    write(
        here / "gradient.py",
        """
        from grader import Assignment, tensor
        hw = Assignment("g", title="G")

        @hw.question(points=1, inputs={"x": tensor("n")})
        def double(x):
            return 2 * x
        """,
    )
    write(here / "ana.py", "import torch\ndef double(x):\n    return torch.fft.fft(x)")
    result = run("grade", "ana.py", "-a", "gradient.py", "--torch", "facade")
    assert result.exit_code == 5
    assert scores_in(here / "results") == {"ana": None}


def test_5_with_a_machine_that_runs_nothing(here, monkeypatch):
    write(here / "ana.py", RIGHT)
    monkeypatch.setattr("grader.sandbox.starting.PYTHON", (str(here / "nowhere"),))
    result = run("grade", "ana.py", "-a", "sums.py")
    assert result.exit_code == 5
    assert "students' code cannot be run here" in errors(result)[0]
    assert not (here / "results").exists()
    assert "Traceback" not in result.stderr


# -- bad input ------------------------------------------------------------------------------------


def test_a_missing_path_is_named(here):
    result = run("grade", "nobody.py", "-a", "sums.py")
    assert result.exit_code == steps.USAGE
    assert errors(result)[0].startswith("grader: nobody.py does not exist")
    assert not (here / "results").exists()


def test_the_paths_beside_a_missing_one_are_graded(here):
    write(here / "ana.py", RIGHT)
    result = run("grade", "nobody.py", "ana.py", "nowhere", "-a", "sums.py")
    assert result.exit_code == steps.USAGE
    assert [line.split()[1] for line in errors(result)] == ["nobody.py", "nowhere"]
    assert scores_in(here / "results") == {"ana": 2.0}


def test_a_class_in_which_nobody_answers_is_asked_whether_it_is_the_right_assignment(here):
    write(here / "ana.py", "def other(x):\n    return x\n")
    write(here / "bo.py", "x = 1\n")
    asked = "grader: no submission answers a question of sums (looked at: 2)"
    assert asked in run("grade", "ana.py", "bo.py", "-a", "sums.py").stderr
    write(here / "bo.py", RIGHT)
    assert asked not in run("grade", "ana.py", "bo.py", "-a", "sums.py").stderr


def test_what_is_passed_over_is_told_in_the_language_that_was_asked_for(here):
    write(here / "class" / "ana.py", RIGHT)
    write(here / "class" / "data.csv", "1,2\n")
    result = run("grade", "class", "nobody", "-a", "sums.py", "--lang", "pt")
    assert "grader: class: ignorado, por não ser resposta: data.csv" in result.stderr
    assert "grader: nobody não existe" in result.stderr


def test_a_students_own_modules_are_run_with_the_answer_in_check_as_in_grade(here):
    cell = {"cell_type": "code", "source": "from helper import total"}
    notebook = json.dumps({"nbformat": 4, "cells": [cell]})
    for student in ("ana", "bo"):
        write(here / "class" / student / "hw.ipynb", notebook)
        write(here / "class" / student / "helper.py", RIGHT)
    assert run("grade", "class", "-a", "sums.py").exit_code == steps.DONE
    assert scores_in(here / "results") == {"ana": 2.0, "bo": 2.0}
    result = run("check", "class/ana/hw.ipynb", "-a", "sums.py", "--lang", "en")
    assert "2.0/2.0" in result.stdout
    assert "run with helper.py, which is part of your answer" in result.stderr


@pytest.mark.parametrize("command", ["check", "grade"])
def test_an_assignment_beside_the_file_is_no_module_of_the_students(here, command):
    write(here / "ana.py", "from sums import total\n")
    result = run(command, "ana.py", "-a", "sums.py", "--lang", "en")
    assert "0.0/2.0" in result.stdout


def test_what_lies_beside_a_file_that_is_graded_may_be_anybodys(here):
    write(here / "ana.py", "from bo import total\n")
    write(here / "bo.py", RIGHT)
    assert "0.0/2.0" in run("grade", "ana.py", "-a", "sums.py").stdout


def test_an_unknown_assignment_names_a_near_one(here):
    write(here / "ana.py", RIGHT)
    result = run("grade", "ana.py", "-a", "manual_backprob")
    assert result.exit_code == steps.USAGE
    (line,) = errors(result)
    assert "manual_backprob" in line
    assert "Did you mean manual_backprop" in line


@pytest.mark.parametrize(
    ("source", "place", "reason"),
    [
        ("x = 1\nraise ValueError('two\\nlines')", "line 2", "ValueError: two lines"),
        ("x = (", "line 1", "never closed"),
        ("import sys\nsys.exit('no')", "line 2", "SystemExit"),
        ("import no_such_module", "line 1", "no_such_module"),
        ("x = 1", "broken.py", "holds no Assignment"),
        (
            ASSIGNMENT.replace("x.sum()", "x / undefined"),
            "line 8",
            "the reference raised NameError: name 'undefined' is not defined",
        ),
    ],
)
def test_an_assignment_file_that_raises_is_told_with_its_line(here, source, place, reason):
    write(here / "ana.py", RIGHT)
    write(here / "broken.py", source)
    result = run("grade", "ana.py", "-a", "broken.py")
    assert result.exit_code == steps.USAGE
    (line,) = errors(result)
    assert "broken.py" in line
    assert place in line
    assert reason in line
    assert not (here / "results").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bad.ipynb", "no notebook", "not a notebook, or it is damaged"),
        ("bad.ipynb", '{"nbformat": 4}', "bad.ipynb"),
        ("bad.py", "", "The file is empty"),
        ("bad.ipynb", "", "The file is empty"),
        ("bad.pdf", "%PDF", "a PDF, which cannot be run"),
    ],
)
def test_a_file_that_cannot_be_graded_is_one_line_and_the_rest_is_graded(here, name, content, said):
    write(here / "class" / name, content)
    write(here / "class" / "ana.py", RIGHT)
    result = run("grade", "class", "-a", "sums.py")
    assert result.exit_code == steps.DONE
    (line,) = errors(result)
    assert line.startswith(f"grader: {name}: ")
    assert said in line
    assert scores_in(here / "results")["ana"] == 2.0


@pytest.mark.parametrize("more", [[], ["-a", "sums.py"]])
@pytest.mark.parametrize(("name", "content"), [("bad.ipynb", "no notebook"), ("bad.py", "")])
def test_checking_what_cannot_be_run_is_one_line(here, name, content, more):
    write(here / name, content)
    result = run("check", name, *more)
    assert (result.exit_code, result.stdout) == (steps.USAGE, "")
    (line,) = errors(result)
    assert line.startswith(f"grader: {name}: The file is")


def test_nothing_but_unreadable_work_is_unreadable_input(here):
    write(here / "bad.ipynb", "no notebook")
    assert run("grade", "bad.ipynb", "-a", "sums.py").exit_code == steps.USAGE
    assert scores_in(here / "results") == {"bad": None}


def test_nothing_but_empty_work_is_a_zero(here):
    write(here / "empty.py", "")
    assert run("grade", "empty.py", "-a", "sums.py").exit_code == steps.DONE
    assert scores_in(here / "results") == {"empty": 0.0}


@pytest.mark.parametrize("command", ["grade", "check"])
def test_a_folder_without_submissions_is_told(here, command):
    (here / "class").mkdir()
    result = run(command, "class", "-a", "sums.py")
    assert result.exit_code == steps.USAGE
    assert errors(result)[0].startswith("grader: class holds no submissions")


def test_check_takes_one_file(here):
    write(here / "class" / "ana.py", RIGHT)
    write(here / "class" / "bob.py", RIGHT)
    result = run("check", "class", "-a", "sums.py")
    assert result.exit_code == steps.USAGE
    assert "check takes one file" in result.stderr


@pytest.mark.parametrize("out", ["taken", "taken/out", "/proc/out"])
def test_an_unwritable_out_is_told_before_anything_is_run(here, out):
    write(here / "taken", "a file")
    write(here / "ana.py", "open('ran', 'w')\n" + RIGHT)
    result = run("grade", "ana.py", "-a", "sums.py", "-o", out)
    assert result.exit_code == steps.UNWRITTEN
    (line,) = errors(result)
    assert f"{out} cannot be written" in line
    assert "nothing was run" in line


@pytest.fixture
def out_that_is_lost(here):
    """Grading into it finds, when all is graded, that something stands in the results' place."""
    (here / "out" / "results.json" / "in the way").mkdir(parents=True)
    return here / "out"


def test_results_that_cannot_be_written_are_saved_elsewhere(here, out_that_is_lost, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    write(here / "ana.py", RIGHT)
    result = run("grade", "ana.py", "-a", "sums.py", "-o", out_that_is_lost)
    assert result.exit_code == steps.UNWRITTEN
    (line,) = errors(result)
    (place,) = re.findall(r"the results are in (\S+)/results\.json", line)
    assert scores_in(Path(place)) == {"ana": 2.0}


def test_results_that_can_be_written_nowhere_are_printed(here, out_that_is_lost, monkeypatch):
    # The one folder, and not that of the sandbox; permissions would not keep a superuser out.
    monkeypatch.setattr(tempfile, "mkdtemp", failing_for("grader-results-", tempfile.mkdtemp))
    write(here / "ana.py", RIGHT)
    result = run("grade", "ana.py", "-a", "sums.py", "-o", out_that_is_lost)
    assert result.exit_code == steps.UNWRITTEN
    assert from_json(result.stdout.encode()).submissions[0].score == 2.0


def failing_for(prefix, make):
    def failing(*arguments, **options):
        if options.get("prefix") == prefix:
            raise OSError(28, "No space left on device")
        return make(*arguments, **options)

    return failing


def test_real_pytorch_that_is_not_installed_is_told_before_anything_is_run(here):
    if find_spec("torch"):
        pytest.skip("PyTorch is installed here")
    write(here / "ana.py", RIGHT)
    result = run("grade", "ana.py", "-a", "sums.py", "--torch", "real")
    assert result.exit_code == steps.USAGE
    (line,) = errors(result)
    assert "pip install 'autograd-grader[torch]'" in line
    assert not (here / "results").exists()
