"""The file that students check with: what is in it, what it explains, and what it withstands."""

import ast
import inspect
import json
import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grader
from grader.assignment.items import Choice, Question
from grader.bundle import SUFFIX, BundleError
from grader.bundle import folder as releasing
from grader.bundle import reader as bundle_reader
from grader.cases import PUBLIC_SEED, draw_cases
from grader.catalogue import bundled, load
from grader.grading import Grader
from grader.results import in_words
from grader.sandbox.limits import Limits
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

SAME = (
    "build_autograd", "computational_graph", "concepts", "custom_function", "dynamic_graphs",
    "first_gradients", "graph_lifetime", "numerical_gradient", "softmax_cross_entropy",
    "variables", "vector_jacobian",
)  # fmt: skip

ASSIGNMENT = '''
import numpy as np
import reference_engine as torch
from grader import Assignment, array, real, source, tensor

hw = Assignment("small", title={"en": "Small", "pt": "Pequeno"})


def other(x):
    """The secret of another way."""
    return -(x ** 2).mean()


@hw.question(points=2, inputs={"x": array("n")}, accept=[other])
def mean_square(x):
    secret_intermediate = x * x
    return secret_intermediate.mean()


@mean_square.misconception("sum_instead_of_mean", message="Divide by the number of entries.")
def summed(x):
    secretly_summed = (x ** 2).sum()
    return secretly_summed


@hw.question(
    points=3,
    inputs={"x": tensor("n", requires_grad=True)},
    compare=("value", "shape", "dtype"),
)
def gradients(x):
    hidden_loss = (3 * x ** 2).mean()
    hidden_loss.backward()
    return {"loss": hidden_loss.detach(), "dx": x.grad}


@hw.question(points=1, inputs={"f": source("lambda v: v ** 3"), "x": real(1.5, 2.5)})
def slope(f, x):
    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


@hw.question(points=1, inputs={"x": array("n", low=0.5)})
def root(x):
    hidden_root = np.sqrt(x)
    return hidden_root


@root.property
def squares_to_x(x, answer):
    """The square of the answer is x."""
    return np.allclose(answer ** 2, x)


@hw.question(points=1, inputs={})
def constant():
    return 1234.5


@hw.variable(points=1)
def left_behind():
    return 987.25


@hw.variable(points=1, given={"x": array("n")})
def doubled(x):
    return 2 * x


hw.choice("letter", points=1, options=["a", "b"], answer="b")
hw.text("why", points=1)
'''

RIGHT = """
import numpy as np
import torch
x = np.array([1.0, 2.0])
doubled = x + x
left_behind = 987.25
letter = "b"
why = "Because."

def mean_square(x):
    return (x ** 2).mean()

def gradients(x):
    return {"loss": (3 * x ** 2).mean().detach(), "dx": (6 * x / len(x)).detach()}

def slope(f, x):
    return 3 * x ** 2

def root(x):
    return np.sqrt(x)

def constant():
    return 1234.5
"""

WRONG = """
import numpy as np
import torch
x = np.array([1.0, 2.0])
doubled = x
left_behind = 1.0
letter = "a"
why = ""

def mean_square(x):
    return (x ** 2).sum()

def gradients(x):
    loss = (3 * x ** 2).sum()
    loss.backward()
    return {"loss": loss.detach(), "dx": x.grad}

def slope(f, x):
    return f(x)

def root(x):
    return x

def constant():
    raise ValueError("no")
"""

