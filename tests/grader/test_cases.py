import numpy as np
import pytest

import reference_engine as torch
from grader import Assignment, array, integer, real, source, tensor
from grader.assignment import AssignmentError
from grader.cases import CAP, FLOOR, draw_cases
from grader.diagnosis.wrong_answers import wrong_answer
from grader.outcomes import TensorValue
from grader.solving import numbers


def ask(reference, *, inputs, **settings):
    return Assignment("homework", title="Homework").question(points=1, inputs=inputs, **settings)(
        reference
    )


def square(x):
    return x**2


def both(x, w):
    return {"sum": (x * w).sum(), "product": x * w}


SQUARE = {"x": array("n")}
BOTH = {"x": array("n"), "w": array(1)}


def drawn(cases):
    return [case for case in cases if case.kind == "drawn"]


def test_there_are_drawn_cases_the_first_once_more_and_the_examples():
    question = ask(square, inputs=SQUARE, cases=3, examples=[{"x": [1.0, 2.0]}])
    cases = draw_cases(question, "seed")
    assert [case.kind for case in cases] == ["drawn", "drawn", "drawn", "repeated", "example"]
    assert np.array_equal(cases[3].arguments["x"], cases[0].arguments["x"])
    assert np.array_equal(cases[4].expected.outputs["square"], [1.0, 4.0])


def test_the_same_seed_gives_the_same_cases_and_another_seed_others():
    question = ask(square, inputs=SQUARE)
    first, again, other = (draw_cases(question, seed) for seed in ("a", "a", "b"))
    assert all(
        np.array_equal(one.arguments["x"], two.arguments["x"])
        for one, two in zip(first, again, strict=True)
    )
    assert not np.array_equal(first[0].arguments["x"], other[0].arguments["x"])


def test_a_case_does_not_depend_on_how_many_there_are():
    few = draw_cases(ask(square, inputs=SQUARE, cases=2), "seed")
    many = draw_cases(ask(square, inputs=SQUARE, cases=5), "seed")
    assert np.array_equal(few[1].arguments["x"], many[1].arguments["x"])


def test_sizes_differ_from_case_to_case():
    cases = drawn(draw_cases(ask(square, inputs=SQUARE), "seed"))
    assert len({case.arguments["x"].size for case in cases}) == 5


def test_a_function_without_inputs_has_one_case_and_its_repetition():
    cases = draw_cases(ask(three, inputs={}), "seed")
    assert [case.kind for case in cases] == ["drawn", "repeated"]


def three():
    return 3.0


def test_a_dict_gives_an_output_an_entry_in_its_order():
    expected = draw_cases(ask(both, inputs=BOTH), "seed")[0].expected
    assert expected.named
    assert list(expected.outputs) == ["sum", "product"]


def test_any_other_value_is_one_output_with_the_questions_name():
    expected = draw_cases(ask(square, inputs=SQUARE), "seed")[0].expected
    assert not expected.named
    assert list(expected.outputs) == ["square"]


def test_the_reference_cannot_change_the_arguments_of_the_case():
    def spoil(x):
        x *= 0
        return x + 1

    case = draw_cases(ask(spoil, inputs=SQUARE), "seed")[0]
    assert case.arguments["x"].all()


def test_tensors_reach_the_reference_as_tensors_and_come_back_with_their_state():
    def gradient(x):
        y = x * 3
        y.sum().backward()
        return {"grad": x.grad, "y": y}

    case = draw_cases(ask(gradient, inputs={"x": tensor("n", requires_grad=True)}), "seed")[0]
    y = case.expected.outputs["y"]
    assert isinstance(y, TensorValue)
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (True, False, "MulBackward0")
    assert np.all(case.expected.outputs["grad"].data == 3)


def test_a_source_reaches_the_reference_as_a_callable():
    def apply(f, x):
        return f(torch.tensor(x))

    inputs = {"f": source("lambda v: (v ** 3).sum()"), "x": array("n")}
    case = draw_cases(ask(apply, inputs=inputs), "seed")[0]
    assert case.expected.outputs["apply"].data == pytest.approx((case.arguments["x"] ** 3).sum())


def test_expected_values_are_computed_in_double_precision():
    cases = draw_cases(ask(square, inputs={"x": tensor("n")}), "seed")
    assert cases[0].arguments["x"].data.dtype == np.float32
    assert cases[0].expected.outputs["square"].data.dtype == np.float64
    assert cases[0].expected.typed is None


def test_compared_dtypes_are_those_of_inputs_in_their_own_precision():
    question = ask(square, inputs={"x": tensor("n")}, compare=("value", "shape", "dtype"))
    assert draw_cases(question, "seed")[0].expected.typed["square"].data.dtype == np.float32


