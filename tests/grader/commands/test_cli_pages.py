"""The pages that commands write: of the class, everyone's own with their code, and for all eyes."""

import json
import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.commands import steps

ASSIGNMENT = """
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums", feedback={feedback!r})

    @hw.question(points=2, inputs={{"x": array("n")}})
    def total(x):
        return x.sum()
"""
RIGHT = "def total(x):\n    return x.sum()\n"
WRONG = "def total(x):\n    answer = 2 * x.sum()\n    return answer\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder with an assignment and a class of two."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C")
    Path("class").mkdir()
    Path("class/anastasia.py").write_text(RIGHT)
    Path("class/bartholomew.py").write_text(WRONG)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exit_code == steps.DONE, result.stderr
    return result


def grade(*more, feedback="full"):
    Path("sums.py").write_text(textwrap.dedent(ASSIGNMENT.format(feedback=feedback)))
    return run("grade", "class", "-a", "sums.py", "-o", "out", "--isolation", "limits", *more)


def own_page(student):
    """The page that the page of the class leads to from a student's name."""
    index = Path("out/index.html").read_text("utf-8")
    (link,) = set(re.findall(rf'href="(pages/students/\w+\.html)"><bdi>{student}', index))
    return (Path("out") / link).read_text("utf-8")


def test_the_page_of_the_class_leads_to_pages_with_everyones_own_code(here):
    grade()
    assert "answer = 2 * x.sum()" in own_page("bartholomew")
    assert "anastasia" not in own_page("bartholomew")
    assert "bartholomew" not in own_page("anastasia")


def test_the_code_is_shown_though_the_file_is_gone(here):
    grade()
    Path("class/bartholomew.py").unlink()
    run("report", "out", "--format", "html", "--lang", "es")
    assert "answer = 2 * x.sum()" in own_page("bartholomew")
    assert '<html lang="es">' in own_page("bartholomew")


@pytest.fixture
def in_portuguese(here):
    """The class, in which one student's notebook is in Portuguese."""
    notebook = {
        "cells": [{"cell_type": "code", "source": WRONG, "metadata": {}, "outputs": []}],
        "metadata": {"grader": {"language": "pt"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    Path("class/bartholomew.py").unlink()
    Path("class/bartholomew.ipynb").write_text(json.dumps(notebook))
    Path("class/carla.py").write_text(WRONG)
    return here


def pages_in():
    """The language of each student's page."""
    students = ("anastasia", "bartholomew", "carla")
    return [re.findall(r'<html lang="(.*?)"', own_page(one))[0] for one in students]


def test_a_page_is_in_the_language_of_its_notebook_else_of_the_class(in_portuguese):
    grade()
    assert pages_in() == ["pt-BR", "pt-BR", "pt-BR"]
    Path("class/carla.py").unlink()
    spanish = Path("class/bartholomew.ipynb").read_text().replace('"pt"', '"es"')
    Path("class/carla.ipynb").write_text(spanish)
    Path("class/dora.ipynb").write_text(spanish)
    run("forget", "out", "carla")
    grade()
    assert pages_in() == ["es", "pt-BR", "es"]


def test_a_language_that_was_asked_for_is_everyones_until_another_is(in_portuguese):
    grade("--lang", "en")
    assert pages_in() == ["en", "en", "en"]
    run("regrade", "out", "--only", "carla")
    run("report", "out", "--format", "html")
    assert pages_in() == ["en", "en", "en"]
    run("report", "out", "--format", "html", "--lang", "es")
    assert pages_in() == ["es", "es", "es"]
    grade()
    assert pages_in() == ["pt-BR", "pt-BR", "pt-BR"]


def test_a_changed_submission_has_a_changed_page(here):
    grade()
    Path("class/bartholomew.py").write_text(RIGHT)
    grade()
    assert "answer" not in own_page("bartholomew")
    assert "2.0/2.0" in own_page("bartholomew")


def test_the_page_tells_as_much_as_the_assignment_allows(here):
    grade(feedback="verdict")
    assert "wrong value" in own_page("bartholomew")
    assert "Found" not in own_page("bartholomew")


def test_with_pseudonyms_there_is_a_page_that_names_nobody(here):
    assert "out/projector.html" in grade("--pseudonyms").stderr
    page = Path("out/projector.html").read_text("utf-8")
    assert "bartholomew" not in page
    assert "pages/" not in page
    assert page.count('<th scope="row"><bdi>') == 2
    assert "bartholomew" in Path("out/index.html").read_text("utf-8")


def test_it_can_be_asked_for_afterwards(here):
    grade()
    assert not Path("out/projector.html").exists()
    run("report", "out", "--format", "json", "--pseudonyms")
    assert Path("out/projector.html").exists()


def test_pseudonyms_stay_when_marks_change(here):
    def pseudonyms():
        page = Path("out/projector.html").read_text("utf-8")
        return set(re.findall(r"<bdi>(.*?)</bdi>", page))

    grade("--pseudonyms")
    before = pseudonyms()
    Path("class/bartholomew.py").write_text(RIGHT)
    Path("class/cleopatra.py").write_text(RIGHT)
    grade("--pseudonyms")
    assert before < pseudonyms()


def test_who_is_forgotten_has_no_page_and_no_pseudonym(here):
    grade("--pseudonyms")
    run("forget", "out", "bartholomew")
    assert not Path("out/projector.html").exists()
    assert len(list(Path("out/pages/students").iterdir())) == 1
    assert "bartholomew" not in Path("out/pages/list.csv").read_text("utf-8")
    assert own_page("anastasia")
