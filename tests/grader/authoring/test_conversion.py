"""nbgrader notebooks become assignments to finish; nothing in them is run."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment import AssignmentError, Question, Text, Variable
from grader.assignment.inputs import draw_inputs
from grader.authoring.conversion import convert
from grader.cases import draw_cases
from grader.catalogue import load
from grader.cli import main

ROLES = {
    "answer": {"solution": True},
    "tests": {"grade": True, "locked": True},
    "manual": {"grade": True, "solution": True},
    "task": {"task": True, "locked": True},
    "locked": {"locked": True},
}


def cell(kind, source, role=None, grade_id="", points=None):
    """A cell as nbgrader saves it, schema 3."""
    made = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    if role is not None:
        marks = {"grade": False, "solution": False, "locked": False, "task": False} | ROLES[role]
        marks |= {"schema_version": 3, "grade_id": grade_id, "checksum": "0" * 32}
        made["metadata"]["nbgrader"] = marks | ({} if points is None else {"points": points})
    return made


def markdown(source, *marks, **points):
    return cell("markdown", source, *marks, **points)


def code(source, *marks, **points):
    return cell("code", source, *marks, **points)


def notebook(*cells):
    file = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return json.dumps(file).encode()


WEEK = notebook(
    markdown("# Week 3: backpropagation\n\nRead the chapter first."),
    code(
        "%matplotlib inline\nimport numpy as np\nimport torch\n"
        "import torch.nn.functional as F\nimport pandas as pd\nfrom typing import Tuple"
    ),
    markdown("## Sigmoid\n\nWrite the sigmoid and its derivative."),
    code(
        'SCALE = 2.0\ndata = pd.read_csv("x.csv")\n\n'
        "def check_shape(x):\n    assert x.ndim == 1\n    return x",
        "locked",
        "helpers",
    ),
    code(
        "def sigmoid(x: np.ndarray) -> Tuple:\n"
        '    """The logistic function."""\n'
        "    ### BEGIN SOLUTION\n"
        "    x = check_shape(x)\n"
        "    return 1 / (1 + np.exp(-x))\n"
        "    ### END SOLUTION\n\n\n"
        "def d_sigmoid(x, scale=1.0):\n"
        "    ### BEGIN SOLUTION\n"
        "    s = sigmoid(x)  # once is enough\n"
        "    return scale * s * (1 - s)\n"
        "    ### END SOLUTION",
        "answer",
        "sigmoid",
    ),
    code(
        "x = np.array([0.5, -1.5, 2.0])\n"
        "assert np.allclose(sigmoid(x), [0.62, 0.18, 0.88], atol=0.01)\n"
        "assert sigmoid(np.zeros(3)).shape == (3,)\n"
        "### BEGIN HIDDEN TESTS\n"
        "assert np.isclose(sigmoid(np.array([30.0]))[0], 1)\n"
        "### END HIDDEN TESTS",
        "tests",
        "test_sigmoid",
        points=2,
    ),
    code(
        "np.testing.assert_allclose(d_sigmoid(np.array([0.0]), scale=SCALE), 0.5)\n"
        "assert d_sigmoid(np.random.randn(4)).shape == (4,)",
        "tests",
        "cell-99",
        points=3,
    ),
    markdown("Now with PyTorch."),
    code(
        "def grad_of_loss(w, X, y):\n"
        "    ### BEGIN SOLUTION\n"
        "    loss = F.mse_loss(X @ w, y)\n"
        "    loss.backward()\n"
        "    return w.grad\n"
        "    ### END SOLUTION",
        "answer",
        "grad",
    ),
    code(
        "w = torch.tensor([1.0, -2.0], requires_grad=True)\n"
        "X = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])\n"
        "assert grad_of_loss(w, X, torch.ones(3)).shape == w.shape\n"
        "assert grad_of_loss(w, load(), torch.ones(3)) is not None",
        "tests",
        "grad_test",
        points=4,
    ),
    code(
        "### BEGIN SOLUTION\n"
        "v = torch.tensor([3.0], requires_grad=True)\n"
        "out = (v ** 2).sum()\n"
        "out.backward()\n"
        "slope = v.grad\n"
        "### END SOLUTION",
        "answer",
        "slope",
    ),
    code("assert slope.item() == 6", "tests", "slope_test", points=1),
    markdown("Why does the gradient accumulate?"),
    markdown("Because `.grad` is added to.", "manual", "why-accumulate", points=2),
    markdown(
        "Draw the graph.\n\n### BEGIN MARK SCHEME\nAll nodes: 3.\n### END MARK SCHEME",
        "task",
        "1-graph",
        points=3,
    ),
    code("class Value:\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION", "answer", "value"),
    code("assert Value", "tests", "value_test", points=5),
)


@pytest.fixture
def made(tmp_path):
    """Converts a notebook, loads what it became, and tells the remarks."""

    def make(data, name="week"):
        found = convert(data, name)
        for file, text in found.files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        remarks = [f"cell {one.cell}: {one.text}" for one in found.remarks]
        return load(tmp_path / name), remarks, found.files

    return make


@pytest.fixture
def week(made):
    return made(WEEK)


# -- what is asked --------------------------------------------------------------------------------


def test_functions_variables_and_texts_are_asked_in_the_notebooks_order(week):
    assignment, _, _ = week
    assert {item.id: type(item) for item in assignment} == {
        "sigmoid": Question,
        "d_sigmoid": Question,
        "grad_of_loss": Question,
        "slope": Variable,
        "why_accumulate": Text,
        "answer_1_graph": Text,
    }


def test_points_stand_with_what_the_tests_test(week):
    assignment, _, _ = week
    assert {item.id: item.points for item in assignment} == {
        "sigmoid": 2,
        "d_sigmoid": 3,
        "grad_of_loss": 4,
        "slope": 1,
        "why_accumulate": 2,
        "answer_1_graph": 3,
    }


def test_the_notebooks_own_solutions_get_the_verdicts_of_the_samples(week, tmp_path):
    ended = CliRunner().invoke(main, ["validate", str(tmp_path / "week")])
    assert ended.exit_code == 0, ended.stdout
    assert "week holds: 6 questions, 15 points" in ended.stdout


def test_calls_in_sight_become_examples(week):
    assignment, _, _ = week
    assert [list(one["x"]) for one in assignment["sigmoid"].examples] == [[0.5, -1.5, 2], [0, 0, 0]]
    assert [one["scale"] for one in assignment["d_sigmoid"].examples] == [2.0]


def test_calls_in_hidden_tests_draft_the_inputs_alone(week):
    assignment, _, files = week
    assert assignment["sigmoid"].inputs["x"].high == 30
    assert "[30.0]" not in files["assignment.py"]


def test_dimensions_of_the_same_sizes_share_a_name(week):
    assignment, _, _ = week
    inputs = assignment["grad_of_loss"].inputs
    (features,) = inputs["w"].values.shape
    (rows,) = inputs["y"].values.shape
    assert inputs["X"].values.shape == (rows, features)
    assert inputs["w"].requires_grad
    assert rows != features


def test_what_could_not_be_converted_is_told_cell_by_cell(week):
    _, remarks, _ = week
    told = "\n".join(remarks)
    assert "cell 10: grad_of_loss(w, load(), torch.ones(3)) takes what is no plain value" in told
    assert 'cell 16: Value is no plain function: write this question by hand, with call="' in told
    assert "cell 17: tests nothing that is asked: 5 points were left out" in told
    assert "cell 11: slope: its value can be written down" in told
    assert remarks == sorted(remarks, key=lambda one: int(one.split(":")[0].removeprefix("cell ")))


# -- the statement --------------------------------------------------------------------------------


def test_the_statement_has_a_section_for_everything_that_is_asked(week):
    assignment, _, files = week
    text = files["statement.en.md"]
    assert text.startswith("# Week 3: backpropagation\n\nRead the chapter first.")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == [item.id for item in assignment]
    assert "### Sigmoid" in text
    assert "def check_shape(x):" in text


@pytest.mark.parametrize(
    "secret", ["np.exp(-x)", "mse_loss(X", "is added to", "All nodes", "v.grad"]
)
def test_no_solution_answer_or_mark_scheme_is_in_the_statement(week, secret):
    _, _, files = week
    assert secret in files["assignment.py"]
    assert secret not in files["statement.en.md"]


def test_no_test_is_in_the_statement(week):
    _, _, files = week
    assert "assert np.allclose" not in files["statement.en.md"]


# -- points, names and forms of notebooks ---------------------------------------------------------

DOUBLE = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"
HALF = DOUBLE.replace("double", "half").replace("2 *", "0.5 *")


def test_points_of_several_tests_add_up(made):
    assignment, _, _ = made(
        notebook(
            code(DOUBLE, "answer", "double"),
            code("assert double(1.5) == 3", "tests", "t1", points=1),
            code("assert double(2.5) == 5", "tests", "t2", points=2.5),
        )
    )
    assert assignment["double"].points == 3.5
    assert [one["x"] for one in assignment["double"].examples] == [1.5, 2.5]


def test_a_tensor_without_dimensions_is_drafted_as_one(made):
    tests = "assert double(torch.tensor(1.5, requires_grad=True)) == 3"
    assignment, _, _ = made(
        notebook(code(DOUBLE, "answer", "a"), code(tests, "tests", "t", points=1))
    )
    assert assignment["double"].inputs["x"].values.shape == ()
    assert len(assignment["double"].examples) == 1


def test_tests_of_two_functions_share_their_points_and_say_so(made):
    assignment, remarks, _ = made(
        notebook(
            code(DOUBLE + "\n\n" + HALF, "answer", "both"),
            code("assert half(double(1.5)) == 1.5", "tests", "roundtrip", points=3),
        )
    )
    assert [item.points for item in assignment] == [1.5, 1.5]
    assert "cell 2: its points are shared equally by double, half" in remarks


def test_a_grade_id_says_whose_points_they_are(made):
    assignment, _, _ = made(
        notebook(
            code(DOUBLE, "answer", "double"),
            code(HALF, "answer", "halving"),
            code("assert half(double(3.5)) == 3.5", "tests", "double-tests", points=2),
            code("assert half(double(3.5)) == 3.5", "tests", "test_halving_1", points=4),
        )
    )
    assert (assignment["double"].points, assignment["half"].points) == (2, 4)


def test_what_no_test_gives_points_is_worth_one_and_told(made):
    assignment, remarks, _ = made(notebook(code(DOUBLE, "answer", "double")))
    assert assignment["double"].points == 1
    assert "cell 1: double: no cell gives it points; 1 here" in remarks
    assert any("nothing shows what x may be" in one for one in remarks)


def test_automatic_tests_are_calls_as_well(made):
    assignment, _, _ = made(
        notebook(
            code(DOUBLE, "answer", "double"),
            code("### AUTOTEST double(1.5); double(2.5)", "tests", "double_1", points=1),
            code("### HASHED AUTOTEST double(4.5)", "tests", "double_2", points=1),
        )
    )
    assert [one["x"] for one in assignment["double"].examples] == [1.5, 2.5, 4.5]


def test_code_of_which_python_warns_is_converted_without_a_word(made):
    source = 'def f(x):\n    """In LaTeX: \\d x"""\n    return x is 3\n'
    assignment, remarks, _ = made(notebook(code(DOUBLE, "answer", "a"), code(source, "tests", "t")))
    assert [item.id for item in assignment] == ["double"]
    assert not any("no Python that can be read" in one for one in remarks)


def test_a_cell_without_a_region_is_all_solution(made):
    assignment, _, files = made(notebook(code("double = lambda x: 2 * x", "answer", "double")))
    assert assignment["double"].reference(3) == 6
    assert "2 * x" not in files["statement.en.md"]


def test_code_that_a_person_marked_is_asked_as_code(made):
    assignment, remarks, _ = made(notebook(code(DOUBLE, "manual", "double", points=5)))
    assert (type(assignment["double"]), assignment["double"].points) == (Question, 5)
    assert any("a person marked this code" in one for one in remarks)


def test_a_function_that_solutions_call_stays_a_function(made):
    quadruple = "def quadruple(x):\n    ### BEGIN SOLUTION\n    return double(double(x))\n"
    assignment, _, _ = made(
        notebook(
            code(DOUBLE, "answer", "a"), code(quadruple + "    ### END SOLUTION", "answer", "b")
        )
    )
    assert assignment["quadruple"].reference(3) == 12


@pytest.mark.parametrize("name", ["array", "tensor", "hw", "Assignment", "source", "grader"])
def test_a_name_of_the_assignment_files_own_is_no_trouble(made, name):
    assignment, _, _ = made(
        notebook(
            code(DOUBLE.replace("double", name), "answer", "one"),
            code(HALF, "answer", "two"),
            code(f"assert half({name}(1.5)) == 1.5", "tests", "t", points=2),
        )
    )
    assert [item.id for item in assignment] == [name, "half"]


def test_names_that_all_collide_are_no_trouble(made):
    names = ["grader", "array", "hw", "hw_", "real"]
    cells = [code(DOUBLE.replace("double", name), "answer", name) for name in names]
    assignment, _, _ = made(notebook(code("from numpy import array as tensor"), *cells))
    assert [item.id for item in assignment] == names


def test_a_hidden_call_of_another_form_does_not_unmake_an_example(made):
    tests = "double(np.array([1.5]))\n### BEGIN HIDDEN TESTS\ndouble(2.0)\ndouble(3.0)\n"
    assignment, remarks, _ = made(
        notebook(code(DOUBLE, "answer", "a"), code(tests + "### END HIDDEN TESTS", "tests", "t"))
    )
    assert assignment["double"].examples == ()
    assert any("0 of 1 calls became examples" in one for one in remarks)


@pytest.mark.parametrize(
    ("grade_id", "name"),
    [("class", "answer_class"), ("2-b", "answer_2_b"), ("", "cell_1"), ("é-ü", "é_ü")],
)
def test_a_grade_id_becomes_a_name_to_assign_to(made, grade_id, name):
    assignment, _, _ = made(notebook(markdown("Words.", "manual", grade_id, points=1)))
    assert [item.id for item in assignment] == [name]


def test_two_texts_of_a_name_are_told_apart(made):
    assignment, _, _ = made(
        notebook(
            markdown("One.", "manual", "why-not", points=1),
            markdown("Two.", "manual", "why_not", points=2),
        )
    )
    assert {item.id: item.points for item in assignment} == {"why_not": 1, "why_not_2": 2}


def test_of_a_function_that_is_defined_twice_the_later_counts(made):
    again = DOUBLE.replace("2 * x", "x + x")
    assignment, remarks, files = made(
        notebook(code(DOUBLE, "answer", "one"), code(again, "answer", "two"))
    )
    assert len(assignment) == 1
    assert "x + x" in files["assignment.py"]
    assert "cell 1: double is defined again in cell 2, which counts" in remarks


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def f(*x):\n    return x", "f takes * or **"),
        ("@cached\ndef f(x):\n    return x", "f is decorated"),
        ("def f(x=load()):\n    return x", "f has a default that is no plain value"),
        ("async def f(x):\n    return x", "f is no plain function"),
        ("print('nothing')", "nothing that is tested is defined here"),
        ("def f(:\n", "no Python that can be read"),
        ("def f(x):\n    ### BEGIN SOLUTION\n    return x", "no counterpart"),
    ],
)
def test_what_no_question_can_be_made_of_is_told(made, source, told):
    data = notebook(code(source, "answer", "f"), markdown("Words.", "manual", "why", points=1))
    _, remarks, _ = made(data)
    assert any(one.startswith("cell 1: ") and told in one for one in remarks)


def test_what_would_have_to_be_run_to_be_loaded_is_left_out_and_told(made):
    data = notebook(
        code("import pandas as pd\nframe = pd.read_csv('x.csv')\nRATE = 0.1"),
        code("def f(x):\n    return RATE * frame.mean() * x", "answer", "f"),
    )
    _, remarks, files = made(data)
    assert "RATE = 0.1" in files["assignment.py"]
    assert "read_csv" not in files["assignment.py"]
    assert any("cell 1: `frame = pd.read_csv('x.csv')`" in one for one in remarks)


# -- nothing is run, and anything may come --------------------------------------------------------


def test_nothing_of_the_notebook_is_run(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = "open('ran', 'w')"
    data = notebook(
        code(f"{ran}\nDATA = {ran}\n@{ran}.write\ndef helper(x, y={ran}):\n    return x"),
        code(f"class Base({ran}.__class__):\n    z = {ran}"),
        code("def f(x):\n    return helper(x, DATA, Base)\n", "answer", "f"),
        code(f"f({ran})\n{ran}", "tests", "t", points=1),
    )
    made(data)
    assert not (tmp_path / "ran").exists()


def test_a_mark_within_a_string_does_not_make_code_of_the_string(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hidden = (
        'def f(x):\n    return x\n    text = """ # BEGIN SOLUTION\n'
        "open('ran', 'w')\n\"\"\" # END SOLUTION\n"
    )
    made(notebook(code(hidden, "answer", "f"), code("f(1.0)", "tests", "t", points=1)))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("module", ["numpy.f2py.__main__", "numpy.conftest"])
