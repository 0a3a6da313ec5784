import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_engine as torch
from grader import Assignment, array, tensor
from grader.cases import draw_cases
from grader.comparison import judge
from grader.diagnosis import diagnose
from grader.messages import render
from grader.outcomes import Answered, Raised, TensorValue, Undefined

few = settings(max_examples=20, deadline=None)


def ask(reference, *, inputs, **settings):
    settings = {"points": 4, **settings}
    return Assignment("homework", title="Homework").question(inputs=inputs, **settings)(reference)


def manual_backprop(x, w, y):
    de2 = np.ones_like(x)
    de = 2 * (x * w - y)
    return {"de2": de2, "de": de, "dy_pred": de, "dw": (de * x).sum(keepdims=True)}


def gradient(x):
    (2 * (x + 2) ** 2).mean().backward()
    return x.grad


def frozen(x, w):
    return {"x": 2 * x, "w": None}


def ramp(x, y):
    return [2 * x, 3 * x, y]


BACKPROP = ask(
    manual_backprop,
    inputs={"x": array("n"), "w": array(1), "y": array("n")},
    examples=[{"x": [0, 1, 2, 3], "w": [1], "y": [0, 2, 4, 6]}],
)
GRADIENT = ask(
    gradient, inputs={"x": tensor("n", "m", requires_grad=True)}, examples=[{"x": np.ones((2, 2))}]
)
FROZEN = ask(frozen, inputs={"x": array("n"), "w": array("n")})
RAMP = ask(ramp, inputs={"x": array("n"), "y": array("n")})


def diagnosed(item, answer, *, seed="seed"):
    """The findings on a student whose function is `answer`, called with the case's own values."""
    cases = draw_cases(item, seed)
    outcomes = [Answered(answer(**case.arguments), dict(case.arguments)) for case in cases]
    return diagnose(item, cases, outcomes, judge(item, cases, outcomes))


def told(findings):
    return [(finding.id, finding.where) for finding in findings]


def true_gradient(x):
    return 4 * (x.data + 2) / x.data.size


def changed(**changes):
    """The right answer of manual_backprop with some outputs changed."""

    def answer(x, w, y):
        right = manual_backprop(x, w, y)
        return right | {name: change(right[name]) for name, change in changes.items()}

    return answer


# -- patterns -----------------------------------------------------------------------------------


def test_eight_backward_passes_are_recognised():
    (finding,) = diagnosed(GRADIENT, lambda x: TensorValue((8 * true_gradient(x)).astype("f4")))
    assert finding.id == "accumulated_gradient"
    assert finding.parameters["k"] == 8
    assert "8 backward passes" in render(finding.hints[0])


@few
@given(k=st.integers(2, 200), seed=st.text(max_size=5))
def test_k_passes_are_recognised_with_their_k(k, seed):
    finding, *others = diagnosed(GRADIENT, lambda x: k * true_gradient(x), seed=seed)
    assert (finding.id, finding.parameters["k"]) == ("accumulated_gradient", k)
    assert {one.id for one in others} <= {"backward_twice"}


@few
@given(seed=st.text(max_size=5), factor=st.sampled_from([1.37, 2.5001, -2.0, 0.0618]))
def test_a_factor_without_a_meaning_is_left_alone(seed, factor):
    assert diagnosed(GRADIENT, lambda x: factor * true_gradient(x), seed=seed) == ()


def test_a_sum_in_place_of_a_mean_is_told_by_what_it_runs_over():
    (finding,) = diagnosed(GRADIENT, lambda x: x.data.size * true_gradient(x))
    assert (finding.id, finding.parameters["count"]) == ("sum_instead_of_mean", "x.numel()")


def test_a_mean_over_one_axis_is_told_by_the_axis():
    rows, columns = (
        diagnosed(GRADIENT, lambda x, axis=axis: x.data.shape[axis] * true_gradient(x))
        for axis in (0, 1)
    )
    assert [one.id for one in columns] == ["mean_over_batch_only"]
    assert [one.id for one in rows][:1] == ["mean_over_classes"]


