"""Students' pages: each alone, under a name that cannot be guessed."""

import csv
import html
import io
import re

import pytest
from msgspec.structs import replace

from grader.messages import Languages, Message
from grader.reports import pages

SECRET = b"s" * 32


def write(results, folder, **more):
    def title_in(language):
        return f"{results.title} ({language})"

    return pages.write(results.submissions, folder, title_in=title_in, secret=SECRET, **more)


@pytest.fixture
def written(results, tmp_path):
    """The text of each page by its student's id."""
    top = write(results, tmp_path)
    text = (top / pages.LIST).read_text(encoding="utf-8-sig")
    listed = csv.DictReader(io.StringIO(text, newline=""))
    return {row["id"]: (top / row["page"]).read_text(encoding="utf-8") for row in listed}


def test_everyone_has_a_page_that_is_listed(results, written, tmp_path):
    assert set(written) == {one.id for one in results.submissions}
    assert len(list((tmp_path / "pages/students").iterdir())) == len(written)


@pytest.mark.parametrize(
    ("languages", "tag"),
    [(Languages("en"), "pt-BR"), (Languages("es"), "pt-BR"), (Languages("es", True), "es")],
)
def test_a_page_is_in_the_notebooks_language_unless_one_was_asked_for(
    results, tmp_path, languages, tag
):
    alice = replace(results.submissions[0], language="pt")
    top = write(replace(results, submissions=(alice,)), tmp_path, languages=languages)
    text = (top / pages.page_address("alice", SECRET)).read_text("utf-8")
    assert f'<html lang="{tag}">' in text
    assert f"({tag[:2]})</h1>" in text


def test_a_page_of_a_notebook_that_names_no_language_is_in_that_of_the_class(results, tmp_path):
    top = write(results, tmp_path, languages=Languages("es"))
    assert '<html lang="es">' in (top / pages.page_address("bruno", SECRET)).read_text("utf-8")


def test_a_page_says_what_failed_beside_the_questions(results):
    remark = Message("failed.notebook", {"cell": 4, "inner": "It raised <b>."})
    alice = replace(results.submissions[0], remarks=(remark,))
    text = "A célula 4 falhou, o que por si só não custa pontos. It raised &lt;b&gt;."
    assert text in pages.page(alice, "T", "pt")


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
        assert set(re.findall(r'href="(.*?)"', text)) == {"#main"}
        assert "<script" not in text


def test_a_persons_comment_is_told_without_who_gave_it(written):
    assert "Counted from zero, as the statement allows." in written["gui"]


def test_names_stay_and_are_others_under_another_secret():
    assert pages.page_address("ana", SECRET) == pages.page_address("ana", SECRET)
    assert pages.page_address("ana", SECRET) != pages.page_address("ana", b"t" * 32)
    assert re.fullmatch(r"students/[0-9a-f]{32}\.html", pages.page_address("../\ud800", SECRET))


def test_the_page_of_somebody_who_is_gone_goes_too(results, written, tmp_path):
    fewer = replace(results, submissions=results.submissions[1:])
    write(fewer, tmp_path)
    left = {path.name for path in (tmp_path / "pages/students").iterdir()}
    assert left == {
        pages.page_address(one.id, SECRET).removeprefix("students/") for one in fewer.submissions
    }


def test_a_page_shows_the_students_code_with_the_line_marked(results, tmp_path):
    cells = {"bruno": ("\n" * 10 + "def manual_backprop(x):\n    return <b>x</b>\n",)}
    write(results, tmp_path, cells_of=lambda student: cells.get(student, ()))
    shown = {
        one.id: (tmp_path / "pages" / pages.page_address(one.id, SECRET)).read_text("utf-8")
        for one in results.submissions
    }
    assert (
        '<li value="12" class="marked"><code>    return &lt;b&gt;x&lt;/b&gt;</code>'
        in (shown["bruno"])
    )
    assert '<li value="11"><code>def manual_backprop(x):</code></li>' in shown["bruno"]
    assert "<code>" not in shown["alice"]


def test_code_in_a_sentence_is_shown_as_code_and_stays_text(results):
    told = replace(results.submissions[0].questions[0], message="Use `a < b`, not `\n` <b>.")
    text = pages.page(replace(results.submissions[0], questions=(told,)), "T")
    assert "Use <code>a &lt; b</code>, not `\n` &lt;b&gt;." in text


def test_where_only_the_verdict_is_told_the_page_tells_no_more(results):
    bruno = results.submissions[1]
    questions = tuple(replace(one, told="verdict") for one in bruno.questions)
    text = pages.page(replace(bruno, questions=questions), "T", cells=["def manual_backprop(): 1"])
    assert "wrong value" in text
    assert "3 times" not in text
    assert "accumulated gradient" not in text
    assert "look here" not in text


def test_what_lateness_costs_is_told(results):
    late = replace(results.submissions[0], late=True, late_factor=0.9)
    assert "Handed in late: 90 % of the points count." in pages.page(late, "T")
    assert "Handed in late" not in pages.page(results.submissions[0], "T")


def test_nothing_of_a_students_is_markup_or_runs(results):
    attack = "</style><script>alert(1)</script>"
    bruno = results.submissions[1]
    question = replace(
        bruno.questions[0],
        id=attack,
        message=attack,
        outputs=tuple(
            replace(one, name=attack, message=f"`{attack}`") for one in bruno.questions[0].outputs
        ),
        feedback=replace(
            bruno.questions[0].feedback, expected=attack, found=attack, hints=(f"`{attack}`",)
        ),
        diagnoses=tuple(
            replace(one, id=attack, where=attack, message=attack)
            for one in bruno.questions[0].diagnoses
        ),
    )
    bad = replace(bruno, name=attack, path=attack, questions=(question,))
    text = pages.page(bad, attack, cells=[f"{attack} = 1"])
    assert "<script" not in text
    assert text.count("</style>") == 1
    assert html.unescape(text).count(attack) > 12
    assert "default-src 'none'" in html.unescape(text)


def test_a_page_is_in_the_language_that_was_asked_for(results):
    assert '<html lang="pt-BR">' in pages.page(results.submissions[1], "T", "pt")
    assert "valor errado" in pages.page(results.submissions[1], "T", "pt")