OTHER_WAY = "def mean_square(x):\n    return -(x ** 2).mean()\n"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(limits=Limits(call=2, cell=3, submission=20)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    file = tmp_path_factory.mktemp("small") / "assignment.py"
    file.write_text(ASSIGNMENT, encoding="utf-8")
    return load(file)


@pytest.fixture(scope="module")
def content(small):
    return releasing.bundle(small)


@cache
def released(name):
    """The bundle of a bundled assignment."""
    return releasing.bundle(load(name))


def said(question):
    """All that a student is told of a question, in words; but for pictures of the graph."""
    return (
        question.verdict,
        question.score,
        question.message,
        question.outputs,
        question.feedback,
        question.diagnoses,
    )


def read(content, folder):
    file = folder / f"any{SUFFIX}"
    file.write_bytes(content)
    return bundle_reader.read(file)


def grade(assignment, sandbox, *paths):
    grader = Grader(assignment, sandbox, seed=PUBLIC_SEED, torch="facade")
    return {one.id: in_words(grader.grade(one), "en") for one in collect(list(paths))}


def graded(source, assignment, sandbox, folder):
    file = folder / "student.py"
    file.write_text(source, encoding="utf-8")
    (result,) = grade(assignment, sandbox, file).values()
    return {one.id: one for one in result.questions}


# -- it explains as the assignment does -----------------------------------------------------------


@pytest.mark.parametrize("name", SAME)
def test_a_bundle_judges_and_explains_as_the_assignment_does(name, sandbox, tmp_path):
    assignment = load(name)
    samples = assignment.path / "samples"
    from_assignment = grade(assignment, sandbox, samples)
    from_bundle = grade(read(released(name), tmp_path), sandbox, samples)
    for student, result in from_assignment.items():
        other = from_bundle[student]
        assert other.problem == result.problem
        for one, told in zip(result.questions, other.questions, strict=True):
            if told.verdict != "answered":
                assert said(told) == said(one), (student, one.id)


def test_every_kind_of_question_is_judged_alike(small, content, sandbox, tmp_path):
    bundle = read(content, tmp_path)
    for source in (RIGHT, WRONG, OTHER_WAY):
        expected = graded(source, small, sandbox, tmp_path)
        told = graded(source, bundle, sandbox, tmp_path)
        for name in ("mean_square", "gradients", "slope", "doubled", "why"):
            assert said(told[name]) == said(expected[name])


def test_two_mistakes_in_one_answer_are_told_from_the_assignment_alone(sandbox, tmp_path):
    assignment = load("batchnorm_backprop")
    bundle = read(released("batchnorm_backprop"), tmp_path)
    sample = assignment.path / "samples" / "tiago.py"
    (known,) = grade(assignment, sandbox, sample).values()
    (told,) = grade(bundle, sandbox, sample).values()
    assert [one.verdict for one in told.questions] == [one.verdict for one in known.questions]
    assert known.questions[1].diagnoses
    assert told.questions[1].diagnoses == ()


# -- what is withheld -----------------------------------------------------------------------------


def test_what_cannot_be_judged_is_said_to_be_answered(content, sandbox, tmp_path):
    told = graded(RIGHT, read(content, tmp_path), sandbox, tmp_path)
    answered = {name for name, one in told.items() if one.verdict == "answered"}
    assert answered == {"root", "constant", "left_behind", "letter"}
    assert {told[name].score for name in answered} == {None}


def test_a_wrong_answer_is_answered_as_a_right_one_is(content, sandbox, tmp_path):
    told = graded(WRONG, read(content, tmp_path), sandbox, tmp_path)
    answered = {name for name, one in told.items() if one.verdict == "answered"}
    assert answered == {"root", "left_behind", "letter"}


def test_what_is_no_answer_is_told_all_the_same(content, sandbox, tmp_path):
    source = """
    letter = "z"
    left_behind = None
    def root(x):
        x[0] = 1
        return x
    def constant():
        raise ValueError("no")
    """
    told = graded(textwrap.dedent(source), read(content, tmp_path), sandbox, tmp_path)
    verdicts = {name: told[name].verdict for name in ("letter", "left_behind", "root", "constant")}
    assert verdicts == {
        "letter": "wrong_value",
        "left_behind": "missing",
        "root": "side_effect",
        "constant": "error",
    }


@pytest.mark.parametrize("name", bundled())
def test_no_line_of_a_solution_and_no_key_to_a_choice_is_in_a_bundle(name):
    assignment = load(name)
    text = released(name).decode()
    source = (assignment.path / "assignment.py").read_text(encoding="utf-8")
    lines = {
        ast.unparse(statement)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        for statement in node.body
        if not isinstance(statement, ast.Expr | ast.FunctionDef)
    }
    assert [line for line in lines if json.dumps(line)[1:-1] in text and len(line) > 12] == []
    for item in json.loads(text)["items"]:
        if item["asks"] == "choice":
            assert item.keys() <= {"asks", "id", "points", "prompt", "options", "feedback"}


def test_nothing_of_what_is_withheld_is_in_a_bundle(content):
    text = content.decode()
    for secret in ("secret", "hidden", "1234.5", "987.25", "np.sqrt", "assignment.py", "allclose"):
        assert secret not in text
    items = {one["id"]: one for one in json.loads(text)["items"]}
    for name in ("root", "constant", "left_behind"):
        assert all("expected" not in case for case in items[name]["record"]["cases"])
        assert "mistakes" not in items[name]["record"]


def test_a_bundle_is_read_without_the_engine(content, tmp_path):
    file = tmp_path / f"any{SUFFIX}"
    file.write_bytes(content)
    program = (
        "import sys; from pathlib import Path; from grader.bundle.reader import read; "
        "read(Path(sys.argv[1])); assert 'reference_engine' not in sys.modules"
    )
    command = [sys.executable, "-c", program, str(file)]
    environment = os.environ | {"PYTHONPATH": str(Path(grader.__file__).parents[1])}
    assert subprocess.run(command, env=environment, check=False).returncode == 0


@pytest.mark.parametrize("name", bundled())
def test_only_public_cases_are_in_a_bundle(name, tmp_path):
    assignment = load(name)
    for item in read(released(name), tmp_path):
        if isinstance(item, Question):
            public = draw_cases(assignment[item.id], PUBLIC_SEED)
            assert [case.kind for case in item.recorded.cases] == [case.kind for case in public]


def test_a_mistake_names_its_place_only_where_a_hint_does():
    mistakes = [
        mistake
        for item in json.loads(released("mlp_backprop"))["items"]
        for mistake in item["record"].get("mistakes", [])
    ]
    said = {one["ids"][0]: (one.get("operation"), one.get("operand")) for one in mistakes}
    assert said["missing_activation_derivative"] == ("tanh", None)
    assert said["detached_wrong_branch"] == (None, None)


def test_a_bundle_holds_no_solution_that_could_be_run(content, tmp_path):
    for item in read(content, tmp_path):
        if isinstance(item, Choice):
            assert item.answer is None
        for solution in (getattr(item, "reference", None), *getattr(item, "accept", ())):
            assert solution is None or inspect.getmodule(solution) is bundle_reader


# -- what it withstands ---------------------------------------------------------------------------


def changed(content, change):
    data = json.loads(content)
    change(data)
    return json.dumps(data).encode()


def question(data):
    return data["items"][0]


HOSTILE = {
    "no JSON": lambda data: None,
    "another schema": lambda data: data.update(schema="one"),
    "no items": lambda data: data.update(items=[]),
    "the same twice": lambda data: data["items"].append(data["items"][0]),
    "an id that is no name": lambda data: question(data).update(id="a b"),
    "a path for an id": lambda data: data.update(assignment="../x"),
    "points below nothing": lambda data: question(data).update(points=-1),
    "endless points": lambda data: question(data).update(points=1e999),
    "an unknown kind": lambda data: question(data).update(asks="anything"),
    "no case": lambda data: question(data)["record"].update(cases=[]),
    "a place beyond": lambda data: question(data)["record"]["cases"][0]["arguments"].update(x=999),
    "a negative place": lambda data: question(data)["record"]["cases"][0]["arguments"].update(x=-1),
    "another argument": lambda data: question(data)["record"]["cases"][0]["arguments"].update(y=0),
    "too few answers": lambda data: question(data)["record"]["mistakes"][0].update(answers=[]),
    "an unknown mistake": lambda data: data["items"][1]["record"]["mistakes"][0].update(ids=["x"]),
    "an array without its bytes": lambda data: question(data)["record"]["values"].__setitem__(
        0, {"frame": "array", "dtype": "float64", "shape": [1000, 1000], "data": ""}
    ),
    "objects in an array": lambda data: question(data)["record"]["values"].__setitem__(
        0, {"frame": "array", "dtype": "object", "shape": [], "data": ""}
    ),
    "a negative tolerance": lambda data: question(data)["record"]["cases"][0]["expected"].update(
        tolerances=[-1.0]
    ),
    "code for an output": lambda data: [
        question(data)["record"]["values"].append({"frame": "source", "text": "exit()"}),
        question(data)["record"]["cases"][0]["expected"].update(
            values=[len(question(data)["record"]["values"]) - 1]
        ),
    ],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_bundle_is_told_in_one_line(name, content, tmp_path):
    hostile = b"\0{" if name == "no JSON" else changed(content, HOSTILE[name])
    with pytest.raises(BundleError) as told:
        read(hostile, tmp_path)
    assert f"any{SUFFIX}" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_bundle_of_a_later_schema_asks_for_a_later_grader(content, tmp_path):
    with pytest.raises(BundleError, match="pip install --upgrade"):
        read(changed(content, lambda data: data.update(schema=2)), tmp_path)


def test_a_file_that_is_too_large_is_not_read(monkeypatch, content, tmp_path):
    monkeypatch.setattr(bundle_reader, "MAX_BYTES", 100)
    with pytest.raises(BundleError, match="more than"):
        read(content, tmp_path)


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(BundleError, match="cannot be read"):
        bundle_reader.read(tmp_path / f"nothing{SUFFIX}")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_it_is_read_or_refused(data, content, tmp_path_factory):
    parts = json.loads(content)
    places = list(_places(parts))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(
        st.none() | st.booleans() | st.integers(-2, 2**70) | st.text(max_size=3)
        | st.floats() | st.just([]) | st.just({}) | st.just([0, -1]) | st.just({"frame": "array"})
    )  # fmt: skip
    with suppress(BundleError):  # and nothing else
        read(json.dumps(parts).encode(), tmp_path_factory.getbasetemp())


def _places(data):
    """Every entry of nested lists and dicts, as what holds it and its key."""
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        yield data, key
        if isinstance(value, dict | list):
            yield from _places(value)