def test_two_mistakes_are_both_named_and_neither_is_certain():
    findings = diagnosed(GRADIENT, lambda x: -true_gradient(x) / 2)
    assert {one.id for one in findings} == {"missing_factor", "wrong_sign"}
    assert not any(one.exact for one in findings)


def test_a_mean_in_place_of_a_sum_is_told():
    answer = changed(**dict.fromkeys(("de2", "de", "dy_pred", "dw"), lambda v: v))

    def mean(x, w, y):
        return {name: value / x.size for name, value in answer(x, w, y).items()}

    (finding,) = diagnosed(BACKPROP, mean)
    assert (finding.id, finding.parameters["count"]) == ("mean_instead_of_sum", "len(x)")


def test_a_missing_factor_is_told_once_at_the_first_output_at_fault():
    def half(value):
        return value / 2

    findings = diagnosed(BACKPROP, changed(de=half, dy_pred=half, dw=half))
    assert told(findings) == [("missing_factor", "de")]
    assert findings[0].parameters["ratio"] == "1/2"
    assert findings[0].exact


def test_a_wrong_sign_is_told_once_at_the_first_output_at_fault():
    findings = diagnosed(BACKPROP, changed(dy_pred=np.negative, dw=np.negative))
    assert told(findings) == [("wrong_sign", "dy_pred")]


def test_an_unreduced_broadcast_is_recognised_by_its_sum():
    def answer(x, w, y):
        right = manual_backprop(x, w, y)
        return right | {"dw": right["dy_pred"] * x}

    findings = diagnosed(BACKPROP, answer)
    assert told(findings) == [("unreduced_broadcast", "dw")]
    assert findings[0].exact
    assert findings[0].parameters["expected"] == "(1,)"


def test_a_value_whose_sum_was_left_out_is_not_surely_a_broadcast():
    def loss(x):
        return (x**2).sum()

    (finding,) = diagnosed(ask(loss, inputs={"x": array("n")}), lambda x: x**2)
    assert (finding.id, finding.exact) == ("unreduced_broadcast", False)


def test_a_wrong_shape_with_another_sum_is_left_alone():
    assert diagnosed(BACKPROP, lambda x, w, y: manual_backprop(x, w, y) | {"dw": 3 * x}) == ()


def test_printing_in_place_of_returning_is_told():
    (finding,) = diagnosed(BACKPROP, lambda x, w, y: None)
    assert (finding.id, finding.exact) == ("returned_nothing", True)


def test_one_none_among_the_outputs_is_not_returning_nothing():
    assert diagnosed(BACKPROP, changed(dw=lambda value: None)) == ()


def test_zeros_where_none_is_right_are_told():
    findings = diagnosed(FROZEN, lambda x, w: {"x": 2 * x, "w": 0 * w})
    assert told(findings) == [("zeroed_instead_of_frozen", "w")]
    assert diagnosed(FROZEN, lambda x, w: {"x": 2 * x, "w": w}) == ()


def test_the_same_numbers_for_all_inputs_are_told():
    findings = diagnosed(BACKPROP, changed(dw=lambda value: np.array(-28.0)))
    assert told(findings) == [("hard_coded", "dw")]


def test_zeros_for_all_inputs_are_not_called_hard_coded():
    assert diagnosed(BACKPROP, changed(dw=np.zeros_like)) == ()


def test_one_number_everywhere_is_told():
    findings = diagnosed(BACKPROP, changed(de=lambda value: np.full_like(value, -2.5)))
    assert ("hard_coded", "de") in told(findings)


def test_numbers_cut_off_at_the_point_are_told():
    findings = diagnosed(BACKPROP, changed(de=np.trunc))
    assert told(findings) == [("integer_truncation", "de")]


@pytest.mark.parametrize(
    "shift",
    [
        lambda entries: entries[:-1],
        lambda entries: entries[1:],
        lambda entries: [*entries, entries[0]],
        lambda entries: [entries[-1], *entries[:-1]],
        lambda entries: [*entries[1:], entries[0]],
    ],
)
def test_a_list_that_is_one_round_off_is_told(shift):
    findings = diagnosed(RAMP, lambda x, y: shift([2 * x, 3 * x, y]))
    assert told(findings) == [("off_by_one_iteration", "ramp")]


