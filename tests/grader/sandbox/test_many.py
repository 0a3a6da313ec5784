"""Honest work in great numbers, and frames and notebooks made up at random."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.outcomes import Answered, Raised, Stopped, Undefined
from grader.sandbox import protocol
from grader.sandbox.limits import Limits
from grader.sandbox.pool import Sandbox
from grader.sandbox.protocol import ProtocolError

from .conftest import below, eventually

CELLS = (
    "import numpy as np",
    "def gradient(x, w):\n    e = np.tanh(x * w)\n    return {'w': ((1 - e * e) * x).sum()}",
)


@contextmanager
def busy_processors():
    """As many threads as processors that do nothing but keep them from others."""
    ended = threading.Event()
    numbers = np.arange(200_000.0)

    def spin():
        while not ended.is_set():
            np.sqrt(numbers)

    threads = [threading.Thread(target=spin) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def work(sandbox, number):
    x = np.arange(1.0, 4.0) + number
    with sandbox.session("numpy", CELLS, form="notebook", seed=number) as session:
        return [session.call("gradient", {"x": x, "w": np.full(1, 0.01)}) for _ in range(3)]


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_honest_work_is_never_out_of_time_on_a_busy_machine(count):
    limits = Limits(call=1.0, cell=1.0, submission=6.0)
    with busy_processors(), Sandbox(limits=limits) as sandbox, ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda number: work(sandbox, number), range(count)))
        # In namespaces of its own the zygote is the child of what was started.
        zygote = int(sandbox.isolation.level == "full")
        started = sandbox._zygotes["numpy"]._process.pid
        ended = eventually(lambda: len(below(started)) == zygote)
    assert [one for outcomes in done for one in outcomes if not isinstance(one, Answered)] == []
    assert ended


FEW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MANY = settings(FEW, max_examples=10_000)

WORDS = """
    frame id value arguments items kind dtype shape data failures defined exception type text stream
    cell index answer raised ran absent array tensor mapping sequence float64 list
"""
words = st.sampled_from(WORDS.split())
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | words
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=6),
    max_leaves=25,
)


def is_a_frame_or_refused(value):
    body = msgspec.msgpack.encode(value)
    for decode in (protocol.unpack_from_child, protocol.unpack_to_child):
        try:
            decode(body)
        except ProtocolError:
            continue


@FEW
@given(junk)
def test_made_up_frames_are_frames_or_refused(value):
    is_a_frame_or_refused(value)


@pytest.mark.slow
@MANY
@given(junk)
def test_many_made_up_frames_are_frames_or_refused(value):
    is_a_frame_or_refused(value)


STATEMENTS = (
    "import numpy as np", "import torch", "import no_such_library as n", "x = 1", "x += y",
    "def f(a):\n    return a", "def f(a):\n    return a / 0", "class C(n.Module): pass",
    "%pip install x", "!ls", "%%time\ny = 2", "y = !ls", "?x", "raise SystemExit", "f(",
    "  indented", "print('\\ud800')", "print('x' * 5000)", "from __future__ import annotations",
    "return 1", "await f(1)", "del f", "f = None", "try:\n    import jax\nexcept: pass", "\x00",
    "\ud800", "input()", "display(x)", "get_ipython().run_line_magic('time', 'f(1)')", "f(1)",
    "exec('f = 3')", "__name__ = 5", "__builtins__ = None", "import sys; sys.stdout = None",
)  # fmt: skip
made_up_cells = st.lists(
    st.lists(st.sampled_from(STATEMENTS), max_size=3).map("\n".join) | st.text(max_size=30),
    max_size=5,
)


def has_an_outcome(sandbox, cells):
    with sandbox.session("numpy", cells, form="notebook", seed=1) as session:
        outcome = session.call("f", {"a": 1})
        assert isinstance(outcome, Answered | Raised | Undefined | Stopped)
        assert all(isinstance(failure, Raised | Stopped) for failure in session.failures)


@FEW
@given(made_up_cells)
def test_made_up_notebooks_have_outcomes(sandbox, cells):
    has_an_outcome(sandbox, cells)


@pytest.mark.slow
@MANY
@given(made_up_cells)
def test_many_made_up_notebooks_have_outcomes(sandbox, cells):
    has_an_outcome(sandbox, cells)
