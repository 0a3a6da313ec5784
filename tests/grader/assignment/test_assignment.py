import pytest

from grader import Assignment, array
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
        ({"examples": [{"y": [1.0]}]}, "give a value"),
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


class Square:
    """A number that knows its square."""

    def __init__(self, value):
        self.value = value

    def square(self):
        return self.value**2


CALL = "lambda Square, x: Square(x).square()"


def test_a_class_is_asked_for_by_what_is_done_with_it(hw):
    question = hw.question(points=1, inputs={"x": array("n")}, call=CALL)(Square)
    assert (question.id, question.called) == ("Square", "Square")
    assert question.reference(3.0) == 9.0


def test_a_reference_may_compute_in_another_way_what_a_call_does(hw):
    @hw.question(points=1, inputs={"x": array("n")}, call=CALL)
    def squares(x):
        return x * x

    assert (squares.id, squares.called) == ("squares", "Square")


def test_a_class_without_a_call_is_refused(hw):
    with pytest.raises(AssignmentError, match="call="):
        hw.question(points=1, inputs={"x": array("n")})(Square)


@pytest.mark.parametrize("call", ["lambda Square: 1", "lambda Square, y: 1", "Square(", "3"])
def test_a_call_takes_the_students_object_and_the_inputs(hw, call):
    with pytest.raises(AssignmentError, match="call"):
        hw.question(points=1, inputs={"x": array("n")}, call=call)


def test_a_variable_takes_what_is_given(hw):
    @hw.variable(points=1, given={"x": array("n")}, cases=4)
    def total(x):
        return x.sum()

    assert (list(total.given), total.cases) == (["x"], 4)


def test_a_variable_whose_reference_takes_something_else_is_refused(hw):
    with pytest.raises(AssignmentError, match="inputs are"):
        hw.variable(points=1, given={"x": array("n")})(lambda y: y)


def test_a_property_is_named_and_told_by_its_function(hw):
    question = double(hw)

    @question.property
    def grows(x, answer):
        """The answer is larger than x."""
        return (answer > x).all()

    (one,) = question.properties
    assert (one.id, one.message) == ("grows", "The answer is larger than x.")


def no_answer(x):
    """It lacks the answer."""


def another_input(answer, y):
    """It takes what is no input."""


def untold(answer):
    return True


@pytest.mark.parametrize("holds", [no_answer, another_input, untold])
def test_a_property_takes_the_answer_and_inputs_and_has_a_text(hw, holds):
    question = double(hw)
    with pytest.raises(AssignmentError):
        question.property(holds)


def test_questions_are_included_from_bundled_assignments(hw):
    hw.include("accumulation_trap", only=["gradient", "cell_runs"], points=1.5)
    assert [item.id for item in hw] == ["gradient", "cell_runs"]
    assert [item.points for item in hw] == [1.0, 0.5]
    assert hw.origin("gradient").id == "accumulation_trap"


def test_what_is_included_has_to_be_there(hw):
    with pytest.raises(AssignmentError, match="grader list"):
        hw.include("no_such_assignment")
    with pytest.raises(AssignmentError, match="it asks"):
        hw.include("accumulation_trap", only=["no_such_question"])


def test_lateness_costs_a_part_of_the_points():
    assert Assignment("a", title="A", late=0.25).late == 0.25
    with pytest.raises(AssignmentError, match="late"):
        Assignment("a", title="A", late=25)


def test_follow_through_is_the_assignments_unless_a_question_says_otherwise():
    hw = Assignment("a", title="A", follow_through=False)
    assert not double(hw).follow_through
    other = Assignment("b", title="B")
    assert not double(other, follow_through=False).follow_through
