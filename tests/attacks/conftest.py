"""What the attacks are aimed at, all of it made for them, and a sandbox at every level."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

import grader
from grader.sandbox.limits import MIB, Limits
from grader.sandbox.pool import Sandbox

LEVELS = ("full", "kernel", "limits")
LIMITS = Limits(
    call=3.0, cell=3.0, submission=20.0, memory=512 * MIB, drained=4 * MIB, files=16 * MIB,
    file_size=8 * MIB,
)  # fmt: skip


@pytest.fixture(scope="session")
def sandboxes():
    """Sandboxes by level; one that this machine does not offer skips the test that asks for it."""
    opened = {}

    def at(level):
        if level not in opened:
            opened[level] = Sandbox(limits=LIMITS, most=level)
        found = opened[level].isolation.level
        if found != level:
            pytest.skip(f"this machine offers {found}, not {level}")
        return opened[level]

    yield at
    for sandbox in opened.values():
        sandbox.close()


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Places, ports and processes to attack, as plain data that a program is told."""
    secret, results = tmp_path / "solutions.py", tmp_path / "results"
    secret.write_text("ANSWER = 42")
    results.mkdir()
    (results / "results.json").write_text("{}")
    monkeypatch.setenv("COURSE_TOKEN", "do-not-read")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        victim = subprocess.Popen(["sleep", "120"])
        try:
            yield {
                "secret": str(secret),
                "results": str(results),
                "link": str(tmp_path / "link"),
                "port": listener.getsockname()[1],
                "victim": victim.pid,
                "grader": os.getpid(),
                "package": str(Path(grader.__file__).parent),
            }
        finally:
            victim.kill()
            victim.wait()
