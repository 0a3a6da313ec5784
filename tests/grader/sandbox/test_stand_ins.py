"""Magics, missing libraries and forbidden packages: what a notebook may hold without harm."""

import sys

import pytest

from grader.outcomes import Answered, Uncrossable


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nx = 1",
        "!pip install torch\nx = 1",
        "\n\n%load_ext autoreload\n%autoreload 2\nx = 1",
        "x = 1\nlen?",
        "%%time\nx = 1",
        "%%capture out\nx = 1",
        "%time x = 1",
        "files = !ls\nx = 1 + len(files)",
        "display(3)\nx = 1",
        "name = input('Name? ')\nx = 1",
        "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
        "get_ipython().magic('matplotlib inline')\nx = 1",
        "from IPython.display import YouTubeVideo, display\nYouTubeVideo('abc')\nx = 1",
        "import IPython.display as ipd\nipd.clear_output()\nx = 1",
        "from google.colab import drive\ndrive.mount('/content/drive')\nx = 1",
        "import google.colab\nx = 1",
        "x = 7 % 2",
    ],
)
def test_notebook_habits_are_harmless(run, cell):
    session = run(cell)
    assert session.read("x").value == 1
    assert session.failures == ()


@pytest.mark.parametrize("magic", ["bash", "html", "writefile f.py", "javascript"])
def test_a_cell_in_another_language_is_not_run_as_python(run, magic):
    session = run(f"%%{magic}\nx = 1")
    assert session.failures == ()
    assert session.read("x").because is None


def test_a_timed_body_fails_statement_by_statement_on_its_own_lines(run):
    session = run("\n%%time\na = 1\nb = 1 / 0\nc = 3")
    assert session.read("c").value == 3
    (failure,) = session.failures
    assert (failure.line, failure.source_line) == (4, "b = 1 / 0")


def test_lines_below_a_magic_keep_their_numbers(run):
    session = run("\n\n%matplotlib inline\na = 1\nb = 1 / 0")
    assert [failure.line for failure in session.failures] == [5]


def test_a_timed_line_gives_its_value(run):
    assert run("x = %timeit -n 3 1 + 1").read("x").value == 2


MISSING = "no_such_library_anywhere"


def test_a_missing_library_fails_on_use_and_not_on_import(run):
    session = run(
        f"import {MISSING} as m\nfrom {MISSING}.part import thing\nx = m.answer\ny = 1",
        "z = thing(3)",
    )
    assert session.read("y").value == 1
    (failure,) = session.failures
    assert (failure.type, failure.cell) == ("ModuleNotFoundError", 1)
    assert failure.text == (
        f"No module named {MISSING!r} (it is not installed where your work is graded)"
    )


def test_a_class_derived_from_a_missing_library_fails_alone(run):
    session = run(f"import {MISSING}\nclass A({MISSING}.B): pass\nx = 1")
    assert session.read("x").value == 1
    assert session.failures[0].type == "ModuleNotFoundError"


def test_who_asks_whether_a_library_is_there_is_told_the_truth(run):
    source = (
        f"try:\n    import {MISSING}\nexcept ImportError:\n    there = False\n"
        "try:\n    import google.colab\nexcept:\n    colab = False\n"
    )
    session = run(source)
    assert session.read("there").value is False
    assert session.read("colab").value is False


def test_a_missing_part_of_an_installed_library_is_missing(run):
    (failure,) = run("import numpy.no_such_part").failures
    assert failure.text == "No module named 'numpy.no_such_part'"


def test_libraries_still_find_their_optional_parts_missing(run):
    session = run(
        "import importlib\ntry:\n    importlib.import_module('_no_such_speedup')\n"
        "except ImportError:\n    x = 1"
    )
    assert session.read("x").value == 1


@pytest.mark.skipif("matplotlib" in sys.modules, reason="written for machines without matplotlib")
def test_drawing_is_harmless(run):
    session = run(
        "import matplotlib.pyplot as plt\nimport matplotlib.image as mpimg",
        "fig, (left, right) = plt.subplots(1, 2)\nline, = left.plot([1, 2])\n"
        "for axis in fig.axes: axis.grid()\nwith plt.style.context('ggplot'): plt.show()\nx = 1",
    )
    assert session.read("x").value == 1
    assert session.failures == ()


@pytest.mark.parametrize(
    "use",
    [
        "from tqdm import tqdm\nfor i in tqdm(range(4), desc='steps'): seen.append(i)",
        "from tqdm import trange\nfor i in trange(1, 4): seen.append(i)",
        "from tqdm.auto import tqdm\nbar = tqdm([0, 3])\nfor i in bar: seen.append(i)",
        "from tqdm.notebook import tqdm\nwith tqdm([3]) as bar:\n    seen.extend(bar)",
        "import tqdm\nwith tqdm.tqdm(total=3) as bar:\n    bar.update(1)\n    seen.append(3)",
    ],
)
def test_a_progress_bar_costs_no_loop(run, use):
    session = run(f"seen = []\n{use}\nlast = seen[-1]")
    assert session.failures == ()
    assert session.read("last").value == 3


