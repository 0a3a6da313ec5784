"""The way of a submission from its text to its result, in a real sandbox."""

import json
import os
import signal
import textwrap
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.batch import grade_all
from grader.catalogue import load
from grader.grading import Grader
from grader.messages import render
from grader.results import VERDICTS, to_json
from grader.sandbox.limits import MIB, Limits
from grader.sandbox.pool import Sandbox, SandboxError
from grader.submissions import collect

QUICK = Limits(call=1.0, cell=1.0, submission=10.0, drained=4 * MIB)

SUMS = """
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums")

    @hw.question(points=3, inputs={"x": array("n")})
    def total(x):
        return x.sum()

    @hw.question(points=2, inputs={"x": array("n"), "y": array("n")})
    def both(x, y):
        return {"sum": x + y, "product": x * y}

    @hw.question(points=1, inputs={"x": array("n")}, cases=1)
    def largest(x):
        return x.max()
"""

GRADIENT = """
    from grader import Assignment, array, tensor
    import reference_engine as torch

    hw = Assignment("gradient", title="Gradient"{options})

    @hw.question(points=2, inputs={{"x": tensor("n", requires_grad=True)}})
    def gradient(x):
        (x ** 2).mean().backward()
        return x.grad
"""

BY_HAND = """
    from grader import Assignment, array

    hw = Assignment("by_hand", title="By hand")

    @hw.question(points=1, inputs={"x": array("n")}, autograd="forbidden")
    def slope(x):
        return 2 * x

    hw.text("why", points=4)
"""

RIGHT_SUMS = """
    import numpy as np

    def total(x):
        return x.sum()

    def both(x, y):
        return {"sum": x + y, "product": x * y}

    def largest(x):
        return np.max(x)
"""

