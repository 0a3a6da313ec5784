"""`grader release`, and `grader check` with what it wrote: folders, names and one-line errors."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from grader.catalogue import load
from grader.cli import main
from grader.results import from_json

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "assignments" / "first_gradients" / "samples"
FILES = {
    "README.md",
    "first_gradients.grader.json",
    "first_gradients.en.ipynb",
    "first_gradients.pt.ipynb",
    "first_gradients.es.ipynb",
}


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def release(folder, *options):
    ended = run("release", "first_gradients", "-o", folder, *options)
    assert ended.exit_code == 0, ended.output
    return ended


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    release(folder)
    return folder


def check(*arguments):
    ended = run("check", *arguments, "--format", "json", "--isolation", "limits")
    assert ended.exit_code == 0, ended.output
    (submission,) = from_json(ended.stdout_bytes).submissions
    return {one.id: (one.verdict, [each.id for each in one.diagnoses]) for one in
            submission.questions}  # fmt: skip


def notebook_of(module, path):
    """A student's notebook with the code of a module, and the metadata of the released one."""
    content = json.loads((path.parent / "first_gradients.en.ipynb").read_text(encoding="utf-8"))
    code = nbformat.v4.new_code_cell(module.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"cells": [code]}), encoding="utf-8")
    return path


# -- what is written ------------------------------------------------------------------------------


def test_a_release_has_a_notebook_in_each_language_the_data_and_a_readme(released):
    assert {file.name for file in released.iterdir()} == FILES


def test_the_paths_that_were_written_are_told(tmp_path):
    told = release(tmp_path).stdout.splitlines()
    assert {Path(line.removeprefix("written: ")).name for line in told} == FILES


def test_modules_are_written_where_they_are_asked_for(tmp_path):
    release(tmp_path, "--module")
    modules = {f"first_gradients.{language}.py" for language in ("en", "pt", "es")}
    assert {file.name for file in tmp_path.iterdir()} == FILES | modules


def test_a_released_notebook_names_its_assignment_and_language(released):
    notebook = nbformat.read(released / "first_gradients.pt.ipynb", as_version=4)
    assert notebook.metadata.grader == {"assignment": "first_gradients", "language": "pt"}


def test_the_readme_says_in_each_language_how_to_check(released):
    text = (released / "README.md").read_text(encoding="utf-8")
    for language in ("en", "pt", "es"):
        assert load("first_gradients").title_in(language) in text
        file, data = f"first_gradients.{language}.ipynb", "first_gradients.grader.json"
        assert f"grader check {file} -a {data}" in text


def test_the_same_assignment_gives_the_same_bytes(released, tmp_path):
    program = "from grader.cli import main; main()"
    command = [sys.executable, "-c", program, "release", "first_gradients", "-o", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "4242"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (released / name).read_bytes()


def test_a_second_release_of_the_same_is_no_mistake(tmp_path):
    release(tmp_path)
    release(tmp_path)


def test_a_file_of_other_content_is_kept_and_nothing_is_written(tmp_path):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    ended = run("release", "first_gradients", "-o", tmp_path)
    assert ended.exit_code == 2
    assert "README.md is already here with other content" in ended.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    ended = run("release", "first_gradients", "-o", tmp_path / "file" / "folder")
    assert ended.exit_code == 4
    assert len(ended.stderr.splitlines()) == 1
    assert "cannot be written" in ended.stderr


def test_an_assignment_without_a_statement_is_told(tmp_path):
    shutil.copy(SAMPLES.parent / "assignment.py", tmp_path)
    ended = run("release", tmp_path, "-o", tmp_path / "out")
    assert ended.exit_code == 2
    assert "has no statement" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_only_languages_that_are_written_are_released(tmp_path):
    for name in ("assignment.py", "statement.es.md"):
        shutil.copy(SAMPLES.parent / name, tmp_path)
    assert run("release", tmp_path, "-o", tmp_path / "out").exit_code == 0
    assert not list((tmp_path / "out").glob("*.en.ipynb"))
    assert list((tmp_path / "out").glob("*.es.ipynb"))


# -- checking with it -----------------------------------------------------------------------------


def wrong_sample():
    return next(file for file in sorted(SAMPLES.glob("*.py")) if "sum()" in file.read_text("utf-8"))


def test_the_file_and_its_folder_are_as_good_as_the_assignment(released):
    sample = wrong_sample()
    expected = check(sample, "-a", "first_gradients")
    assert check(sample, "-a", released) == expected
    assert check(sample, "-a", released / "first_gradients.grader.json") == expected


def test_a_bundle_beside_the_notebook_is_found_by_the_notebooks_metadata(tmp_path):
    release(tmp_path)
    data = tmp_path / "first_gradients.grader.json"
    content = json.loads(data.read_bytes())
    content["items"] = content["items"][:1]
    data.write_text(json.dumps(content), encoding="utf-8")
    notebook = notebook_of(wrong_sample(), tmp_path / "mine.ipynb")
    assert list(check(notebook)) == [content["items"][0]["id"]]


def test_an_untouched_released_notebook_earns_nothing_and_is_told_so(released):
    told = check(released / "first_gradients.es.ipynb")
    assert told
    assert not {verdict for verdict, _ in told.values()} & {"correct", "answered"}


def test_a_choice_is_said_to_be_answered(tmp_path):
    assert run("release", "concepts", "-o", tmp_path).exit_code == 0
    answers = "\n".join(f'{item.id} = "a"' for item in load("concepts"))
    (tmp_path / "mine.py").write_text(answers, encoding="utf-8")
    ended = run("check", tmp_path / "mine.py", "-a", tmp_path, "--lang", "en", "--plain")
    assert "Your answer is there." in ended.stdout
    assert "answered" in ended.stdout


def test_two_bundles_in_a_folder_are_told_apart_by_name(released, tmp_path):
    for name in ("one", "two"):
        data = released / "first_gradients.grader.json"
        shutil.copy(data, tmp_path / f"{name}.grader.json")
    ended = run("check", wrong_sample(), "-a", tmp_path)
    assert ended.exit_code == 2
    assert "one.grader.json, two.grader.json" in ended.stderr


def test_a_damaged_bundle_is_one_line(tmp_path):
    data = tmp_path / "any.grader.json"
    data.write_text('{"schema": 1}', encoding="utf-8")
    ended = run("check", wrong_sample(), "-a", data, "--lang", "pt")
    assert ended.exit_code == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "danificado" in ended.stderr


def test_marks_are_not_given_from_a_bundle(released, tmp_path):
    ended = run("grade", wrong_sample(), "-a", released, "-o", tmp_path / "out")
    assert ended.exit_code == 2
    assert not (tmp_path / "out").exists()
