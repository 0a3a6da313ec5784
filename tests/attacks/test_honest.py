"""Odd but honest programs lose nothing at any level."""

import numpy as np
import pytest

from .conftest import LEVELS

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


DOUBLE = "def f(x):\n    return x * 2"
NOTEBOOKS = {
    "a module that a cell writes": [
        "%%writefile helper.py\ndef double(v):\n    return v * 2",
        "from helper import double",
        "import helper\ndef f(x):\n    return (double(x) + helper.double(x)) / 2",
    ],
    "data that a cell writes": [
        "%%writefile data.csv\n1,2",
        "%%file -a data.csv\n3,4",
        "import numpy as np\nd = np.loadtxt('data.csv', delimiter=',')",
        "def f(x):\n    return x * (d[1, 1] - d[0, 1])",
    ],
    "await outside of functions": [
        "import asyncio\nasync def g():\n    await asyncio.sleep(0.001)\n    return 2",
        "k = await g()\ndef f(x):\n    return x * k",
    ],
    "an event loop": [
        "import asyncio\nasync def g():\n    await asyncio.sleep(0.001)\n    return 2",
        "k = asyncio.run(g())\ndef f(x):\n    return x * asyncio.run(g()) * k / 2",
    ],
    "numba, which is missing": [
        "import numba\nfrom numba import jit, prange\n@jit(nopython=True)\ndef k(n):\n"
        "    return sum(1 for _ in prange(n))",
        "@numba.njit\ndef f(x):\n    return x * k(2)",
    ],
    "arithmetic on a plot": [
        "import matplotlib.pyplot as plt",
        "def f(x):\n    fig, ax = plt.subplots()\n    low, high = ax.get_ylim()\n"
        "    ax.set_ylim(low, high * 1.1)\n    ax.text(0, x * high, f'{high:.2f}')\n    return x * 2",
    ],
    "a log of runs and colours": [
        "import wandb\nwandb.init(project='homework')\nfrom colorama import Fore, Style",
        "def f(x):\n    wandb.log({'loss': 1.0})\n    print(Fore.RED + 'done' + Style.RESET_ALL)\n"
        "    return x * 2",
    ],
    "an array of objects": [
        "import numpy as np",
        "def f(x):\n    y = np.empty(3, dtype=object)\n    y[:] = [v * 2 for v in x]\n    return y",
    ],
    "a form feed": ["\x0cimport math\n\x0c\ndef f(x):\n    return x * 2\n\x0c"],
    "line ends of other systems": ["def f(x):\r\n\tif True:\r\n\t\treturn x * 2\r\n"],
    "names in other scripts": ["δ, 变量 = 1, 2\ndef f(χ):\n    return χ * 变量 * δ"],
    "built-in names taken": [
        "sum = len = list = print = str = type = id = 2\ndef f(x):\n    return x * sum"
    ],
    "numpy's name taken": ["import numpy as np\nnp = 2\ndef f(x):\n    return x * np"],
    "print of another Python": ["print 'hello'", DOUBLE, "print 'bye'"],
    "an exception at the end": [DOUBLE, "assert f(1) == 3", "raise SystemExit", "exit()"],
    "warnings as errors": [
        "import warnings\nimport numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
        DOUBLE,
    ],
    "a decorator of its own": [
        "from functools import wraps, lru_cache\ndef twice(g):\n    @wraps(g)\n"
        "    def inner(*a, **k):\n        return g(*a, **k) * 2\n    return inner",
        "@lru_cache\ndef one(n):\n    return 1 if n == 0 else one(n - 1)",
        "@twice\ndef f(x):\n    return x * one(50)",
    ],
    "an object that can be called": [
        "class F:\n    __slots__ = ('k',)\n    def __init__(self): self.k = 2\n"
        "    def __call__(self, v): return v * self.k\nf = F()"
    ],
    "a part of a function": ["from functools import partial\nf = partial(lambda k, x: x * k, 2)"],
    "tests of its own": [
        'import unittest, doctest\ndef f(x):\n    """\n    >>> f(2)\n    4\n    """\n    return x * 2',
        "class T(unittest.TestCase):\n    def test_f(self): self.assertEqual(f(1), 2)",
        "unittest.main(argv=[''], exit=False)\ndoctest.testmod()",
    ],
    "output sent elsewhere": [
        "import sys, os, logging\nlogging.basicConfig(filename='run.log', force=True)\n"
        "sys.stdout.reconfigure(line_buffering=True)\nsys.stdout.buffer.write(b'bytes')\n"
        "sys.stdout = open(os.devnull, 'w')",
        "def f(x):\n    print('x')\n    logging.error('x')\n    return x * 2",
    ],
    "a data set that is missing": [
        "import pandas as pd\ndf = pd.read_csv('data.csv')",
        "import urllib.request\nurllib.request.urlretrieve('http://127.0.0.1:9/x', 'x')",
        DOUBLE,
    ],
    "arguments of a command line": [
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--k', type=int, default=2)",
        "args = p.parse_args()\ndef f(x):\n    return x * args.k",
    ],
}


