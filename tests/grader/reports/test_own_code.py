"""The code beside a question: the right cell, the right lines, and not more than can be read."""

from grader.diagnosis.findings import finding
from grader.messages import Message
from grader.reports.own_code import excerpts
from grader.results import Diagnosis, Feedback, OutputResult, QuestionResult

HELPER = "def helper(x):\n    return x.data\n"
OWN = "def gradient(x):\n    loss = helper(x)\n    return loss.grad\n"


def question(**fields):
    given = {
        "id": "gradient", "score": 0.0, "max_score": 1.0, "verdict": "error", "message": "",
    }  # fmt: skip
    return QuestionResult(**(given | fields))


def raised(line, source=None, cell=None):
    parameters = {"type": "TypeError", "text": "", "line": line, "source": source, "cell": cell,
                  "place": Message("line", {"number": line, "source": source})}  # fmt: skip
    return Message("raised_at", parameters)


def marked(found):
    return [(one.cell, line.number) for one in found for line in one.lines if line.is_marked]


def shown(found):
    return {one.cell: [line.number for line in one.lines] for one in found}


def test_the_cell_that_defines_the_name_is_shown():
    assert shown(excerpts(question(), ["x = 1", OWN, "gradient(x)"])) == {2: [1, 2, 3]}


def test_of_two_definitions_the_last_is_shown_since_it_was_called():
    assert shown(excerpts(question(), [OWN, HELPER, OWN])) == {3: [1, 2, 3]}


def test_a_name_that_is_assigned_is_defined_too():
    assert shown(excerpts(question(), ["gradient == 2", "gradient: float = 2"])) == {2: [1]}


def test_without_code_nothing_is_shown():
    assert excerpts(question(feedback=Feedback(line=1)), []) == ()


def test_the_line_of_an_error_is_marked():
    found = excerpts(question(message=raised(2, "loss = helper(x)")), [HELPER, OWN])
    assert marked(found) == [(2, 2)]


def test_a_line_of_another_cell_brings_that_cell():
    found = excerpts(question(message=raised(2, "return x.data")), [HELPER, OWN])
    assert marked(found) == [(1, 2)]
    assert shown(found) == {1: [1, 2], 2: [1, 2, 3]}


def test_of_two_equal_lines_that_in_the_cell_that_is_named_is_marked():
    found = excerpts(question(message=raised(1, "step()", cell=2)), ["step()", OWN, "step()"])
    assert marked(found) == [(3, 1)]


def test_the_same_line_told_twice_is_marked_once():
    asked = question(message=raised(2, "return x.data", 0), feedback=Feedback(line=2))
    assert marked(excerpts(asked, [HELPER, OWN])) == [(1, 2)]


def test_a_line_alone_is_one_of_the_definition():
    assert marked(excerpts(question(feedback=Feedback(line=3)), [HELPER, OWN])) == [(2, 3)]


def test_a_line_that_there_is_not_is_not_marked():
    assert marked(excerpts(question(feedback=Feedback(line=99)), [HELPER, OWN])) == []


def test_the_place_of_a_hint_is_marked():
    cut = finding("detached_by_data", "dw", exact=True, line=2, source="return x.data")
    asked = question(feedback=Feedback(hints=cut.hints))
    assert marked(excerpts(asked, [HELPER, OWN])) == [(1, 2)]


def test_no_more_is_marked_than_is_told():
    cut = finding("detached_by_data", "dw", exact=True, line=2, source="return x.data")
    diagnosis = Diagnosis(id=cut.id, where="dw", message=cut.hints[0], exact=True)
    asked = question(feedback=Feedback(hints=cut.hints[:1]), diagnoses=(diagnosis,))
    assert marked(excerpts(asked, [HELPER, OWN])) == []


def test_the_line_of_an_output_is_marked():
    output = OutputResult(
        name="dw", verdict="error", score=0.0, max_score=1.0,
        message=Message("output", {"name": "dw", "inner": raised(3, "return loss.grad")}),
    )  # fmt: skip
    assert marked(excerpts(question(outputs=(output,)), [HELPER, OWN])) == [(2, 3)]


def test_of_a_long_module_what_matters_is_shown():
    filler = "".join(f"def other{number}():\n    pass\n\n\n" for number in range(30))
    module = f"{filler}@decorated\n{OWN}\n\n{filler}{HELPER}"
    asked = question(message=raised(module.count("\n"), "return x.data"))
    (found,) = excerpts(asked, [module])
    told = "\n".join(line.text for line in found.lines)
    assert told == f"@decorated\n{OWN}{HELPER}".removesuffix("\n")
    assert marked([found]) == [(1, module.count("\n"))]


def test_a_function_without_end_is_cut():
    module = "def gradient(x):\n" + "    x += 1\n" * 10_000
    (found,) = excerpts(question(feedback=Feedback(line=5_000)), [module])
    assert len(found.lines) == 60 + 40
    assert marked([found]) == [(1, 5_000)]


def test_lines_are_counted_as_python_does():
    found = excerpts(question(feedback=Feedback(line=3)), ["gradient = '\x0c \u2028'\r\n\rx = 1"])
    assert [line.text for line in found[0].lines] == ["gradient = '\x0c \u2028'", "", "x = 1"]
