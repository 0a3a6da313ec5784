"""Students' pages: each alone, under a name that cannot be guessed."""

import csv
import html
import io
import re

import pytest
from msgspec.structs import replace

from grader.reports import pages

SECRET = b"s" * 32


@pytest.fixture
def written(results, tmp_path):
    """The text of each page by its student's id."""
    top = pages.write(results, tmp_path, secret=SECRET)
    text = (top / pages.LIST).read_text(encoding="utf-8-sig")
    listed = csv.DictReader(io.StringIO(text, newline=""))
    return {row["id"]: (top / row["page"]).read_text(encoding="utf-8") for row in listed}


def test_everyone_has_a_page_that_is_listed(results, written, tmp_path):
    assert set(written) == {one.id for one in results.submissions}
    assert len(list((tmp_path / "pages/students").iterdir())) == len(written)


def test_a_page_tells_verdict_points_and_reasons(written):
    assert "3 times too large" in written["bruno"]
    assert "3.0/6.0" in written["bruno"]
    assert "not a notebook, or it is damaged" in written["dora"]


def test_a_page_holds_nothing_of_others_or_for_the_instructor_only(results, written):
    for student, text in written.items():
        others = [one.path for one in results.submissions if one.id != student]
        assert not [path for path in others if path in text]
        assert results.seed not in text
        assert "suspicious" not in text
        assert "instructor" not in text
        assert "index.html" not in text
        assert "href" not in text


def test_a_persons_comment_is_told_without_who_gave_it(written):
    assert "Counted from zero, as the statement allows." in written["gui"]


def test_names_stay_and_are_others_under_another_secret():
    assert pages.page_name("ana", SECRET) == pages.page_name("ana", SECRET)
    assert pages.page_name("ana", SECRET) != pages.page_name("ana", b"t" * 32)
    assert re.fullmatch(r"[0-9a-f]{32}\.html", pages.page_name("../\ud800", SECRET))


def test_nothing_of_a_students_is_markup_or_runs(results):
    bad = replace(results.submissions[1], name="<script>alert(1)</script>", path="</style><b>")
    text = pages.page(bad, "<i>")
    assert "<script" not in text
    assert "<b>" not in text
    assert "<i>" not in text
    assert "default-src 'none'" in html.unescape(text)


def test_a_page_is_in_the_language_that_was_asked_for(results):
    assert '<html lang="pt-BR">' in pages.page(results.submissions[1], "T", "pt")
    assert "valor errado" in pages.page(results.submissions[1], "T", "pt")
