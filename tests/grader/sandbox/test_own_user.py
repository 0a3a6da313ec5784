"""Where root grades without namespaces, every process has a user of its own."""

import os
import subprocess
import sys

import pytest

from grader.sandbox.isolation import isolation_of
from grader.sandbox.pool import Sandbox
from grader.sandbox.protocol.control import Layer
from grader.sandbox.worker.lockdown import own_user
from grader.sandbox.worker.lockdown.own_user import Users


@pytest.fixture(scope="module")
def kernel_sandbox():
    with Sandbox(most="kernel") as sandbox:
        layers = {layer.name: layer.lacking for layer in sandbox.layers}
        if layers["own-user"]:
            pytest.skip(layers["own-user"])
        yield sandbox


@pytest.fixture
def start(kernel_sandbox):
    sessions = []

    def session(cell):
        sessions.append(kernel_sandbox.session("numpy", [cell], form="notebook", seed=1))
        return sessions[-1]

    yield session
    for one in sessions:
        one.close()


WHO = (
    "import os\nuser = sorted({*os.getresuid(), *os.getresgid()})\ngroups = os.getgroups()\n"
    "owner = os.stat('.').st_uid"
)


def test_it_is_nobodys_and_no_other_process_has_it(start):
    first, second = start(WHO), start(WHO)
    (one,) = first.read("user").value
    (other,) = second.read("user").value
    assert len({one, other, os.getuid()}) == 3
    assert first.read("groups").value == []
    assert first.read("owner").value == one


def test_it_cannot_be_given_up(start):
    session = start("import os\ndef f():\n    os.setuid(0)")
    assert session.call("f", {}).type == "PermissionError"


def test_files_are_written_and_gone_with_it(start, kernel_sandbox):
    session = start(
        "import os, tempfile\nos.mkdir('a', 0o000)\n"
        "with tempfile.TemporaryFile() as f:\n    x = f.write(b'abc')"
    )
    assert session.read("x").value == 3
    session.close()
    assert not any(one.name.isdigit() for one in kernel_sandbox._scratch.home.iterdir())


def test_it_stands_in_the_result_and_no_level_needs_it():
    names = ("rlimits", "seccomp", "landlock")
    held = tuple(Layer(name=name) for name in names)
    assert isolation_of(held).level == "kernel"
    with_it = isolation_of((*held, Layer(name="own-user")))
    assert with_it.level == "kernel"
    assert "own-user" in with_it.layers


def test_no_two_children_have_the_same_one_at_a_time():
    users = Users(range(3, 6))
    assert [users.take() for _ in range(3)] == [3, 4, 5]
    with pytest.raises(OSError, match="in use"):
        users.take()
    users.give_back(4)
    assert (users.take(), users.latest) == (4, 4)


def test_the_one_that_was_free_for_longest_is_next():
    users = Users(range(3, 6))
    users.give_back(users.take())
    assert users.take() == 4


@pytest.mark.parametrize("numbers", [range(60_578, 61_184), range(1_900_000_000, 1_904_194_304)])
def test_no_two_graders_have_the_same_ones(monkeypatch, numbers):
    monkeypatch.setattr(own_user, "find", lambda: numbers)
    first, second = own_user.reserve(), own_user.reserve()
    assert first.take() in numbers
    assert abs(second.take() - first.latest) >= 100
    for one in (first, second):
        one._held.close()


PROOF = """
import os, sys
from grader.sandbox.worker.lockdown.hostile import prove
from grader.sandbox.worker.lockdown.layers import Layers
from grader.sandbox.worker.lockdown.own_user import Users
home, user = sys.argv[1], int(sys.argv[2])
open(home + "/canary", "w").close()
layers = Layers(home + "/canary", os.pidfd_open(os.getpid()), users=Users(range(user, user + 1)))
print({layer.name: layer.lacking for layer in prove(layers, home)}["own-user"])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_user_that_can_do_what_root_can_does_not_count(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROOF, str(tmp_path), "0"],
        capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.strip() == "a hostile program got through it", done.stderr
