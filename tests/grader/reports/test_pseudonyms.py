"""Under pseudonyms the marks are the same, and nobody can be recognised."""

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import html, summary
from grader.reports.pseudonyms import pseudonym, under_pseudonyms
from grader.results import Diagnosis, Override, QuestionResult, Results, SubmissionResult

SECRET = b"s" * 32


def test_the_figures_are_the_same(results):
    nameless = under_pseudonyms(results, SECRET)
    assert summary.class_summary(nameless) == summary.class_summary(results)
    assert summary.misconceptions(nameless) == summary.misconceptions(results)


def test_everyone_keeps_their_pseudonym_under_one_secret():
    assert pseudonym("ana", SECRET) == pseudonym("ana", SECRET)
    assert pseudonym("ana", SECRET) != pseudonym("ana", b"t" * 32)


@given(st.text())
def test_a_pseudonym_has_no_vowels_and_nothing_of_the_name(name):
    assert re.fullmatch(
        r"[2-9B-DF-HJ-NP-TV-XZ]{4}-[2-9B-DF-HJ-NP-TV-XZ]{4}", pseudonym(name, SECRET)
    )


def test_ten_thousand_have_as_many_pseudonyms():
    assert len({pseudonym(f"student{number}", SECRET) for number in range(10_000)}) == 10_000


def test_nothing_that_a_student_wrote_or_is_called_is_left():
    own = "ana silva"
    question = QuestionResult(
        id="gradient", score=1.0, max_score=2.0, verdict="error", message=own,
        diagnoses=(Diagnosis(id="graph_freed", where="dw", message=own, exact=True),),
        override=Override(score=1.0, comment=own, by=own, at=""),
    )  # fmt: skip
    student = SubmissionResult(
        id=own, name=own, path=own, sha256=own, lms={"email": own}, others=(own,), flags=(own,),
        score=1.0, max_score=2.0, pending=0.0, seconds=0.0, problem="unreadable",
        problem_message=own, torch=None, isolation=None, questions=(question,),
    )  # fmt: skip
    results = Results(
        assignment="a", title="A", grader_version="1", seed=own, submissions=(student,)
    )
    nameless = under_pseudonyms(results, SECRET)
    assert own.encode() not in msgspec.json.encode(nameless)


def test_the_order_tells_nothing(results):
    ids = [one.id for one in under_pseudonyms(results, SECRET).submissions]
    assert ids == sorted(ids)


def test_the_page_for_a_projector_leads_nowhere(results, tmp_path):
    text = html.write_nameless(results, tmp_path, secret=SECRET).read_text("utf-8")
    assert all(link.startswith("#") for link in re.findall(r'href="(.*?)"', text))
    assert pseudonym("bruno", SECRET) in text
    for one in results.submissions:
        assert f">{one.id}<" not in text
        assert one.path not in text
    assert results.seed not in text
    assert "Ferreira" not in text
    assert "suspicious" not in text
