"""Cells are run as a notebook or a module would run them, and one mistake costs one statement."""

import numpy as np
import pytest

from grader.outcomes import Answered, Raised, SourceText, TensorValue, Uncrossable, Undefined


def test_a_notebooks_function_is_called_with_the_arguments(run):
    outcome = run("import numpy as np", "def f(x, w):\n    return x * w").call(
        "f", {"x": np.array([1.0, 2.0]), "w": np.array([3.0])}
    )
    assert isinstance(outcome, Answered)
    np.testing.assert_array_equal(outcome.value, [3.0, 6.0])


def test_the_arguments_come_back_as_they_are_after_the_call(run):
    outcome = run("def f(x):\n    x[0] = 7").call("f", {"x": np.array([1.0, 2.0])})
    np.testing.assert_array_equal(outcome.arguments["x"], [7.0, 2.0])


def test_parameters_may_have_other_names(run):
    assert run("def f(a, b):\n    return a - b").call("f", {"x": 5, "y": 3}).value == 2


def test_parameters_that_are_keyword_only_are_given_by_name(run):
    assert run("def f(*, y, x):\n    return x - y").call("f", {"x": 5, "y": 3}).value == 2


def test_a_wrong_number_of_parameters_is_the_students_type_error(run):
    outcome = run("def f(a):\n    return a").call("f", {"x": 5, "y": 3})
    assert outcome.type == "TypeError"
    assert "takes 1 positional argument" in outcome.text


@pytest.mark.parametrize("kind", ["numpy", "facade"])
def test_modules_that_were_handed_in_can_be_imported(every_sandbox, kind):
    modules = {
        "helper": "from last import one\n\ndef f(x):\n    return one / x\n",
        "last": "one = 1",
    }
    cell = "import helper\n\ndef f(x):\n    return helper.f(x)"
    given = {"form": "notebook", "seed": 0, "modules": modules}
    with every_sandbox.session(kind, [cell], **given) as session:
        assert session.call("f", {"x": 2.0}).value == 0.5
        failed = session.call("f", {"x": 0})
    assert (failed.type, failed.line) == ("ZeroDivisionError", 4)


def test_a_module_takes_no_others_place(sandbox):
    given = {"form": "notebook", "seed": 0, "modules": {"json": "x = 1"}}
    with sandbox.session("numpy", ["import json\nx = json.dumps(1)"], **given) as session:
        assert session.read("x").value == "1"


def test_a_module_may_use_no_more_than_the_cells(sandbox):
    modules = {"helper": "import torch\n\ndef f(x):\n    return torch.tensor(x)\n"}
    given = {"form": "notebook", "seed": 0, "modules": modules}
    with sandbox.session("numpy", ["from helper import f"], **given) as session:
        assert session.call("f", {"x": 1.0}).forbidden == "torch.tensor"


def test_a_variable_is_read(run):
    assert run("answer = 8").read("answer").value == 8


def test_an_absent_name_is_undefined(run):
    assert run("x = 1").read("y") == Undefined(None)
    assert run("x = 1").call("f", {}) == Undefined(None)


def test_a_statement_that_fails_costs_only_itself(run):
    session = run("a = 1\nb = 1 / 0\nc = 3")
    assert session.read("c").value == 3
    assert session.failures == (Raised("ZeroDivisionError", "division by zero", 0, 2, "b = 1 / 0"),)


def test_the_line_told_is_the_innermost_of_the_students_own(run):
    session = run(
        "import numpy as np", "def g(x):\n    return np.linalg.inv(x)\n\ndef f(x):\n    return g(x)"
    )
    outcome = session.call("f", {"x": np.zeros((2, 2))})
    assert (outcome.cell, outcome.line) == (1, 2)
    assert outcome.source_line == "return np.linalg.inv(x)"


def test_a_cell_with_a_syntax_error_costs_only_itself(run):
    session = run("x = 1", "def f(:\n    pass", "y = x + 1")
    assert session.read("y").value == 2
    (failure,) = session.failures
    assert (failure.type, failure.cell, failure.line) == ("SyntaxError", 1, 1)


def test_an_undefined_function_is_explained_by_the_syntax_error_of_its_cell(run):
    outcome = run("x = 1", "def f(x):\n    return x +\n").call("f", {"x": 1})
    assert outcome.because.type == "SyntaxError"


