import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import Assignment, array, integer, tensor
from grader.cases import draw_cases
from grader.comparison import judge
from grader.messages import render
from grader.outcomes import Answered, Raised, Stopped, TensorValue, Uncrossable, Undefined
from grader.results import VERDICTS
from grader.values import describe

# Every example draws whole cases anew.
few = settings(max_examples=20, deadline=None)


def ask(reference, *, inputs, **settings):
    settings = {"points": 4, **settings}
    return Assignment("homework", title="Homework").question(inputs=inputs, **settings)(reference)


def weighted(x, w):
    return {"sum": (x * w).sum(), "product": x * w}


def squares(x):
    return x**2


def nothing(x):
    return {"frozen": None, "free": x}


def steps(x):
    return [x, 2 * x, 3 * x]


WEIGHTED = ask(weighted, inputs={"x": array("n"), "w": array(1)})
SQUARES = ask(squares, inputs={"x": array("n")})
NOTHING = ask(nothing, inputs={"x": array("n")})
STEPS = ask(steps, inputs={"x": array("n")})
CASES = {item.id: draw_cases(item, "seed") for item in (WEIGHTED, SQUARES, NOTHING, STEPS)}


def outcomes(cases, answer):
    """The answers of a student who leaves arguments alone."""
    return [Answered(answer(**case.arguments), dict(case.arguments)) for case in cases]


def judged(item, answer, cases=None):
    cases = cases or CASES.get(item.id) or draw_cases(item, "seed")
    return judge(item, cases, outcomes(cases, answer))


def verdicts(judgement):
    return {output.name: output.verdict for output in judgement.outputs}


# -- forms of a right answer --------------------------------------------------------------------

FORMS = {
    "array": lambda value: value,
    "single precision": lambda value: np.asarray(value, dtype=np.float32),
    "list": lambda value: np.asarray(value).tolist(),
    "tuple": lambda value: tuple(np.atleast_1d(value).tolist()),
    "tensor": lambda value: TensorValue(np.asarray(value, dtype=np.float32), requires_grad=True),
    "list of tensors": lambda value: [TensorValue(one) for one in np.atleast_1d(value)],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@few
@given(seed=st.text(max_size=5))
def test_a_right_answer_is_right_in_every_form(form, seed):
    cases = draw_cases(SQUARES, seed)
    assert judged(SQUARES, lambda x: form(x**2), cases).verdict == "correct"


@pytest.mark.parametrize(
    "form",
    [float, np.float64, np.float32, lambda v: np.array([v]), lambda v: np.array([[v]]),
     lambda v: [v], lambda v: TensorValue(np.array(v)), lambda v: [[v]]],
)  # fmt: skip
def test_a_single_number_is_right_with_any_number_of_axes(form):
    def answer(x, w):
        return {"sum": form((x * w).sum()), "product": x * w}

    # NumPy's own scalars cross as arrays without axes.
    def plain(x, w):
        return {
            name: np.asarray(value) if isinstance(value, np.generic) else value
            for name, value in answer(x, w).items()
        }

    assert judged(WEIGHTED, plain).score == 4


@few
@given(seed=st.text(max_size=5), entry=st.integers(0, 10), sign=st.sampled_from([-1, 1]))
def test_one_entry_that_is_off_by_a_hundredth_of_the_scale_is_wrong(seed, entry, sign):
    def answer(x):
        value = x**2
        value[entry % x.size] += sign * 1e-2 * value.max()
        return value

    judgement = judged(SQUARES, answer, draw_cases(SQUARES, seed))
    assert (judgement.verdict, judgement.score) == ("wrong_value", 0)


@few
@given(seed=st.text(max_size=5), factor=st.floats(1.01, 100))
def test_an_answer_that_is_off_by_a_factor_is_wrong(seed, factor):
    assert judged(SQUARES, lambda x: factor * x**2, draw_cases(SQUARES, seed)).score == 0


@few
@given(seed=st.text(max_size=5))
def test_another_order_of_operations_in_single_precision_is_right(seed):
    def answer(x, w):
        x, w = x.astype(np.float32), w.astype(np.float32)
        total = np.float32(0)
        for one in (x * w)[::-1]:
            total += one
        return {"sum": np.asarray(total), "product": w * x}

    assert judged(WEIGHTED, answer, draw_cases(WEIGHTED, seed)).verdict == "correct"


def test_outputs_are_read_by_name_in_any_order_and_others_are_ignored():
    judgement = judged(
        WEIGHTED, lambda x, w: {"z": 1, "product": x * w, "sum": (x * w).sum().item()}
    )
    assert judgement.verdict == "correct"


@pytest.mark.parametrize("form", [tuple, list])
def test_as_many_values_as_outputs_are_read_in_order(form):
    assert judged(WEIGHTED, lambda x, w: form([(x * w).sum().item(), x * w])).verdict == "correct"


def test_a_bare_value_answers_a_dict_of_one_entry():
    def only(x):
        return {"double": 2 * x}

    assert judged(ask(only, inputs={"x": array("n")}), lambda x: 2 * x).verdict == "correct"


def test_a_stack_is_as_good_as_a_list_of_arrays():
    assert judged(STEPS, lambda x: np.stack([x, 2 * x, 3 * x])).verdict == "correct"
    assert judged(STEPS, lambda x: (x, (2 * x).tolist(), TensorValue(3 * x))).verdict == "correct"


def test_none_is_right_where_none_is_due():
    assert judged(NOTHING, lambda x: {"frozen": None, "free": x}).verdict == "correct"


# -- wrong answers ------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (lambda x: x**2 + 1, "wrong_value"),
        (lambda x: (x**2)[:, None], "wrong_shape"),
        (lambda x: (x**2)[None, :], "wrong_shape"),
        (lambda x: (x**2)[:-1], "wrong_shape"),
        (lambda x: [], "wrong_shape"),
        (lambda x: np.zeros((0, 3)), "wrong_shape"),
        (lambda x: (x**2).sum().item(), "wrong_shape"),
        (lambda x: [[1.0], [1.0, 2.0]], "wrong_shape"),
        (lambda x: x > 0, "wrong_type"),
        (lambda x: "x**2", "wrong_type"),
        (lambda x: ["a"] * x.size, "wrong_type"),
        (lambda x: {"x": x}, "wrong_type"),
        (lambda x: Uncrossable("function"), "wrong_type"),
        (lambda x: np.where(x == x[0], NAN, x**2), "non_finite"),
        (lambda x: x * INF, "non_finite"),
        (lambda x: np.full(x.size, 1e308), "wrong_value"),
        (lambda x: None, "missing"),
    ],
)
def test_a_wrong_answer_gets_its_verdict(answer, verdict):
    judgement = judged(SQUARES, answer)
    assert (judgement.verdict, judgement.score) == (verdict, 0)