def test_a_list_in_another_order_is_left_alone():
    assert diagnosed(RAMP, lambda x, y: [y, 3 * x, 2 * x]) == ()


def test_a_sum_over_an_axis_too_many_is_told():
    findings = diagnosed(GRADIENT, lambda x: true_gradient(x).sum(axis=0))
    assert told(findings) == [("reduced_all_axes", "gradient")]


def test_a_sum_that_has_another_factor_too_is_told_by_what_it_runs_over():
    def slopes(x):
        return 4 * (x + 2) / x.size

    question = ask(slopes, inputs={"x": array("n", "m")})
    (finding,) = diagnosed(question, lambda x: 2 * (x + 2))
    assert (finding.id, finding.parameters["count"]) == ("sum_instead_of_mean", "x.size")


def test_a_value_of_the_forward_pass_is_told_though_it_is_right_in_the_example():
    def slope(x):
        (2 * x).sum().backward()
        return x.grad

    question = ask(
        slope, inputs={"x": tensor("n", requires_grad=True)}, examples=[{"x": [1.0, 1.0]}]
    )
    assert told(diagnosed(question, lambda x: 2 * x.data)) == [
        ("value_instead_of_gradient", "slope")
    ]


def test_a_list_of_running_sums_is_accumulation():
    findings = diagnosed(RAMP, lambda x, y: [2 * x, 5 * x, 5 * x + y])
    assert told(findings) == [("accumulated_gradient", "ramp")]
    assert findings[0].parameters["k"] == 3


def test_a_relation_in_the_example_only_is_left_alone():
    def answer(x, w, y):
        right = manual_backprop(x, w, y)
        return right | {"dw": 2 * right["dw"] + (x.size != 4) * x[0]}

    assert diagnosed(BACKPROP, answer) == ()


def test_one_case_is_no_evidence():
    question = ask(manual_backprop, inputs=BACKPROP.inputs, cases=1)
    assert diagnosed(question, changed(dw=lambda value: 2 * value)) == ()


def test_a_right_answer_needs_no_diagnosis():
    assert diagnosed(BACKPROP, manual_backprop) == ()


# -- facts --------------------------------------------------------------------------------------


def test_a_changed_argument_is_told_by_name():
    cases = draw_cases(BACKPROP, "seed")
    outcomes = [
        Answered(manual_backprop(**one.arguments), one.arguments | {"y": 0 * one.arguments["y"]})
        for one in cases
    ]
    (finding,) = diagnose(BACKPROP, cases, outcomes, judge(BACKPROP, cases, outcomes))
    assert (finding.id, finding.parameters["argument"]) == ("mutated_input", "y")
    assert finding.exact


def test_what_grows_from_call_to_call_is_told():
    total = []

    def answer(x):
        total.append(x)
        return len(total) * true_gradient(x)

    assert told(diagnosed(GRADIENT, answer)) == [("state_between_calls", None)]


# -- declared wrong solutions -------------------------------------------------------------------


def declared():
    def product(x, w):
        return x * w

    question = ask(product, inputs={"x": array("n"), "w": array(1)})

    @question.misconception("wrong_sign")
    def negative(x, w):
        return -x * w

    @question.misconception("overwritten_gradient", message="Both factors matter.")
    @question.misconception("gradient_of_wrong_input")
    def first_factor(x, w):
        return x

    @question.misconception("update_without_no_grad")
    def failing(x, w):
        raise ValueError("a wrong solution may fail")

    return question


def test_a_declared_misconception_that_alone_gives_the_numbers_is_exact():
    (finding,) = diagnosed(declared(), lambda x, w: (-x * w).astype(np.float32))
    assert (finding.id, finding.where, finding.exact) == ("wrong_sign", "product", True)