def test_an_undefined_function_is_explained_by_its_own_statement_only(run):
    source = "def f(x=nothing):\n    return x\n\nboom()\n"
    outcome = run(source, form="module").call("f", {"x": 1})
    assert outcome.because.text == "name 'nothing' is not defined"


def test_an_undefined_variable_is_explained_by_the_failure_deep_in_its_statement(run):
    source = "def g():\n    return 1 / 0\n\nanswer = g()\n"
    outcome = run(source, form="module").read("answer")
    assert (outcome.because.type, outcome.because.line) == ("ZeroDivisionError", 2)


def test_a_name_that_a_call_lacks_is_explained_by_the_failure_that_began_it(run):
    outcome = run(
        "words = open('words.txt').read().split()",
        "vocabulary = set(words)\ncounts, size = {}, len(vocabulary)",
        "for word in counts:\n    last = word",
        "def f(x):\n    return x + size",
    ).call("f", {"x": 1})
    assert (outcome.name, outcome.because.type, outcome.because.cell) == (
        "size", "FileNotFoundError", 0,
    )  # fmt: skip


def test_a_name_that_a_call_lacks_is_explained_by_a_block_that_failed(run):
    outcome = run("if 1 / 0:\n    rate = 0.1", "def f(x):\n    return x * rate").call("f", {"x": 1})
    assert outcome.because.type == "ZeroDivisionError"


def test_a_name_that_a_call_lacks_is_explained_by_the_cell_that_was_left_out(quick):
    session = quick("x = 1\nsteps = sum(iter(int, 1))", "def f(x):\n    return x + steps")
    assert session.call("f", {"x": 1}).because.reason == "timeout"


def test_a_name_that_nothing_defines_is_the_calls_own_mistake(run):
    outcome = run("1 / 0", "def f(x):\n    return x * rate").call("f", {"x": 1})
    assert (outcome.type, outcome.text) == ("NameError", "name 'rate' is not defined")


def test_a_name_lacks_for_want_of_what_is_forbidden_without_a_use_of_it_in_the_call(run):
    session = run("import torch\nw = torch.ones(2)", "def f(x):\n    return x * w")
    assert session.call("f", {"x": 1}).type == "NameError"


def test_leaving_the_interpreter_is_a_failure_like_any_other(run):
    session = run("import sys\nsys.exit(3)\nx = 1", "raise KeyboardInterrupt\ny = 2")
    assert session.read("y").value == 2
    assert [failure.type for failure in session.failures] == ["SystemExit", "KeyboardInterrupt"]


def test_leaving_the_interpreter_within_a_call_is_raised(run):
    session = run("def f():\n    exit()")
    assert session.call("f", {}).type == "SystemExit"
    assert session.call("f", {}).type == "SystemExit"


def test_a_modules_main_block_does_not_run(run):
    source = "x = __name__\nif __name__ == '__main__':\n    x = 'ran'"
    assert run(source, form="module").read("x").value == "submission"


def test_a_notebooks_main_block_runs(run):
    assert run("if __name__ == '__main__':\n    x = 1").read("x").value == 1


def test_future_imports_reach_later_cells(run):
    session = run(
        "from __future__ import annotations",
        "def f(x: Unheard) -> Of:\n    return x",
    )
    assert session.call("f", {"x": 1}).value == 1


def test_the_source_of_a_function_can_be_read(run):
    session = run("import inspect", "\ndef f():\n    return 42\n\ns = inspect.getsource(f)")
    assert session.read("s").value == "def f():\n    return 42\n"


def test_recursion_without_end_is_raised(run):
    assert run("def f():\n    return f()").call("f", {}).type == "RecursionError"


def test_an_exception_that_cannot_be_read_is_still_told(run):
    source = (
        "class E(Exception):\n    def __str__(self):\n        raise self\n\ndef f():\n    raise E"
    )
    assert run(source).call("f", {}).type == "E"


def test_a_long_message_is_cut(run):
    assert len(run("def f():\n    raise ValueError('x' * 10**6)").call("f", {}).text) == 4096


def test_functions_and_classes_are_listed_and_nothing_else(run):
    session = run("import numpy as np\nimport torch\ndef f(): pass\nclass C: pass\n_g = f\nx = 1")
    assert session.defined == {"f", "C"}