def test_zeros_are_not_none():
    judgement = judged(NOTHING, lambda x: {"frozen": 0 * x, "free": x})
    assert verdicts(judgement) == {"frozen": "wrong_value", "free": "correct"}


@pytest.mark.parametrize("near", ["Sum", "sums", "s_um"])
def test_an_entry_under_nearly_its_name_is_named(near):
    judgement = judged(WEIGHTED, lambda x, w: {near: (x * w).sum(), "product": x * w})
    told = render(judgement.outputs[0].message)
    assert told.startswith(f"There is no entry named sum in your answer, but there is {near}.")


@pytest.mark.parametrize("other", ["total", "x" * 100_000, "product"])
def test_no_other_entry_is_named_in_its_place(other):
    judgement = judged(WEIGHTED, lambda x, w: {other: (x * w).sum(), "product": x * w})
    assert judgement.outputs[0].message.id == "entry_missing"


def test_a_nested_entry_under_nearly_its_name_is_named():
    def weights():
        return {"layer": {"weight": 1.0, "bias": 2.0}}

    item = ask(weights, inputs={})
    judgement = judged(item, lambda: {"layer": {"weight": 1.0, "Bias": 2.0}})
    assert "there is Bias" in render(judgement.message)


def test_an_entry_that_is_not_there_is_missing():
    judgement = judged(WEIGHTED, lambda x, w: {"product": x * w})
    assert verdicts(judgement) == {"sum": "missing", "product": "correct"}
    assert judgement.score == 2


def test_an_answer_without_entries_is_of_the_wrong_type():
    assert judged(WEIGHTED, lambda x, w: x * w).verdict == "wrong_type"
    assert judged(WEIGHTED, lambda x, w: None).verdict == "missing"


