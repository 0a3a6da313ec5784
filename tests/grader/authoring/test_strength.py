"""Which mistakes a question lets through, and that the bundled ones let none through."""

import textwrap

import pytest

from grader import authoring
from grader.assignment import Question
from grader.authoring import GRADED
from grader.authoring.strength import survivors
from grader.cases import PUBLIC_SEED, draw_cases
from grader.catalogue import bundled, load
from grader.diagnosis.wrong_answers import disagrees

QUICK = ("manual_backprop", "first_gradients", "no_grad_detach")


@pytest.fixture
def question(tmp_path):
    """The one question of an assignment with this text."""

    def make(text):
        head = """
            import numpy as np
            from grader import Assignment, array, real
            import reference_engine as torch

            hw = Assignment("own", title="Own")
            """
        file = tmp_path / "own.py"
        file.write_text(textwrap.dedent(head) + textwrap.dedent(text), encoding="utf-8")
        return load(str(file)).items[0]

    return make


def found(question):
    return [(one.place, one.escape) for one in survivors(question, draw_cases(question, GRADED))]


def remarks(question):
    graded, public = draw_cases(question, GRADED), draw_cases(question, PUBLIC_SEED)
    return [(one.level, one.text) for one in authoring._strength(question, graded, public)]


UNASKED = """
    @hw.question(points=1, inputs={{"x": array("n"), "w": array("n")}}{options})
    def gradient(x, w):
        x, w = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
        ((x ** 2) + (w ** 3)).sum().backward()
        return x.grad
"""


def test_a_gradient_that_nobody_asks_for_is_a_place_of_survivors(question):
    assert found(question(UNASKED.format(options=""))) == [("** w", "unasked"), ("+", "unasked")]


def test_the_remark_says_what_would_catch_them(question):
    (first, _) = remarks(question(UNASKED.format(options="")))
    assert first[0] == "warning"
    assert "let an output depend on it" in first[1]


def test_a_reason_beside_the_question_silences_the_remark(question):
    options = ', unasked=dict.fromkeys(("+", "** w"), "w is given")'
    assert remarks(question(UNASKED.format(options=options))) == []


def test_a_reason_for_a_place_that_is_asked_for_is_remarked_on(question):
    options = ', unasked=dict.fromkeys(("+", "** w", "** x"), "for no reason")'
    ((level, text),) = remarks(question(UNASKED.format(options=options)))
    assert level == "warning"
    assert "`** x`, where mistakes do show" in text


def test_a_mistake_within_the_tolerance_is_an_error_of_the_assignment(question):
    text = """
        @hw.question(points=1, inputs={"x": array("n")}, rtol=0.1)
        def gradient(x):
            x = torch.tensor(x, requires_grad=True)
            (100 * x ** 2 + 0.5 * x).sum().backward()
            return x.grad
    """
    survivor = question(text)
    assert "close" in [escape for _, escape in found(survivor)]
    assert "error" in [level for level, _ in remarks(survivor)]


def test_values_alone_ask_for_no_gradient(question):
    text = """
        @hw.question(points=1, inputs={"x": array("n")})
        def value(x):
            return (torch.tensor(x, requires_grad=True) ** 2).detach()
    """
    assert found(question(text)) == []


def test_a_reference_with_a_wrong_formula_is_found(question):
    text = """
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x ** 2

            @staticmethod
            def backward(ctx, received):
                (x,) = ctx.saved_tensors
                return received * x

        @hw.question(points=1, inputs={"x": array("n")})
        def gradient(x):
            x = torch.tensor(x, requires_grad=True)
            Square.apply(x).sum().backward()
            return x.grad
    """
    wrong = question(text)
    (remark,) = authoring._gradients(wrong, draw_cases(wrong, GRADED)[0])
    assert remark.level == "error"
    assert "moving x" in remark.text


def _lets_nothing_through(name):
    for item in load(name):
        if isinstance(item, Question):
            assert remarks(item) == []
            case = draw_cases(item, GRADED)[0]
            assert [one for one in item.inputs if disagrees(item, case, one)] == []


@pytest.mark.parametrize("name", QUICK)
def test_no_mistake_survives_in_a_bundled_assignment(name):
    _lets_nothing_through(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(bundled()) - set(QUICK)))
def test_no_mistake_survives_in_any_bundled_assignment(name):
    _lets_nothing_through(name)