def test_what_is_printed_is_kept(run):
    session = run("import sys\nprint('olá')\nprint('!', file=sys.stderr)")
    assert session.defined == frozenset()
    assert session.printed == "olá\n!\n"


def test_a_screen_has_the_value_that_a_cell_ends_in_and_no_warnings(sandbox):
    cells = (
        "import warnings\nprint('a')\nwarnings.warn('careful')\n1 + 1",
        "for i in range(3):\n    i + 1",
        "x = 3",
    )
    with sandbox.session("numpy", cells, form="notebook", seed=1, shows=range(3)) as session:
        assert session.read("x").value == 3
        assert session.screens == {0: "a\n2\n"}


@pytest.mark.parametrize(
    "draw",
    ["random.random()", "np.random.rand()", "np.random.default_rng().random()"],
)
def test_an_unseeded_student_draws_the_same_numbers_in_every_call_and_run(run, draw):
    cells = ("import random\nimport numpy as np", f"x = {draw}\ndef f():\n    return {draw}")
    first, second = run(*cells), run(*cells)
    assert first.read("x") == second.read("x")
    assert first.call("f", {}) == first.call("f", {}) == second.call("f", {})


def test_who_puts_something_else_in_the_place_of_seed_draws_the_same_numbers(run):
    cell = "import random\nrandom.seed = lambda *_: None\ndef f():\n    return random.gauss(0, 1)"
    session = run(cell)
    assert session.call("f", {}) == session.call("f", {})


def test_sets_of_text_have_the_same_order_in_every_run(run):
    session = run("import sys\nx = sys.flags.hash_randomization")
    assert session.read("x").value == 0


def test_another_seed_draws_other_numbers(run):
    cell = "import random\nx = random.random()"
    assert run(cell, seed=1).read("x") != run(cell, seed=2).read("x")


def test_a_source_argument_arrives_as_a_callable(run):
    session = run("def f(g, x):\n    return g(x)")
    argument = SourceText("lambda v: (v ** 3).sum()")
    assert session.call("f", {"g": argument, "x": np.array([1.0, 2.0])}).value == 9.0


def test_a_tensor_argument_arrives_as_an_array_where_there_is_no_torch(run):
    session = run("def f(x):\n    return type(x).__name__")
    assert session.call("f", {"x": TensorValue(np.ones(2))}).value == "ndarray"


def test_a_generator_does_not_cross(run):
    outcome = run("def f():\n    yield 1").call("f", {})
    assert outcome.value == Uncrossable("generator")


def test_lone_surrogates_in_a_cell_hurt_nobody(run):
    assert run("x = '\ud800'", "y = 1").read("y").value == 1


def test_an_empty_submission_defines_nothing(run):
    assert run().call("f", {}) == Undefined(None)


def test_nothing_runs_before_it_is_asked_for(run):
    assert run("1 / 0").printed == ""


def test_a_name_that_is_not_there_has_no_trace(run):
    assert run("x = 1").trace("f", {}) == ()


def test_a_cut_is_traced_to_its_line(run):
    source = (
        "import torch\n"
        "def f():\n"
        "    W = torch.ones(2, requires_grad=True)\n"
        "    return (3 * W.data).sum()\n"
    )
    (cut,) = [one for one in run(source, kind="facade").trace("f", {}) if one["event"] == "cut"]
    expected = {"name": "W", "by": "data", "used": True, "cell": 0, "line": 4}
    assert {key: cut[key] for key in expected} == expected


def test_what_raises_is_traced_up_to_there(run):
    source = (
        "import torch\n"
        "def f():\n"
        "    torch.ones(2, requires_grad=True).sum().backward()\n"
        "    raise ValueError\n"
    )
    seen = [one["event"] for one in run(source, kind="facade").trace("f", {})]
    assert seen[-1] == "backward"


@pytest.mark.parametrize("kind", ["numpy", "facade"])
def test_all_that_answering_needs_was_imported_before_the_fork(run, kind):
    cells = [
        "import sys\nbefore = set(sys.modules)",
        "def f(x):\n    print(x)\n    return {'x': [x, 2 * x.sum()]}",
        "def g(x):\n    return x.missing",
        "def imported():\n    return sorted(set(sys.modules) - before)",
    ]
    session = run(*cells, kind=kind)
    for name in ("f", "g", "f"):
        session.call(name, {"x": np.ones(3)})
    assert session.call("imported", {}).value == []