@pytest.mark.parametrize(
    ("answer", "verdict", "told"),
    [
        (lambda x: [x, 2 * x, 4 * x], "wrong_value", "Entry 2 (counted from 0)"),
        (lambda x: [x, 2 * x], "wrong_shape", "Expected 3 entries; found 2"),
        (lambda x: [x, None, 3 * x], "missing", "Entry 1"),
        (lambda x: np.stack([x, x, 3 * x]), "wrong_value", "Entry 1"),
        (lambda x: 1.0, "wrong_type", "list"),
    ],
)
def test_a_list_is_scored_whole_and_its_first_wrong_entry_named(answer, verdict, told):
    judgement = judged(STEPS, answer)
    assert (judgement.verdict, judgement.score) == (verdict, 0)
    assert told in render(judgement.message)


def test_a_nan_that_the_reference_has_is_right_and_a_number_in_its_place_wrong():
    def root(x):
        return np.sqrt(x)

    question = ask(root, inputs={"x": array("n")})
    with np.errstate(invalid="ignore"):
        assert judged(question, root).verdict == "correct"
        assert judged(question, lambda x: np.nan_to_num(root(x))).verdict == "wrong_value"


def test_integers_are_exact():
    def count(x):
        return np.arange(x.size) * 100000

    question = ask(count, inputs={"x": array("n")})
    assert judged(question, lambda x: np.arange(x.size) * 100000.0).verdict == "correct"
    assert judged(question, lambda x: np.arange(x.size) * 100000 + 1).verdict == "wrong_value"


def test_truth_values_are_no_numbers_and_numbers_no_truth_values():
    def positive(x):
        return x > 0

    question = ask(positive, inputs={"x": array("n")})
    assert judged(question, lambda x: (x > 0).tolist()).verdict == "correct"
    assert judged(question, lambda x: (x > 0).astype(int)).verdict == "wrong_type"


def test_strings_are_equal_but_for_spaces_around_them():
    def word(k):
        return "AddBackward0"

    question = ask(word, inputs={"k": integer(2, 9)})
    assert judged(question, lambda k: " AddBackward0\n").verdict == "correct"
    assert judged(question, lambda k: "addbackward0").verdict == "wrong_value"


# -- state of tensors ---------------------------------------------------------------------------


def scaled(x):
    return x * 2


@pytest.mark.parametrize(
    ("state", "right", "wrong"),
    [
        ("requires_grad", {"requires_grad": True}, {"requires_grad": False}),
        ("is_leaf", {"is_leaf": False}, {"is_leaf": True}),
        ("grad_fn", {"grad_fn": "MulBackward0"}, {"grad_fn": "AddBackward0"}),
    ],
)
def test_a_state_counts_where_it_is_asked_for(state, right, wrong):
    inputs = {"x": tensor("n", requires_grad=True)}
    asked = ask(scaled, inputs=inputs, compare=("value", "shape", state))
    plain = ask(scaled, inputs=inputs)

    def answer(states):
        return lambda x: TensorValue(2 * x.data, **states)

    cases = draw_cases(asked, "seed")
    assert judged(asked, answer(right), cases).verdict == "correct"
    assert judged(plain, answer(wrong), cases).verdict == "correct"
    judgement = judged(asked, answer(wrong), cases)
    assert judgement.verdict == "wrong_value"
    assert state in render(judgement.message)
    assert "MulBackward0" not in render(judgement.message)
    assert judged(asked, lambda x: 2 * x.data, cases).verdict == "wrong_type"


def test_a_dtype_counts_where_it_is_asked_for():
    question = ask(scaled, inputs={"x": tensor("n")}, compare=("value", "shape", "dtype"))
    cases = draw_cases(question, "seed")
    assert judged(question, lambda x: TensorValue(2 * x.data), cases).verdict == "correct"
    wide = judged(question, lambda x: TensorValue(2 * x.data.astype(np.float64)), cases)
    assert wide.verdict == "wrong_value"
    assert "float32" in render(wide.message)


# -- points and verdicts ------------------------------------------------------------------------


def test_outputs_share_the_points_equally_or_by_weight():
    judgement = judged(WEIGHTED, lambda x, w: {"sum": 0.0, "product": x * w})
    assert [output.max_score for output in judgement.outputs] == [2, 2]
    heavy = ask(weighted, inputs=WEIGHTED.inputs, weights={"product": 3})
    judgement = judged(heavy, lambda x, w: {"sum": 0.0, "product": x * w})
    assert (judgement.score, judgement.verdict) == (3, "wrong_value")


