"""A worker that was started beforehand: taken over by the first kind, or gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.commands.steps import FAULT
from grader.outcomes import Answered
from grader.sandbox.pool import Sandbox
from grader.sandbox.starting import PYTHON, Starting, start_ahead, started

from .conftest import below, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no fork elsewhere")


@pytest.fixture
def starting():
    made = Starting()
    yield made
    made.abandon()


def workers():
    return set(below(os.getpid()))


@pytest.mark.parametrize("kind", ["numpy", "facade"])
def test_the_first_kind_takes_it_over(starting, kind):
    with Sandbox(few=True, starting=starting) as sandbox:
        with sandbox.session(kind, ["x = [1, 2]"], form="notebook", seed=0) as session:
            assert session.read("x") == Answered(value=[1, 2])
        _, process = starting.take()
        assert [one._process for one in sandbox._zygotes.values()] == [process]
    assert process.returncode is not None


def test_another_kind_gets_a_worker_of_its_own(starting):
    with Sandbox(few=True, starting=starting) as sandbox:
        for kind in ("numpy", "facade"):
            with sandbox.session(kind, ["x = 1"], form="notebook", seed=0) as session:
                assert session.read("x") == Answered(value=1)
        assert len({one._process.pid for one in sandbox._zygotes.values()}) == 2


def test_an_abandoned_one_is_gone():
    before = workers()
    starting = Starting()
    assert workers() > before
    starting.abandon()
    assert workers() == before


def test_one_that_was_started_ahead_is_given_once():
    start_ahead()
    first, second = started(), started()
    try:
        assert first is not second
        assert first.take()[1].pid != second.take()[1].pid
    finally:
        for one in (first, second):
            control, process = one.take()
            control.close()
            process.wait(60)
            process.stderr.close()


def test_a_check_says_in_a_line_why_none_could_be_started(monkeypatch, tmp_path):
    monkeypatch.setattr("grader.sandbox.starting.PYTHON", ("/nonexistent",))
    file = tmp_path / "ana.py"
    file.write_text("def manual_backprop(x, w, y):\n    return x\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check", str(file), "-a", "manual_backprop"])
    assert done.exit_code == FAULT
    assert "could not be started" in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_ends_by_itself_where_the_grader_is_gone():
    program = (
        "import os\nfrom grader.sandbox.starting import Starting\n"
        "print(Starting().take()[1].pid, flush=True)\nos._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60,
    )  # fmt: skip
    pid = int(done.stdout)
    assert eventually(lambda: not Path(f"/proc/{pid}").exists())


def test_what_it_imports_may_be_kept_compiled_and_what_students_import_not(sandbox):
    assert ("-B" in PYTHON) == sys.dont_write_bytecode
    with sandbox.session(
        "numpy", ["import sys\nx = sys.dont_write_bytecode"], form="notebook", seed=0
    ) as session:
        assert session.read("x") == Answered(value=True)
