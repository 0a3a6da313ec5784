"""What a student's own run tells beyond values: which cut it was, and on which line."""

import textwrap

import pytest

from grader.catalogue import load
from grader.diagnosis.findings import finding
from grader.diagnosis.traces import is_open, told_apart
from grader.grading import Grader
from grader.messages import render
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

ASSIGNMENT = """
    from grader import Assignment, array
    import reference_engine as torch

    hw = Assignment("chain", title="Chain")

    @hw.question(points=1, inputs={"x": array("n"), "w": array("n")})
    def gradient(x, w):
        x, w = torch.tensor(x), torch.tensor(w, requires_grad=True)
        h = torch.tanh(w * x)
        (h * w).sum().backward()
        return w.grad
"""
CELLS = ("import torch", "def f(w):\n    h = w.data\n    return h * w")


def cut(by, *, used=True, line=2):
    return {"event": "cut", "name": "w", "by": by, "used": used, "cell": 1, "line": line}


LEAF = {"event": "leaf", "name": "w", "shape": "()", "passes": 1, "cell": 1, "line": 2}
PASS = {"event": "backward", "cell": 1, "line": 3}


def several(*identifiers):
    return tuple(finding(one, None, exact=False) for one in identifiers)


def ids(findings):
    return [one.id for one in findings]


@pytest.mark.parametrize("lacking", ["event", "by", "used", "cell", "line"])
def test_a_forged_event_that_lacks_something_is_no_trouble(lacking):
    forged = {key: value for key, value in cut("no_grad").items() if key != lacking}
    found = several("update_made_non_leaf")
    assert set(ids(told_apart(found, [forged, {}], CELLS))) >= {"update_made_non_leaf"}


@pytest.mark.parametrize(
    ("by", "identifier"),
    [
        ("data", "detached_by_data"),
        ("item", "detached_by_item"),
        ("numpy", "detached_by_numpy"),
        ("tensor", "detached_by_copy"),
    ],
)
def test_an_unexplained_answer_is_explained_by_the_cut(by, identifier):
    (found,) = told_apart((), [LEAF, cut(by)], CELLS)
    assert (found.id, found.exact) == (identifier, False)
    assert found.parameters == {"line": 2, "source": "h = w.data"}


@pytest.mark.parametrize(
    ("by", "identifier"), [("no_grad", "no_grad_around_loss"), ("item", "detached_by_item")]
)
def test_a_first_pass_without_a_way_back_is_explained_by_the_cut(by, identifier):
    found = told_apart(several("requires_grad_missing"), [LEAF, cut(by)], CELLS)
    assert ids(found) == [identifier, "requires_grad_missing"]


def test_a_later_pass_without_a_way_back_is_not_said_to_be_around_the_loss():
    found = told_apart(several("requires_grad_missing"), [LEAF, PASS, cut("no_grad")], CELLS)
    assert "no_grad_around_loss" not in ids(found)


def test_a_number_that_was_only_looked_at_explains_nothing():
    assert told_apart((), [LEAF, cut("item", used=False)], CELLS) == ()


def test_what_the_trace_shows_stands_first_with_its_line():
    found = told_apart(several("missing_chain_factor", "detached_by_data"), [cut("data")], CELLS)
    assert ids(found) == ["detached_by_data", "missing_chain_factor"]
    assert found[0].parameters["line"] == 2


def test_what_the_trace_refutes_is_left_out():
    found = told_apart(several("missing_chain_factor", "detached_by_data"), [LEAF, PASS], CELLS)
    assert ids(found) == ["missing_chain_factor"]


def test_a_detach_without_a_result_is_told_from_others():
    found = told_apart(
        several("not_frozen", "detach_not_assigned"), [LEAF, cut("detach", used=False)], CELLS
    )
    assert ids(found)[0] == "detach_not_assigned"


def test_tracking_is_not_lost_where_there_was_none():
    found = told_apart(several("requires_grad_missing", "requires_grad_lost"), [PASS], CELLS)
    assert ids(found) == ["requires_grad_missing"]


def test_tracking_may_be_lost_after_a_pass():
    both = ["requires_grad_missing", "requires_grad_lost"]
    assert ids(told_apart(several(*both), [LEAF, PASS], CELLS)) == both
    rebound = [LEAF, PASS, cut("no_grad")]
    assert ids(told_apart(several(*both), rebound, CELLS)) == ["requires_grad_lost"]


def test_without_a_trace_everything_stays():
    found = several("missing_chain_factor", "detached_by_data")
    assert told_apart(found, (), CELLS) == found


def test_a_trace_with_lines_of_nowhere_is_believed_no_line():
    forged = {**cut("data"), "cell": 7, "line": 10**9}
    (found,) = told_apart((), [forged], CELLS)
    assert found.parameters == {}


def test_nothing_is_asked_of_a_right_answer_or_where_all_is_known():
    exact = finding("missing_chain_factor", None, exact=True)
    assert not is_open("correct", ())
    assert not is_open("wrong_value", (exact,))
    assert is_open("wrong_value", ())


# -- from a submission to its result -------------------------------------------------------------


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    (folder / "chain.py").write_text(textwrap.dedent(ASSIGNMENT), encoding="utf-8")
    with Sandbox() as sandbox:
        grader = Grader(load(str(folder / "chain.py")), sandbox, seed="traces", torch="facade")

        def make(text):
            file = folder / "hand_in.py"
            file.write_text(textwrap.dedent(text), encoding="utf-8")
            (submission,) = collect([file])
            (question,) = grader.grade(submission).questions
            return question

        yield make


def answer(hidden):
    return f"""
        import torch

        def gradient(x, w):
            x, w = torch.tensor(x), torch.tensor(w, requires_grad=True)
            h = {hidden}
            (h * w).sum().backward()
            return w.grad
    """


def test_a_cut_by_data_is_named_with_its_line(grade):
    question = grade(answer("torch.tanh(w.data * x)"))
    (found, *_) = [one for one in question.diagnoses if one.id == "detached_by_data"]
    assert "line 6" in render(found.message)
    assert question.score == 0


def test_a_right_answer_that_cuts_something_stays_right(grade):
    question = grade(answer("torch.tanh(w * x) + 0 * w.data"))
    assert (question.score, question.diagnoses) == (1, ())