TWICE_ACCUMULATED = """
    def gradient(x):
        loss = (x ** 2).mean()
        loss.backward(retain_graph=True)
        loss.backward()
        return x.grad
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(limits=QUICK) as sandbox:
        yield sandbox


def write(path: Path, source: str) -> Path:
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return path


def read(path: Path):
    (submission,) = collect([path])
    return submission


@pytest.fixture
def grader(sandbox, tmp_path):
    """Makes the grader of an assignment given by its text."""

    def make(assignment=SUMS, *, seed="seed", torch="facade", sandbox=sandbox):
        file = write(tmp_path / "assignment.py", assignment)
        return Grader(load(file), sandbox, seed=seed, torch=torch)

    return make


@pytest.fixture
def grade(grader, tmp_path):
    """Grades a module given by its text."""

    def make(source, assignment=SUMS, **options):
        made = grader(assignment, **options)
        return made.grade(read(write(tmp_path / "student.py", source)))

    return make


def verdicts(result):
    return {one.id: one.verdict for one in result.questions}


def without_times(results):
    """The bytes of results.json but for the seconds."""
    data = json.loads(to_json(results))
    for one in data["submissions"]:
        one["seconds"] = None
    return json.dumps(data)


@pytest.fixture
def class_folder(tmp_path):
    """Six students: right, wrong, random, endless, unreadable and empty."""
    folder = tmp_path / "class"
    folder.mkdir()
    write(folder / "right.py", RIGHT_SUMS)
    write(folder / "wrong.py", RIGHT_SUMS.replace("x + y", "x - y"))
    write(
        folder / "random.py",
        """
        import random
        import numpy as np

        def total(x):
            return np.random.rand() + random.random() + np.random.default_rng().normal()

        def both(x, y):
            return list({"a", "b", "c"}), hash("text")
        """,
    )
    write(folder / "endless.py", RIGHT_SUMS.replace("return x.sum()", "\n        while True: pass"))
    write(folder / "broken.ipynb", "no notebook")
    write(folder / "empty.py", "")
    return folder


# -- one submission -------------------------------------------------------------------------------


def test_a_right_answer_gets_all_points(grade):
    result = grade(RIGHT_SUMS)
    assert (result.score, result.max_score, result.pending) == (6.0, 6.0, 0.0)
    assert set(verdicts(result).values()) == {"correct"}


def test_questions_stand_in_the_order_of_the_assignment(grade):
    assert [one.id for one in grade(RIGHT_SUMS).questions] == ["total", "both", "largest"]


def test_outputs_share_the_points(grade):
    result = grade(RIGHT_SUMS.replace("x + y", "x - y"))
    assert [(one.name, one.score) for one in result.questions[1].outputs] == [
        ("sum", 0.0),
        ("product", 1.0),
    ]
    assert result.score == 5.0


def test_an_endless_question_costs_only_itself(grade):
    result = grade(
        RIGHT_SUMS.replace("return x + y", "").replace("x.sum()", "endless()")
        + """
    def endless():
        while True:
            pass
    """
    )
    assert verdicts(result) == {"total": "timeout", "both": "correct", "largest": "correct"}
    assert result.score == 3.0


def test_a_question_that_kills_its_process_costs_only_itself(grade):
    source = RIGHT_SUMS.replace("x.sum()", "__import__('os').abort()")
    result = grade(source)
    assert verdicts(result) == {"total": "crashed", "both": "correct", "largest": "correct"}


def test_a_statement_that_never_ends_costs_only_what_it_defines(grader, tmp_path):
    notebook = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
             "source": source}
            for source in (
                "def total(x): return x.sum()",
                "while True:\n    def both(x, y): return x + y, x * y",
                "def largest(x): return max(x)",
            )
        ],
    }  # fmt: skip
    path = write(tmp_path / "student.ipynb", json.dumps(notebook))
    result = grader().grade(read(path))
    assert verdicts(result) == {"total": "correct", "both": "timeout", "largest": "correct"}


def test_a_name_that_the_engine_lacks_is_pending_and_no_zero(grade):
    result = grade(
        "import torch\ndef gradient(x):\n    return torch.fft.fft(x)", GRADIENT.format(options="")
    )
    (question,) = result.questions
    assert (question.verdict, question.score) == ("unsupported", None)
    assert (result.score, result.pending) == (None, 2.0)


UNCOVERED = {
    "imported as": "import torch.fft as fft\ndef gradient(x): return fft.fft(x)",
    "imported from": "from torch import tensor, fft\ndef gradient(x): return fft.fft(x)",
    "in brackets": "from torch import (\n    fft,\n)\ndef gradient(x): return fft.fft(x)",
    "all names": "from torch.fft import *\ndef gradient(x): return rfft(x)",
    "at the top": "import torch\nf = torch.fft.fft(torch.ones(2))\ndef gradient(x): return f * x",
    "through a class": """
        import torch.fft as fft

        class Net(fft.Module):
            pass

        net = Net()

        def gradient(x):
            return net(x)
    """,
    "through a function": """
        import torch

        def build():
            return torch.fft.fft

        transform = build()

        def gradient(x):
            return transform(x)
    """,
    "instead of a function": """
        import torch
        from torch.fft import fft
        gradient = fft
    """,
}


@pytest.mark.parametrize("source", UNCOVERED.values(), ids=UNCOVERED)
def test_what_follows_from_a_name_that_the_engine_lacks_is_pending_too(grade, source):
    result = grade(source, GRADIENT.format(options=""))
    assert (verdicts(result), result.score) == ({"gradient": "unsupported"}, None)


def test_a_name_that_is_undefined_for_another_reason_is_the_students_error(grade):
    source = "import torch.fft as fft\ndef gradient(x):\n    return undefined * x"
    result = grade(source, GRADIENT.format(options=""))
    assert (verdicts(result), result.score) == ({"gradient": "error"}, 0.0)


def test_torch_auto_without_pytorch_leaves_an_uncovered_name_pending(grade):
    if find_spec("torch"):
        pytest.skip("PyTorch is installed here")
    source = "import torch\ndef gradient(x):\n    return torch.fft.fft(x)"
    result = grade(source, GRADIENT.format(options=""), torch="auto")
    assert (result.torch, verdicts(result)) == ("facade", {"gradient": "unsupported"})


@pytest.mark.pytorch
def test_torch_auto_takes_pytorch_where_the_engine_lacks_a_name(grader, tmp_path):
    source = """
        import torch

        def gradient(x):
            torch.fft.fft(torch.ones(2))
            return 2 * x / len(x)
    """
    with Sandbox() as roomy:
        made = grader(GRADIENT.format(options=""), torch="auto", sandbox=roomy)
        result = made.grade(read(write(tmp_path / "student.py", source)))
    assert (result.torch, verdicts(result)) == ("real", {"gradient": "correct"})


def test_torch_auto_stays_with_the_engine_where_that_is_enough(grade):
    source = "def gradient(x):\n    (x ** 2).mean().backward()\n    return x.grad"
    result = grade(source, GRADIENT.format(options=""), torch="auto")
    assert (result.torch, verdicts(result)) == ("facade", {"gradient": "correct"})


def test_torch_in_manual_work_is_forbidden(grade):
    source = """
        import torch

        def slope(x):
            x = torch.tensor(x, requires_grad=True)
            (x ** 2).sum().backward()
            return x.grad

        why = "because"
    """
    result = grade(source, BY_HAND)
    assert verdicts(result)["slope"] == "forbidden"


def test_importing_torch_without_using_it_is_allowed_in_manual_work(grade):
    result = grade("import torch\ndef slope(x):\n    return 2 * x", BY_HAND)
    assert verdicts(result)["slope"] == "correct"


def test_a_text_awaits_a_person(grade):
    result = grade('def slope(x):\n    return 2 * x\nwhy = "the rule of powers"', BY_HAND)
    assert verdicts(result)["why"] == "needs_human"
    assert (result.score, result.pending) == (1.0, 4.0)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [("a.ipynb", "no notebook", "unreadable"), ("a.pdf", "%PDF", "wrong_file_type")],
)
def test_what_cannot_be_read_is_pending(grader, tmp_path, name, content, problem):
    result = grader().grade(read(write(tmp_path / name, content)))
    assert result.problem == problem
    assert (result.score, result.pending, result.questions) == (None, 6.0, ())


def test_an_empty_file_is_a_zero(grader, tmp_path):
    result = grader().grade(read(write(tmp_path / "empty.py", " \n")))
    assert (result.problem, result.score, result.pending) == ("empty", 0.0, 0.0)


# -- honest students in odd styles ----------------------------------------------------------------


STYLES = {
    "backward": """
        def gradient(x):
            (x ** 2).mean().backward()
            return x.grad
    """,
    "autograd.grad": """
        import torch as th

        def gradient(x):
            return th.autograd.grad(th.mean(th.pow(x, 2)), x)[0]
    """,
    "a leaf of their own": """
        from torch import *

        def gradient(x):
            y = x.detach().clone().requires_grad_(True)
            mean(y ** 2).backward()
            return y.grad
    """,
    "a formula under no_grad": """
        def gradient(x):
            import torch
            with torch.no_grad():
                return 2 * x / len(x)
    """,
    "stacked": """
        import torch
        x = torch.zeros(3)

        def gradient(x):
            return torch.stack([2 * v / len(x) for v in x])
    """,
    "other names and defaults": """
        def gradient(v, scale=2):
            return scale * v / len(v)
    """,
    "any number of arguments": """
        def gradient(*args, **kwargs):
            return 2 * args[0] / len(args[0])
    """,
    "by name only": """
        def gradient(*, x):
            return 2 * x / len(x)
    """,
    "a lambda": "gradient = lambda x: 2 * x / x.numel()",
    "a list": """
        def gradient(x):
            return [2 * float(v) / len(x) for v in x]
    """,
    "a tuple": """
        def gradient(x):
            return tuple((2 * x / len(x)).tolist())
    """,
    "a list of arrays of one number": """
        def gradient(x):
            return [2 * x[i : i + 1].detach().numpy() / len(x) for i in range(len(x))]
    """,
    "single precision": """
        import numpy as np

        def gradient(x):
            values = x.detach().numpy().astype(np.float32)
            return np.float32(2) * values / np.float32(len(values))
    """,
    "a callable object": """
        class Slope:
            def __call__(self, x):
                return 2 * x / len(x)

        gradient = Slope()
    """,
    "a static method": """
        class Tools:
            @staticmethod
            def gradient(x):
                return 2 * x / len(x)

        gradient = Tools.gradient
    """,
    "a decorator and annotations": """
        import functools
        import torch

        def logged(function):
            @functools.wraps(function)
            def inner(*args, **kwargs):
                print("called with", args)
                return function(*args, **kwargs)
            return inner

        @logged
        def gradient(x: torch.Tensor) -> torch.Tensor:
            return 2 * x / len(x)
    """,
    "after statements that fail": """
        assert False
        print(undefined)

        def gradient(x):
            return 2 * x / len(x)
    """,
    "before leaving": """
        import sys

        def gradient(x):
            return 2 * x / len(x)

        sys.exit()
    """,
    "breakpoints left in": """
        import pdb

        breakpoint()

        def gradient(x):
            pdb.set_trace()
            return 2 * x / len(x)
    """,
    "tabs": "def gradient(x):\n\treturn 2 * x / len(x)",
}


@pytest.mark.parametrize("source", STYLES.values(), ids=STYLES)
def test_a_right_answer_in_any_style_gets_its_points(grade, source):
    result = grade(source, GRADIENT.format(options=""))
    assert (render(result.questions[0].message), result.score) == ("Right.", 2.0)


# -- what a student is told -----------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "is_shown"), [("public", True), ("seed", False)])
def test_an_input_is_shown_of_a_public_case_alone(grade, seed, is_shown):
    result = grade(RIGHT_SUMS.replace("x + y", "x - y"), seed=seed)
    hints = [one.id for one in result.questions[1].feedback.hints]
    assert ("feedback.inputs" in hints) == is_shown


@pytest.mark.parametrize("source", ["def gradient(x):\n    ...", "def gradient(x)\n", "x = 1"])
def test_no_input_is_shown_where_nothing_was_computed_from_it(grade, source):
    result = grade(source, GRADIENT.format(options=""), seed="public")
    hints = [one.id for one in result.questions[0].feedback.hints]
    assert "feedback.inputs" not in hints


@pytest.mark.parametrize(("level", "count"), [("verdict", 0), ("hint", 1), ("full", 3)])
def test_the_feedback_level_caps_the_hints(grade, level, count):
    result = grade(TWICE_ACCUMULATED, GRADIENT.format(options=f', feedback="{level}"'))
    assert len(result.questions[0].feedback.hints) == count


def test_a_question_may_be_stricter_than_its_assignment(grade):
    options = 'inputs={{"x": tensor("n", requires_grad=True)}}'
    strict = GRADIENT.replace(options, f'{options}, feedback="verdict"')
    assert strict != GRADIENT
    result = grade(TWICE_ACCUMULATED, strict.format(options=', feedback="full"'))
    assert result.questions[0].feedback.hints == ()


def test_the_diagnosis_is_kept_for_the_instructor_whatever_the_student_is_told(grade):
    result = grade(TWICE_ACCUMULATED, GRADIENT.format(options=', feedback="verdict"'))
    assert result.questions[0].diagnoses[0].id == "accumulated_gradient"
    assert result.questions[0].told == "verdict"


def test_no_hint_gives_an_expected_value_away(grader, tmp_path):
    made = grader(GRADIENT.format(options=""))
    result = made.grade(read(write(tmp_path / "student.py", TWICE_ACCUMULATED)))
    right = [
        f"{number:.5g}"
        for case in made._cases["gradient"]
        for number in case.expected.outputs["gradient"].data.tolist()
    ]
    told = to_json(made.results([result])).decode()
    assert not [number for number in right if len(number) >= 6 and number in told]


def test_an_exception_is_told_with_the_students_own_line(grade):
    result = grade(
        "def gradient(x):\n    y = x + 1\n    return y / undefined", GRADIENT.format(options="")
    )
    (question,) = result.questions
    assert (question.verdict, question.feedback.line) == ("error", 3)
    assert "undefined" in render(question.message)


# -- many submissions -----------------------------------------------------------------------------


def run(grader, folder, *, jobs=1):
    return grader.results(list(grade_all(grader.grade, collect([folder]), jobs=jobs)))


def test_results_are_sorted_by_id(grader, class_folder):
    results = run(grader(), class_folder, jobs=3)
    names = [one.id for one in results.submissions]
    assert names == ["broken", "empty", "endless", "random", "right", "wrong"]


def test_the_same_seed_gives_the_same_bytes_but_for_the_seconds(grader, class_folder):
    (class_folder / "endless.py").unlink()
    assert without_times(run(grader(), class_folder)) == without_times(run(grader(), class_folder))


def test_another_seed_draws_other_cases(grader):
    one, other = grader(seed="one"), grader(seed="other")
    assert str(one._cases["total"][0].arguments) != str(other._cases["total"][0].arguments)


def test_the_number_of_jobs_changes_nothing(grader, class_folder):
    made = grader()
    alone, together = run(made, class_folder, jobs=1), run(made, class_folder, jobs=3)
    assert without_times(alone) == without_times(together)


def test_submissions_are_read_only_as_they_are_needed(grader):
    asked = []

    def endless():
        for number in range(1_000):
            asked.append(number)
            yield number

    results = grade_all(lambda number: number, endless(), jobs=2)
    next(results)
    results.close()
    assert len(asked) <= 8


def test_leaving_early_waits_for_nothing():
    hold = threading.Event()
    results = grade_all(lambda number: number if number == 0 else hold.wait(60), range(4), jobs=2)
    next(results)
    began = time.monotonic()
    results.close()
    hold.set()
    assert time.monotonic() - began < 30


# -- the machine at fault -------------------------------------------------------------------------


def zygote_of(sandbox, kind):
    return sandbox._zygotes[kind]._process.pid


def test_a_sandbox_that_cannot_be_had_is_no_fault_of_the_student(grader, class_folder):
    closed = Sandbox(limits=QUICK)
    closed.close()
    results = run(grader(sandbox=closed), class_folder)
    problems = {one.id: one.problem for one in results.submissions}
    assert problems == {
        "broken": "unreadable", "empty": "empty",
        **dict.fromkeys(["endless", "random", "right", "wrong"], "grader_fault"),
    }  # fmt: skip
    assert {one.score for one in results.submissions if one.problem == "grader_fault"} == {None}


def test_a_sandbox_that_dies_meanwhile_costs_what_it_was_running_and_no_more(grader, tmp_path):
    with Sandbox(limits=Limits()) as sandbox:
        made = grader(sandbox=sandbox)
        sleeper = write(tmp_path / "sleeper.py", "import time\ntime.sleep(60)")
        honest = read(write(tmp_path / "honest.py", RIGHT_SUMS))
        assert made.grade(honest).score == 6.0
        assert made.grade(honest).score == 6.0
        killer = threading.Timer(0.5, lambda: os.kill(zygote_of(sandbox, "facade"), signal.SIGKILL))
        killer.start()
        fault = made.grade(read(sleeper))
        after = made.grade(honest)
    assert (fault.problem, fault.score, fault.pending) == ("grader_fault", None, 6.0)
    assert after.score == 6.0


def test_a_sandbox_that_keeps_dying_is_a_fault_of_the_machine(grader, tmp_path):
    honest = read(write(tmp_path / "honest.py", RIGHT_SUMS))
    with Sandbox(limits=QUICK) as sandbox:
        made = grader(sandbox=sandbox)
        for _ in range(2):
            sandbox.prepare("facade")
            os.kill(zygote_of(sandbox, "facade"), signal.SIGKILL)
            assert made.grade(honest).problem == "grader_fault"
        with pytest.raises(SandboxError, match="died twice"):
            sandbox.prepare("facade")


# -- hostile and hapless submissions --------------------------------------------------------------


STRANGE = {
    "a megabyte of text": "print('x' * 2 ** 20)\nreturn 0",
    "text without end": "while True: print('x' * 2 ** 16)",
    "leaving": "import sys\nsys.exit(0)",
    "leaving at once": "import os\nos._exit(0)",
    "an interrupt": "raise KeyboardInterrupt",
    "an exception with colours": "raise BaseException('\\x1b[31m')",
    "a list within itself": "a = []\na.append(a)\nreturn a",
    "a dict within itself": "a = {}\na['total'] = a\nreturn a",
    "a text of another kind": """
        class Text(str):
            __str__ = __repr__ = __eq__ = __hash__ = __len__ = None
        return Text('Right.')
    """,
    "a number equal to all": """
        class Sly(float):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0.0
        return Sly(0.5)
    """,
    "an array equal to all": """
        import numpy as np
        class Sly(np.ndarray):
            def __array_ufunc__(self, *args, **more): return True
        return np.zeros(()).view(Sly)
    """,
    "an object that has everything": """
        class Any:
            def __getattr__(self, name): return self
            def __call__(self, *args): return self
        return Any()
    """,
    "a result": "return {'score': 6.0, 'verdict': 'correct', 'questions': []}",
    "a printed result": "print('{\"score\": 6.0}')\nreturn 'correct'",
    "a written result": "open('results.json', 'w').write('{}')\nreturn 0",
    "an invalid frame": "import os\nos.write(3, bytes(64))\nreturn 0",
    "an array of objects": "import numpy as np\nreturn np.array([1, 'a', None], dtype=object)",
    "an empty array": "import numpy as np\nreturn np.zeros((0, 3))",
    "odd numbers": "return float('nan'), float('inf'), 10 ** 400, 1j, b'bytes', ...",
    "a deep list": "a = 1\nfor _ in range(10 ** 5): a = [a]\nreturn a",
    "half a character": "return '\\ud800'",
    "a number as a key": "return {1: 2}",
    "the function": "return total",
    "a text without end": "return 'x' * 10 ** 8",
    "no end to the recursion": "return total(x)",
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE)
def test_a_strange_answer_gets_a_verdict_and_costs_nobody_else(grade, body):
    function = f"def total(x):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    result = grade(f"{textwrap.dedent(RIGHT_SUMS)}\n{function}\n")
    assert result.problem is None
    assert verdicts(result).pop("total") in set(VERDICTS) - {"correct"}
    assert [one.verdict for one in result.questions[1:]] == ["correct", "correct"]


@pytest.mark.parametrize(
    "cell",
    [
        "import sys; sys.exit(0)",
        "import builtins; builtins.print = builtins.len = None",
        "import numpy; numpy.array = numpy.asarray = numpy.zeros = None",
        "import sys; sys.modules.clear()",
        "import sys; sys.setrecursionlimit(40)",
        "class str(str): pass",
        "__builtins__.clear() if isinstance(__builtins__, dict) else vars(__builtins__).clear()",
        "import gc\nfor one in gc.get_objects():\n    if isinstance(one, dict): one.clear()",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import os; os.closerange(3, 64)",
        "print('\\x00' * 2 ** 20)",
        "x = 'a' * 2 ** 33",
        "def f(): f()\nf()",
        "exec('def g(): pass\\n' * 10000)",
        "import threading; threading.Thread(target=print, args=('x' * 10 ** 6,)).start()",
        "\x00",
        "(" * 5000,
    ],
)
def test_hostile_code_outside_of_a_function_is_judged_too(grade, cell):
    result = grade(f"{textwrap.dedent(RIGHT_SUMS)}\n{cell}\n")
    assert result.problem is None
    assert len(result.questions) == 3


NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.complex_numbers(),
)
PLAIN = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["sum", "product", "a", ""]), inner, max_size=3),
    ),
    max_leaves=12,
).map(repr)
ARRAYS = st.tuples(
    PLAIN,
    st.sampled_from(["float64", "float32", "int8", "bool", "object", "complex64", "U3", "uint64"]),
).map(lambda pair: f"np.array({pair[0]}, dtype={pair[1]!r})")
TENSORS = PLAIN.map(lambda text: f"torch.tensor({text})")
WITHIN = st.one_of(PLAIN, ARRAYS, TENSORS)
ANSWERS = st.one_of(
    WITHIN,
    st.lists(WITHIN, max_size=3).map(lambda texts: f"[{', '.join(texts)}]"),
    WITHIN.map(lambda text: f"{{'sum': {text}, 'product': x * y}}"),
)

MIXED = """
    from grader import Assignment, array, tensor
    import reference_engine as torch

    hw = Assignment("mixed", title="Mixed")

    @hw.question(points=1, inputs={"x": array("n"), "y": array("n")}, cases=2)
    def both(x, y):
        return {"sum": x + y, "product": x * y}

    @both.misconception("wrong_sign")
    def difference(x, y):
        return {"sum": x - y, "product": x * y}

    @hw.question(points=1, inputs={"x": array("n"), "y": array("n")}, cases=2)
    def listed(x, y):
        return [float(x.sum()), None, y > 0, "text"]

    @hw.question(
        points=1,
        inputs={"x": tensor("n", requires_grad=True), "y": array("n")},
        cases=2,
        compare=("value", "shape", "dtype", "requires_grad", "is_leaf", "grad_fn"),
    )
    def state(x, y):
        return x * 2

    @hw.variable(points=1)
    def left_behind():
        return 3.0

    hw.choice("word", points=1, options=["yes", "no"], answer="yes")
    hw.text("reason", points=1)
