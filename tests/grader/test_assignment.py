import pytest

from grader import Assignment, array, integer
from grader.assignment import AssignmentError, Choice, Question, Text, Variable


@pytest.fixture
def hw():
    return Assignment("homework", title={"en": "Homework", "pt": "Tarefa"})


def double(hw, **changes):
    """Ask for `double(x)`, with changes to a question that is right."""

    def double(x):
        """Twice x."""
        return 2 * x

    settings = {"points": 2, "inputs": {"x": array("n")}, **changes}
    return hw.question(**settings)(double)


def test_a_question_takes_its_name_and_summary_from_the_reference(hw):
    question = double(hw)
    assert isinstance(question, Question)
    assert (question.id, question.summary) == ("double", "Twice x.")


def test_items_keep_their_order_and_are_found_by_id(hw):
    double(hw)

    @hw.variable(points=1)
    def answer():
        return 3.0

    hw.choice("runs", points=0.5, options=["1", "8"], answer="8")
    hw.text("why", points=1.5)
    assert [type(item) for item in hw] == [Question, Variable, Choice, Text]
    assert hw["answer"] is answer
    assert hw.max_score == 5


def test_an_unknown_id_says_what_there_is(hw):
    double(hw)
    with pytest.raises(KeyError, match="double"):
        hw["triple"]


def test_the_title_falls_back_to_english(hw):
    assert hw.title_in("pt") == "Tarefa"
    assert hw.title_in("es") == "Homework"
    assert Assignment("a", title="Plain").title_in("pt") == "Plain"


def test_the_statement_falls_back_to_english(hw, tmp_path):
    (tmp_path / "statement.en.md").touch()
    hw.path = tmp_path
    assert hw.statement("pt") == tmp_path / "statement.en.md"


def test_inputs_follow_the_order_of_the_parameters(hw):
    @hw.question(points=1, inputs={"y": array("n"), "x": array("n")})
    def difference(x, y):
        return x - y

    assert list(difference.inputs) == ["x", "y"]


def test_several_wrong_solutions_may_share_a_misconception(hw):
    question = double(hw)
    question.misconception("wrong_sign")(lambda x: -2 * x)
    question.misconception("wrong_sign")(lambda x: -x)
    assert [one.id for one in question.misconceptions] == ["wrong_sign", "wrong_sign"]


def test_a_misconception_of_the_instructors_own_brings_its_text(hw):
    question = double(hw)
    question.misconception("tripled", message="Twice, not three times.")(lambda x: 3 * x)
    assert question.misconceptions[0].message == "Twice, not three times."


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"points": 0}, "points"),
        ({"points": True}, "points"),
        ({"cases": 0}, "cases"),
        ({"autograd": "never"}, "forbidden, allowed, required"),
        ({"side_effects": "some"}, "forbidden, allowed"),
        ({"feedback": "loud"}, "verdict, hint, full"),
        ({"compare": ("value", "shape", "colour")}, "dtype"),
        ({"compare": ("value",)}, "shape"),
        ({"rtol": -1}, "rtol"),
        ({"weights": {"x": 0}}, "weight"),
        ({"inputs": {"x": [1, 2]}}, "array"),
        ({"inputs": {"x": array(*"abcdef")}}, "dimensions"),
        ({"inputs": {"y": array("n")}}, "inputs are"),
        ({"inputs": {}}, "inputs are"),
        ({"examples": [{"y": [1.0]}]}, "expected"),
        ({"examples": [{"x": ["one"]}]}, "example"),
        ({"accept": [lambda y: y]}, "accept"),
    ],
)
def test_a_mistake_in_a_question_is_told_in_one_line_with_its_place(hw, changes, remedy):
    with pytest.raises(AssignmentError, match=remedy) as caught:
        double(hw, **changes)
    assert caught.value.file == __file__
    assert caught.value.line is not None
    assert "\n" not in str(caught.value)
    assert len(hw) == 0


def test_a_name_is_asked_once(hw):
    double(hw)
    with pytest.raises(AssignmentError, match="twice"):
        hw.text("double", points=1)


def test_parameters_with_stars_are_refused(hw):
    with pytest.raises(AssignmentError, match="inputs are"):

        @hw.question(points=1, inputs={"x": array("n")})
        def total(*x):
            return sum(x)


def test_a_variable_takes_no_arguments(hw):
    with pytest.raises(AssignmentError, match="answer takes"):

        @hw.variable(points=1)
        def answer(x):
            return x


def test_a_wrong_solution_has_the_parameters_of_the_question(hw):
    question = double(hw)
    with pytest.raises(AssignmentError, match="misconception"):
        question.misconception("wrong_sign")(lambda y: -y)


def test_a_misconception_without_any_text_is_refused(hw):
    question = double(hw)
    with pytest.raises(AssignmentError, match="message"):
        question.misconception("bad_luck")


@pytest.mark.parametrize(
    "settings",
    [
        {"options": ["1", "2"], "answer": "8"},
        {"options": ["8"], "answer": "8"},
        {"options": ["a", " A"], "answer": "a"},
    ],
)
def test_a_choice_needs_different_options_with_the_answer_among_them(hw, settings):
    with pytest.raises(AssignmentError):
        hw.choice("runs", points=1, **settings)


@pytest.mark.parametrize("identifier", ["", "two words", "1st"])
def test_an_id_is_a_name(identifier):
    with pytest.raises(AssignmentError, match="id"):
        Assignment(identifier, title="A title")


def test_what_is_not_offered_yet_is_refused(hw):
    with pytest.raises(TypeError, match="given"):
        hw.variable(points=1, given={"x": integer(1, 2)})
