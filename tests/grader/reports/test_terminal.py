"""What is printed fits the terminal, says verdicts in words and obeys nobody but us."""

import io

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from grader.reports import terminal
from grader.results import Results

HOSTILE = "\x1b[2J[red]::error::\u202e\n[/x] ✓ correct 4.0/4.0 \x07" + "好" * 200


def printed(renderable, **console):
    out = io.StringIO()
    Console(file=out, **({"width": 80} | console)).print(renderable)
    return out.getvalue()


def find(results, identifier):
    return next(one for one in results.submissions if one.id == identifier)


def everywhere(value, text):
    """The results with every free text replaced."""
    keep = {"verdict", "problem", "level", "torch", "schema", "told"}

    def swap(plain, key=None):
        if isinstance(plain, dict):
            return {name: swap(inner, name) for name, inner in plain.items()}
        if isinstance(plain, list | tuple):
            return [swap(inner, key) for inner in plain]
        return text if isinstance(plain, str) and key not in keep else plain

    return msgspec.convert(swap(msgspec.to_builtins(value)), type=Results)


def test_the_table_fits_eighty_columns(results):
    for shown in (results, everywhere(results, HOSTILE)):
        lines = printed(terminal.table(shown)).splitlines()
        assert max(map(cell_len, lines)) <= 80


def test_the_table_has_a_row_for_everyone_and_a_last_line(results):
    text = printed(terminal.table(results))
    for one in results.submissions:
        assert f"\n{one.id} " in f"\n{text}"
    assert "8 graded, mean 38 %" in text


def test_a_verdict_is_an_icon_and_words(results):
    text = printed(terminal.table(results))
    for said in ("✓ correct", "✗ wrong value", "≈ follow through", "? unreadable", "✗ timeout"):
        assert said in text


def test_many_questions_are_counted(results):
    alice = find(results, "alice")
    many = msgspec.structs.replace(alice, questions=alice.questions * 4)
    text = printed(terminal.table(msgspec.structs.replace(results, submissions=(many,))))
    assert "✓ 8 correct" in text


def test_nothing_is_coloured_where_that_is_not_wanted(results, monkeypatch):
    colours = {"force_terminal": True, "color_system": "standard"}
    assert "\x1b[31m" in printed(terminal.table(results), **colours)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in printed(terminal.table(results), **colours)


def test_plain_has_no_drawing_and_verdicts_by_their_ids(results):
    lines = terminal.plain(results).splitlines()
    assert lines[0].split() == ["submission", "score", "verdict", "what", "is", "wrong"]
    assert lines[2].split()[:3] == ["bruno", "3.0/6.0", "wrong_value,wrong_value"]
    assert lines[4].split()[:3] == ["dora", "-/6.0", "unreadable"]
    assert len(lines) == 1 + 9 + 2
    assert not set("│─┃━✓✗\x1b") & set(terminal.plain(results))


def test_plain_columns_stand_below_each_other(results):
    header, *rows = terminal.plain(results).splitlines()[:-2]
    place = header.index("score")
    assert all(row[place - 2 : place].isspace() and row[place] != " " for row in rows)


def test_the_detail_gives_every_part_once(results):
    text = " ".join(printed(terminal.detail(find(results, "bruno"))).split())
    for said in (
        "bruno 3.0/6.0",
        "manual_backprop 3.0/4.0 ✗ wrong value",
        "dw has the right shape, and values that are 3 times too large.",
        "dw 0.0/1.0 ✗ wrong value",
        "line 12 of your code",
        "expected: an array of shape (1,), from a single backward pass",
        "found: an array of shape (1,), 3 times the gradient",
        "`.grad` adds up: yours holds 3 passes.",
        "hint: Set the gradient to zero before every backward pass.",
    ):
        assert text.count(said) == 1, said


def test_what_failed_beside_the_questions_is_the_last_thing_said(results):
    text = " ".join(printed(terminal.detail(find(results, "alice"))).split())
    assert text.endswith("which alone costs no points. It raised KeyError: 'x'")


def test_points_and_verdicts_of_outputs_stay_whole_where_nothing_is_said_of_them(results):
    bruno = find(results, "bruno")
    wrong = next(one for one in bruno.questions if len(one.outputs) > 1)
    outputs = [
        msgspec.structs.replace(one, verdict="missing", message=wrong.message)
        for one in wrong.outputs
    ]
    question = msgspec.structs.replace(wrong, outputs=tuple(outputs))
    one = msgspec.structs.replace(bruno, questions=(question,))
    text = printed(terminal.detail(one, "pt"))
    assert "…" not in text
    assert text.count("✗ falta") == len(outputs)


def test_the_detail_of_a_problem_is_the_sentence_for_the_student(results):
    text = " ".join(printed(terminal.detail(find(results, "dora"))).split())
    assert "? unreadable" in text
    assert "open it in Jupyter, save it, and hand in the saved file." in text


def test_flags_do_not_reach_a_student(results):
    assert "suspicious" not in printed(terminal.detail(find(results, "fatima")))


@pytest.mark.parametrize("show", [terminal.table, terminal.plain, terminal.detail])
def test_hostile_text_is_text(results, show):
    hostile = everywhere(results, HOSTILE)
    for shown in hostile.submissions if show is terminal.detail else [hostile]:
        renderable = show(shown)
        text = renderable if isinstance(renderable, str) else printed(renderable)
        assert "[red]" in text
        assert "::error" not in text
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
