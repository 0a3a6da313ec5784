"""A page that holds an address and little else is a link, and no page takes long to look at."""

import time

import pytest

from grader.submissions.kinds import is_link

LINKS = {
    "a page": "<p>My work: <a href='x'>here</a></p>",
    "a script": f"<script>{'word ' * 99}</script><a href='x'>here</a>",
    "a script with signs": f"<script>if (a<b && c>d) {'word ' * 99}</script><a href='x'>here</a>",
    "a head": f"<HEAD lang=en><title>{'word ' * 99}</title></HEAD ><a href='x'>here</a>",
    "a head left open": f"<a href='x'>here</a><head>{'word ' * 99}",
}


@pytest.mark.parametrize("page", LINKS.values(), ids=LINKS)
def test_an_address_and_a_few_words_are_a_link(page):
    assert is_link(".html", page.encode())


@pytest.mark.parametrize(
    "page",
    ["<p>no address</p>", f"<a href='x'>{'word ' * 99}</a>", "word < " * 99 + "href="],
)
def test_many_words_or_no_address_are_none(page):
    assert not is_link(".html", page.encode())


@pytest.mark.parametrize("piece", ["<", "<head>", "<script ", "</style>", "<a href=", "&", "&#"])
def test_no_page_takes_long_to_look_at(piece):
    began = time.process_time()
    is_link(".html", (piece * (60_000 // len(piece))).encode() + b"href=")
    assert time.process_time() - began < 1.0
