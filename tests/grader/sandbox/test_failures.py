"""What failed explains what is missing, and no claim of a student's costs the grader its time."""

import time

import pytest

from grader.outcomes import Raised, Stopped, Undefined
from grader.sandbox.failures import Failures, defines
from grader.sandbox.protocol import StudentException

from .test_hostile import FORGE, INVALID


def failed(kind, text, *, cell=0, first=1, last=1, unsupported=None):
    return StudentException(
        type=kind, text=text, cell=cell, line=first, unsupported=unsupported,
        statement=(first, last),
    )  # fmt: skip


def undefined(name):
    return Raised(
        type="NameError", text=f"name {name!r} is not defined", cell=None, line=None,
        source_line=None, unsupported=None, forbidden=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):",
        "    async  def f():",
        "class f:",
        "f = 1",
        "f: int = 1",
        "a = 1\nf=lambda: 1",
        "a, f = 1, 2",
        "(f, a) = 1, 2",
        "*f, a = b",
        "import f",
        "import a.b as f",
        "import a, f",
        "from a.b import c, f",
    ],
)
def test_a_definition_is_seen_in_a_text(text):
    assert defines(text, "f")


@pytest.mark.parametrize(
    "text",
    [
        "def g(x):",
        "f == 1",
        "f(1)",
        "x = f",
        "define f",
        "f.a = 1",
        "a[f] = 1",
        "g(a, f=1)",
        "print(f, end=1)",
        "a, b = f, 1",
        "g(\n    f=1)",
        "import a  # f",
        "from f import a",
    ],
)
def test_what_is_none_is_not_taken_for_one(text):
    assert not defines(text, "f")


def test_the_statement_that_defines_a_name_explains_that_it_is_missing():
    cell = "a = b\nif a:\n    def f(): pass"
    found = Failures(
        [failed("NameError", "name 'b' is not defined"), failed("E", "because", first=2, last=3)],
        [cell],
        "numpy",
    )
    assert found.defining("f", 0).text == "because"
    assert found.defining("g", 0) is None


def test_lines_are_counted_as_python_counts_them():
    cell = "a = 1\x0c\nb = '\u2028'\r\nf = c\n"
    found = Failures([failed("NameError", "x", first=3, last=3)], [cell], "numpy")
    assert found.defining("f", 0).text == "x"


def test_an_undefined_name_is_followed_to_what_is_not_covered():
    cell = "import torch.fft as fft\nshift = fft.shift\n"
    failures = [
        failed("ImportError", "no", unsupported="torch.fft"),
        failed("NameError", "name 'fft' is not defined", first=2, last=2),
    ]
    assert Failures(failures, [cell], "facade").behind(undefined("shift")).unsupported
    assert Failures(failures, [cell], "numpy").behind(undefined("shift")) == undefined("shift")


SECONDS = 5.0
"""Of processor time; each of the texts below once took more than half a minute."""


def test_very_many_definitions_in_a_text_take_little_time(run):
    session = run('"""\n' + "f=1\n" * 250_000 + '"""')
    began = time.process_time()
    assert session.call("f", {}) == Undefined(None)
    assert time.process_time() - began < SECONDS


def test_very_many_targets_take_little_time():
    began = time.process_time()
    assert not defines("f, " * 500_000, "g")
    assert defines("g, " * 500_000 + "= 1", "g")
    assert not defines("f, " * 500_000 + "= 1", "g")
    assert time.process_time() - began < SECONDS


def test_failures_that_claim_to_be_all_of_a_long_cell_take_little_time():
    began = time.process_time()
    claimed = [failed("NameError", "name 'a' is not defined", last=10**9)] * 1_000
    failures = Failures(claimed, ["f = 1\n" * 500_000], "numpy")
    assert failures.defining("f", 0) is not None
    assert time.process_time() - began < SECONDS


def test_very_many_failures_take_little_time(run):
    session = run("a = a\n" * 1_000, "def f(): return a")
    began = time.process_time()
    assert session.call("f", {}).because.type == "NameError"
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("cell", [10**6, -1, 2**63])
def test_a_forged_failure_in_a_cell_that_is_not_there_is_no_frame(run, cell):
    claim = f"dict(frame='exception', type='E', text='', cell={cell}, statement=(1, 2))"
    in_cells = run(FORGE + f"forge(frame='ran', failures=[{claim}], defined=[])")
    assert in_cells.failures == (INVALID,)
    in_call = run(
        "import os, struct\ndef f():\n    import msgspec\n"
        f"    body = msgspec.msgpack.encode(dict(frame='raised', id=1, exception={claim}))\n"
        "    os.write(3, struct.pack('>I', len(body)) + body)"
    )
    assert in_call.call("f", {}) == Stopped("crashed", INVALID.detail)
