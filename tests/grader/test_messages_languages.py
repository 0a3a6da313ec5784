"""In which language results are told: on the command line, on pages and in files."""

import json
import re
import sqlite3

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.commands import steps
from grader.messages import LANGUAGES
from grader.reports import html
from grader.results import Results, SubmissionResult

ASSIGNMENT = """
from grader import Assignment, array

hw = Assignment("sums", title={"en": "Sums", "pt": "Somas", "es": "Sumas"})

@hw.question(points=2, inputs={"x": array("n")})
def total(x):
    return x.sum()
"""
WRONG = "def total(x):\n    return -x.sum()\n"
SAID = {
    "en": "The form is right, the value is not.",
    "pt": "A forma está certa, o valor não.",
    "es": "La forma es correcta, el valor no.",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "sums.py").write_text(ASSIGNMENT, encoding="utf-8")
    (tmp_path / "ana.py").write_text(WRONG, encoding="utf-8")
    return tmp_path


def notebook(language):
    cell = {"cell_type": "code", "source": WRONG, "metadata": {}, "outputs": []}
    metadata = {"grader": {"language": language}}
    file = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]}
    return json.dumps(file)


def check(file, *options):
    command = ["check", file, "-a", "sums.py", "--isolation", "limits", "--plain", *options]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == steps.DONE, ended.stderr
    return " ".join(ended.stdout.split()), ended.stderr


def grade(*options):
    command = ["grade", "ana.py", "-a", "sums.py", "--isolation", "limits", "--plain", *options]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == steps.DONE, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_check_tells_in_the_language_that_is_asked_for(here, language):
    out, _ = check("ana.py", "--lang", language)
    assert SAID[language] in out


def test_check_speaks_the_notebooks_language(here):
    (here / "ana.ipynb").write_text(notebook("pt-BR"), encoding="utf-8")
    out, error = check("ana.ipynb")
    assert SAID["pt"] in out
    assert "Mais ajuda" in error


def test_the_language_asked_for_goes_before_the_notebooks(here):
    (here / "ana.ipynb").write_text(notebook("pt"), encoding="utf-8")
    assert SAID["es"] in check("ana.ipynb", "--lang", "es")[0]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LANG": "es_MX.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "fr:pt_BR", "LANG": "es_MX.UTF-8"}, "pt"),
        ({}, "en"),
    ],
)
def test_without_any_other_word_the_environment_decides(here, monkeypatch, environment, language):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert steps.language(None, None) == language


def test_a_language_without_texts_is_english(here):
    assert steps.language(None, "fr") == "en"


