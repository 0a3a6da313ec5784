"""Every hostile program comes to nothing at the levels that promise it, and works without them."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from grader.messages import Message
from grader.outcomes import Answered, Stopped

from .conftest import LEVELS
from .more_programs import MORE_ATTACKS
from .programs import ATTACKS, NEEDS_ROOT, NEEDS_X86_64, NOT_ALONE

X86_64 = platform.machine() == "x86_64"
ALL = [one for one in [*ATTACKS, *MORE_ATTACKS] if X86_64 or one.name not in NEEDS_X86_64]
CASES = [
    pytest.param(attack, level, id=f"{attack.name}-{level}")
    for attack in ALL
    for level in LEVELS[: LEVELS.index(attack.least) + 1]
]

ALONE = """
import json, sys
sys.path[:] = [entry for entry in sys.path if entry]
namespace = {}
exec(sys.argv[1], namespace)
expected = 42
def judge():
    if sys.argv[3] == "judged":
        import grader.comparison
        cases, kept = [1, 2], {"expected": [42], "tolerance": 0.1}
    judgement = namespace["attack"](json.loads(sys.argv[2]))
    print(judgement)
judge()
"""


@pytest.fixture
def outside(world):
    """What lies outside must be after an attack as it was before."""
    folder = Path(world["secret"]).parent

    def state():
        found = {}
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[path.name] = (content, status.st_mode, status.st_mtime_ns, status.st_uid)
        return found

    return state


@pytest.mark.parametrize(("attack", "level"), CASES)
def test_it_comes_to_nothing(attack, level, sandboxes, world, outside):
    before = outside()
    sandbox = sandboxes(level)
    cells = [attack.source, "def right(x):\n    return x + 1"]
    with sandbox.session("numpy", cells, form="notebook", seed=1) as session:
        outcome = session.call("attack", {"world": world})
        assert not isinstance(outcome, Answered), outcome
        # The student's other answers count as ever.
        assert session.call("right", {"x": 1}).value == 2
    assert outside() == before
    os.kill(world["victim"], 0)
    with sandbox.session("numpy", ["y = 7"], form="notebook", seed=1) as next_student:
        assert next_student.read("y").value == 7


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_it_works_where_nothing_stops_it(attack, world, tmp_path):
    if attack.name in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root may do it")
    folder = tmp_path / "scratch"
    folder.mkdir()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ALONE,
            attack.source,
            json.dumps(world),
            "judged" if attack.name in NOT_ALONE else "alone",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.stdout.rstrip().endswith("done"), done.stderr


def test_the_programs_that_aim_at_the_judge_are_in_the_table():
    assert {attack.name for attack in ALL} >= NOT_ALONE


PATCHES = {
    "numpy": "import numpy as np\nnp.allclose = np.isclose = np.array_equal = lambda *a, **k: True",
    "builtins": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.round = lambda *a: 0",
    "operators": (
        "class Agrees(float):\n    __eq__ = lambda s, o: True\n    __sub__ = __rsub__ = "
        "lambda s, o: 0.0\n    __abs__ = lambda s: 0.0\n    __hash__ = None"
    ),
    "msgspec": "import msgspec\nmsgspec.msgpack.Encoder = None",
    "the frames": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    frame.f_locals.pop('tolerance', 0)\n"
        "    frame = frame.f_back"
    ),
    "exit": "import atexit\natexit.register(print, 'full marks')",
    "threads": (
        "import threading\nthreading.settrace(lambda *a: None)\n"
        "threading.Thread(target=print, args=('full marks',)).start()"
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_whatever_it_patches_the_number_that_crosses_is_the_one_it_gave(patch, level, sandboxes):
    cells = [patch, "def f(x):\n    return (Agrees if 'Agrees' in globals() else float)(13)"]
    with sandboxes(level).session("numpy", cells, form="notebook", seed=1) as session:
        assert session.call("f", {"x": 1}).value == 13.0


@pytest.mark.parametrize("level", LEVELS)
def test_a_cell_that_attacks_costs_itself(level, sandboxes):
    cells = ["import os\nos._exit(0)", "def f(x):\n    return x"]
    with sandboxes(level).session("numpy", cells, form="notebook", seed=1) as session:
        assert session.call("f", {"x": 3}).value == 3
        assert session.failures == (
            Stopped("crashed", Message("stopped.exit_status", {"status": 0})),
        )


REACH = """
import os
def reach(place):
    found = []
    for attempt in (
        lambda: open(f"{place}/mine").read(),
        lambda: os.rename(f"{place}/mine", "taken"),
        lambda: os.listdir(os.path.dirname(place)),
        lambda: os.mkdir(f"{os.path.dirname(place)}/new"),
    ):
        try:
            found.append(attempt())
        except OSError:
            pass
    return found
"""


@pytest.mark.parametrize("level", ["full", "kernel"])
def test_students_that_run_at_the_same_time_cannot_reach_each_others_files(level, sandboxes):
    own = "import os\nopen('mine', 'w').write('x')\nhere = os.getcwd()"
    sandbox = sandboxes(level)
    with (
        sandbox.session("numpy", [own], form="notebook", seed=1) as first,
        sandbox.session("numpy", [REACH], form="notebook", seed=1) as second,
    ):
        place = first.read("here").value
        assert second.call("reach", {"place": place}).value == []
        assert first.read("here").value == place


@pytest.mark.parametrize("package", ["reference_engine", "torch", "jax", "autograd"])
@pytest.mark.parametrize("level", ["full", "kernel"])
def test_where_autograd_is_forbidden_its_packages_cannot_be_read(level, package, sandboxes):
    from importlib.util import find_spec

    spec = find_spec(package)
    if spec is None:
        pytest.skip(f"{package} is not installed")
    cell = f"def f():\n    return open({spec.origin!r}).read()"
    with sandboxes(level).session("numpy", [cell], form="notebook", seed=1) as session:
        assert session.call("f", {}).type in {"PermissionError", "FileNotFoundError"}
