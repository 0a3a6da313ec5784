"""The published JSON Schema and the page about the result, against what the grader writes."""

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

import grader
from grader import results as result_types
from grader.cli import main
from grader.reports import json as json_report
from grader.results import VERDICTS, Problem, from_json, to_json

HOME = Path(grader.__file__).parent
SCHEMA = json.loads((HOME / "reports" / "results.schema.json").read_bytes())
PAGE = (HOME / "results.md").read_text(encoding="utf-8")
SECTIONS = {
    "The run": "Results",
    "A submission": "SubmissionResult",
    "A question": "QuestionResult",
    "An output": "OutputResult",
    "Feedback": "Feedback",
    "A diagnosis": "Diagnosis",
    "A person's mark": "Override",
    "Isolation": "Isolation",
}


def validate(content):
    checker = jsonschema.Draft202012Validator
    checker.check_schema(SCHEMA)
    checker(SCHEMA).validate(content)


def section(title):
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


# -- the schema -----------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_results():
    published = (HOME / "reports" / "results.schema.json").read_bytes()
    assert published == json_report.schema(), "write json_report.schema() into the file again"


def test_results_with_nearly_everything_fit_the_schema(results):
    validate(json.loads(to_json(results)))


def test_what_grade_writes_fits_the_schema(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    samples = HOME.parent / "assignments" / "first_gradients" / "samples"
    run = CliRunner().invoke(
        main,
        ["grade", str(samples), "-a", "first_gradients", "--isolation", "limits", "--lang", "pt"],
    )
    assert run.exit_code in {0, 5}, run.stderr
    validate(json.loads(Path("results/results.json").read_bytes()))


def test_what_check_prints_fits_the_schema():
    sample = HOME.parent / "assignments" / "manual_backprop" / "samples" / "bruno.py"
    run = CliRunner().invoke(
        main, ["check", str(sample), "-a", "manual_backprop", "--format", "json"]
    )
    content = json.loads(run.stdout)
    validate(content)
    assert content["submissions"][0]["questions"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("schema", 2), ("seed", None), ("submissions", {}), ("submissions", [{"id": "ana"}])],
)
def test_what_is_no_result_does_not_fit(results, field, value):
    with pytest.raises(jsonschema.ValidationError):
        validate(json.loads(to_json(results)) | {field: value})


def test_fields_may_be_added(results):
    validate(json.loads(to_json(results)) | {"of_a_later_version": 1})


# -- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", SECTIONS)
def test_the_page_has_every_field_in_its_order(title):
    fields = re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE)
    kind = getattr(result_types, SECTIONS[title])
    assert fields == [one.encode_name for one in msgspec.structs.fields(kind)]


def test_the_page_has_the_verdicts_from_best_to_worst():
    verdicts = section("A question").split("Verdicts from best to worst:", 1)[1]
    assert tuple(re.findall(r"`(\w+)`", verdicts)) == VERDICTS


def test_the_page_has_the_problems():
    problems = section("A submission").split("Problems:", 1)[1]
    assert tuple(re.findall(r"`(\w+)`", problems)) == Problem.__args__


def test_the_example_on_the_page_is_a_result_with_every_field():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    content = json.loads(example)
    validate(content)
    assert json.loads(to_json(from_json(example.encode()))) == content
