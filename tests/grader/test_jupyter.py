"""`grader.check()` and `%grader check`: in this process, and in a real kernel."""

import json
import os
import re
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from grader import jupyter
from grader.authoring.statements import notebook
from grader.bundle import folder as releasing
from grader.catalogue import load
from grader.cli import main
from grader.messages import render
from grader.results import from_json

ROOT = Path(__file__).parents[2]

ANSWERS = """
    import torch

    def scaled_mean(k, x):
        (k * (x + 2) ** 2).sum().backward()
        return x.grad

    def scaled_mean_formula(k, x):
        print("I am here")
        return 2 * k * (x + 2) / x.size

    def half_sum(x):
        raise ValueError("<b>oh</b>")
"""

SMALL = """
    from grader import Assignment, array

    hw = Assignment("small", title="Small")

    @hw.question(points=1, inputs={"x": array("n")})
    def total(x):
        return x.sum()

    @hw.question(points=1, inputs={"a": array(1), "b": array(1)},
                 call="lambda Adder, a, b: Adder(a).plus(b)")
    def add(a, b):
        return a + b

    @hw.variable(points=1, given={"x": array("n")})
    def doubled(x):
        return 2 * x

    hw.choice("letter", points=1, options=["a", "b"], answer="b")
"""


PAIR = """
    from grader import Assignment, array

    hw = Assignment("pair", title="Pair")

    @hw.question(points=2, inputs={"x": array("n")})
    def gradients(x):
        return {"dx": 2 * x, "dw": 3 * x}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def define(monkeypatch):
    """Runs code as a notebook's: what it defines is in `__main__`."""
    import reference_engine

    def run(code):
        module = ModuleType("__main__")
        monkeypatch.setitem(sys.modules, "__main__", module)
        monkeypatch.setitem(sys.modules, "torch", reference_engine)
        exec(compile(textwrap.dedent(code), "<a notebook>", "exec"), vars(module))

    return run


@pytest.fixture
def small(here):
    """The bundle of a small assignment, beside the notebook."""
    return release(SMALL, here / "small.grader.json")


def release(assignment, bundle):
    file = bundle.parent / "private" / "assignment.py"
    file.parent.mkdir()
    file.write_text(textwrap.dedent(assignment), encoding="utf-8")
    bundle.write_bytes(releasing.bundle(load(file)))
    return bundle


def verdicts(report):
    return {one.id: one.verdict for one in report.result.questions}


# -- what is said ---------------------------------------------------------------------------------


def test_a_notebook_is_told_what_check_tells_of_its_file(here, define, monkeypatch):
    define(ANSWERS)
    told = jupyter.check("first_gradients", lang="en").result
    monkeypatch.undo()
    monkeypatch.chdir(here)
    Path("mine.py").write_text(textwrap.dedent(ANSWERS), encoding="utf-8")
    command = ["check", "mine.py", "-a", "first_gradients", "--format", "json"]
    ended = CliRunner().invoke(main, [*command, "--isolation", "limits"])
    (expected,) = from_json(ended.stdout_bytes).submissions
    for one, due in zip(told.questions, expected.questions, strict=True):
        assert (one.verdict, one.score) == (due.verdict, due.score)
        if due.verdict == "wrong_value":
            assert render(one.message) == due.message
            assert [each.id for each in one.diagnoses] == [each.id for each in due.diagnoses]


def test_what_is_not_defined_yet_is_said_to_be_so(small, define):
    define("")
    report = jupyter.check("small", lang="en")
    assert set(verdicts(report).values()) == {"missing"}
    assert "total is not defined in this notebook yet" in repr(report)


def test_classes_names_and_choices_are_looked_at_where_they_are(small, define):
    define("""
        letter = "a"
        doubled = [2, 4]

        class Adder:
            def __init__(self, a):
                self.a = a

            def plus(self, b):
                return self.a + b
    """)
    told = verdicts(jupyter.check("small"))
    assert told == {
        "total": "missing", "add": "correct", "doubled": "answered", "letter": "answered"
    }  # fmt: skip


def test_a_changed_argument_is_seen(small, define):
    define("""
        def total(x):
            x += 1
            return (x - 1).sum()
    """)
    assert verdicts(jupyter.check("small"))["total"] == "side_effect"


