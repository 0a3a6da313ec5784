"""The corpus is what it says: right answers are right, wrong ones wrong where their labels say."""

import ast
from collections import Counter
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from grader.cases import draw_cases
from grader.comparison import judge
from grader.messages import explains
from grader.outcomes import Answered
from grader.values import answer_outputs, as_array

from .corpus import answers, outcomes, questions

ANSWERS = answers()
RIGHT = [one for one in ANSWERS if one.is_right]
WRONG = [one for one in ANSWERS if not one.is_right]


@cache
def cases_of(question):
    return draw_cases(questions()[question], "corpus")


@cache
def outcomes_of(answer):
    return outcomes(answer, questions()[answer.question], cases_of(answer.question))


def judged(answer):
    question = questions()[answer.question]
    return judge(question, cases_of(answer.question), outcomes_of(answer))


def numbers_of(answer):
    """Every number of an answer to every case; None where it raised, or holds something else.

    None too where the state of tensors is asked for as well: equal numbers then say little.
    """
    if "requires_grad" in questions()[answer.question].compare:
        return None
    expected = cases_of(answer.question)[0].expected
    found = []
    for outcome in outcomes_of(answer):
        if not isinstance(outcome, Answered):
            return None
        for output in answer_outputs(outcome.value, expected).values():
            array = None if output is None else as_array(output)
            if array is None:
                return None
            found.append(np.ravel(array))
    return np.concatenate(found)


def named(answer):
    return f"{answer.question}-{answer.name}"


@pytest.mark.parametrize("answer", RIGHT, ids=named)
def test_a_right_answer_is_right(answer):
    judgement = judged(answer)
    assert judgement.verdict == "correct", judgement.message
    assert judgement.score == judgement.max_score


@pytest.mark.parametrize("answer", WRONG, ids=named)
def test_a_wrong_answer_is_wrong_where_it_says(answer):
    judgement = judged(answer)
    found = {one.name for one in judgement.outputs if one.verdict != "correct"}
    assert found == {one.name for one in judgement.outputs if answer.is_wrong_in(one.name)}
    assert found


@pytest.mark.parametrize("answer", WRONG, ids=named)
def test_a_wrong_answer_names_outputs_that_there_are(answer):
    names = set(cases_of(answer.question)[0].expected.outputs)
    assert set(answer.wrong) <= names | {"*"}


@pytest.mark.parametrize("question", sorted({one.question for one in WRONG}))
def test_the_same_numbers_have_an_explanation_in_common(question):
    numbers = [
        (one, found)
        for one in WRONG
        if one.question == question and (found := numbers_of(one)) is not None
    ]
    unlike = [
        (one.name, other.name)
        for (one, mine), (other, theirs) in combinations(numbers, 2)
        if mine.shape == theirs.shape
        and np.allclose(mine, theirs)
        and (one.explanations or other.explanations)
        and not set(one.explanations) & set(other.explanations)
    ]
    assert unlike == []


def test_every_question_answered_is_asked():
    assert {one.question for one in ANSWERS} <= set(questions())


def test_no_two_answers_to_a_question_share_a_name_or_a_source():
    for key in ("name", "source"):
        seen = Counter((one.question, getattr(one, key)) for one in ANSWERS)
        assert [one for one, count in seen.items() if count > 1] == []


def test_every_source_is_a_module_that_defines_the_question():
    for answer in ANSWERS:
        body = ast.parse(answer.source).body
        assert answer.question in {getattr(one, "name", None) for one in body}, named(answer)


def test_labels_are_misconceptions_of_the_vocabulary():
    labels = {label for one in ANSWERS for label in one.labels}
    assert [one for one in labels if not explains(one)] == []


def test_there_are_enough_answers():
    assert len(WRONG) >= 210
    assert len(RIGHT) >= 65


def test_answers_are_spread_over_many_questions():
    counts = Counter(one.question for one in WRONG)
    assert len(counts) >= 12
    assert max(counts.values()) <= len(WRONG) / 4
    assert {one.question for one in RIGHT} == set(counts)


def test_many_misconceptions_are_met():
    assert len({label for one in WRONG for label in one.labels}) >= 45


def test_some_wrong_answers_are_two_mistakes():
    both = [one for one in WRONG if one.explanations and min(map(len, one.explanations)) > 1]
    assert len(both) >= 15


def test_some_mistakes_have_no_name():
    nameless = [one for one in WRONG if not one.explanations]
    assert len(WRONG) / 20 <= len(nameless) <= len(WRONG) / 8
