"""Zygotes and processes: started when needed, replaced when dead, never left behind."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path

import pytest

from grader.outcomes import Stopped
from grader.sandbox.limits import Limits
from grader.sandbox.pool import Sandbox, SandboxError
from grader.sandbox.scratch import ScratchFolders, holds_more_than, remove

from .conftest import below, eventually, number_outside


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_session_leaves_no_process_behind(run):
    session = run("x = 1")
    session.read("x")
    pid = number_outside(session)
    assert is_alive(pid)
    session.close()
    assert eventually(lambda: not is_alive(pid))


DAEMON = (
    "import os, time\n"
    "reader, writer = os.pipe()\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        os.write(writer, str(os.getpid()).encode())\n"
    "        time.sleep(600)\n"
    "    os._exit(0)\n"
    "pid = int(os.read(reader, 20))"
)


def test_processes_that_hid_from_their_session_are_ended_with_it(bare):
    session = bare(DAEMON)
    pid = session.read("pid").value
    session.close()
    assert eventually(lambda: not is_alive(pid))


def test_each_process_has_a_scratch_folder_that_goes_with_it(bare):
    session = bare("import os\nhere = os.getcwd()\nopen('left', 'w').write('x')")
    here = Path(session.read("here").value)
    assert (here / "left").exists()
    session.close()
    assert not here.exists()


def test_files_of_one_process_are_not_there_for_the_next(run):
    first = run("open('left', 'w').write('x')\nx = 1")
    assert first.read("x").value == 1
    assert run("import os\nfound = os.listdir('.')").read("found").value == []


def test_a_scratch_folder_is_removed_whatever_it_holds(tmp_path):
    folder, outside = tmp_path / "scratch", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("x")
    (folder / "link").symlink_to(outside)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.fchmod(here, 0)
    os.close(here)
    remove(folder)
    assert not folder.exists()
    assert (outside / "kept").exists()


def test_folders_far_too_deep_in_each_other_are_too_much(tmp_path):
    (tmp_path / "folder" / "of" / "data").mkdir(parents=True)
    assert not holds_more_than(tmp_path, 2**20)
    (tmp_path / "/".join("d" * 600)).mkdir(parents=True)
    assert holds_more_than(tmp_path, 2**40)


def test_a_scratch_folder_that_became_a_link_harms_nothing(tmp_path):
    outside = tmp_path / "outside"
    (outside / "inner").mkdir(parents=True)
    folder = tmp_path / "scratch"
    folder.symlink_to(outside)
    remove(folder)
    assert not folder.is_symlink()
    assert (outside / "inner").exists()


def test_a_scratch_folder_that_is_gone_is_no_trouble(tmp_path):
    remove(tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_folders_of_a_grader_that_was_killed_are_removed_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = ("grader-sandbox-abcdefgh", "grader-sandbox-young123", "grader-project")
    left, young, other = (tmp_path / name for name in names)
    for folder in (left, young, other):
        (folder / "0").mkdir(parents=True)
    with Sandbox() as alive:
        for folder in (left, other, alive._scratch.home):
            os.utime(folder, (0, 0))
        with Sandbox():
            assert alive._scratch.home.exists()
    assert not left.exists()
    assert young.exists()
    assert other.exists()


def test_a_folder_that_cannot_be_removed_keeps_nobody_from_grading(tmp_path, monkeypatch):
    def refuse(folder):
        raise OSError(errno.EBUSY, "something is mounted there", str(folder))

    left = tmp_path / "grader-sandbox-abcdefgh"
    left.mkdir()
    os.utime(left, (0, 0))
    with monkeypatch.context() as during:
        during.setattr("tempfile.tempdir", str(tmp_path))
        during.setattr("grader.sandbox.scratch.remove", refuse)
        made = ScratchFolders()
    made.close()
    assert left.exists()


def test_what_is_mounted_in_a_scratch_folder_keeps_no_other_from_being_removed(tmp_path):
    mounted, other = tmp_path / "1", tmp_path / "2"
    for folder in (mounted, other):
        folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(mounted)]
    if shutil.which("mount") is None or subprocess.run(mounting, check=False).returncode:
        pytest.skip("only root can mount")
    try:
        remove(tmp_path)
        assert list(tmp_path.iterdir()) == [mounted]
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_leaving_the_sandbox_ends_everything():
    with Sandbox(most="limits") as sandbox:
        session = sandbox.session("numpy", [DAEMON], form="notebook", seed=1)
        pid = session.read("pid").value
    assert eventually(lambda: not is_alive(pid))
    session.close()


def test_nothing_outlives_a_grader_that_is_killed(tmp_path):
    note = tmp_path / "pids"
    program = f"""