def test_two_declared_misconceptions_with_the_same_numbers_are_both_told_and_not_exact():
    findings = diagnosed(declared(), lambda x, w: x)
    assert {finding.id for finding in findings} == {
        "overwritten_gradient",
        "gradient_of_wrong_input",
    }
    assert not any(finding.exact for finding in findings)


def test_an_instructors_own_text_is_what_is_told():
    findings = diagnosed(declared(), lambda x, w: x)
    (own,) = (finding for finding in findings if finding.id == "overwritten_gradient")
    assert [render(hint) for hint in own.hints] == ["Both factors matter."]


def test_numbers_that_no_declared_solution_gives_are_left_alone():
    assert diagnosed(declared(), lambda x, w: x + w) == ()


def test_a_declared_solution_that_is_right_by_chance_explains_nothing():
    question = declared()
    question.misconception("missing_factor")(lambda x, w: w * x)
    assert diagnosed(question, lambda x, w: x * w + 1) == ()


def test_a_declared_misconception_may_lie_in_the_state_of_a_tensor():
    def copy(x):
        return 2 * x.detach()

    question = ask(
        copy,
        inputs={"x": tensor("n", requires_grad=True)},
        compare=("value", "shape", "requires_grad"),
    )
    question.misconception("detach_not_assigned")(lambda x: 2 * x)
    findings = diagnosed(question, lambda x: TensorValue(2 * x.data, requires_grad=True))
    # A detach that the engine ignores gives the same, so that both are named.
    assert {one.id for one in findings} == {"detach_not_assigned", "not_frozen"}
    assert not any(one.exact for one in findings)


# -- errors -------------------------------------------------------------------------------------


def leaf_update():
    w = torch.ones(2, requires_grad=True)
    w -= 1


def second_backward():
    loss = (torch.ones(2, requires_grad=True) ** 2).sum()
    loss.backward()
    loss.backward()


def vector_backward():
    (torch.ones(2, requires_grad=True) * 2).backward()


def untracked_backward():
    torch.ones(2).sum().backward()


def integer_leaf():
    torch.tensor([1, 2], requires_grad=True)


def saved_then_changed():
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y += 1
    y.sum().backward()


def old_name():
    torch.ones(2).creator  # noqa: B018 - asking for it is what fails


def misspelt_name():
    torch.ones(2).requires_gradd  # noqa: B018 - as above


def old_keyword():
    torch.ones(2, requires_grad=True).sum().backward(grad_output=1)


def undefined():
    no_such_name  # noqa: B018, F821 - as above


def indexed_loss():
    torch.ones(2).sum().data[0]


def raised_by(function):
    try:
        function()
    except Exception as error:  # noqa: BLE001 - whatever the engine raises
        return Raised(type(error).__name__, str(error), cell=0, line=7, source_line="the line")
    raise AssertionError("nothing was raised")


def explained(outcome):
    cases = draw_cases(BACKPROP, "seed")
    return diagnose(BACKPROP, cases, [outcome], judge(BACKPROP, cases, [outcome]))


@pytest.mark.parametrize(
    ("function", "identifier", "exact"),
    [
        (leaf_update, "update_without_no_grad", True),
        (second_backward, "graph_freed", True),
        (vector_backward, "backward_on_non_scalar", True),
        (untracked_backward, "requires_grad_missing", False),
        (integer_leaf, "integer_requires_grad", True),
        (saved_then_changed, "saved_tensor_modified", True),
        (old_name, "unknown_name", True),
        (old_keyword, "unknown_name", True),
        (indexed_loss, "number_indexed", True),
        (undefined, "name_before_definition", True),
    ],
)
def test_an_exception_is_recognised_by_its_text(function, identifier, exact):
    finding, *_ = explained(raised_by(function))
    assert (finding.id, finding.exact) == (identifier, exact)
    assert finding.parameters["line"] == 7


@pytest.mark.parametrize(
    ("function", "name"),
    [(old_name, "grad_fn"), (old_keyword, "gradient"), (misspelt_name, "requires_grad")],
)
def test_an_unknown_name_gets_the_nearest_one(function, name):
    (finding,) = explained(raised_by(function))
    assert f"Did you mean `{name}`?" in render(finding.hints[0])