def doubles(sandbox, cells, form):
    with sandbox.session("numpy", cells, form=form, seed=1) as session:
        for _ in range(2):
            outcome = session.call("f", {"x": np.array([1.0, 2.5, -3.0])})
            np.testing.assert_array_equal(outcome.value, [2.0, 5.0, -6.0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("cells", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_an_honest_notebook_is_untouched(cells, level, sandboxes):
    doubles(sandboxes(level), cells, "notebook")


MODULES = {
    "its own place": (
        "import os, sys\nfrom pathlib import Path\nsys.path.append(os.path.dirname(__file__))\n"
        "K = len(Path(__file__).resolve().suffixes) + 1\ndef f(x):\n    return x * K"
    ),
    "a main program": f"{DOUBLE}\nif __name__ == '__main__':\n    f = None",
    "a notebook saved as a module": (
        "#!/usr/bin/env python\n# coding: utf-8\n# In[1]:\n"
        f"get_ipython().system('pip install torch')\n# In[2]:\n{DOUBLE}"
    ),
    "a neighbour that is missing": (
        "try:\n    from .utils import k\nexcept ImportError:\n    k = 2\nfrom . import helpers\n"
        "def f(x):\n    return x * k"
    ),
    "an event loop": (
        "import asyncio\nasync def g():\n    return 2\ndef f(x):\n    return x * asyncio.run(g())"
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", MODULES.values(), ids=MODULES)
def test_an_honest_module_is_untouched(source, level, sandboxes):
    doubles(sandboxes(level), [source], "module")


TORCH = {
    "a board for its losses": [
        "import torch\nfrom torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter()",
        "def f():\n    x = torch.tensor([3.0], requires_grad=True)\n    y = (x * x).sum()\n"
        "    y.backward()\n    writer.add_scalar('loss', y.item(), 0)\n    return x.grad",
    ],
    "a device": [
        "import torch\ndevice = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n"
        "torch.manual_seed(0)\ntorch.cuda.manual_seed_all(0)\ntorch.set_num_threads(4)",
        "def f():\n    x = torch.tensor([3.0], requires_grad=True, device=device)\n"
        "    (x * x).sum().to(device).backward()\n    return x.grad.cpu()",
    ],
    "double precision throughout": [
        "import torch\ntorch.set_default_dtype(torch.float64)",
        "def f():\n    x = torch.tensor([3.0], requires_grad=True)\n    (x * x).sum().backward()\n"
        "    return x.grad",
    ],
    "threads": [
        "import torch\nfrom concurrent.futures import ThreadPoolExecutor",
        "def g(v):\n    x = torch.tensor([v], requires_grad=True)\n    (x * x).sum().backward()\n"
        "    return x.grad\n"
        "def f():\n    with ThreadPoolExecutor(4) as pool:\n        return [*pool.map(g, [3.0] * 4)][3]",
    ],
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("cells", TORCH.values(), ids=TORCH)
def test_an_honest_notebook_with_torch_is_untouched(cells, level, sandboxes):
    with sandboxes(level).session("facade", cells, form="notebook", seed=1) as session:
        for _ in range(2):
            np.testing.assert_array_equal(session.call("f", {}).value.data, [6.0])
