"""One sandbox for all tests that need no limits of their own, one with limits that bite soon."""

import time
from pathlib import Path

import pytest

from grader.sandbox.limits import MIB, Limits
from grader.sandbox.pool import Sandbox

QUICK = Limits(
    call=0.5, cell=0.5, submission=3.0, memory=512 * MIB, text=64 * 1024, drained=4 * MIB
)


@pytest.fixture(scope="session")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def quick_sandbox():
    with Sandbox(limits=QUICK) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def bare_sandbox():
    with Sandbox(most="limits") as sandbox:
        yield sandbox


@pytest.fixture(scope="session", params=["full", "kernel", "limits"])
def every_sandbox(request):
    """A sandbox at each level that this machine offers."""
    with Sandbox(most=request.param) as sandbox:
        if sandbox.isolation.level != request.param:
            pytest.skip(f"this machine offers {sandbox.isolation.level}")
        yield sandbox


def eventually(condition, seconds=10):
    """Whether a condition comes to hold; the end of a session's process is not waited for."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True


def below(pid):
    """The numbers of all processes that a process started, and of what those did."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return []
    return [one for child in map(int, found) for one in (child, *below(child))]


def number_outside(session):
    """What the process of a session is called outside of the namespaces that it is in."""
    started = session._process._zygote._process.pid
    for pid in below(started):
        status = Path(f"/proc/{pid}/status").read_text()
        numbers = status.partition("NSpid:")[2].splitlines()[0].split()
        # Outermost first; its zygote calls it by the second, where there are any others.
        if int(numbers[1 if len(numbers) > 1 else 0]) == session._process._pid:
            return pid
    raise AssertionError("it has no process")


def opener(sandbox):
    sessions = []

    def start(*cells, form="notebook", kind="numpy", seed=1):
        session = sandbox.session(kind, cells, form=form, seed=seed)
        sessions.append(session)
        return session

    return start, sessions


@pytest.fixture
def run(sandbox):
    """Opens a session for the cells given."""
    start, sessions = opener(sandbox)
    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def quick(quick_sandbox):
    """Opens a session for the cells given, under limits of half a second."""
    start, sessions = opener(quick_sandbox)
    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def bare(bare_sandbox):
    """Opens a session for the cells given, with limits and no more isolation than that."""
    start, sessions = opener(bare_sandbox)
    yield start
    for session in sessions:
        session.close()