def test_asking_whether_a_library_is_there_is_told_the_truth(run):
    session = run("from importlib.util import find_spec\nfound = find_spec('no_such') is None")
    assert session.read("found").value is True


FORBIDDEN_IMPORTS = [
    "import torch",
    "import torch.nn as nn",
    "import torch.nn.functional as F",
    "from torch import nn, tensor",
    "from torch.autograd import Variable",
    "import jax.numpy as jnp",
    "import autograd.numpy as anp",
    "import reference_engine",
    "import tensorflow as tf",
    "import importlib\nt = importlib.import_module('torch')",
    "t = __import__('torch')",
]


@pytest.mark.parametrize("statement", FORBIDDEN_IMPORTS)
def test_forbidden_packages_can_be_imported(run, statement):
    session = run(statement + "\nx = 1")
    assert session.read("x").value == 1
    assert session.failures == ()


@pytest.mark.parametrize(
    ("use", "name"),
    [
        ("torch.tensor(1)", "torch.tensor"),
        ("torch.nn.Linear + 1", "torch.nn.Linear"),
        ("class N(torch.nn.Module): pass", "torch.nn.Module"),
        ("with torch.device: pass", "torch.device"),
        ("np.asarray(torch.x)", "torch.x"),
        ("a, b = torch.x", "torch.x"),
        ("torch.ones[0]", "torch.ones"),
    ],
)
def test_the_use_of_a_forbidden_package_is_named(run, use, name):
    session = run(f"import torch\nimport numpy as np\n{use}\nx = 1")
    assert session.read("x").value == 1
    assert [failure.forbidden for failure in session.failures] == [name]


@pytest.mark.parametrize(
    "source",
    [
        "@torch.no_grad()\ndef f(x):\n    return 2 * x",
        "@torch.inference_mode()\ndef f(x):\n    return 2 * x",
        "from torch import no_grad\n@no_grad()\ndef f(x):\n    return 2 * x",
        "def f(x):\n    with torch.no_grad():\n        return 2 * x",
        "def f(x):\n    torch.manual_seed(0)\n    return 2 * x",
        "torch.set_grad_enabled(False)\ndef f(x):\n    return 2 * x",
        "torch.set_default_dtype(torch.float64)\ndef f(x):\n    return 2 * x",
    ],
)
def test_a_switch_of_what_is_forbidden_changes_nothing_of_what_is_done_by_hand(run, source):
    session = run(f"import torch\n{source}")
    assert session.call("f", {"x": 3}).value == 6
    assert session.failures == ()


def test_a_forbidden_use_within_a_call_is_named_also_behind_another_exception(run):
    source = (
        "from torch import tensor\ndef f():\n    try:\n        return tensor(1)\n"
        "    except Exception:\n        raise ValueError('no')"
    )
    outcome = run(source).call("f", {})
    assert (outcome.type, outcome.forbidden) == ("ValueError", "torch.tensor")


def test_a_notebook_that_uses_torch_elsewhere_loses_nothing_of_its_numpy_function(run):
    session = run(
        "import numpy as np\nimport torch\nfrom torch import nn",
        "x = torch.ones(3, requires_grad=True)\ny = (x * 2).sum()\ny.backward()",
        "def manual(x: torch.Tensor, w: 'torch.Tensor | None' = None) -> torch.Tensor | None:\n"
        "    if isinstance(x, torch.Tensor):\n        x = x.numpy()\n    return np.sum(x)",
    )
    outcome = session.call("manual", {"x": 3})
    assert isinstance(outcome, Answered)
    assert outcome.value == 3


def test_a_stand_in_that_is_handed_in_does_not_cross(run):
    assert isinstance(run("import torch\nx = torch.float32").read("x").value, Uncrossable)


@pytest.mark.parametrize("package", ["grader", "grader.sandbox.protocol", "assignments"])
def test_nothing_of_the_grader_can_be_imported(run, package):
    (failure,) = run(f"import {package}").failures
    assert failure.text == f"No module named {package.partition('.')[0]!r}"


def test_nothing_of_the_grader_is_loaded_or_on_the_path(run):
    session = run(
        "import os, sys\n"
        "loaded = [m for m in sys.modules if m.partition('.')[0] in ('grader', 'IPython')]\n"
        "found = [p for p in sys.path if os.path.isdir(os.path.join(p, 'assignments'))]\n"
    )
    assert session.read("loaded").value == []
    assert session.read("found").value == []