from pathlib import Path
import errno
import os
import shutil
from grader.sandbox.pool import Sandbox
with Sandbox(most="limits") as sandbox:
    session = sandbox.session("numpy", [{DAEMON!r}, "me, parent = os.getpid(), os.getppid()"],
                              form="notebook", seed=1)
    pids = [session.read(name).value for name in ("pid", "me", "parent")]
    Path({str(note)!r}).write_text(" ".join(map(str, pids)))
    os.kill(os.getpid(), 9)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    pids = [int(word) for word in note.read_text().split()]
    assert len(pids) == 3
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_several_threads_hold_sessions_at_once(sandbox):
    def grade(number):
        cells = [f"def f(x):\n    return x + {number}"]
        with sandbox.session("numpy", cells, form="notebook", seed=1) as session:
            return [session.call("f", {"x": x}).value for x in range(3)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(grade, range(12)))
    assert answers == [[n, n + 1, n + 2] for n in range(12)]


def ask(sandbox, cell, name):
    with sandbox.session("numpy", [cell], form="notebook", seed=1) as session:
        return session.read(name)


KILL_PARENT = "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)"


def test_a_zygote_that_died_is_replaced():
    with Sandbox(most="limits") as sandbox:
        with pytest.raises(SandboxError):
            ask(sandbox, KILL_PARENT, "x")
        assert ask(sandbox, "x = 1", "x").value == 1


def test_whatever_ends_a_zygote_ends_all_that_it_started(every_sandbox):
    with Sandbox(most=every_sandbox.isolation.level) as sandbox:
        session = sandbox.session("numpy", ["x = 1"], form="notebook", seed=1)
        session.read("x")
        started = sandbox._zygotes["numpy"]._process.pid
        descendants = below(started)
        assert descendants
        os.kill(started, signal.SIGKILL)
        assert eventually(lambda: not any(map(is_alive, descendants)))
        with pytest.raises(SandboxError):
            session.close()


def test_a_zygote_that_dies_again_at_once_is_not_replaced_for_ever():
    with Sandbox(most="limits") as sandbox:
        for _ in range(2):
            with pytest.raises(SandboxError):
                ask(sandbox, KILL_PARENT, "x")
        with pytest.raises(SandboxError, match="died twice"):
            ask(sandbox, "x = 1", "x")


def test_a_process_that_cannot_even_start_is_the_machines_fault(tmp_path):
    with Sandbox(most="limits") as sandbox:
        sandbox._scratch.new = lambda: tmp_path / "not there"
        with pytest.raises(SandboxError, match="before its first cell: exit status 70"):
            ask(sandbox, "x = 1", "x")


def test_a_zygote_can_be_started_ahead():
    with Sandbox() as sandbox:
        sandbox.prepare("numpy")
        assert ask(sandbox, "x = 1", "x").value == 1


def steps_done(most):
    """Things that take a moment each, and the numbers of those that were done."""
    done = []

    def steps():
        for number in count():
            done.append(number)
            time.sleep(0.01)
            yield

    return islice(steps(), most), done


def test_meanwhile_one_thing_after_another_is_done_until_the_answer_is_there():
    endless, done = steps_done(None)
    with Sandbox(most="limits", meanwhile=endless) as sandbox:
        before = len(done)
        assert ask(sandbox, "import time\ntime.sleep(0.2)\nx = 1", "x").value == 1
    assert len(done) > before


def test_it_is_waited_where_nothing_is_left_to_be_done_meanwhile():
    few, done = steps_done(2)
    with Sandbox(most="limits", meanwhile=few) as sandbox:
        assert ask(sandbox, "import time\ntime.sleep(0.2)\nx = 1", "x").value == 1
    assert done == [0, 1]


def test_after_hanging_up_everything_ends_without_being_waited_for():
    with Sandbox(most="limits") as sandbox:
        assert ask(sandbox, "x = 1", "x").value == 1
        (zygote,) = sandbox._zygotes.values()
        sandbox.hang_up()
        assert eventually(lambda: zygote._process.poll() is not None)
        with pytest.raises(SandboxError):
            ask(sandbox, "x = 1", "x")


def test_the_isolation_is_told():
    with Sandbox(most="limits") as sandbox:
        assert sandbox.isolation.level == "limits"
        assert sandbox.isolation.layers == ("process", "rlimits")


def test_below_the_least_isolation_nothing_is_run():
    with (
        Sandbox(least="kernel", most="limits") as sandbox,
        pytest.raises(SandboxError, match="isolation 'limits', not 'kernel'"),
    ):
        ask(sandbox, "x = 1", "x")


def test_processor_time_is_bounded_where_the_clock_is_not():
    limits = Limits(call=30.0, submission=30.0)
    with Sandbox(limits=limits) as sandbox:
        cell = (
            "import resource\nlimit = resource.getrlimit(resource.RLIMIT_CPU)\n"
            "def f():\n"
            "    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\n"
            "    while True: pass"
        )
        with sandbox.session("numpy", [cell], form="notebook", seed=1) as session:
            assert session.read("limit").value == (31, 31)
            assert session.call("f", {}) == Stopped("crashed", "signal 9 (SIGKILL)")


def test_the_graders_side_imports_neither_unix_limits_nor_ipython():
    program = (
        "import sys\n"
        "import grader.sandbox.pool\n"
        "print([m for m in ('resource', 'IPython') if m in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "[]"
