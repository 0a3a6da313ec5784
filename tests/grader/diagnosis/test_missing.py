"""Where an answer is missing the text says whether it was named, written, returned or computed."""

import textwrap

import pytest

from grader import Assignment, tensor
from grader.cases import draw_cases
from grader.comparison import judge
from grader.diagnosis import diagnose
from grader.diagnosis.missing import read_again
from grader.messages import render
from grader.outcomes import Answered, Raised, Undefined


def gradient(x):
    (x * x).sum().backward()
    return x.grad


def asked(**settings):
    homework = Assignment("homework", title="Homework")
    inputs = {"x": tensor("n", requires_grad=True)}
    return homework.question(points=1, inputs=inputs, **settings)(gradient)


def read(*cells, item=None, instead=None):
    """The sentence and the findings on code whose function hands back None, or is not there."""
    item = item or asked()
    cases = draw_cases(item, "seed")
    outcomes = [Answered(None, dict(case.arguments)) for case in cases]
    if instead is not None:
        outcomes = [instead]
    judgement = judge(item, cases, outcomes)
    findings = diagnose(item, cases, outcomes, judgement)
    sources = [textwrap.dedent(one) for one in cells]
    judgement, findings = read_again(item, outcomes, judgement, findings, cells=sources)
    return judgement.message.id, [(one.id, one.exact) for one in findings]


@pytest.mark.parametrize(
    "body", ["...", "pass", '"""What is asked."""', '"""Asked."""\n    ...  # here']
)
def test_an_empty_function_is_not_answered_yet_and_nothing_is_guessed(body):
    assert read(f"def gradient(x):\n    {body}\n") == ("unanswered", [])


def test_a_function_that_only_raises_that_it_is_unwritten_is_empty_too():
    stub = Raised("NotImplementedError", "", 0, 2, "raise NotImplementedError")
    cell = "def gradient(x):\n    'Asked.'\n    raise NotImplementedError"
    assert read(cell, instead=stub) == ("unanswered", [])
    assert read(cell + "\n    return x", instead=stub)[0] == "raised_without_text"


def test_it_is_said_in_three_languages():
    from grader.messages import Message

    assert len({render(Message("unanswered"), one) for one in ("en", "pt", "es")}) == 3


@pytest.mark.parametrize(
    "body",
    [
        "(x * x).sum().backward()\n    print(x.grad)",
        "x.grad\n    return",
        "def inner():\n        return x\n    inner()",
        "f = lambda y: y\n    return None",
    ],
)
def test_who_returns_nothing_is_told_so_and_nothing_else(body):
    assert read(f"def gradient(x):\n    {body}\n") == (
        "none_instead_of_value", [("returned_nothing", True)],
    )  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "def gradient(x):\n    y = x * x\n    return x.grad\n",
        "def gradient(x):\n    if x.sum() > 0:\n        return x.grad\n    return x.grad\n",
    ],
)
def test_a_grad_that_no_pass_filled_lacks_a_pass(code):
    assert read("import torch", code) == ("none_instead_of_value", [("backward_missing", False)])


@pytest.mark.parametrize(
    "code",
    [
        "def gradient(x):\n    y = x * 1\n    y.sum().backward()\n    return y.grad\n",
        "from torch.autograd import grad\ndef gradient(x):\n    grad(x, x)\n    return x.grad",
    ],
)
def test_where_a_pass_is_run_it_is_not_said_to_be_missing_nor_nothing_returned(code):
    _, findings = read(code)
    assert ("grad_of_non_leaf", False) in findings
    assert not {"backward_missing", "returned_nothing"} & {one for one, _ in findings}


@pytest.mark.parametrize(
    "cells",
    [
        ["gradient = make()"],
        ["def gradient(x):\n    ...", "gradient = other"],
        ["def gradient(x):\n    ...", "from other import f as gradient"],
        ["@printed\ndef gradient(x):\n    ..."],
        ["def gradient(x:\n    ..."],
    ],
)
def test_what_the_name_stands_for_must_be_certain(cells):
    message, findings = read(*cells)
    assert message == "none_instead_of_value"
    assert ("returned_nothing", False) in findings


def test_the_last_definition_counts():
    cells = ["def gradient(x):\n    ...", "%time\ndef gradient(x):\n    return x.grad"]
    assert read(*cells)[1] == [("backward_missing", False)]


def test_where_something_is_called_between_the_text_says_nothing():
    item = asked(call="lambda gradient, x: gradient(x)")
    assert read("def gradient(x):\n    ...", item=item)[0] == "none_instead_of_value"


@pytest.mark.parametrize("name", ["gradients", "Gradient", "gradiente", "grad_ient"])
def test_a_name_that_is_nearly_right_is_said_to_be_there(name):
    message, _ = read("import torch", f"def {name}(x):\n    return x", instead=Undefined())
    assert message == "name_missing_near"


LOST = "def gradient(x): ...\ndel gradient"


@pytest.mark.parametrize("cell", ["", "def f(x): ...", "def gradient_of_loss(x): ...", LOST])
def test_another_name_is_not_taken_for_it(cell):
    assert read(cell, instead=Undefined())[0] == "name_missing"


def test_a_thousand_names_as_long_as_may_be_take_no_time():
    cells = ["\n".join(f"def {'g' * 400}{number}(x): ..." for number in range(1_000))]
    assert read(*cells, instead=Undefined())[0] == "name_missing"
