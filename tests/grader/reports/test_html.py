"""The page read back: complete, self-contained, and nothing of a student's in it is markup."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import html
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
        if "style" not in self.open:
            self.text.append(data)

    def tags(self):
        return [tag for tag, _ in self.elements]

    def words(self):
        return " ".join("".join(self.text).split())


def with_text(results, text):
    """The results with every free text of every submission replaced."""
    keep = {"verdict", "problem", "level", "torch", "schema"}

    def swap(plain, key=None):
        if isinstance(plain, dict):
            return {name: swap(inner, name) for name, inner in plain.items()}
        if isinstance(plain, list | tuple):
            return [swap(inner, key) for inner in plain]
        return text if isinstance(plain, str) and key not in keep else plain

    return msgspec.convert(swap(msgspec.to_builtins(results)), type=Results)


def test_the_page_says_everything_that_the_results_do(results):
    words = Page(html.page(results)).words()
    for one in results.submissions:
        for said in (one.id, one.path, one.problem_message, *(one.flags or ())):
            assert said is None or said in words
        for question in one.questions:
            assert question.message in words
            for said in (question.feedback.expected, question.feedback.found):
                assert said is None or said in words
            for said in (*question.feedback.hints, *(each.message for each in question.diagnoses)):
                assert said in words
    assert "Counted from zero, as the statement allows." in words
    assert "autograd-grader 0.1.0, seed 7f3a91c2, isolation kernel" in words


def test_every_element_is_closed_and_every_id_unique(results):
    page = Page(html.page(results))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert page.open == []
    assert len(ids) == len(set(ids))


def test_every_submission_is_linked_to_its_section(results):
    page = Page(html.page(results))
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert len(links) == 2 * len(results.submissions)
    assert all(link[0] == "#" and link[1:] in ids for link in links)


def test_a_verdict_is_an_icon_and_words(results):
    words = Page(html.page(results)).words()
    for said in ("✓ correct", "✗ wrong value", "≈ follow through", "? needs human", "✗ timeout"):
        assert said in words


def test_the_page_needs_nothing_and_allows_nothing_from_elsewhere(results):
    text = html.page(results)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags())
    assert not any({"src", "style", "onclick"} & set(attributes) for _, attributes in page.elements)
    policy = next(
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_is_readable_by_a_machine_that_reads_aloud(results):
    page = Page(html.page(results))
    assert ("html", {"lang": "en"}) in page.elements
    assert page.tags().count("h1") == 1
    assert page.tags().count("caption") == page.tags().count("table")
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")


def test_the_same_results_give_the_same_page_in_any_order(results):
    turned = msgspec.structs.replace(results, submissions=results.submissions[::-1])
    first = html.page(results)
    assert html.page(results) == first
    rows = re.compile(r'href="#(submission-[^"]*)"')
    assert rows.findall(html.page(turned)) == rows.findall(first)


def test_an_empty_class_has_a_page(results):
    page = Page(html.page(msgspec.structs.replace(results, submissions=())))
    assert "isolation none: nothing was run" in page.words()
    assert "article" not in page.tags()


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


@given(st.text(max_size=60))
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
    assert "a" * html.MAX_TEXT + "…" in text
    assert "a" * (html.MAX_TEXT + 1) not in text
