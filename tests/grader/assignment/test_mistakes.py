"""Mistakes in an assignment file: one line each, with the place, the cause and a remedy."""

import pytest

from grader.assignment import AssignmentError
from grader.cases import draw_cases
from grader.catalogue import load

HEAD = """\
import reference_engine as torch
from grader import Assignment, array, integer, labels, one_of, real, source, tensor

hw = Assignment("own", title="Own")

"""
QUESTION = """
@hw.question(points=1, inputs={"x": array("n")})
def double(x):
    return 2 * x

"""
DECORATOR, REFERENCE, AFTER = 7, 9, 11
"""The lines of the question's decorator, of what it returns, and of what stands after it."""


def change(old, new):
    assert old in QUESTION
    return HEAD + QUESTION.replace(old, new)


def argument(text):
    return change("points=1", f"points=1, {text}")


def spec(text):
    return change('array("n")', text)


def solution(text):
    return change("return 2 * x", text)


def after(text):
    return HEAD + QUESTION + text


WRONG = "@double.misconception({})\ndef wrong({}):\n    return x\n"
PROPERTY = "@double.property\ndef small({}):\n    {}\n    return True\n"

MISTAKES = {
    # the file itself
    "a bracket left open": ("x = (1\n", 1, "never closed", "correct this line"),
    "an indentation": ("if 1:\n\tx = 1\n        y = 2\n", 3, "indentation", "correct this line"),
    "no module": ("import no_such_module\n", 1, "No module named", "install no_such_module"),
    "torch by name": ("import torch as T\n", 1, "'torch'", "import reference_engine as torch"),
    "no such name of ours": ("from grader import aray\n", 1, "'aray'", "grader offers Assignment"),
    "a name not imported": ("hw = Assignment('a')\n", 1, "NameError", "from grader import"),
    "an engine not imported": ("x = torch.ones(1)\n", 1, "NameError", "import reference_engine"),
    "an unknown name": ("x = 1\ny = z\n", 2, "'z' is not defined", "define it above"),
    "an end": ("import sys\nsys.exit(0)\n", 2, "SystemExit", "take it out"),
    "a failure": ("x = 1 / 0\n", 1, "ZeroDivisionError", "correct it"),
    "a method misspelt": (HEAD + "hw.qestion()\n", 6, "'qestion'", "did you mean question?"),
    "not in the engine": (HEAD + "torch.nonsense\n", 6, "nonsense", "with NumPy"),
    "nothing": ("x = 1\n", None, "holds no Assignment", "write hw = Assignment("),
    "two": (after("b = Assignment('b', title='B')"), None, "holds 2", "one file, one assignment"),
    "nothing asked": (HEAD, None, "asks nothing", "@hw.question("),
    # the assignment
    "an id": (HEAD.replace('"own"', '"2nd"'), 4, "'2nd' is no name", "use letters"),
    "an id of another type": (HEAD.replace('"own"', "2"), 4, "2 is no name", "use letters"),
    "no title": (HEAD.replace(', title="Own"', ""), 4, "missing", "(id, title="),
    "a title of another type": (HEAD.replace('"Own"', "[1]"), 4, "title=[1]", 'title={"en"'),
    "a language": (HEAD.replace('"Own"', '{"pt-BR": "T"}'), 4, "'pt-BR'", "write 'en', 'pt'"),
    "late": (HEAD.replace('"Own"', '"Own", late="a day"'), 4, "late='a day'", "from 0 to 1"),
    "feedback": (HEAD.replace('"Own"', '"Own", feedback="no"'), 4, "'no'", "verdict, hint, full"),
    # a question's arguments
    "an unknown argument": (argument("tolerance=1"), DECORATOR, "'tolerance'", "rtol=, atol="),
    "no points": (change("points=1, ", ""), DECORATOR, "'points'", "it takes (points=, inputs="),
    "no arguments": (HEAD + "@hw.question\ndef f(x): ...\n", 6, "positional", "(points=, inputs="),
    "points as text": (change("points=1", "points='1'"), DECORATOR, "points='1'", "a number"),
    "endless points": (change("points=1", "points=1e999"), DECORATOR, "inf", "a number above 0"),
    "inputs": (change('{"x": array("n")}', "[1]"), DECORATOR, "inputs=[1]", "a spec for each name"),
    "an input": (spec("[1.0]"), DECORATOR, "'x' is [1.0]", "array(...), tensor(...)"),
    "autograd": (argument("autograd='no'"), DECORATOR, "'no'", "forbidden, allowed, required"),
    "side effects": (argument("side_effects=0"), DECORATOR, "=0", "forbidden, allowed"),
    "follow-through": (argument("follow_through=0.5"), DECORATOR, "0.5", "True, False"),
    "cases": (argument("cases=2.5"), DECORATOR, "cases=2.5", "five are usual"),
    "compare": (argument("compare=['value', 'hue']"), DECORATOR, "'hue'", "dtype, requires_grad"),
    "compare as text": (argument("compare='value'"), DECORATOR, "'value'", "write a list"),
    "a tolerance": (argument("rtol='1e-3'"), DECORATOR, "rtol='1e-3'", "a number from 0 on"),
    "weights": (argument("weights=[1, 2]"), DECORATOR, "[1, 2]", 'weights={"dw": 2}'),
    "a weight": (argument("weights={'double': 0}"), DECORATOR, "is 0", "a number above 0"),
    "a weight of nothing": (argument("weights={'dw': 2}"), DECORATOR, "name dw", "name these"),
    "unasked": (argument("unasked=['*']"), DECORATOR, "['*']", "a text for each name"),
    "accept": (argument("accept=lambda x: x"), DECORATOR, "accept=<function", "write a list"),
    "accept holds": (argument("accept=[3]"), DECORATOR, "holds 3", "write functions"),
    "accept takes": (argument("accept=[lambda y: y]"), DECORATOR, "takes (y)", "the same names"),
    "examples": (argument("examples={'x': [1.0]}"), DECORATOR, "examples={", "a list of dicts"),
    "an example": (argument("examples=[{'y': 1}]"), DECORATOR, "gives (y)", "a value for each"),
    "an example's type": (argument("examples=[{'x': ['a']}]"), DECORATOR, "'a'", "write values"),
    "an example's shape": (argument("examples=[{'x': [[1.0]]}]"), DECORATOR, "(1, 1)", "not (n)"),
    "call": (argument("call='Value'"), DECORATOR, "call='Value'", "function of the student's"),
    # input specs
    "a dimension": (spec('array("n m")'), DECORATOR, "'n m'", 'write "n"'),
    "a shape as a tuple": (spec("array((2, 3))"), DECORATOR, "(2, 3)", "a number from 1 on"),
    "a shape too large": (spec("array(9999, 9999)"), DECORATOR, "(9999, 9999)", "make it smaller"),
    "too many names": (spec("array(*'abcdef')"), DECORATOR, "6 named", "make some of them numbers"),
    "an argument of a spec": (spec("array(3, size=2)"), DECORATOR, "'size'", "(*shape, low="),
    "a dtype": (spec('array("n", dtype="half")'), DECORATOR, "'half'", "float64, float32"),
    "a bound": (spec('array("n", low="a")'), DECORATOR, "low='a'", "the bounds are numbers"),
    "bounds": (spec("real(3, 1)"), DECORATOR, "nothing between", "low must be less"),
    "whole numbers": (spec("integer(3, 1)"), DECORATOR, "is empty", "lower number first"),
    "one of nothing": (spec("one_of()"), DECORATOR, "at least one", 'one_of("sum"'),
    "one class": (spec('labels("n", 1)'), DECORATOR, "labels", "two classes"),
    "a source": (spec('source("lambda v v")'), DECORATOR, "no expression", "gives a callable"),
    "a source of another type": (spec("source(3)"), DECORATOR, "expression", 'source("lambda'),
    "whole numbers that require gradients": (
        spec('tensor("n", dtype="int64", requires_grad=True)'), DECORATOR, "int64", "use dtype=",
    ),
    # the reference
    "no function": (HEAD + "hw.question(points=1, inputs={})(3)\n", 6, "not 3", "written with def"),
    "other parameters": (change("(x):", "(y):"), DECORATOR, "takes (y)", "the same names"),
    "a default": (change("(x):", "(x, eps=1):"), DECORATOR, "takes (x, eps)", "the same names"),
    "a reference that raises": (solution("return x.no"), REFERENCE, "'no'", "or draw other inputs"),
    "a reference that ends": (solution("exit()"), REFERENCE, "SystemExit", "take it out"),
    "an unknown operation": (solution("torch.no(x)"), REFERENCE, "'no'", "with NumPy"),
    "an object": (solution("return object()"), DECORATOR, "returns object", "return numbers"),
    "a generator": (solution("yield x"), DECORATOR, "generator", "return numbers"),
    "no entries": (solution("return {}"), DECORATOR, "entries []", "at least one"),
    "other entries": (
        solution("return {str(len(x)): x}"), DECORATOR, "case 1", "every case needs the same ones",
    ),
    "two of a name": (after(QUESTION), 12, "'double' is asked twice", "another name"),
    # what is added to a question
    "a misconception without a text": (
        after(WRONG.format('"bad_luck"', "x")), AFTER, "'bad_luck'", "add message=...",
    ),
    "a misconception without an id": (
        after("@double.misconception\ndef wrong(x): ...\n"), AFTER, "needs an id", "write @",
    ),
    "a misconception's parameters": (
        after(WRONG.format('"wrong_sign"', "y")), AFTER, "takes (y)", "the same names",
    ),
    "a misconception that is no function": (
        after('double.misconception("wrong_sign")(3)\n'), AFTER, "is 3", "a function of (x)",
    ),
    "a misconception of nothing": (
        after(WRONG.replace("double", "dubble").format('"wrong_sign"', "x")),
        AFTER, "dubble", "correct the name",
    ),
    "a property's parameters": (after(PROPERTY.format("x", "'''.'''")), AFTER, "(x)", "'answer'"),
    "a property without words": (
        after(PROPERTY.format("answer", "pass")), AFTER, "small", "needs a docstring",
    ),
    # other items
    "a choice's answer": (
        HEAD + 'hw.choice("c", points=1, options=["a", "b"], answer="d")\n', 6, "'d'", "'a', 'b'",
    ),
    "a choice's options": (
        HEAD + 'hw.choice("c", points=1, options="ab", answer="a")\n', 6, "'ab'", '["yes", "no"]',
    ),
    "one option": (
        HEAD + 'hw.choice("c", points=1, options=["a"], answer="a")\n', 6, "options", "two or more",
    ),
    "an id with a space": (HEAD + 'hw.text("my text", points=1)\n', 6, "'my text'", "use letters"),
    "a keyword as id": (HEAD + 'hw.text("class", points=1)\n', 6, "'class'", "use letters"),
    "an unknown include": (HEAD + 'hw.include("nothing")\n', 6, "'nothing'", "grader list"),
    "an unknown question": (
        HEAD + 'hw.include("first_gradients", only=["no"])\n', 6, "does not ask no", "it asks scal",
    ),
    "only as text": (
        HEAD + 'hw.include("first_gradients", only="half_sum")\n', 6, "'half_sum'", "a list of ids",
    ),
    "a variable's arguments": (
        HEAD + "@hw.variable(points=1, inputs={})\ndef v(): ...\n", 6, "'inputs'", "given=",
    ),
    "what is given": (
        HEAD + "@hw.variable(points=1, given=[1])\ndef v(): ...\n", 6, "given=[1]", "a spec for",
    ),
    "a variable's parameters": (
        HEAD + "@hw.variable(points=1)\ndef v(x): ...\n", 6, "takes (x)", "the same names",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "cause", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_by_its_line_its_cause_and_what_to_do(
    tmp_path, text, line, cause, remedy
):
    file = tmp_path / "assignment.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AssignmentError) as caught:
        [draw_cases(item, "any") for item in load(file)]
    told = str(caught.value)
    place = str(file) if line is None else f"{file}, line {line}"
    assert told.startswith(f"{place}: ")
    assert cause in told
    assert remedy in told
    assert "\n" not in told
