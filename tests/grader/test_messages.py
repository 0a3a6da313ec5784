import string

import pytest

from grader import messages
from grader.messages import STEPS, Message, explains, explanation, render


def test_parameters_go_into_the_sentence():
    message = Message("wrong_shape", {"expected": "(3,)", "found": "(3, 1)"})
    assert render(message) == "Expected the shape (3,); found (3, 1)."


def test_a_message_may_hold_a_message():
    inner = Message("none_instead_of_value")
    assert render(Message("output", {"name": "dw", "inner": inner})) == f"dw: {render(inner)}"


def test_braces_in_a_parameter_stay_as_they_are():
    assert "{found}" in render(Message("wrong_value", {"found": "{found}"}))


@pytest.mark.parametrize("misconception", sorted(messages._MISCONCEPTIONS))
def test_an_explanation_reads_well_without_details(misconception):
    for step in explanation(misconception, {}):
        sentence = render(step)
        assert sentence.endswith((".", "?"))
        assert "{" not in sentence


@pytest.mark.parametrize("misconception", sorted(messages._MISCONCEPTIONS))
def test_every_detail_of_an_explanation_has_a_word_where_it_is_unknown(misconception):
    for template in messages._MISCONCEPTIONS[misconception]:
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        assert names <= messages._UNKNOWN.keys() | {"name", "argument"}


def test_an_explanation_goes_from_the_idea_to_the_rule():
    ids = [step.id for step in explanation("wrong_sign", {})]
    assert ids == [f"misconception.wrong_sign.{step}" for step in STEPS]


def test_an_unknown_misconception_has_no_text():
    assert explains("accumulated_gradient")
    assert not explains("bad_luck")


def test_an_unknown_id_is_an_error():
    with pytest.raises(KeyError):
        render(Message("no such sentence"))