def test_one_wrong_case_makes_an_output_wrong():
    cases = CASES["squares"]
    answers = outcomes(cases, lambda x: x**2)
    answers[2] = Answered(cases[2].arguments["x"], answers[2].arguments)
    judgement = judge(SQUARES, cases, answers)
    assert (judgement.verdict, judgement.outputs[0].case) == ("wrong_value", 2)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Raised("ValueError", "no"), "error"),
        (Raised("MemoryError", ""), "memory"),
        (Raised("ForbiddenUse", "no", forbidden="torch.tensor"), "forbidden"),
        (Stopped("timeout", "10 s"), "timeout"),
        (Stopped("crashed", "signal 11"), "crashed"),
        (Undefined(), "missing"),
        (Undefined(Raised("NameError", "name 'x' is not defined")), "error"),
        (Undefined(Stopped("memory", "1 GiB")), "memory"),
        (Undefined(Raised("ImportError", "no", forbidden="jax")), "forbidden"),
    ],
)
def test_what_stopped_a_call_is_the_verdict_of_every_output(outcome, verdict):
    judgement = judge(WEIGHTED, CASES["weighted"], [outcome])
    assert set(verdicts(judgement).values()) == {verdict}
    assert (judgement.verdict, judgement.score) == (verdict, 0)
    assert render(judgement.message)


def test_a_call_that_stops_later_speaks_for_the_cases_after_it():
    answers = outcomes(CASES["squares"][:2], lambda x: x**2)
    judgement = judge(SQUARES, CASES["squares"], [*answers, Stopped("timeout", "10 s")])
    assert (judgement.verdict, judgement.score) == ("timeout", 0)


def test_what_cannot_be_run_here_has_no_score():
    judgement = judge(
        WEIGHTED, CASES["weighted"], [Raised("AttributeError", "no", unsupported="torch.fft")]
    )
    assert (judgement.verdict, judgement.score, judgement.max_score) == ("unsupported", None, 4)
    assert {output.score for output in judgement.outputs} == {None}


def test_without_an_outcome_there_is_nothing_to_judge():
    with pytest.raises(ValueError, match="squares"):
        judge(SQUARES, CASES["squares"], [])


def test_a_message_never_shows_the_expected_numbers():
    for case in CASES["squares"]:
        judgement = judge(SQUARES, [case], [Answered(0 * case.arguments["x"], case.arguments)])
        for number in case.expected.outputs["squares"]:
            assert f"{number:.3g}" not in render(judgement.message)


def test_another_right_solution_is_accepted_if_it_is_kept_to():
    def slope(x):
        return (x[1:] - x[:-1]) / 1.0

    question = ask(slope, inputs={"x": array("n")}, accept=[lambda x: (x[:-1] - x[1:]) / 1.0])
    cases = draw_cases(question, "seed")
    assert judged(question, lambda x: x[1:] - x[:-1], cases).verdict == "correct"
    assert judged(question, lambda x: x[:-1] - x[1:], cases).verdict == "correct"
    mixed = judged(question, lambda x: np.diff(x) * (1 if x.size > 3 else -1), cases)
    assert mixed.verdict == "wrong_value"


# -- side effects -------------------------------------------------------------------------------


def test_a_changed_argument_costs_the_points():
    cases = CASES["squares"]
    answers = [Answered(c.arguments["x"] ** 2, {"x": c.arguments["x"] + 1}) for c in cases]
    judgement = judge(SQUARES, cases, answers)
    assert (judgement.verdict, judgement.score) == ("side_effect", 0)
    assert judgement.changed == ("x",)


def test_a_wrong_answer_stays_wrong_beside_a_side_effect():
    cases = CASES["squares"]
    answers = [Answered(c.arguments["x"], {"x": c.arguments["x"][:1]}) for c in cases]
    assert judge(SQUARES, cases, answers).verdict == "wrong_value"


def test_an_argument_that_did_not_come_back_counts_as_changed():
    answers = [Answered(case.arguments["x"] ** 2) for case in CASES["squares"]]
    assert judge(SQUARES, CASES["squares"], answers).verdict == "side_effect"


def test_a_side_effect_may_be_allowed():
    question = ask(squares, inputs=SQUARES.inputs, side_effects="allowed")
    answers = [Answered(case.arguments["x"] ** 2) for case in CASES["squares"]]
    assert judge(question, CASES["squares"], answers).verdict == "correct"