"""


@pytest.fixture(scope="module")
def mixed(sandbox, tmp_path_factory):
    file = write(tmp_path_factory.mktemp("mixed") / "assignment.py", MIXED)
    return Grader(load(file), sandbox, seed="seed", torch="facade")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expression=ANSWERS)
def test_no_value_of_a_student_is_too_much_for_comparison_and_diagnosis(
    mixed, tmp_path_factory, expression
):
    source = f"""
import numpy as np
import torch
from math import inf, nan

x = y = np.ones(2)
both = listed = state = lambda x, y: {expression}
left_behind = word = reason = both(x, y)
"""
    result = mixed.grade(read(write(tmp_path_factory.mktemp("fuzz") / "student.py", source)))
    assert result.problem is None
    assert len(result.questions) == 6


MORE_KINDS = """
    from grader import Assignment, array, real

    hw = Assignment("kinds", title="Kinds")

    class Value:
        def __init__(self, data):
            self.data = data

        def __mul__(self, other):
            return Value(self.data * other.data)

    hw.question(
        points=2,
        inputs={"a": real(-3, 3), "b": real(-3, 3)},
        call="lambda Value, a, b: (Value(a) * Value(b)).data",
    )(Value)

    @hw.variable(points=1, given={"x": array("n")})
    def total(x):
        return x.sum()

    @hw.question(points=2, inputs={"x": array("n")})
    def root(x):
        return x

    @root.property
    def is_sorted(answer):
        '''The entries grow.'''
        return (answer[1:] >= answer[:-1]).all()

    @root.property
    def has_the_same_entries(x, answer):
        '''The entries are those of x.'''
        return sorted(x) == sorted(answer)

    hw.choice("runs", points=1, options=["1", "8"], answer="8")
    hw.text("why", points=1)
