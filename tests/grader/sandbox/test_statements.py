"""A cell that runs in one piece ends as its statements do when they run one by one."""

import linecache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox.protocol import Cell
from grader.sandbox.worker.cells import Workspace, run

STATEMENTS = (
    "a = 1",
    "b = a + 1",
    "c = 1 / 0",
    "é = 'é'; d = é + 1; g = 2",
    "undefined",
    "x: int = 3",
    "raise SystemExit",
    "for i in range(3):\n    last = 6 / (1 - i)",
    "def f(x):\n    return x / 0",
    "@f\n@print_nothing\ndef h():\n    pass",
    "class K:\n    one = 1\n    two = one / 0",
    "f(\n    2,\n)",
    "with open('/nowhere/at/all') as file:\n    pass",
    "import nothing_of_that_name, math",
    "from __future__ import annotations",
    "z = [\n    1,\n    a.missing,\n]",
    "del b",
    "if a:\n    raise ValueError('é')\nelse:\n    e = 1",
    "'''text\nover lines'''; k = 1",
    "return 3",
    "y = = 1",
)


def ended(sources, in_one_piece):
    """What failed, and what was left behind, as plain data."""
    workspace = Workspace("facade")
    if not in_one_piece:
        workspace._whole = lambda *_: None
    run(workspace, [Cell(index=at, source=one) for at, one in enumerate(sources)], lambda _: None)
    for name in [name for name in linecache.cache if name.startswith("<cell ")]:
        del linecache.cache[name]
    names = workspace.namespace
    left = {name: names[name] for name in names if isinstance(names[name], int | str | list)}
    return workspace.failures, left, set(names) - {"__annotations__", "__builtins__"}


@given(st.lists(st.lists(st.sampled_from(STATEMENTS), max_size=5), max_size=3))
def test_the_same_fails_and_the_same_is_left_behind(cells):
    sources = ["\n".join(statements) for statements in cells]
    assert ended(sources, True) == ended(sources, False)


@pytest.mark.parametrize("first", ["1 / 0", "(a := 2) / 0", "a = 2; 1 / 0; a = 3"])
def test_what_follows_on_the_same_line_is_run(first):
    failures, left, _ = ended([f"{first}; rest = 5"], True)
    assert [failure.type for failure in failures] == ["ZeroDivisionError"]
    assert left["rest"] == 5


def test_nothing_is_run_twice():
    source = "count = []\ncount.append(1)\nmissing\ncount.append(2)\nmissing\ncount.append(3)"
    _, left, _ = ended([source], True)
    assert left["count"] == [1, 2, 3]
