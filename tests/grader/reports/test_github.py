"""Workflow commands and the step summary, as GitHub reads them."""

import re
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.reports import github

COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:]*)(?:,\w+=[^,:]*)*)::(.*)")


def parsed(results):
    found = [COMMAND.fullmatch(line) for line in github.annotations(results)]
    return [
        (one[1], dict(pair.split("=", 1) for pair in one[2].split(",")), one[3]) for one in found
    ]


def only(results, student, **fields):
    (one,) = [one for one in results.submissions if one.id == student]
    return replace(results, submissions=(replace(one, **fields),))


def test_each_question_that_is_not_right_is_annotated_once(results):
    found = parsed(only(results, "bruno"))
    assert [(level, where["title"]) for level, where, _ in found] == [
        ("error", "manual_backprop%3A wrong value"), ("error", "times_run%3A wrong value"),
    ]  # fmt: skip
    assert all(where["file"] == "bruno.ipynb" for _, where, _ in found)


def test_a_line_is_named_in_a_module_and_not_in_a_notebook(results):
    ((_, notebook, _), *_) = parsed(only(results, "bruno"))
    ((_, module, _), *_) = parsed(only(results, "bruno", path="bruno.py"))
    assert "line" not in notebook
    assert module["line"] == "12"


def test_annotations_hold_no_points(results):
    assert not [line for line in github.annotations(results) if re.search(r"\d/\d|\d points", line)]


def test_what_waits_for_a_person_and_faults_of_the_grader_are_notices(results):
    levels = [level for level, _, _ in parsed(only(results, "dora", problem="grader_fault"))]
    assert levels == ["notice"]
    levels = [level for level, _, _ in parsed(only(results, "fatima"))]
    assert levels == ["error", "notice"]


def test_a_right_submission_has_no_annotation(results):
    assert parsed(only(results, "alice")) == []


def test_there_are_ten_of_a_level_at_most(results):
    bruno = only(results, "bruno").submissions[0]
    many = replace(results, submissions=tuple(replace(bruno, id=f"b{at}") for at in range(30)))
    assert len(parsed(many)) == 10


HOSTILE = st.text(
    st.sampled_from("\n\r%:,;#[]|<>`*_\\!@-.h/\u2028\x85") | st.characters(codec="utf-8")
)


@given(HOSTILE)
def test_no_text_becomes_a_command_of_its_own(text):
    lines = github._command("error", SimpleNamespace(path="a.py"), "title", text).split("\n")
    assert len(lines) == 1
    assert COMMAND.fullmatch(lines[0])


@given(HOSTILE)
def test_no_path_becomes_a_property_of_its_own(text):
    line = github._command("error", SimpleNamespace(path=text), text, "said")
    assert [pair.split("=")[0] for pair in COMMAND.fullmatch(line)[2].split(",")] == [
        "file",
        "title",
    ]


@given(HOSTILE)
def test_a_cell_of_the_summary_is_text_alone(text):
    cell = github._markdown(text)
    assert "\n" not in cell
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<`*_\[\]#@]", cell)


def test_the_summary_is_a_table_of_all_questions(results):
    lines = github.step_summary(results).splitlines()
    assert lines[0] == "## Backpropagation by hand"
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 2 + sum(len(one.questions) or 1 for one in results.submissions)
    # A bar that is not escaped would be a column more.
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_the_summary_holds_no_points(results):
    found = re.findall(
        r"\d+(?:\.\d+)?\\?/\d+|\d+ ?\\?%|\bmean\b|points", github.step_summary(results)
    )
    assert found == []


def test_a_summary_stays_below_githubs_limit(results):
    bruno = only(results, "bruno").submissions[0]
    long = replace(
        bruno, questions=tuple(replace(one, message="\u00e9" * 900) for one in bruno.questions)
    )
    summary = github.step_summary(replace(results, submissions=(long,) * 600))
    assert len(summary.encode()) <= 1024 * 1024
    assert summary.endswith("…\n")


def test_both_files_are_written(results, tmp_path):
    top = github.write(results, tmp_path)
    assert {path.name for path in top.iterdir()} == {"annotations.txt", "summary.md"}
