"""What a student's process gives up before its first cell, seen from a second one beside it."""

import errno
import os
import subprocess
import sys

import pytest

from grader.sandbox.pool import Sandbox
from grader.sandbox.worker.lockdown import kernel, landlock
from grader.sandbox.worker.lockdown.syscalls import ALLOWED, CLONE3, HUSHED, UNKNOWN, WATCHED

OWN = "import os\nopen('left', 'w').write('mine')\nhere = os.getcwd()"


@pytest.fixture(scope="module")
def kernel_sandbox():
    with Sandbox(most="kernel") as sandbox:
        if sandbox.isolation.level != "kernel":
            pytest.skip(f"this machine offers {sandbox.isolation.level}")
        yield sandbox


def tries(attempt):
    """A cell that notes in `came_through` whether an attempt in the folder `there` succeeds."""
    return (
        "import os\n"
        "def came_through(there):\n"
        "    try:\n"
        f"        {attempt}\n"
        "    except OSError:\n"
        "        return False\n"
        "    return True"
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "os.listdir(there)",
        "open(there + '/left').read()",
        "open(there + '/left', 'w').close()",
        "open(there + '/other', 'w').close()",
        "os.rename('left', there + '/left')",
        "os.mkdir(there + '/folder')",
        "os.link(there + '/left', str(os.getpid()))",
    ],
)
def test_where_all_can_be_reached_a_scratch_folder_is_nobody_elses(kernel_sandbox, attempt):
    with (
        kernel_sandbox.session("numpy", [OWN], form="notebook", seed=1) as first,
        kernel_sandbox.session("numpy", [OWN, tries(attempt)], form="notebook", seed=2) as second,
    ):
        there = first.read("here").value
        assert second.call("came_through", {"there": second.read("here").value}).value is True
        assert second.call("came_through", {"there": there}).value is False


def test_its_scratch_folder_is_its_home(every_sandbox):
    cells = ["import os\nhomes = [os.environ['HOME'], os.environ['TMPDIR'], os.getcwd()]"]
    with every_sandbox.session("numpy", cells, form="notebook", seed=1) as session:
        assert len(set(session.read("homes").value)) == 1


CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def answers(numbers):
    found = []
    for number in numbers:
        done = libc.syscall(number, -1, -1, -1, -1, -1, -1) >= 0
        found.append(0 if done else ctypes.get_errno())
    return found
"""
ENDING = {"x86_64": (335, 336), "aarch64": ()}
"""Past every filter these end whoever makes them but at a probe of the kernel's own."""


@pytest.mark.parametrize("level", ["full", "kernel"])
def test_the_kernel_judges_every_call_in_no_table_as_the_filter_says(level):
    machine = kernel.machine()
    column = 0 if machine == "x86_64" else 1
    judged = {numbers[column] for numbers in (ALLOWED | WATCHED).values()} | {*ENDING[machine]}
    expected = dict.fromkeys(set(range(UNKNOWN)) - judged, errno.EPERM)
    expected |= {numbers[column]: 0 for numbers in HUSHED.values() if numbers[column] is not None}
    expected |= dict.fromkeys((CLONE3, UNKNOWN, UNKNOWN + 100), errno.ENOSYS)
    with Sandbox(most=level) as sandbox:
        if sandbox.isolation.level != level:
            pytest.skip(f"this machine offers {sandbox.isolation.level}")
        with sandbox.session("numpy", [CALLS], form="notebook", seed=1) as session:
            found = session.call("answers", {"numbers": list(expected)}).value
    assert dict(zip(expected, found, strict=True)) == expected


def prepare(folder, *, read_only):
    return landlock.prepare([folder], [], [], above=folder, read_only=read_only)


@pytest.mark.parametrize(("version", "read_only"), [(1, True), (2, False)])
def test_a_landlock_that_leaves_a_gap_is_none(version, read_only, monkeypatch, tmp_path):
    monkeypatch.setattr(landlock.kernel, "system_call", lambda *_: version)
    with pytest.raises(OSError, match="too old"):
        prepare(tmp_path, read_only=read_only)


UNDER_AN_OLD_LANDLOCK = """
import sys
from pathlib import Path
from grader.sandbox.worker.lockdown import kernel, landlock
landlock._version = lambda oldest: 2
library, scratch, secret = map(Path, sys.argv[1:])
allowed = landlock.prepare([library], [], [], above=scratch, read_only=True)
kernel.process_control(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.take([landlock.restricting(allowed)])
(scratch / "mine").write_text("long")
(scratch / "mine").write_text("short")
print((library / "code").read_text())
try:
    secret.read_text()
except PermissionError:
    print("closed")
"""


def test_where_nothing_else_can_be_written_an_older_landlock_will_do(tmp_path, kernel_sandbox):
    library, scratch, secret = (tmp_path / name for name in ("library", "scratch", "secret"))
    library.mkdir()
    scratch.mkdir()
    (library / "code").write_text("open")
    secret.write_text("42")
    done = subprocess.run(
        [sys.executable, "-c", UNDER_AN_OLD_LANDLOCK, library, scratch, secret],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["open", "closed"], done.stderr