def test_an_exception_is_told_with_its_line(small, define):
    define("\ndef total(x):\n    return 1 / 0\n")
    (total, *_) = jupyter.check("small").result.questions
    assert (total.verdict, total.feedback.line) == ("error", 3)


def test_leaving_python_ends_a_call_and_not_the_kernel(small, define):
    define("def total(x):\n    raise SystemExit\n")
    assert verdicts(jupyter.check("small"))["total"] == "error"


def test_what_a_function_prints_is_not_shown(small, define, capsys):
    define("def total(x):\n    print('noise')\n    return x.sum()\n")
    assert verdicts(jupyter.check("small"))["total"] == "correct"
    assert capsys.readouterr().out == ""


def test_an_interrupt_ends_a_call_and_the_rest_is_checked(small, define):
    define("""
        letter = "b"

        def total(x):
            raise KeyboardInterrupt
    """)
    report = jupyter.check("small", lang="en")
    assert verdicts(report)["total"] == "timeout"
    assert verdicts(report)["letter"] == "answered"
    assert "You stopped total" in repr(report)


def test_it_says_that_there_is_no_sandbox_and_what_counts(small, define):
    define("")
    assert "without a sandbox. What counts is the saved file" in repr(
        jupyter.check("small", lang="en")
    ).replace("\n", " ")


def test_html_holds_no_markup_of_a_students(small, define):
    define("def total(x):\n    raise ValueError('<script>alert(1)</script>')\n")
    html = jupyter.check("small", lang="pt")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.startswith('<div lang="pt-BR">')


def test_html_has_a_row_for_each_output_that_is_judged_apart(here, define):
    release(PAIR, here / "pair.grader.json")
    define("def gradients(x):\n    return {'dx': 2 * x, 'dw': x}\n")
    html = jupyter.check("pair", lang="en")._repr_html_()
    assert re.findall("<code>(.*?)</code>", html) == [
        "gradients", "gradients: dx", "gradients: dw",
    ]  # fmt: skip
    assert re.findall("<td>(.*?)</td>", html) == ["1.0/2.0", "1.0/1.0", "0.0/1.0"]


# -- what it checks with --------------------------------------------------------------------------


def test_the_only_bundle_beside_the_notebook_needs_no_name(small, define):
    define("def total(x):\n    return x.sum()\n")
    assert verdicts(jupyter.check())["total"] == "correct"


def test_a_bundle_beside_the_notebook_goes_before_a_bundled_assignment(small, define):
    define("def total(x):\n    return x.sum()\n")
    small.rename("first_gradients.grader.json")
    assert list(verdicts(jupyter.check("first_gradients"))) == list(verdicts(jupyter.check()))


def test_what_the_notebook_says_it_answers_needs_no_name(here, define):
    define("")
    started = notebook(load("first_gradients"), "es")
    Path("mine.ipynb").write_text(json.dumps(started), encoding="utf-8")
    Path("broken.ipynb").write_text("{", encoding="utf-8")
    assert jupyter.check(lang="es").result.id == "first_gradients"
    other = notebook(load("variables"), "es")
    Path("other.ipynb").write_text(json.dumps(other), encoding="utf-8")
    assert jupyter.check(lang="es").result is None


def test_the_title_is_in_the_language_asked_for(here, define):
    define("")
    assert repr(jupyter.check("first_gradients", lang="pt")).startswith("Primeiros gradientes")


def test_what_cannot_be_checked_is_a_sentence(here, define):
    define("")
    assert "name the assignment" in repr(jupyter.check(lang="en"))
    assert "there is no assignment 'nothing'" in repr(jupyter.check("nothing", lang="en"))
    Path("broken.grader.json").write_text("{}", encoding="utf-8")
    assert "danificado" in repr(jupyter.check("broken", lang="pt"))


def test_text_holds_nothing_that_commands_a_terminal(small, define):
    define("")
    data = json.loads(small.read_text("utf-8"))
    data["items"][0]["record"]["mistakes"] = [{"ids": ["\x1b[2Jx"], "answers": []}]
    small.write_text(json.dumps(data), "utf-8")
    shown = repr(jupyter.check("small", lang="en"))
    assert "damaged" in shown
    assert "\x1b" not in shown