def test_a_name_like_no_other_gets_no_suggestion():
    error = Raised("AttributeError", "'Tensor' object has no attribute 'frobnicate'")
    (finding,) = explained(error)
    assert "nearest" not in finding.parameters


def test_the_place_of_an_error_is_told_with_its_line():
    error = raised_by(vector_backward)
    place = explained(error)[0].hints[1]
    assert "line 7 (`the line`)" in render(place)


def test_a_gradient_that_is_none_is_told_without_certainty():
    error = Raised(
        "AttributeError",
        "'NoneType' object has no attribute 'zero_'",
        line=3,
        source_line="w.grad.zero_()",
    )
    findings = explained(error)
    assert [one.id for one in findings] == ["grad_of_non_leaf", "update_made_non_leaf"]
    assert not any(one.exact for one in findings)


@pytest.mark.parametrize(
    "error",
    [
        Raised("ValueError", "operands could not be broadcast together"),
        Raised(
            "AttributeError", "'NoneType' object has no attribute 'append'", source_line="a.b()"
        ),
        Raised("ValueError", "name 'x' is not defined"),
        Raised("RuntimeError", "Can't call numpy() on Tensor that requires grad."),
        Raised("NameError", "name 'x' is not defined", forbidden="torch.tensor"),
    ],
)
def test_an_error_that_tells_nothing_is_left_alone(error):
    assert explained(error) == ()


def test_the_reason_why_a_name_is_missing_is_recognised():
    (finding,) = explained(Undefined(Raised("NameError", "name 'np' is not defined", line=1)))
    assert (finding.id, finding.parameters["name"]) == ("name_before_definition", "np")


# -- what is wrong in some cases, or of no gradient ---------------------------------------------


def lengthened(x):
    y = x * 2
    while y.norm() < 100:
        y = y * 2
    return y.detach()


LONG = [{"x": [80.0, 60.0]}, {"x": [160.0, 120.0]}, {"x": [55.0, 10.0]}, {"x": [7.0, 1.0]}]


def test_a_mistake_under_a_condition_is_named_by_the_cases_that_it_shows_in():
    item = ask(lengthened, inputs={"x": tensor("n", requires_grad=True)}, cases=8, examples=LONG)

    def at_least_once(x):
        y = torch.tensor(x.data) * 2
        while y.norm() < 100:
            y = y * 2
        return y * 2 if y.norm() < 150 else y

    findings = diagnosed(item, lambda x: at_least_once(x).numpy())
    assert "off_by_one_iteration" in [one.id for one in findings]
    assert not any(one.exact for one in findings)


def test_signs_that_are_lost_in_some_entries_are_named():
    def change(x):
        return {"change": 3 * x}

    item = ask(change, inputs={"x": array("n")}, autograd="forbidden")
    findings = diagnosed(item, lambda x: {"change": np.abs(3 * x)})
    assert told(findings) == [("wrong_sign", "change")]
    assert not findings[0].exact


@pytest.mark.parametrize("answer", [["a", "b"], True])
def test_words_and_truth_values_that_never_change_are_hard_coded(answer):
    def reference(x):
        is_up = bool(x.sum() > 0)
        return is_up if answer is True else ["a", "b" if is_up else "c"]

    item = ask(reference, inputs={"x": array("n")}, examples=[{"x": [1.0]}, {"x": [-1.0]}])
    assert [one.id for one in diagnosed(item, lambda x: answer)] == ["hard_coded"]


def test_integers_that_are_all_one_off_are_one_round_off():
    def counts(x):
        return np.arange(len(x))

    item = ask(counts, inputs={"x": array("n")})
    assert told(diagnosed(item, lambda x: np.arange(len(x)) + 1)) == [
        ("off_by_one_iteration", "counts")
    ]


def test_where_no_gradient_is_asked_for_nothing_is_said_of_one():
    def shared(values):
        return {"shared": torch.tensor(2 * values)}

    item = ask(shared, inputs={"values": array("n")})
    assert diagnosed(item, lambda values: {"shared": 4 * values}) == ()
