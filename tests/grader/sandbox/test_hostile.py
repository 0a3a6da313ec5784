"""What hangs, crashes, floods or lies costs itself, and is told apart."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from grader.messages import Message
from grader.outcomes import Answered, Raised, Stopped, Uncrossable, Undefined
from grader.sandbox.limits import MIB, Limits
from grader.sandbox.pool import Sandbox

from .conftest import number_outside

PID_MAX = Path("/proc/sys/kernel/pid_max")
INVALID = Stopped("crashed", Message("stopped.invalid_frame"))


def test_a_cell_that_hangs_is_left_out_and_the_rest_goes_on(quick):
    session = quick("x = 1", "while True: pass", "y = x + 1")
    assert session.read("y").value == 2
    assert session.failures == (Stopped("timeout", "0.5 s"),)


def test_a_function_in_a_statement_that_hangs_is_explained_by_it(quick):
    session = quick("x = 1\nwhile True:\n    def f():\n        return 1")
    assert session.call("f", {}) == Undefined(Stopped("timeout", "0.5 s"))


@pytest.mark.parametrize("form", ["notebook", "module"])
@pytest.mark.parametrize("lines", ["while True: input()", "import os; os._exit(0)"])
def test_a_statement_that_ends_its_process_costs_only_itself(quick_sandbox, lines, form):
    source = f"def f():\n    return k\n{lines}\nk = 2\nmissing"
    with quick_sandbox.session("numpy", [source], form=form, seed=1) as session:
        assert session.call("f", {}).value == 2
        stopped, raised = session.failures
        assert isinstance(stopped, Stopped)
        assert (raised.cell, raised.line) == (0, 5)


def test_a_statement_below_a_magic_costs_only_itself_too(quick):
    session = quick("%%time\ndef f():\n    return 1\nwhile True: pass")
    assert session.call("f", {}).value == 1


def test_each_statement_that_ends_its_process_is_left_out(quick):
    ends = "import os\nk = 1\nos._exit(1)\nk += 1\nos._exit(2)\nk += 1"
    session = quick(ends, "k *= 2")
    assert session.read("k").value == 6
    assert [one.reason for one in session.failures] == ["crashed"]


BUSY = """
import time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
"""


@pytest.mark.parametrize("pieces", [[0.9] * 4, [0.4] * 5])
def test_a_cell_of_many_slow_statements_leaves_time_to_the_others(pieces):
    slow = "\n".join(f"work({seconds})" for seconds in pieces)
    cells = ["def f():\n    return 1", BUSY, slow, "g = 2"]
    limits = Limits(call=0.6, cell=1.4, submission=2.8)
    with (
        Sandbox(limits=limits) as busy,
        busy.session("numpy", cells, form="notebook", seed=1) as session,
    ):
        assert session.call("f", {}).value == 1
        assert session.read("g").value == 2
        assert [one.reason for one in session.failures] == ["timeout"]


def test_a_call_that_hangs_costs_only_itself(quick):
    session = quick("def f():\n    while True: pass\ndef g():\n    return 2")
    assert session.call("f", {}) == Stopped("timeout", "0.5 s")
    assert session.call("g", {}).value == 2


def test_a_call_that_the_machine_kept_from_running_is_tried_again(quick):
    session = quick("def f():\n    return 1")
    session.read("x")
    os.kill(number_outside(session), signal.SIGSTOP)
    assert session.call("f", {}).value == 1


def test_it_is_tried_again_only_once(quick):
    session = quick("import time\ndef f():\n    time.sleep(60)\ndef g():\n    return 2")
    assert session.call("f", {}) == Stopped("timeout", "0.5 s")
    assert session.call("f", {}) == Stopped("timeout", "0.5 s")
    assert session.call("g", {}).value == 2


def test_a_submission_that_hangs_everywhere_ends_with_its_budget(quick):
    session = quick(*["while True: pass"] * 50, "def f(): return 1")
    began = time.monotonic()
    used_up = Stopped("timeout", Message("stopped.submission", {"seconds": "3"}))
    assert session.call("f", {}) == used_up
    assert time.monotonic() - began < 10
    began = time.monotonic()
    assert session.call("f", {}) == used_up
    assert time.monotonic() - began < 0.1


def test_sessions_that_share_a_budget_have_its_seconds_and_its_second_chance_together(
    quick_sandbox,
):
    budget = quick_sandbox.budget()
    began = time.monotonic()
    ends = []
    for _ in range(20):
        cells = ["import time\ntime.sleep(0.4)\nx = 1", "time.sleep(60)"]
        options = {"form": "notebook", "seed": 1, "budget": budget}
        with quick_sandbox.session("numpy", cells, **options) as session:
            ends.append(session.read("x"))
    assert ends[-1] == Stopped("timeout", Message("stopped.submission", {"seconds": "3"}))
    assert time.monotonic() - began < 15


def test_arguments_that_come_back_are_no_part_of_the_answers():
    given = np.random.default_rng(0).random(100_000)
    with (
        Sandbox(limits=Limits(answers=2 * MIB)) as small,
        small.session("numpy", ["def f(x): return 1"], form="module", seed=1) as session,
    ):
        assert [session.call("f", {"x": given}).value for _ in range(6)] == [1] * 6


def test_answers_are_kept_up_to_a_limit_and_small_ones_after_that():
    limits = Limits(answers=3 * MIB)
    source = "def f(n):\n    return b'x'.decode() * n"
    with (
        Sandbox(limits=limits) as small,
        small.session("numpy", [source], form="module", seed=1) as session,
    ):
        outcomes = [session.call("f", {"n": 10**6}) for _ in range(4)]
        assert [type(one) for one in outcomes] == [Answered] * 3 + [Stopped]
        assert outcomes[3] == Stopped("output_limit", Message("stopped.answers", {"size": 3}))
        assert session.call("f", {"n": 1}).value == "x"


@pytest.mark.parametrize("name", ["m" * 300, "\u00e9" * 200], ids=["ascii", "accents"])
def test_a_module_whose_name_no_file_can_have_is_not_there(sandbox, name):
    cells = [f"import {name}", "y = 7"]
    modules = {name: "x = 1"}
    with sandbox.session("numpy", cells, form="notebook", seed=1, modules=modules) as session:
        assert session.read("y").value == 7


def test_announcing_cells_again_and_again_buys_no_time(quick):
    source = (
        "import os, struct, time\n"
        "body = b'\\x82\\xa5frame\\xaccell_started\\xa5index\\x00'\n"
        "while True:\n"
        "    os.write(3, struct.pack('>I', len(body)) + body); time.sleep(0.01)"
    )
    session = quick(source, "y = 1")
    assert session.read("y").value == 1
    assert session.failures == (INVALID,)


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("import os; os._exit(3)", Message("stopped.exit_status", {"status": 3})),
        ("import os; os._exit(0)", Message("stopped.exit_status", {"status": 0})),
        ("import ctypes; ctypes.string_at(0)", "signal 11 (SIGSEGV)"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9 (SIGKILL)"),
        ("import os, time; os.close(3); time.sleep(60)", Message("stopped.channel")),
    ],
)
def test_a_crash_is_told_in_a_cell_and_in_a_call(run, source, detail):
    session = run(source, f"def f():\n    {source}\ndef g():\n    return 1")
    assert session.call("f", {}) == Stopped("crashed", detail)
    assert session.call("g", {}).value == 1
    assert session.failures == (Stopped("crashed", detail),)


SIGNALS = {
    "os.abort()": "SIGABRT",
    "ctypes.CDLL(None).abort()": "SIGABRT",
    "ctypes.string_at(0)": "SIGSEGV",
    **{
        f"os.kill(os.getpid(), signal.{name})": name
        for name in ("SIGABRT", "SIGSEGV", "SIGFPE", "SIGILL", "SIGBUS", "SIGKILL", "SIGTERM")
    },
    "signal.raise_signal(signal.SIGFPE)": "SIGFPE",
    "signal.alarm(1), time.sleep(3)": "SIGALRM",
}


@pytest.mark.parametrize(("death", "name"), SIGNALS.items())
def test_a_crash_says_the_signal_at_every_level(every_sandbox, death, name):
    cell = f"import ctypes, os, signal, time\ndef f():\n    {death}\ndef g():\n    return 1"
    with every_sandbox.session("numpy", [cell], form="notebook", seed=1) as session:
        number = signal.Signals[name].value
        assert session.call("f", {}) == Stopped("crashed", f"signal {number} ({name})")
        assert session.call("g", {}).value == 1


def test_no_process_is_exempt_from_the_limit_of_threads(every_sandbox):
    cell = (
        "import resource, threading\nlimit = resource.getrlimit(resource.RLIMIT_NPROC)[1]\n"
        "def f():\n    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\n"
        "    threading.Thread(target=print).start()"
    )
    with every_sandbox.session("numpy", [cell], form="notebook", seed=1) as session:
        assert 0 < session.read("limit").value <= int(PID_MAX.read_text()) // 8
        assert session.call("f", {}).text == "can't start new thread"


def test_where_memory_runs_out_a_student_goes_before_the_grader(every_sandbox):
    with every_sandbox.session("numpy", ["x = 1"], form="notebook", seed=1) as session:
        session.read("x")
        of_child = Path(f"/proc/{number_outside(session)}/oom_score_adj").read_text()
    assert int(of_child) > int(Path("/proc/self/oom_score_adj").read_text())


def test_too_much_memory_is_raised(quick):
    session = quick("def f():\n    return len(bytearray(10**9))")
    outcome = session.call("f", {})
    assert isinstance(outcome, Raised)
    assert outcome.type == "MemoryError"


def test_memory_that_grows_bit_by_bit_is_bounded(quick):
    session = quick(
        "import numpy as np\ndef f():\n    kept = []\n    while True: kept.append(np.empty(10**6))"
    )
    assert session.call("f", {}).type == "MemoryError"


def test_a_death_with_the_memory_full_is_the_memorys():
    cell = (
        "import ctypes, numpy as np\n"
        "def f():\n    full = np.ones(22 * 10**6)\n    ctypes.string_at(0)"
    )
    with (
        Sandbox(limits=Limits(memory=320 * MIB)) as sandbox,
        sandbox.session("numpy", [cell], form="notebook", seed=1) as session,
    ):
        assert session.call("f", {}) == Stopped("memory", "320 MiB")


def test_printing_without_end_is_an_output_limit(quick):
    session = quick("def f():\n    while True: print('x' * 100)", "print('before')")
    assert session.call("f", {}) == Stopped("output_limit", Message("stopped.printed"))
    assert session.printed.startswith("before\nxxx")
    assert len(session.printed) == 64 * 1024


def test_much_printing_is_no_crime(quick):
    session = quick("for i in range(20_000): print('x' * 100)\ny = 1")
    assert session.read("y").value == 1
    assert session.failures == ()
    assert len(session.printed) == 64 * 1024


def test_one_huge_print_is_cut(run):
    session = run("print('x' * 40_000_000)\ny = 1")
    assert session.read("y").value == 1
    assert len(session.printed) == 2**20


def test_descriptors_and_processes_of_the_zygote_are_not_inherited(run):
    source = (
        "import os\ndef is_open(number):\n    try:\n        os.fstat(number)\n"
        "    except OSError:\n        return False\n    return True\n"
        "open_ones = list(filter(is_open, range(1024)))"
    )
    assert run(source).read("open_ones").value == [0, 1, 2, 3]


def test_the_environment_and_the_folder_are_its_own(run):
    session = run(
        "import os\nnames = sorted(os.environ)\n"
        "here = os.listdir('.')\nmode = os.stat('.').st_mode & 0o777"
    )
    assert session.read("names").value == ["HOME", "LANG", "MPLBACKEND", "TMPDIR"]
    assert session.read("here").value == []
    assert session.read("mode").value == 0o700


def test_standard_input_is_empty(run):
    assert run("import sys\nx = sys.stdin.read()").read("x").value == ""


def test_files_are_bounded(run):
    source = "def f():\n    with open('big', 'wb') as f:\n        f.write(bytes(40 * 2**20))"
    assert run(source).call("f", {}).type == "OSError"


@pytest.mark.parametrize(
    "frame",
    [
        "b'garbage that is no frame at all'",
        "struct.pack('>I', 3) + b'abc'",
        "struct.pack('>I', 1) + b'\\xc0'",
    ],
)
def test_a_forged_frame_ends_the_call(run, frame):
    source = f"import os, struct\ndef f():\n    os.write(3, {frame})\n    return 1"
    outcome = run(source).call("f", {})
    assert isinstance(outcome, Stopped)
    assert outcome.reason in {"crashed", "output_limit"}


def test_an_announced_frame_above_the_cap_is_an_output_limit(run):
    source = "import os\ndef f():\n    os.write(3, b'\\xff\\xff\\xff\\xff')"
    assert run(source).call("f", {}) == Stopped(
        "output_limit", Message("stopped.answer", {"size": 4294967295})
    )


FORGE = (
    "import gc, os, struct, sys\n"
    "def forge(**changed):\n"
    "    import msgspec\n"
    "    frame = dict(frame='answer', id=1, value=42, arguments=[]) | changed\n"
    "    body = msgspec.msgpack.encode(frame)\n"
    "    os.write(3, struct.pack('>I', len(body)) + body)\n"
)


@pytest.mark.parametrize(
    "changed",
    [
        "id=7",
        "frame='ran'",
        "arguments=[('x', 1)]",
        "value={'frame': 'array', 'dtype': 'object', 'shape': [1], 'data': b'12345678'}",
        "value={'frame': 'array', 'dtype': 'int8', 'shape': [9], 'data': b'1'}",
        "value={'frame': 'array', 'dtype': 'int8', 'shape': [2**62, 0, 4], 'data': b''}",
        "surprise=1",
    ],
)
def test_a_forged_answer_that_does_not_fit_ends_the_call(run, changed):
    session = run(FORGE + f"def f():\n    forge({changed})\ndef g():\n    return 1")
    assert session.call("f", {}) == INVALID
    assert session.call("g", {}).value == 1


def test_forged_failures_cannot_claim_to_be_unsupported(run):
    session = run(
        FORGE + "def f():\n    forge(frame='raised', exception=dict(type='E', text='x' * 10**6,"
        " unsupported='torch.fft', forbidden=None, cell=-5, line=2**60))\n"
    )
    # The forged frame holds fields that belong to an answer: it is no frame at all.
    assert session.call("f", {}) == INVALID


def test_an_expression_in_an_answer_is_not_taken_for_one(run):
    session = run(FORGE + "def f():\n    forge(value=dict(frame='source', text='1 / 0'))")
    assert session.call("f", {}).value == Uncrossable("Source", "")


@pytest.mark.parametrize(
    "expression",
    [
        "cyclic",
        "Liar()",
        "Evil()",
        "[Evil()]",
        "{Evil(): 1}",
        "{1: 2}",
        "10 ** 30",
        "np.array([np], dtype=object)",
        "nested",
        "np.array(['a'])",
        "np.array([1j])",
        "np.zeros(3, dtype=[('a', int)])",
        "np.clongdouble(1)",
        "np.broadcast_to(1.0, (10**4, 10**4))",
        "'x' * 10**7",
        "[0] * 10**7",
        "[[0] * 10**6] * 100",
        "{i: 0 for i in map(str, range(1000))}",
        "b'bytes'",
        "1j",
        "{1, 2}",
        "range(3)",
        "f",
        "np",
        "Evil",
        "Meta('M', (), {})",
        "type('Named' * 1000, (), {})()",
    ],
)
def test_values_that_do_not_cross_crash_nobody(run, expression):
    source = (
        "import numpy as np\n"
        "cyclic = []\ncyclic.append(cyclic)\n"
        "nested = np.empty((), dtype=object)\nnested[()] = nested\n"
        "class Evil:\n"
        "    def __getattr__(self, name): raise SystemExit\n"
        "    def __array__(self, *a, **k): raise SystemExit\n"
        "    def __repr__(self): raise SystemExit\n"
        "class Liar:\n"
        "    __class__ = np.ndarray\n"
        "class Meta(type):\n"
        "    def __getattribute__(cls, name): raise SystemExit\n"
        f"def f():\n    return {expression}"
    )
    session = run(source)
    outcome = session.call("f", {})
    assert isinstance(outcome, Answered)
    value = outcome.value
    while isinstance(value, list):
        (value,) = value
    assert isinstance(value, Uncrossable)
    assert len(value.type) <= 200
    assert session.call("f", {}) is not None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("np.matrix([[1.0, 2.0]])", np.array([[1.0, 2.0]])),
        ("np.ma.array([1.0, 2.0])", np.array([1.0, 2.0])),
        ("Sub([1.0]).view(Sub)", np.array([1.0])),
        ("np.float32(3)", np.array(3.0, dtype=np.float32)),
        ("np.longdouble(3) / 2", np.array(1.5)),
        ("np.ones(2, np.longdouble) * 1e308 * 1e308", np.array([np.inf, np.inf])),
        ("np.arange(6).reshape(2, 3).T", np.arange(6).reshape(2, 3).T),
        ("np.array([1, 2], dtype='>i4')", np.array([1, 2], dtype=np.int32)),
        ("np.array([True, False])", np.array([True, False])),
        ("np.zeros((0, 3))", np.zeros((0, 3))),
    ],
)
def test_arrays_of_any_class_and_order_cross_as_plain_ones(run, expression, expected):
    source = (
        "import numpy as np\n"
        "class Sub(np.ndarray):\n"
        "    def __new__(cls, data): return np.array(data).view(cls)\n"
        "    def tobytes(self): return b'lies'\n"
        f"def f():\n    return {expression}"
    )
    value = run(source).call("f", {}).value
    assert type(value) is np.ndarray
    assert value.dtype == expected.dtype
    np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("np.array([1.5, 2, None], dtype=object)", [1.5, 2, None]),
        ("np.array([[1.5], [2]], dtype=object)", [[1.5], [2]]),
        ("np.array(2.5, dtype=object)", 2.5),
    ],
)
def test_an_array_of_objects_crosses_as_the_list_of_them(run, expression, expected):
    assert (
        run(f"import numpy as np\ndef f():\n    return {expression}").call("f", {}).value
        == expected
    )


def test_the_numbers_of_subclasses_cross_whatever_their_methods_say(run):
    source = (
        "import collections\n"
        "class F(float):\n    def __float__(self): return 99.0\n"
        "class S(str):\n    def __getitem__(self, i): return 'lie'\n"
        "Point = collections.namedtuple('Point', 'x y')\n"
        "def f():\n    return collections.OrderedDict(a=F(1.5), b=S('text'), c=Point(1, True))"
    )
    assert run(source).call("f", {}).value == {"a": 1.5, "b": "text", "c": (1, True)}


def test_numbers_that_are_not_finite_cross(run):
    value = run("def f():\n    return [float('nan'), float('inf')]").call("f", {}).value
    assert np.isnan(value[0])
    assert np.isinf(value[1])


def test_an_answer_of_the_largest_size_crosses(run):
    source = "import numpy as np\ndef f(x):\n    return np.ones(10**6)"
    outcome = run(source).call("f", {"x": np.zeros(10**6)})
    assert outcome.value.size == outcome.arguments["x"].size == 10**6


def test_breaking_the_interpreter_is_a_crash(run):
    source = (
        "import builtins\ndef f():\n    builtins.len = builtins.isinstance = None\n    return [1]"
    )
    session = run(source, "def g():\n    return 1")
    assert isinstance(session.call("f", {}), (Stopped, Raised))
    assert session.call("g", {}) is not None


def test_threads_left_running_disturb_nobody(run):
    source = (
        "import threading\n"
        "def talk():\n    while True: print('x' * 50)\n"
        "threading.Thread(target=talk, daemon=True).start()"
    )
    session = run(source, "def f(x):\n    return x")
    assert [session.call("f", {"x": i}).value for i in range(20)] == list(range(20))
