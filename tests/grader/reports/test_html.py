"""The page read back: complete, self-contained, and nothing of a student's in it is markup."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import html, summary
from grader.reports.templates import MAX_TEXT
from grader.results import Results, SubmissionResult

VOID = {"meta", "br", "hr", "img", "link", "input"}
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "\x00<\x00script>",
    "\u202e\ud800",
]


class Page(HTMLParser):
    """What a browser would make of the page: elements, their attributes, their text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    def tags(self):
        return [tag for tag, _ in self.elements]

    def words(self):
        return " ".join(" ".join(self.text).split())


def with_text(results, text):
    """The results with every free text of every submission replaced."""
    keep = {"verdict", "problem", "level", "torch", "schema", "told"}

    def swap(plain, key=None):
        if isinstance(plain, dict):
            return {name: swap(inner, name) for name, inner in plain.items()}
        if isinstance(plain, list | tuple):
            return [swap(inner, key) for inner in plain]
        return text if isinstance(plain, str) and key not in keep else plain

    return msgspec.convert(swap(msgspec.to_builtins(results)), type=Results)


def address(student):
    return f"pages/{student}.html"


def test_the_page_shows_everyone_with_score_verdicts_and_reason(results):
    words = Page(html.page(results)).words()
    for one in results.submissions:
        name = f" {one.name}" if one.name else ""
        assert f"{one.id}{name} {one.path} {summary.score(one)}" in words
        for question in one.questions:
            assert summary.words("verdict", question.verdict) in words
        assert summary.reason(one) in words


def test_misconceptions_are_ranked_with_how_many_share_each(results):
    twice = msgspec.structs.replace(
        results, submissions=(*results.submissions, renamed(results.submissions[1], "zoe"))
    )
    words = Page(html.page(twice)).words()
    ranked = words[words.index("How many submissions share each") :]
    assert ranked.index("accumulated gradient 2 manual_backprop") < ranked.index(
        f"{summary.words('misconception', 'graph_freed')} 1 manual_backprop"
    )


def renamed(result, student):
    return msgspec.structs.replace(result, id=student)


def test_what_needs_a_person_is_listed_with_flags(results):
    words = Page(html.page(results)).words()
    listed = words[words.index("Answers that a person marks") : words.index("What could not be")]
    assert "fatima times_run needs human" in listed
    assert "fatima the whole submission For a person to look at: suspicious." in listed


def test_what_could_not_be_graded_is_listed_with_its_reason(results):
    words = Page(html.page(results)).words()
    listed = words[words.index("What could not be judged, and why") :]
    assert "dora the whole submission The file is not a notebook" in listed
    assert "gui manual_backprop The call needs torch.fft" in listed


def test_what_a_person_has_marked_needs_nobody(results):
    words = Page(html.page(only(results, "gui"))).words()
    assert "Answers that a person marks" not in words


def only(results, *ids):
    kept = tuple(one for one in results.submissions if one.id in ids)
    return msgspec.structs.replace(results, submissions=kept)


def test_the_run_is_told_with_seed_and_isolation(results):
    words = Page(html.page(results)).words()
    assert "autograd-grader 0.1.0 Seed 7f3a91c2" in words
    assert "kernel (landlock, seccomp, rlimits): 7" in words
    assert "none: nothing was run: 2" in words


def test_every_element_is_closed_and_every_id_unique(results):
    page = Page(html.page(results))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert page.open == []
    assert len(ids) == len(set(ids))


def test_every_link_leads_to_a_page_or_into_this_one(results):
    page = Page(html.page(results, address=address))
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
    assert {link for link in links if link[0] != "#"} == {
        f"pages/{one.id}.html" for one in results.submissions
    }
    assert {link[1:] for link in links if link[0] == "#"} <= ids


def test_a_verdict_is_an_icon_and_words(results):
    words = Page(html.page(results)).words()
    for said in ("✓ correct", "✗ wrong value", "≈ follow through", "? needs human", "✗ timeout"):
        assert said in words


def test_the_page_needs_nothing_and_allows_nothing_from_elsewhere(results):
    text = html.page(results)
    page = Page(text)
    assert not {"link", "img", "iframe", "object", "form"} & set(page.tags())
    assert not any({"src", "style", "onclick"} & set(attributes) for _, attributes in page.elements)
    policy = next(
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    assert policy.split("; ") == [
        "default-src 'none'", f"style-src '{digest(style)}'", f"script-src '{digest(script)}'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert "url(" not in style
    assert "@import" not in style


def digest(text):
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_the_page_is_readable_by_a_machine_that_reads_aloud(results):
    page = Page(html.page(results))
    assert ("html", {"lang": "en"}) in page.elements
    headings = [tag for tag in page.tags() if tag in {"h1", "h2", "h3"}]
    assert headings == ["h1", *["h2"] * (len(headings) - 1)]
    assert page.tags().count("caption") == page.tags().count("table")
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")


def test_the_same_results_give_the_same_page(results):
    assert html.page(results) == html.page(results)


def test_an_empty_class_has_a_page(results):
    page = Page(html.page(msgspec.structs.replace(results, submissions=())))
    assert "Isolation none: nothing was run" in page.words()


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_markup(results, attack):
    page = Page(html.page(with_text(results, attack)))
    harmless = Page(html.page(with_text(results, "harmless")))
    assert page.tags() == harmless.tags()
    assert [sorted(names) for _, names in page.elements] == [
        sorted(names) for _, names in harmless.elements
    ]


def test_attacks_are_shown_as_they_were_written(results):
    assert ATTACKS[0] in Page(html.page(with_text(results, ATTACKS[0]))).words()


@given(st.text(min_size=1, max_size=60))
def test_any_id_and_message_stay_text(text):
    page = html.page(class_of_one(text))
    read = Page(page)
    assert read.tags() == Page(html.page(class_of_one("x"))).tags()
    assert page.encode("utf-8")


def class_of_one(text):
    student = SubmissionResult(
        id=text, name=text, path=text, sha256="", score=None, max_score=1.0, pending=1.0,
        seconds=0.0, problem="unreadable", problem_message=text, flags=(text,),
        torch=None, isolation=None, questions=(),
    )  # fmt: skip
    return Results(
        assignment=text, title=text, grader_version="1", seed=text, submissions=(student,)
    )


def test_long_text_is_cut(results):
    text = html.page(with_text(results, "a" * 100_000))
    assert "a" * MAX_TEXT + "…" in text
    assert "a" * (MAX_TEXT + 1) not in text