def test_importing_the_grader_stays_light():
    program = "import sys, grader; print('numpy' in sys.modules or 'click' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "False\n"


# -- in a kernel ----------------------------------------------------------------------------------


DRIVER = """
import json, sys, threading, time
from pathlib import Path
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel()

def interrupt_when(file):
    while not file.exists():
        time.sleep(0.05)
    time.sleep(0.2)
    manager.interrupt_kernel()

for line in sys.stdin:
    asked = json.loads(line)
    if asked["interrupt_when"]:
        file = Path(asked["interrupt_when"])
        threading.Thread(target=interrupt_when, args=[file], daemon=True).start()
    outputs, cell = [], client.execute(asked["code"])
    while True:
        message = client.get_iopub_msg(timeout=300)
        if message["parent_header"].get("msg_id") != cell:
            continue
        if message["content"].get("execution_state") == "idle":
            break
        if message["msg_type"] in ("execute_result", "stream", "error", "display_data"):
            outputs.append(message["content"])
    print(json.dumps(outputs, default=str), flush=True)
manager.shutdown_kernel(now=True)
"""


class Kernel:
    """A real kernel in a folder, driven from a process of its own."""

    def __init__(self, folder):
        self._driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, code, *, interrupt_when=None):
        """The outputs of a cell; the kernel is interrupted as soon as a file is there."""
        asked = {"code": textwrap.dedent(code), "interrupt_when": interrupt_when}
        self._driver.stdin.write(json.dumps(asked) + "\n")
        self._driver.stdin.flush()
        return json.loads(self._driver.stdout.readline())

    def close(self):
        self._driver.communicate(timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def kernel(folder):
    if find_spec("ipykernel") is None:
        pytest.skip("there is no kernel: pip install 'autograd-grader[jupyter]'")
    kernel = Kernel(folder)
    kernel.run("from reference_engine import facade; facade.install()")
    yield kernel
    kernel.close()


def test_a_kernel_shows_a_table_and_a_terminal_text(kernel):
    kernel.run(ANSWERS)
    (shown,) = kernel.run('import grader; grader.check("first_gradients", lang="en")')
    html, text = shown["data"]["text/html"], shown["data"]["text/plain"]
    assert "<code>scaled_mean_formula</code></th><td" in html
    assert "&lt;b&gt;oh&lt;/b&gt;" in html
    assert "Over how many numbers does the loss average?" in html
    assert "scaled_mean_formula  2.0/2.0" in text


def test_the_last_cell_of_a_notebook_works_in_a_kernel_again_and_again(kernel):
    *_, last = notebook(load("first_gradients"), "pt")["cells"]
    for _ in range(2):
        (shown,) = kernel.run(last["source"])
        assert '<div lang="pt-BR">' in shown["data"]["text/html"]


def test_the_magic_tells_what_it_takes(kernel):
    kernel.run("%load_ext grader")
    (shown,) = kernel.run("%grader chekc")
    assert "check" in shown["data"]["text/plain"]
    (shown,) = kernel.run("%grader --help")
    assert "%grader check manual_backprop --more" in shown["text"]


def test_no_solution_gets_into_the_kernel(kernel):
    kernel.run('import grader; grader.check("first_gradients")')
    (shown,) = kernel.run("""
        import gc, types
        [one for one in gc.get_objects() if isinstance(one, types.FunctionType)
         and one.__code__.co_filename.endswith("assignment.py")
         and not one.__module__.startswith("grader")]
    """)
    assert shown["data"]["text/plain"] == "[]"


def test_an_endless_loop_is_stopped_by_the_user(kernel, folder):
    kernel.run("""
        from pathlib import Path

        def two_inputs(x, y):
            Path("running").touch()
            while True:
                pass
    """)
    (shown,) = kernel.run(
        'grader.check("first_gradients", lang="en")', interrupt_when=str(folder / "running")
    )
    assert "You stopped two_inputs" in shown["data"]["text/plain"]
    assert "scaled_mean_formula  2.0/2.0" in shown["data"]["text/plain"]
