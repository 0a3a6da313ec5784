"""From the attacker's side: no text moves a cursor, hides, commands a workflow or styles itself."""

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from grader.reports.escaping import MAX_LINE, terminal, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a new title\x07text", "text"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b", r"\x1b"),
        ("a\x00b\x08\x7f", r"a\x00b\x08\x7f"),
        ("1.0\rcorrect", r"1.0\rcorrect"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("no\xa0break", "no break"),
        ("é ✓ 好 👍", "é ✓ 好 👍"),
    ],
)
def test_what_is_not_seen_is_removed_or_spelled_out(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_whatever_is_visible_is_printable_or_a_line_feed_or_a_tab(text):
    assert all(character.isprintable() or character in "\n\t" for character in visible(text))


@given(st.text())
def test_whatever_is_visible_can_be_written_as_utf_8(text):
    assert visible(text).encode().decode() == visible(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_ordinary_text_stays_as_it_is(text):
    assert visible(text) == text


@given(st.text(), st.integers(1, 50))
def test_a_line_for_the_terminal_is_one_line_within_its_limit(text, limit):
    line = terminal(text, limit)
    assert len(line) <= limit
    assert all(unicodedata.category(character)[0] != "C" for character in line)


def test_a_cut_line_says_so():
    assert terminal("a" * 1000) == "a" * (MAX_LINE - 1) + "…"


def test_a_forged_second_line_stays_in_the_first():
    assert terminal("wrong\n\nmallory  4.0/4.0\t✓ correct") == "wrong mallory 4.0/4.0 ✓ correct"


@pytest.mark.parametrize(
    "text",
    [
        "::error::You fail",
        "  ::error file=a.py,line=1::You fail",
        "ok\n::set-output name=score::4",
        "x::stop-commands::token",
        ":::error::",
        "##[error]You fail",
        "###[group]x",
        "::\x1b[0merror::x",
        "#\x1b[0m#[error]x",
    ],
)
def test_no_workflow_command_is_left(text):
    line = terminal(text)
    assert "::e" not in line
    assert "::s" not in line
    assert "##[" not in line


def test_a_slice_in_a_message_is_left_alone():
    assert terminal("x[::2] and x[1::-1]") == "x[::2] and x[1::-1]"


@pytest.mark.parametrize("text", ["[red]x[/red]", "[/nothing]", "[link=http://a.b]x", ":boom:"])
def test_rich_shows_markup_as_it_was_written(text):
    out = io.StringIO()
    Console(file=out, width=80).print(Text(terminal(text)))
    assert out.getvalue() == f"{text}\n"