def test_grade_writes_its_reports_in_the_language_asked_for(here):
    out = grade("--lang", "pt")
    assert "sinal errado" in out
    page = (here / "results" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="pt-BR">' in page
    assert "<h1>Somas</h1>" in page
    (one,) = json.loads((here / "results" / "results.json").read_bytes())["submissions"]
    assert one["questions"][0]["message"].startswith(SAID["pt"])


def test_reports_can_be_had_in_another_language_without_grading_again(here):
    grade("--lang", "pt")
    grade("--lang", "es")
    (one,) = json.loads((here / "results" / "results.json").read_bytes())["submissions"]
    assert one["questions"][0]["message"].startswith(SAID["es"])
    assert '<html lang="es">' in (here / "results" / "index.html").read_text(encoding="utf-8")


def test_the_gradebook_holds_ids_and_parameters_and_no_sentence(here):
    grade()
    database = sqlite3.connect(here / "results" / "gradebook.sqlite")
    ((row,),) = database.execute("SELECT result FROM grading").fetchall()
    database.close()
    question = json.loads(row)["questions"][0]
    assert question["message"]["id"] == "wrong_value"
    assert question["message"]["parameters"].keys() == {"found"}
    assert question["diagnoses"][0]["message"]["id"] == "misconception.wrong_sign.idea"


@pytest.mark.parametrize("language", ["pt", "es"])
def test_nothing_on_a_page_is_left_in_english(language):
    results = Results(
        assignment="sums", title="", grader_version="1", seed="0",
        submissions=(
            SubmissionResult(
                id="1", name=None, path="", sha256="", score=None, max_score=2.0, pending=2.0,
                seconds=0.0, problem="unreadable", torch=None, isolation=None, questions=(),
            ),
        ),
    )  # fmt: skip
    page = html.page(results, language)
    page = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    words = set(re.findall(r"[a-z]+", re.sub(r"<[^>]*>", " ", page).lower()))
    assert words & {"the", "of", "with", "submissions", "scores", "reasons", "points"} == set()


@pytest.mark.parametrize(("languages", "most"), [(["es", "pt", "pt"], "pt"), ([None], None)])
def test_a_class_is_told_in_the_language_of_most_notebooks(languages, most):
    from grader.reports.summary import class_summary

    submissions = tuple(
        SubmissionResult(
            id=str(number), name=None, path="", sha256="", score=0.0, max_score=2.0, pending=0.0,
            seconds=0.0, problem=None, torch=None, isolation=None, questions=(), language=one,
        )
        for number, one in enumerate(languages)
    )  # fmt: skip
    results = Results(
        assignment="sums", title="", grader_version="1", seed="0", submissions=submissions
    )
    assert class_summary(results).language == most


@pytest.mark.parametrize(
    "command", [["forget", "results", "ana"], ["report", "results", "--format", "html"]]
)
def test_the_title_keeps_its_language_when_reports_are_written_again(here, monkeypatch, command):
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    grade()
    page = here / "results" / "index.html"
    if command[0] == "report":
        page.unlink()
        command = [*command, "--lang", "pt"]
    else:
        page.write_text("to be written again", encoding="utf-8")
    CliRunner().invoke(main, command)
    assert "<h1>Somas</h1>" in page.read_text(encoding="utf-8")


def test_where_the_assignment_is_gone_its_title_is_known_in_each_language(here, monkeypatch):
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    grade()
    (here / "sums.py").unlink()
    assert CliRunner().invoke(main, ["forget", "results", "ana"]).exit_code == steps.DONE
    page = (here / "results" / "index.html").read_text(encoding="utf-8")
    assert "<h1>Somas</h1>" in page


def start(*arguments):
    return CliRunner().invoke(main, ["start", *arguments])


@pytest.mark.parametrize(
    ("language", "written", "hint"),
    [
        ("en", "written: concepts.ipynb", "when you have answered:"),
        ("pt", "gravado: concepts.ipynb", "quando tiver respondido:"),
        ("es", "escrito: concepts.ipynb", "cuando hayas respondido:"),
    ],
)
def test_start_speaks_the_language_of_the_statement(here, language, written, hint):
    ended = start("concepts", "--lang", language)
    assert ended.stdout == f"{written}\n"
    assert hint in ended.stderr


def test_start_says_in_the_students_language_that_a_file_is_there(here):
    start("concepts", "--lang", "pt")
    assert "já está aqui" in start("concepts", "--lang", "pt").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["start", "conceitos", "--lang", "pt"], "não há tarefa 'conceitos'"),
        (["start", "concept", "--lang", "es"], "¿Quisiste decir concepts?"),
        (["check", "nothing.py", "--lang", "pt"], "nothing.py não existe"),
        (["check", "ana.py", "--lang", "es"], "no dice a qué tarea responde"),
        (["check", ".", "-a", "sums.py", "--lang", "pt"], "contém 2 entregas"),
        (["check", "ana.py", "-a", "none.py", "--lang", "es"], "no hay tarea 'none.py'"),
    ],
)
def test_a_students_mistakes_are_told_in_their_language(here, arguments, said):
    (here / "rui.py").write_text(WRONG, encoding="utf-8")
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == steps.USAGE
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_list_of_assignments_is_in_the_language_of_the_environment(here, monkeypatch):
    monkeypatch.setenv("LANG", "es_MX.UTF-8")
    shown = CliRunner().invoke(main, ["list", "--plain"]).stdout
    assert "Retropropagación a mano" in shown
    monkeypatch.setenv("LANG", "C")
    assert "Backpropagation by hand" in CliRunner().invoke(main, ["list", "--plain"]).stdout