def test_no_program_of_a_library_is_run_by_importing_it(made, module):
    data = notebook(
        code(f"import {module} as m"),
        code("def f(x):\n    return m.sin(x)\n", "answer", "f"),
    )
    _, remarks, files = made(data)
    assert module not in files["assignment.py"]
    assert any(module in one for one in remarks)


MANY_NAMES = "\n".join(f"x{n} = [{f'x{n - 1}, ' * 30}]" for n in range(1, 7))
MANY_CALLS = "\n".join(f"x{n} = np.ones({f'x{n - 1}, ' * 30})" for n in range(1, 7))


@pytest.mark.parametrize(
    "given",
    [
        f"x0 = 1\n{MANY_NAMES}\nf(x6)", f"x0 = 1\n{MANY_CALLS}\nf(x6)", "f(np.eye(9999))",
        "f(np.arange(0, 9999, 1e-5))", "f(np.linspace(0, 1, 10**9))", "f(np.arange(1, 10, 0))",
        "f(np.arange('a'))", "f(np.linspace(0, 1, 5.5))", "f(torch.Tensor('a'))", "f(1.5e308)",
        "f([1.5e308, -1.5e308])",
    ],
)  # fmt: skip
def test_values_that_are_too_many_or_none_are_left_to_a_person(made, given):
    source = code("def f(x):\n    return x", "answer", "f")
    _, remarks, _ = made(notebook(source, code(given, "tests", "t", points=1)))
    assert any("takes what is no plain value" in one for one in remarks)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not a notebook"),
        (b"\x89PNG", "not a notebook"),
        (b'{"cells": 3}', "JSON but not a notebook"),
        (b"[" * 10_000, "nested deeper"),
        (notebook(code("x = 1")), "no cell has nbgrader's metadata"),
        (notebook(code("x = (", "answer", "f")), "nothing in it can be asked"),
        (notebook(code("x =" + " -" * 50_000 + "1", "answer", "f")), "nothing in it can be asked"),
    ],
)
def test_what_is_no_source_notebook_is_told_in_one_line(data, told):
    with pytest.raises(AssignmentError, match=told) as caught:
        convert(data, "week")
    assert "\n" not in str(caught.value)


