"""How much of the corpus is recognised: verdicts, names, and no exact diagnosis that is wrong.

    pytest tests/corpus/test_diagnoses.py -s

prints the table of confusion, with the recall of every question.
"""

from collections import Counter, defaultdict
from functools import cache

import pytest

from grader.cases import draw_cases
from grader.comparison import judge
from grader.diagnosis import diagnose

from .corpus import answers, outcomes, questions

RECALL = 0.9
"""The part of the wrong answers with a name that must be named."""


@cache
def cases_of(question):
    return draw_cases(questions()[question], "public")


@cache
def told():
    """For every wrong answer its verdict, and what is found: (id, exact) pairs."""
    found = {}
    for answer in answers():
        if answer.is_right:
            continue
        item, cases = questions()[answer.question], cases_of(answer.question)
        got = outcomes(answer, item, cases)
        judgement = judge(item, cases, got)
        findings = diagnose(item, cases, got, judgement)
        found[answer] = (judgement.verdict, [(one.id, one.exact) for one in findings])
    return found


def is_named(answer, findings):
    ids = {identifier for identifier, _ in findings}
    return any(explanation <= ids for explanation in answer.explanations)


def test_no_wrong_answer_is_called_right():
    assert [answer.name for answer, (verdict, _) in told().items() if verdict == "correct"] == []


def test_an_exact_diagnosis_is_never_wrong():
    wrong = [
        (answer.question, answer.name, identifier)
        for answer, (_, findings) in told().items()
        for identifier, exact in findings
        if exact and answer.explanations and identifier not in answer.labels
    ]
    assert wrong == []


def test_what_has_no_name_gets_no_exact_one():
    forced = [
        (answer.question, answer.name, findings)
        for answer, (_, findings) in told().items()
        if not answer.explanations and any(exact for _, exact in findings)
    ]
    assert forced == []


def test_most_wrong_answers_are_named(capsys):
    named, due, confused = Counter(), Counter(), defaultdict(Counter)
    for answer, (_, findings) in told().items():
        if not answer.explanations:
            continue
        due[answer.question] += 1
        named[answer.question] += is_named(answer, findings)
        label = " or ".join(sorted(" + ".join(sorted(one)) for one in answer.explanations))
        if is_named(answer, findings):
            confused[label]["named"] += 1
        else:
            said = ", ".join(identifier for identifier, _ in findings) or "not recognised"
            confused[label][said] += 1
    with capsys.disabled():
        print("\n" + table(named, due, confused))
    assert named.total() / due.total() >= RECALL


def table(named, due, confused):
    lines = [f"{question:24}{named[question]:4} of {due[question]}" for question in sorted(due)]
    lines.append(f"{'all':24}{named.total():4} of {due.total()}, {named.total() / due.total():.1%}")
    lines.append("")
    for label in sorted(confused):
        for said, count in confused[label].most_common():
            lines.append(f"{count:3}  {label}: {said}")
    return "\n".join(lines)


@pytest.mark.parametrize("question", sorted(questions()))
def test_a_right_answer_is_right_whatever_its_style(question):
    item, cases = questions()[question], cases_of(question)
    right = [one for one in answers() if one.is_right and one.question == question]
    verdicts = {one.name: judge(item, cases, outcomes(one, item, cases)).verdict for one in right}
    assert set(verdicts.values()) <= {"correct"}, verdicts
