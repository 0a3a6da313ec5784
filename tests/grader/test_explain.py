"""`grader explain`: one mark, with what it rests on, and run again."""

import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.commands import steps

ASSIGNMENT = """
    from grader import Assignment, array
    import reference_engine as torch

    hw = Assignment("powers", title="Powers")

    @hw.question(points=2, inputs={"x": array("n")})
    def gradient(x):
        x = torch.tensor(x, requires_grad=True)
        (x ** 3).sum().backward()
        return x.grad

    @hw.question(points=2, inputs={"a": array(3, 5)})
    def products(a):
        return {"twice": 2 * a, "square": a * a}

    hw.choice("letter", points=1, options=["a", "b"], answer="a")
"""
TWICE = """
    import torch

    letter = "b"

    def gradient(x):
        x = torch.tensor(x, requires_grad=True)
        y = (x ** 3).sum()
        y.backward(retain_graph=True)
        y.backward()
        return x.grad

    def products(a):
        return {"twice": a + 2, "square": a * a + 2}
"""
RAISES = "letter = 'a'\ndef gradient(x):\n    return x.nothing_of_the_kind\n"
SEED = "explained"


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def write(name, text):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A folder in which three submissions were graded."""
    folder = tmp_path_factory.mktemp("graded")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write("powers.py", ASSIGNMENT)
        write("class/ana.py", TWICE)
        write("class/bob.py", RAISES)
        result = run(
            "grade", "class", "-a", "powers.py", "-o", "out", "--isolation", "limits",
            "--seed", SEED,
        )  # fmt: skip
        assert result.exit_code == steps.DONE, result.output
        yield folder


def explained(*arguments):
    return run("explain", "out", *arguments, "--lang", "en")


def test_an_answer_is_shown_beside_what_was_due(graded):
    lines = explained("ana", "-q", "gradient").output.splitlines()
    begun = [line.strip().split(" = ")[0] for line in lines if " = " in line]
    assert begun == ["input x", "found", "expected"]


def test_a_case_that_decided_several_outputs_is_shown_once(graded):
    output = explained("ana", "-q", "products").output
    assert output.count("decided by case 1 of 6 (drawn)") == 2
    assert output.count("input a = ") == 1
    assert output.count("found = ") == 2


def test_the_rows_of_an_array_stand_below_each_other(graded):
    lines = explained("ana", "-q", "products").output.splitlines()
    first = next(number for number, line in enumerate(lines) if "input a = " in line)
    rows = lines[first : first + 3]
    assert len({row.rindex("[") for row in rows}) == 1


def test_the_mistake_is_named_with_its_evidence(graded):
    output = explained("ana", "-q", "gradient").output
    assert "diagnosis accumulated_gradient in gradient" in output
    assert "the reference run with this mistake gives" in output


def test_the_deciding_case_is_named(graded):
    assert "decided by case 1 of 6 (drawn)" in explained("ana", "-q", "gradient").output


def test_running_again_gives_the_same_mark(graded):
    result = explained("ana")
    assert result.exit_code == steps.DONE
    assert result.output.splitlines()[-1] == "again: 0.0 of 5.0 points, the same mark"


def test_the_layers_of_isolation_are_named(graded):
    assert "run under isolation " in explained("ana").output


def test_a_student_reads_no_expected_value(graded):
    output = explained("ana", "--for-student").output
    assert "found = " in output
    assert "expected = " not in output
    assert "'a'" not in output


def test_a_choice_is_shown_with_the_right_one(graded):
    output = explained("ana", "-q", "letter").output
    assert "found = 'b'" in output
    assert "expected = 'a'" in output


def test_an_error_is_shown_in_place_of_an_answer(graded):
    output = explained("bob", "-q", "gradient").output
    assert "nothing_of_the_kind" in output
    assert "found = " not in output


def test_explaining_keeps_nothing(graded):
    before = run("status", "out").output
    explained("ana")
    assert run("status", "out").output == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("carla",), "out holds no mark of 'carla': the ids are those in results.json"),
        (("anna",), "out holds no mark of 'anna': is ana meant?"),
        (("ana", "-q", "other"), "powers has no question 'other', only gradient, products, letter"),
    ],
)
def test_what_is_not_there_is_said(graded, arguments, told):
    result = explained(*arguments)
    assert result.exit_code == steps.USAGE
    assert told in result.output


def test_a_changed_file_is_said_to_have_changed(graded):
    file = Path("class/bob.py")
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"\nletter = 'b'\n")
        result = explained("bob")
    finally:
        file.write_bytes(before)
    assert "another mark" in result.output
    assert "the file has changed since it was graded" in result.output


def test_a_changed_assignment_is_no_silent_other_mark(graded):
    file = Path("powers.py")
    before = file.read_bytes()
    try:
        file.write_bytes(before.replace(b'answer="a"', b'answer="b"'))
        result = explained("ana")
    finally:
        file.write_bytes(before)
    assert result.exit_code == steps.FAULT
    assert "grader regrade" in result.output


def test_a_persons_mark_stands_beside_the_one_that_is_computed_again(graded):
    write("marks.csv", "id,question,points,comment\nbob,gradient,2,told me how\n")
    result = run("marks", "out", "marks.csv", "--by", "A. Prado")
    assert result.exit_code == steps.DONE, result.output
    result = explained("bob")
    assert result.exit_code == steps.DONE
    assert "gradient: 2.0 of 2.0 points by A. Prado, a person's mark" in result.output
    assert "points, the same mark as before the person's" in result.output


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "pt",
            ["decidido pelo caso 1 de 6 (sorteado)", "encontrado = ", "de novo: 0.0 de 5.0 pontos"],
        ),
        ("es", ["decidido por el caso 1 de 6 (sorteado)", "encontrado = ", "la misma nota"]),
    ],
)
def test_an_explanation_is_told_in_the_language_that_is_asked_for(graded, language, said):
    output = run("explain", "out", "ana", "--for-student", "--lang", language).output
    assert [one for one in said if one not in output] == []
    assert "evidence" not in output