def test_damaged_metadata_cost_their_cell_alone(made):
    damaged = code(HALF, "answer", "half")
    damaged["metadata"]["nbgrader"]["points"] = ["many"]
    assignment, remarks, _ = made(notebook(damaged, code(DOUBLE, "answer", "double")))
    assert [item.id for item in assignment] == ["double"]
    assert "cell 1: its nbgrader metadata cannot be read: left out" in remarks


SOURCES = [
    DOUBLE, HALF, "import torch", "from numpy import *", "import os, sys as s", "x = [1.0, 2.0]",
    "assert double(x) == 3", "half(double([[1.0, 2.0], [3.0, 4.0]]))", "double(torch.ones(2, 0))",
    "double(10 ** 400, *x, **y)", "x = x\ndouble(x)", "class A(B):\n    c = d", "%time double(3)",
    "### BEGIN SOLUTION", "### END SOLUTION\ny = 2", "def g(a, b=[1]):\n    return np.sum(a)\n",
    "half(np.zeros((10**6, 10**6)))", "double('a\\0b')", "# BEGIN MARK SCHEME", "\r\rz = 1\r\n",
    "def hw(x):\n    '''\x0c\u2028'''\n    return x", "half(lambda t: t ** 2)", "words", "",
    "double(np.array([1.5]))", "double(2.0)", "double(True)", "double(torch.tensor(3.0))",
    "half(x=np.zeros((2, 1)))", "half(torch.ones(2, 3, requires_grad=True))", "half(None)",
    "half(np.array([0, 2]))", "half([7])", "half(torch.tensor([1, 2]))", "half('text')",
]  # fmt: skip
CELLS = st.builds(
    cell,
    st.sampled_from(["code", "markdown"]),
    st.lists(st.sampled_from(SOURCES), max_size=3).map("\n".join),
    st.sampled_from([None, *ROLES]),
    st.sampled_from(["", "double", "a b", "3", "é"]),
    st.sampled_from([None, 0, 1.5]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_any_notebook_becomes_a_file_that_loads_or_one_line(tmp_path_factory, cells):
    try:
        found = convert(notebook(*cells), "any")
    except AssignmentError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either of two ends
        return
    path = tmp_path_factory.mktemp("any") / "assignment.py"
    path.write_text(found.files["assignment.py"], encoding="utf-8")
    for item in load(path):
        if isinstance(item, Question):
            draw_inputs(item.inputs, np.random.default_rng(0))


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "week.ipynb").write_bytes(WEEK)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_the_command_writes_the_assignment_and_tells_what_is_left(run):
    ended = run("new", "course_week", "--from", "week.ipynb")
    assert ended.exit_code == 0
    first, *remarks = ended.stdout.splitlines()
    assert first == "written: course_week"
    assert all(line.startswith("cell ") for line in remarks)
    assert load("course_week").id == "course_week"


def test_the_command_overwrites_nothing(run):
    run("new", "mine", "--from", "week.ipynb")
    assert "already here" in run("new", "mine", "--from", "week.ipynb").stderr


@pytest.mark.parametrize(
    ("file", "told"), [("no.ipynb", "cannot be read"), (".", "cannot be read")]
)
def test_a_notebook_that_is_not_there_is_told(run, file, told):
    ended = run("new", "mine", "--from", file)
    assert ended.exit_code == 2
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_examples_of_a_converted_question_are_cases(week):
    assignment, _, _ = week
    kinds = [case.kind for case in draw_cases(assignment["sigmoid"], "any")]
    assert kinds.count("example") == 2
