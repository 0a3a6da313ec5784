"""Odd but honest programs lose nothing at any level."""

import numpy as np
import pytest

from .conftest import LEVELS
from .honest import MODULES, NOTEBOOKS, WITH_TORCH

HONEST = {
    "lists": "return [float(v) * 2 for v in x]",
    "single precision": "return np.asarray(x, np.float32) * 2",
    "a buffer": "out = np.empty(3); np.multiply(x, 2, out=out); return out",
    "prints": "print('working', x, flush=True); return x * 2",
    "its own timer": (
        "import time; t = time.perf_counter(); y = x * 2; time.sleep(0.01); "
        "print(time.perf_counter() - t); return y"
    ),
    "a thread": (
        "import threading; got = []; "
        "t = threading.Thread(target=lambda: got.append(x * 2)); t.start(); t.join(); return got[0]"
    ),
    "a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: return list(pool.map(lambda v: v * 2, x))"
    ),
    "linear algebra": "a = np.eye(300) * 2; return (a @ np.pad(x, (0, 297)))[:3]",
    "much memory": "big = np.ones(20_000_000); return x * (big[0] + big[-1])",
    "a file": (
        "np.save('x.npy', x * 2)\nwith open('notes.txt', 'a') as f: f.write('hello')\n"
        "return np.load('x.npy')"
    ),
    "a temporary file": (
        "import tempfile\nwith tempfile.TemporaryDirectory() as d:\n"
        "    np.savetxt(d + '/x', x * 2)\n    return np.loadtxt(d + '/x')"
    ),
    "a copied file": (
        "import shutil, os\nopen('a', 'w').write('2')\nshutil.copy2('a', 'b')\n"
        "return x * float(open('b').read())"
    ),
    "an archive": (
        "import io, zipfile\nnp.savez_compressed('x.npz', y=x * 2)\nreturn np.load('x.npz')['y']"
    ),
    "json and pickle": (
        "import json, pickle\n"
        "return pickle.loads(pickle.dumps(json.loads(json.dumps(list(x * 2)))))"
    ),
    "a database": (
        "import sqlite3; d = sqlite3.connect(':memory:'); "
        "return [d.execute('select ? * 2', (float(v),)).fetchone()[0] for v in x]"
    ),
    "random numbers": "np.random.default_rng().normal(size=9); return x * 2",
    "the clock of the day": "import datetime; datetime.datetime.now(); return x * 2",
    "a time zone": (
        "import zoneinfo, datetime; datetime.datetime.now(zoneinfo.ZoneInfo('UTC')); return x * 2"
    ),
    "decimals": "import decimal; return [float(decimal.Decimal(float(v)) * 2) for v in x]",
    "a warning": "import warnings; warnings.warn('careful'); return x * 2",
    "a log": "import logging; logging.warning('careful'); return x * 2",
    "what it was given": "import platform, os; platform.platform(); os.getpid(); return x * 2",
    "a question": "input('ready? '); return x * 2",
    "a signal for itself": (
        "import os, signal; got = []; signal.signal(signal.SIGUSR1, lambda *a: got.append(2))\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nreturn x * got[0]"
    ),
    "recursion": (
        "import sys; sys.setrecursionlimit(5000)\n"
        "def g(n): return 0 if n == 0 else g(n - 1)\ng(3000); return x * 2"
    ),
    "its own source": "import inspect; inspect.getsource(f); return x * 2",
    "a caught mistake": "try:\n    open('/etc/shadow')\nexcept OSError:\n    pass\nreturn x * 2",
    "compiled code": "import ctypes; ctypes.CDLL('libm.so.6').abs(1); return x * 2",
    "cores counted": "import os, multiprocessing; multiprocessing.cpu_count(); return x * 2",
}
HABITS = [
    "%pip install numpy\n!ls",
    "from google.colab import drive\ndrive.mount('/content')",
    "import no_such_library_anywhere as n",
    "import torch\nx = torch.ones(3, requires_grad=True)\n(x * x).sum().backward()",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "import numpy as np",
]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("body", HONEST.values(), ids=HONEST)
def test_an_honest_program_is_untouched(body, level, sandboxes):
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    cells = [*HABITS, f"def f(x):\n{lines}"]
    with sandboxes(level).session("numpy", cells, form="notebook", seed=1) as session:
        outcome = session.call("f", {"x": np.array([1.0, 2.5, -3.0])})
        np.testing.assert_array_equal(outcome.value, [2.0, 5.0, -6.0])


@pytest.mark.parametrize("level", LEVELS)
def test_the_engine_answers_at_every_level(level, sandboxes):
    function = (
        "def f():\n    x = torch.tensor([3.0], requires_grad=True)\n    torch.rand(2)\n"
        "    (x * x).sum().backward()\n    return x.grad"
    )
    cells = ["import torch\nimport torch.nn as nn", function]
    with sandboxes(level).session("facade", cells, form="notebook", seed=1) as session:
        np.testing.assert_array_equal(session.call("f", {}).value.data, [6.0])


ODD_TEXTS = {
    "a form feed": "\x0cimport math\n\x0c\ndef f(x):\n    return x * 2\n\x0c",
    "line ends of other systems": "def f(x):\r\n\tif True:\r\n\t\treturn x * 2\r\n",
}


def doubles(sandbox, cells, form):
    with sandbox.session("numpy", cells, form=form, seed=1) as session:
        for _ in range(2):
            outcome = session.call("f", {"x": np.array([1.0, 2.5, -3.0])})
            np.testing.assert_array_equal(outcome.value, [2.0, 5.0, -6.0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", [*NOTEBOOKS.values(), *ODD_TEXTS.values()],
                         ids=[*NOTEBOOKS, *ODD_TEXTS])  # fmt: skip
def test_an_honest_notebook_is_untouched(text, level, sandboxes):
    doubles(sandboxes(level), text.strip("\n").split("\n# %%\n"), "notebook")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", MODULES.values(), ids=MODULES)
def test_an_honest_module_is_untouched(text, level, sandboxes):
    doubles(sandboxes(level), [text], "module")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", WITH_TORCH.values(), ids=WITH_TORCH)
def test_an_honest_notebook_with_torch_is_untouched(text, level, sandboxes):
    cells = text.strip("\n").split("\n# %%\n")
    with sandboxes(level).session("facade", cells, form="notebook", seed=1) as session:
        for _ in range(2):
            np.testing.assert_array_equal(session.call("f", {}).value.data, [6.0])
