"""Where there is no fork the same worker runs as a plain subprocess."""

import os
import subprocess
import sys

import numpy as np
import pytest

from grader.messages import Message
from grader.outcomes import Stopped, TensorValue
from grader.sandbox.limits import MIB, Limits
from grader.sandbox.pool import Sandbox
from grader.sandbox.starting import NO_FORK

QUICK = Limits(call=1.0, cell=1.0, submission=10.0, memory=1024 * MIB)


@pytest.fixture
def plain(monkeypatch):
    """Opens a session for the cells given, in a process that nothing was forked for."""
    monkeypatch.setenv(NO_FORK, "1")
    with Sandbox(limits=QUICK) as sandbox:
        sessions = []

        def start(*cells, kind="numpy"):
            session = sandbox.session(kind, cells, form="notebook", seed=1)
            sessions.append(session)
            return session

        yield start
        for session in sessions:
            session.close()


def test_cells_run_and_functions_are_called(plain):
    session = plain("import numpy as np\nprint('ol\u00e1 \u2202')", "def f(x):\n    return x * 2")
    outcome = session.call("f", {"x": np.array([1.0, 2.0])})
    np.testing.assert_array_equal(outcome.value, [2.0, 4.0])
    assert session.printed == "ol\u00e1 \u2202\n"


def test_the_engine_answers(plain):
    session = plain("import torch\ndef f(x):\n    return x * 2", kind="facade")
    value = session.call("f", {"x": TensorValue(np.ones(2, np.float32))}).value
    np.testing.assert_array_equal(value.data, np.float32([2, 2]))


def test_what_hangs_or_dies_costs_itself(plain):
    session = plain(
        "import os\ndef hangs():\n    while True: pass\n"
        "def dies():\n    os._exit(3)\ndef works():\n    return 1"
    )
    assert session.call("hangs", {}) == Stopped("timeout", "1 s")
    assert session.call("dies", {}) == Stopped(
        "crashed", Message("stopped.exit_status", {"status": 3})
    )
    assert session.call("works", {}).value == 1


def test_the_environment_is_its_own_and_the_grader_is_out_of_reach_of_imports(plain):
    session = plain(
        "import os, sys\nnames = sorted(os.environ)\n"
        "loaded = [m for m in sys.modules if m.partition('.')[0] == 'grader']"
    )
    assert set(session.read("names").value) <= {"HOME", "TMPDIR", "TEMP", "MPLBACKEND"}
    assert session.read("loaded").value == []


def test_the_level_is_limits(plain):
    with Sandbox() as sandbox:
        assert sandbox.isolation.level == "limits"


PROGRAM = "from grader.cli import main; main()"
FOREIGN = {
    "PYTHONUTF8": "0",
    "PYTHONIOENCODING": "cp1252",
    "PYTHONCOERCECLOCALE": "0",
    "LC_ALL": "C",
}


def test_a_terminal_of_windows_shows_what_it_can(tmp_path):
    (tmp_path / "sums.py").write_text(
        "from grader import Assignment, array\nhw = Assignment('sums', title='\u2202 \u03a3')\n"
        "@hw.question(points=1, inputs={'x': array('n')})\ndef total(x):\n    return x.sum()\n",
        encoding="utf-8",
    )
    (tmp_path / "ana.py").write_text(
        "print('\u2202 ol\u00e1 \U0001f600')\ndef total(x):\n    raise ValueError('\u2202')\n",
        encoding="utf-8",
    )
    environment = os.environ | FOREIGN | {NO_FORK: "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "check", "ana.py", "-a", "sums.py", "--plain"],
        cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ValueError" in done.stdout.decode("cp1252")


def test_it_is_imported_where_what_only_unix_has_is_missing():
    program = (
        "import sys\n"
        "sys.modules['resource'] = sys.modules['fcntl'] = None\n"
        "import grader.sandbox.worker.plain, grader.sandbox.pool, grader.cli, grader.grading\n"
        "print('grader.sandbox.worker.zygote' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "False"
