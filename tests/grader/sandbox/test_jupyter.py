"""A real Jupyter kernel gives what running the cells without one gives."""

from importlib.util import find_spec

import pytest

from grader.catalogue import bundled, load
from grader.grading import Grader
from grader.outcomes import Raised
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

pytestmark = pytest.mark.skipif(find_spec("ipykernel") is None, reason="ipykernel is not installed")

CELLS = (
    "import numpy as np\nimport torch\nprint('hello')",
    "\n\nx = 1 / 0\ndef f(v):\n    return v * 2",
    "%time y = 3\n!ls\n%pip install nothing",
    "def g(:",
    "import no_such_library as n\nn.use()",
    "quit()",
    "def h(v):\n    return v.missing",
    "answer = input('?')",
)


@pytest.fixture(scope="module", params=["full", "limits"])
def level(request):
    return request.param


@pytest.fixture(scope="module")
def sandboxes(level):
    with (
        Sandbox(most=level) as fast,
        Sandbox(most=level, executor="jupyter") as jupyter,
    ):
        if jupyter.isolation.level != level:
            pytest.skip(f"this machine offers {jupyter.isolation.level}")
        yield fast, jupyter


def outcomes(sandbox, cells, kind="numpy"):
    with sandbox.session(kind, cells, form="notebook", seed=1) as session:
        return (
            [session.call("f", {"v": 2}), session.call("h", {"v": 2}), session.call("k", {})],
            [session.read(name) for name in ("x", "y", "answer")],
            session.failures,
            session.defined,
            session.printed.count("hello"),
        )


@pytest.mark.parametrize("kind", ["numpy", "facade"])
def test_outcomes_failures_and_names_are_the_same(sandboxes, kind):
    fast, jupyter = (outcomes(sandbox, CELLS, kind) for sandbox in sandboxes)
    assert jupyter == fast


def test_what_only_a_kernel_can_run_is_run(sandboxes):
    cells = ["import asyncio\nx = await asyncio.sleep(0, 4)", "%%capture said\nprint('quiet')"]
    with sandboxes[1].session("numpy", cells, form="notebook", seed=1) as session:
        assert session.read("x").value == 4
        assert session.failures == ()
        assert "quiet" not in session.printed


def test_the_starters_last_line_and_commands_are_no_failure(sandboxes):
    cells = ["%grader check hw", "%matplotlib inline", "%%bash\nls"]
    with sandboxes[1].session("numpy", cells, form="notebook", seed=1) as session:
        assert session.failures == ()


def test_the_cell_a_magic_runs_is_the_cell_it_stands_in(sandboxes):
    cells = ["%%capture said\nprint('quiet')", "x = 1", "1 / 0"]
    with sandboxes[1].session("numpy", cells, form="notebook", seed=1) as session:
        (failure,) = session.failures
        assert failure.cell == 2


def test_a_statement_that_ends_the_kernel_costs_itself(sandboxes):
    cells = ["import os\nos._exit(3)\ndef f(v):\n    return v", "x = 1"]
    with sandboxes[1].session("numpy", cells, form="notebook", seed=1) as session:
        assert session.call("f", {"v": 5}).value == 5
        (failure,) = session.failures
        assert not isinstance(failure, Raised)


@pytest.mark.slow
@pytest.mark.parametrize("assignment", bundled())
def test_all_bundled_samples_get_the_same_verdicts(assignment, sandboxes):
    loaded = load(assignment)
    samples = loaded.path / "samples"
    if not samples.is_dir():
        pytest.skip("it has no samples")
    for submission in collect([samples]):
        fast, jupyter = (
            [
                (one.id, one.verdict, one.score)
                for one in Grader(loaded, sandbox, seed="1").grade(submission).questions
            ]
            for sandbox in sandboxes
        )
        assert jupyter == fast, submission.id
