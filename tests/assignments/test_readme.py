"""The table of the assignments' README: every item of the lectures has a question that asks it."""

import re

import pytest

from grader.catalogue import bundled, load
from tests.lectures.items import ITEMS

HOME = load("manual_backprop").path.parent
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in (HOME / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| item", "| assignment"))
]
ITEM = re.compile(r"[A-E]\d")


def rows_of_items():
    return {row[0].strip(): row for row in ROWS if ITEM.fullmatch(row[0].strip())}


def test_every_item_of_the_lectures_has_a_row():
    assert list(rows_of_items()) == [item.id for item in ITEMS]


@pytest.mark.parametrize("item", rows_of_items())
def test_an_item_is_asked_by_questions_that_are_there(item):
    asked = rows_of_items()[item][2]
    questions = re.findall(r"`(\w+)\.(\w+)`", asked)
    assert questions or asked.startswith("nothing to grade: ")
    for name, question in questions:
        assert question in load(name)


def test_every_assignment_is_listed_with_its_points():
    listed = {
        row[0].strip(" `"): float(row[2].strip(" |")) for row in ROWS if row[0].strip()[0] == "`"
    }
    assert listed == {name: load(name).max_score for name in bundled()}