def test_the_tolerance_lies_between_floor_and_cap_of_the_scale():
    for case in draw_cases(ask(both, inputs=BOTH), "seed"):
        for name, value in case.expected.outputs.items():
            scale = np.abs(value).max()
            assert FLOOR * scale <= case.expected.tolerances[name] <= CAP * scale


def test_an_ill_conditioned_draw_is_drawn_again():
    def cancel(a, b):
        return 1e4 * (a - b)

    # Where a and b are close, single precision loses their difference.
    inputs = {"a": array(1), "b": array(1)}
    for seed in "abcdefgh":
        for case in draw_cases(ask(cancel, inputs=inputs), seed):
            assert case.expected.tolerances["cancel"] <= CAP * 1e4 * np.abs(
                case.arguments["a"] - case.arguments["b"]
            )


def test_a_reference_of_rounding_errors_only_has_the_tolerance_of_its_inputs():
    def nothing(x):
        return (x / 3 + x / 7 - x * 10 / 21).sum()

    case = draw_cases(ask(nothing, inputs=SQUARE), "seed")[0]
    assert case.expected.tolerances["nothing"] > 1e-9


def test_a_tolerance_of_the_instructors_replaces_the_computed_one():
    question = ask(square, inputs=SQUARE, rtol=0.1, atol=1.0)
    expected = draw_cases(question, "seed")[0].expected
    scale = np.abs(expected.outputs["square"]).max()
    assert expected.tolerances["square"] == pytest.approx(1.0 + 0.1 * scale)


def test_other_right_solutions_are_run_too():
    question = ask(square, inputs=SQUARE, accept=[lambda x: -(x**2)])
    case = draw_cases(question, "seed")[0]
    (other,) = case.accepted
    assert np.array_equal(other.outputs["square"], -case.expected.outputs["square"])


def test_a_variable_has_one_case_and_choices_and_texts_none():
    hw = Assignment("homework", title="Homework")

    @hw.variable(points=1)
    def answer():
        return np.array([3.0])

    (case,) = draw_cases(answer, "seed")
    assert case.arguments == {}
    assert case.expected.outputs["answer"] == 3
    assert draw_cases(hw.choice("c", points=1, options=["a", "b"], answer="a"), "seed") == ()
    assert draw_cases(hw.text("t", points=1), "seed") == ()


def test_a_reference_that_raises_is_told_with_question_case_and_line():
    def broken(x):
        return x.no_such_thing

    with pytest.raises(AssignmentError, match=r"broken, case 0.*no_such_thing") as caught:
        draw_cases(ask(broken, inputs=SQUARE), "seed")
    assert caught.value.line == broken.__code__.co_firstlineno + 1


@pytest.mark.parametrize("value", [object(), {"entry": [lambda: 1]}, np.array([None])])
def test_a_reference_that_returns_no_plain_data_is_refused(value):
    def opaque(x):
        return value

    with pytest.raises(AssignmentError, match="returns"):
        draw_cases(ask(opaque, inputs=SQUARE), "seed")


def test_entries_that_change_from_case_to_case_are_refused():
    def changing(x):
        return {f"size{x.size}": x}

    with pytest.raises(AssignmentError, match="every case needs the same"):
        draw_cases(ask(changing, inputs=SQUARE), "seed")


def test_weights_of_outputs_that_are_not_there_are_refused():
    with pytest.raises(AssignmentError, match=r"difference.*sum, product"):
        draw_cases(ask(both, inputs=BOTH, weights={"difference": 2}), "seed")


def test_a_wrong_solution_is_run_on_the_arguments_of_the_case():
    question = ask(square, inputs=SQUARE)
    case = draw_cases(question, "seed")[0]
    wrong = wrong_answer(question, lambda x: 10 * x**2, case)
    assert np.allclose(wrong.outputs["square"], 10 * case.expected.outputs["square"])
    assert wrong.tolerances["square"] == pytest.approx(10 * case.expected.tolerances["square"])


def test_a_wrong_solution_that_raises_gives_no_answer():
    question = ask(square, inputs=SQUARE)
    assert wrong_answer(question, lambda x: x / [], draw_cases(question, "seed")[0]) is None


def test_numbers_are_the_floating_point_leaves_in_order():
    value = {"a": [1.5, None, 2], "b": TensorValue(np.array([2.5, 3.5])), "c": np.array([1])}
    assert numbers(value).tolist() == [1.5, 2.5, 3.5]


def test_plain_numbers_are_drawn_too():
    def power(a, k):
        return a**k

    question = ask(power, inputs={"a": real(1.5, 2), "k": integer(2, 4)})
    case = draw_cases(question, "seed")[0]
    assert case.expected.outputs["power"] == case.arguments["a"] ** case.arguments["k"]
