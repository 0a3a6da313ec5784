import pytest

from grader.messages import (
    LANGUAGES,
    STEPS,
    Message,
    choose_language,
    explains,
    explanation,
    name,
    render,
)


def test_parameters_go_into_the_sentence():
    message = Message("wrong_shape", {"expected": "(3,)", "found": "(3, 1)"})
    assert render(message) == "Expected the shape (3,); found (3, 1)."


def test_a_message_may_hold_a_message():
    inner = Message("none_instead_of_value")
    assert render(Message("output", {"name": "dw", "inner": inner})) == f"dw: {render(inner)}"


def test_a_message_in_a_message_is_in_the_same_language():
    line = Message("line", {"number": 7, "source": "loss.backward()"})
    (_, place, _) = explanation("graph_freed", {"line": line})
    assert render(place, "pt").endswith("linha 7 (`loss.backward()`).")
    assert render(place, "es").endswith("línea 7 (`loss.backward()`).")


def test_braces_in_a_parameter_stay_as_they_are():
    assert "{found}" in render(Message("wrong_value", {"found": "{found}"}))


def test_a_sentence_that_is_made_stays_as_it_is():
    assert render("Both factors matter: {x}", "pt") == "Both factors matter: {x}"


def test_a_decimal_point_stays_a_point():
    assert "2.5" in render(Message("wrong_value", {"found": 2.5}), "pt")


def test_an_explanation_goes_from_the_idea_to_the_rule():
    ids = [step.id for step in explanation("wrong_sign", {})]
    assert ids == [f"misconception.wrong_sign.{step}" for step in STEPS]


def test_operations_and_names_are_marked_as_code():
    (idea, *_) = explanation("missing_chain_factor", {"op": "*", "input": "x"})
    assert render(idea).startswith("At `*` only the upstream gradient arrived.")
    assert "when `x` moves" in render(idea)


def test_an_explanation_reads_well_where_no_detail_is_known():
    (idea, *_) = explanation("missing_chain_factor", {"op": None})
    assert render(idea).startswith("At this operation only")


def test_an_unknown_misconception_has_no_text():
    assert explains("accumulated_gradient")
    assert not explains("bad_luck")


def test_an_unknown_id_is_an_error():
    with pytest.raises(KeyError):
        render(Message("no such sentence"))


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "wrong value"), ("pt", "valor errado"), ("es", "valor incorrecto")],
)
def test_a_verdict_has_a_name_in_every_language(language, said):
    assert render(name("verdict", "wrong_value"), language) == said


def test_an_id_of_an_instructors_own_is_its_own_name():
    assert {render(name("misconception", "forgot_the_bias"), one) for one in LANGUAGES} == {
        "forgot the bias"
    }


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (["pt"], "pt"),
        (["pt-BR"], "pt"),
        (["es_MX.UTF-8"], "es"),
        ([None, "", "es"], "es"),
        (["fr", "pt_BR"], "pt"),
        (["pt", "es"], "pt"),
        (["C.UTF-8"], "en"),
        (["estonian"], "en"),
        ([], "en"),
    ],
)
def test_the_first_wish_that_there_are_texts_in_is_chosen(wishes, language):
    assert choose_language(*wishes) == language
