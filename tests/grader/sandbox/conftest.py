"""One sandbox for all tests that need no limits of their own, one with limits that bite soon."""

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
