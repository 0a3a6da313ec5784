"""The lectures' own cells, run from top to bottom on the façade, show what PyTorch 2.13 shows.

What that is stands in `shown.json`; to record it anew, where PyTorch is installed:
`python -m tests.lectures.test_lectures`
"""

import json
from functools import cache

import pytest

from grader.sandbox.pool import Sandbox

from .items import ITEMS
from .programs import HERE, NOTEBOOKS, cells, run

ENGINES = [
    pytest.param(True, id="facade"),
    pytest.param(
        False,
        id="torch",
        marks=pytest.mark.pytorch,
    ),
]
WITH_PROGRAM = [item for item in ITEMS if item.program is not None]
GRADIENT, RUN_AGAIN = 4, 5
"""The cells that were run eight times in the first lecture, twice in the second."""


@cache
def shown(facade):
    """What each notebook shows, by name."""
    found = run([cells(name) for name in NOTEBOOKS], facade=facade)
    return dict(zip(NOTEBOOKS, without_build(found), strict=True))


@cache
def shown_by_items(facade):
    found = run([item.program for item in WITH_PROGRAM], facade=facade)
    return {item.id: texts[-1] for item, texts in zip(WITH_PROGRAM, found, strict=True)}


def without_build(found):
    """`torch.__version__` names the build too."""
    return [[text.replace("2.13.0+cpu", "2.13.0") for text in texts] for texts in found]


@pytest.mark.parametrize("facade", ENGINES)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_lecture_shows_what_pytorch_showed(name, facade):
    recorded = json.loads((HERE / "shown.json").read_text(encoding="utf-8"))
    assert shown(facade)[name] == recorded[name]


@pytest.mark.parametrize("facade", ENGINES)
@pytest.mark.parametrize("item", WITH_PROGRAM, ids=lambda item: item.id)
def test_an_item_is_right_as_the_table_says(item, facade):
    assert shown_by_items(facade)[item.id] == item.right


def test_the_table_has_every_item_once():
    wanted = [f"{part}{number}" for part, count in zip("ABCDE", (8, 8, 7, 7, 6), strict=True)
              for number in range(1, count + 1)]  # fmt: skip
    assert [item.id for item in ITEMS] == wanted
    assert all(item.why for item in ITEMS)


@pytest.mark.parametrize("facade", ENGINES)
def test_running_the_cell_eight_times_gives_the_24_of_the_first_lecture(facade):
    program = cells("000")
    ((*_, last),) = run([[*program[:GRADIENT], *[program[GRADIENT]] * 8]], facade=facade)
    assert last == "tensor([[24., 24.],\n        [24., 24.]])"


@pytest.mark.parametrize("facade", ENGINES)
def test_running_the_cells_twice_gives_the_minus_56_of_the_second_lecture(facade):
    program = cells("001")
    again = program[RUN_AGAIN - 1 : RUN_AGAIN + 1]
    ((*_, last),) = run([[*program[: RUN_AGAIN + 1], *again]], facade=facade)
    assert last == "tensor([-56.])"


def test_every_lecture_runs_in_the_sandbox_without_a_failure():
    with Sandbox() as sandbox:
        for name in NOTEBOOKS:
            session = sandbox.session("facade", cells(name), form="notebook", seed=1)
            failures = session.failures
            session.close()
            assert failures == (), name


if __name__ == "__main__":
    text = json.dumps(shown(False), indent=1)
    (HERE / "shown.json").write_text(text + "\n", encoding="utf-8")
