"""`check` for students, `list` and `doctor`."""

import json

import pytest

from grader.commands import steps

from .running import (
    EIGHT_PASSES,
    RIGHT,
    WRONG,
    errors,
    run,
    write,
)

# -- check ----------------------------------------------------------------------------------------


def test_check_json_is_the_result_and_nothing_else(here):
    write(here / "bob.py", WRONG)
    result = run("check", "bob.py", "-a", "sums.py", "--format", "json")
    data = json.loads(result.stdout)
    assert data["schema"] == 1
    assert data["assignment"] == "sums"
    assert [one["id"] for one in data["submissions"]] == ["bob"]


def test_check_json_holds_a_problem_as_well(here):
    write(here / "bad.ipynb", "no notebook")
    result = run("check", "bad.ipynb", "-a", "sums.py", "--format", "json")
    assert result.exit_code == steps.USAGE
    assert json.loads(result.stdout)["submissions"][0]["problem"] == "unreadable"


def test_check_recognises_the_assignment_by_the_names_it_asks_for(here):
    write(here / "ana.py", "def manual_backprop(x, w, y):\n    return None")
    result = run("check", "ana.py", "--format", "json")
    assert json.loads(result.stdout)["assignment"] == "manual_backprop"


def test_check_recognises_the_assignment_that_a_notebook_names(here):
    notebook = {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"grader": {"assignment": "manual_backprop"}},
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": "x = 1"}],
    }  # fmt: skip
    write(here / "ana.ipynb", json.dumps(notebook))
    result = run("check", "ana.ipynb", "--format", "json")
    assert json.loads(result.stdout)["assignment"] == "manual_backprop"


def test_a_notebook_of_an_assignment_that_is_not_at_hand_is_told_so(here):
    cell = {"cell_type": "code", "source": "def own(x): return x"}
    metadata = {"grader": {"assignment": "week_9", "language": "es"}}
    write(here / "week_9.ipynb", json.dumps({"nbformat": 4, "metadata": metadata, "cells": [cell]}))
    result = run("check", "week_9.ipynb")
    assert result.exit_code == steps.USAGE
    assert "week_9.ipynb responde a week_9, que no está disponible" in result.stderr


def test_check_lists_what_it_could_be(here):
    write(here / "ana.py", "x = 1")
    result = run("check", "ana.py")
    assert result.exit_code == steps.USAGE
    (line,) = errors(result)
    assert "name it with -a, one of: accumulation_trap, batchnorm_backprop, " in line


def test_check_goes_on_from_the_idea_to_the_rule(here):
    write(here / "ana.py", EIGHT_PASSES)
    arguments = "check", "ana.py", "-a", "accumulation_trap"
    rule = "clear it before the next one begins"
    first, more = run(*arguments), run(*arguments, "--more")
    assert rule not in " ".join(first.stdout.split())
    assert rule in " ".join(more.stdout.split())
    assert "--more" in first.stderr
    assert "--more" not in more.stderr


def test_check_writes_nothing_here(here):
    write(here / "ana.py", RIGHT)
    before = sorted(here.iterdir())
    run("check", "ana.py", "-a", "sums.py")
    assert sorted(here.iterdir()) == before


def test_checking_twice_draws_the_same_cases(here):
    write(here / "bob.py", WRONG)
    arguments = "check", "bob.py", "-a", "sums.py"
    assert run(*arguments).stdout == run(*arguments).stdout


# -- list and doctor ------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_list_shows_every_assignment(options):
    told = run("list", *options).stdout
    assert all(one in told for one in ("accumulation_trap", "manual_backprop", "no_grad_detach"))


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_doctor_tries_the_sandbox(options):
    result = run("doctor", *options)
    assert result.exit_code == 0
    assert "works" in result.stdout
    assert all(one in result.stdout for one in ("seccomp", "landlock", "mount-namespace", "level"))