"""


def kinds(*, value="a.data * b.data", total="x.sum()", root="sorted(x)", more=""):
    return f"""
        import numpy as np
        class Value:
            def __init__(self, data):
                self.data = data
            def __mul__(self, other):
                a, b = self, other
                return Value({value})
        x = np.array([1.0, 2.0])
        total = {total}
        def root(x):
            return np.array({root})
        runs = "8"
        why = "because"
        {more}
    """


def test_classes_variables_properties_choices_and_texts_are_graded(grade):
    result = grade(kinds(), MORE_KINDS)
    assert list(verdicts(result).values()) == ["correct"] * 4 + ["needs_human"]
    assert (result.score, result.pending) == (6.0, 1.0)


def test_a_class_is_called_through_its_call(grade):
    result = grade(kinds(value="a.data + b.data"), MORE_KINDS)
    assert result.questions[0].verdict == "wrong_value"


def test_a_class_that_is_not_there_is_missing_by_its_name(grade):
    result = grade("x = 1", MORE_KINDS)
    assert result.questions[0].verdict == "missing"
    assert "Value" in render(result.questions[0].message)


def test_each_run_with_what_is_given_has_the_time_of_a_submission(grade):
    assignment = """
        from grader import Assignment, array
        hw = Assignment("total", title="Total")

        @hw.variable(points=1, given={"x": array("n")})
        def total(x):
            return x.sum()
    """
    source = """
        import time
        import numpy as np
        x = np.ones(2)
        end = time.process_time() + 0.8
        while time.process_time() < end: pass
        total = x.sum()
    """
    with Sandbox(limits=Limits(call=0.7, cell=2, submission=2)) as short:
        assert grade(source, assignment, sandbox=short).score == 1


def test_a_number_written_down_is_found_out_by_what_is_given(grade):
    result = grade(kinds(total="3.0"), MORE_KINDS)
    assert result.questions[1].verdict == "wrong_value"


def test_a_notebook_that_never_assigns_what_is_given_is_told_the_name(grade):
    result = grade("total = 3.0", MORE_KINDS)
    assert result.questions[1].verdict == "missing"
    assert "x was not defined" in render(result.questions[1].message)


def test_each_property_that_does_not_hold_costs_its_share_and_says_what_is_asked(grade):
    result = grade(kinds(root="x"), MORE_KINDS)
    outputs = {one.name: one for one in result.questions[2].outputs}
    assert outputs["is_sorted"].verdict == "wrong_value"
    assert "The entries grow." in render(outputs["is_sorted"].message)
    assert outputs["has_the_same_entries"].score == 1.0


def test_an_answer_that_a_property_cannot_be_asked_about_lacks_it(grade):
    result = grade(kinds(root="'text'"), MORE_KINDS)
    assert result.questions[2].verdict == "wrong_value"
    assert result.questions[2].score == 0