def test_the_gradient_of_an_argument_may_change():
    question = ask(squares, inputs={"x": tensor("n", requires_grad=True)})
    cases = draw_cases(question, "seed")
    answers = []
    for case in cases:
        x = case.arguments["x"].data
        answers.append(Answered(x**2, {"x": TensorValue(x, requires_grad=True, grad=2 * x)}))
    assert judge(question, cases, answers).verdict == "correct"


def test_another_answer_to_the_same_arguments_is_remembered():
    cases = CASES["squares"]
    answers = outcomes(cases, lambda x: x**2)
    assert not judge(SQUARES, cases, answers).remembers
    repeated = [case.kind for case in cases].index("repeated")
    answers[repeated] = Answered(answers[repeated].value + 1, answers[repeated].arguments)
    judgement = judge(SQUARES, cases, answers)
    assert judgement.remembers
    assert judgement.verdict == "wrong_value"


# -- variables, choices, texts ------------------------------------------------------------------

HOMEWORK = Assignment("words", title="Words")
CHOICE = HOMEWORK.choice("runs", points=1, options=["1", "8", "Eight times"], answer="8")
TEXT = HOMEWORK.text("why", points=2)


@HOMEWORK.variable(points=1)
def slope():
    return -28.0


def test_a_variable_is_compared_like_an_answer():
    cases = draw_cases(slope, "seed")
    assert judge(slope, cases, [Answered(np.array([-28]))]).score == 1
    assert judge(slope, cases, [Answered(28.0)]).verdict == "wrong_value"
    assert judge(slope, cases, [Undefined()]).verdict == "missing"


@pytest.mark.parametrize("value", ["8", " 8 ", 8, 8.0, np.array([8]), TensorValue(np.array(8.0))])
def test_the_right_option_is_right_as_text_or_number(value):
    assert judge(CHOICE, (), [Answered(value)]).verdict == "correct"


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("1", "wrong_value"), ("9", "wrong_value"), ("EIGHT TIMES", "wrong_value"),
     (None, "missing"), ("", "missing"), (" ", "missing"),
        (np.zeros(0), "wrong_type"),
        (True, "wrong_type"), (["8"], "wrong_type")],
)  # fmt: skip
def test_a_wrong_option_gets_its_verdict(value, verdict):
    judgement = judge(CHOICE, (), [Answered(value)])
    assert (judgement.verdict, judgement.score) == (verdict, 0)


def test_what_is_no_option_gets_the_list_of_them():
    told = render(judge(CHOICE, (), [Answered("nine")]).message)
    assert "1, 8, Eight times" in told


def test_a_text_waits_for_a_person():
    judgement = judge(TEXT, (), [Answered("Because it adds up.")])
    assert (judgement.verdict, judgement.score) == ("needs_human", None)


@pytest.mark.parametrize("outcome", [Answered(" "), Answered(None), Undefined()])
def test_no_text_is_missing(outcome):
    judgement = judge(TEXT, (), [outcome])
    assert (judgement.verdict, judgement.score) == ("missing", 0)


# -- anything at all ----------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
    | st.builds(Uncrossable, st.text())
    | st.sampled_from([np.zeros(0), np.ones((2, 0)), np.array(True), np.arange(3),
                       np.full(4, np.inf), TensorValue(np.ones(2))]),
    lambda inner: st.lists(inner, max_size=4)
    | st.tuples(inner, inner)
    | st.dictionaries(st.sampled_from(["sum", "product", "other"]), inner),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("item", [WEIGHTED, SQUARES, STEPS, NOTHING, CHOICE, TEXT])
@settings(deadline=None)
@given(value=anything)
def test_any_answer_gets_a_verdict_and_no_points_by_accident(item, value):
    cases = CASES.get(item.id, ())
    judgement = judge(
        item, cases, [Answered(value, dict(c.arguments)) for c in cases or [slope_case]]
    )
    assert judgement.verdict in VERDICTS
    assert judgement.verdict != "correct" or item is CHOICE
    assert render(judgement.message)


slope_case = draw_cases(slope, "seed")[0]


@given(value=anything)
def test_a_description_is_one_short_line(value):
    assert len(describe(value)) <= 80
    assert "\n" not in describe(value)


def test_numbers_that_are_long_are_fewer_and_still_within_brackets():
    told = describe(np.full((13, 17), -1.23456e-101))
    assert told == "array(13, 17) float64 [-1.23456e-101, -1.23456e-101, -1.23456e-101, …]"
