"""Honest notebooks and modules that are odd in one way each; `# %%` begins a cell.

Each leaves behind `f`, which doubles what it is given; those with torch give the gradient 6.
"""

NOTEBOOKS = {
    "a module that a cell writes": r"""
%%writefile helper.py
def double(v):
    return v * 2
# %%
from helper import double
# %%
import helper
def f(x):
    return (double(x) + helper.double(x)) / 2
""",
    "a module of its own that draws and asks": r"""
%%writefile helper.py
import matplotlib.pyplot as plt
from tqdm import tqdm
import no_such_library as n
try:
    import no_such_library_either
    k = 0
except ImportError:
    k = 2
def double(v):
    plt.plot(v)
    return v * k
# %%
from helper import double
def f(x):
    return double(x)
""",
    "a file that is run": r"""
%%writefile helper.py
import matplotlib.pyplot as plt
k = 2 if __name__ == '__main__' else 0
def double(v):
    return v * k
# %%
%run -i "./helper.py"
del k
%run helper
def f(x):
    return double(x) / 2 * k
""",
    "a file that is read and executed": r"""
%%file helper.py
import seaborn as sns
sns.set_theme()
def double(v): return v * 2
# %%
exec(open('helper.py').read())
def f(x):
    return double(x)
""",
    "what magics leave behind": r"""
%%capture said --no-stderr
print('hello')
# %%
said.show()
lines = said.stdout.splitlines()
t = %timeit -o -n2 sum(range(9))
print(f'{t.average:.3f} s')
k = 2
def f(x):
    return x * k
""",
    "doctests that decide": r'''
import doctest
def double(v):
    """
    >>> double(2)
    4
    """
    return v * 2
k = doctest.testmod().attempted * 2
def f(x):
    return x * k
''',
    "a class that comes from what only draws": r"""
from matplotlib.animation import FuncAnimation
from ipywidgets import VBox
class Film(FuncAnimation, VBox):
    def __init__(self, k):
        super().__init__(None, k, frames=3)
        self.k = k
film = Film(2)
film.save('film.gif')
film.start()
def f(x):
    return x * film.k
""",
    "data that a cell writes": r"""
%%writefile data.csv
1,2
# %%
%%file -a data.csv
3,4
# %%
import numpy as np
d = np.loadtxt('data.csv', delimiter=',')
# %%
def f(x):
    return x * (d[1, 1] - d[0, 1])
""",
    "await outside of functions": r"""
import asyncio
async def g():
    await asyncio.sleep(0.001)
    return 2
# %%
k = await g()
def f(x):
    return x * k
""",
    "an event loop": r"""
import asyncio
async def g():
    await asyncio.sleep(0.001)
    return 2
# %%
k = asyncio.run(g())
def f(x):
    return x * asyncio.run(g()) * k / 2
""",
    "numba, which is missing": r"""
import numba
from numba import jit, prange
@jit(nopython=True)
def k(n):
    return sum(1 for _ in prange(n))
# %%
@numba.njit
def f(x):
    return x * k(2)
""",
    "checkers of types and timers, which are missing": r"""
import numpy as np
from beartype import beartype
from jaxtyping import Float, jaxtyped
from line_profiler import profile
# %%
@profile
@jaxtyped(typechecker=beartype)
def f(x: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    return np.asarray(x, np.longdouble) * 2
# %%
%lprun -f f f(1)
""",
    "annotations of what is missing": r"""
from __future__ import annotations
def f(x: Missing[np.ndarray]) -> Also:
    return x * 2
""",
    "Jupyter's own signs": r"""
files = !ls
f?
# %%
%%time
def f(x):
    return x * 2
# %%
%%bash
echo hello
# %%
%debug
1 + 1
# %%
k = _ * 3 + Out[4]
""",
    "sliders and frames of data": r"""
import pandas as pd
from ipywidgets import interact, FloatSlider
df = pd.DataFrame({'a': [1, 2]})
df['b'] = df['a'] * 2
for i, row in df[df.a > 1].iterrows(): pass
# %%
@interact(a=FloatSlider(min=0, max=1))
def show(a=0.5): pass
# %%
def f(x):
    return x * 2
""",
    "debuggers left behind": r"""
import pdb
pdb.set_trace()
breakpoint()
# %%
def f(x):
    return x * 2
""",
    "checks of another grader's": r"""
import otter
grader = otter.Notebook('hw.ipynb')
# %%
def f(x):
    return x * 2
# %%
grader.check('q1')
# %%
%%ipytest
def test_f(): assert f(1) == 2
""",
    "processes and the machine": r"""
import os, subprocess, getpass, multiprocessing as mp
from pathlib import Path
try:
    subprocess.run(['nvidia-smi'])
except OSError:
    pass
os.system('clear')
os.environ['OMP_NUM_THREADS'] = '4'
home, user = Path.home(), os.environ.get('USER')
os.makedirs('out/a', exist_ok=True)
os.chdir('out')
# %%
with mp.Pool(2) as pool: pool.map(abs, [1])
# %%
def f(x):
    return x * 2
""",
    "threads that go on": r"""
import queue, threading
from concurrent.futures import ThreadPoolExecutor
pool, jobs = ThreadPoolExecutor(4), queue.Queue()
threading.Thread(target=jobs.get, daemon=True).start()
def f(x):
    return list(pool.map(lambda v: v * 2, x))
""",
    "an alarm of its own": r"""
import signal
def late(*_): raise TimeoutError
signal.signal(signal.SIGALRM, late)
def f(x):
    signal.alarm(2)
    y = x * 2
    signal.alarm(0)
    return y
""",
    "arithmetic on a plot": r"""
import matplotlib.pyplot as plt
# %%
def f(x):
    fig, ax = plt.subplots()
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * 1.1)
    ax.text(0, x * high, f'{high:.2f}')
    return x * 2
""",
    "a log of runs and colours": r"""
import wandb
wandb.init(project='homework')
from colorama import Fore, Style
# %%
def f(x):
    wandb.log({'loss': 1.0})
    print(Fore.RED + 'done' + Style.RESET_ALL)
    return x * 2
""",
    "an array of objects": r"""
import numpy as np
# %%
def f(x):
    y = np.empty(3, dtype=object)
    y[:] = [v * 2 for v in x]
    return y
""",
    "names in other scripts": r"""
δ, 变量 = 1, 2
def f(χ):
    return χ * 变量 * δ
""",
    "built-in names taken": r"""
sum = len = list = print = str = type = id = 2
def f(x):
    return x * sum
""",
    "numpy's name taken": r"""
import numpy as np
np = 2
def f(x):
    return x * np
""",
    "print of another Python": r"""
print 'hello'
# %%
def f(x):
    return x * 2
# %%
print 'bye'
""",
    "an exception at the end": r"""
def f(x):
    return x * 2
# %%
assert f(1) == 3
# %%
raise SystemExit
# %%
exit()
""",
    "warnings as errors": r"""
import warnings
import numpy as np
warnings.simplefilter('error')
np.seterr(all='raise')
# %%
def f(x):
    return x * 2
""",
    "a decorator of its own": r"""
from functools import wraps, lru_cache
def twice(g):
    @wraps(g)
    def inner(*a, **k):
        return g(*a, **k) * 2
    return inner
# %%
@lru_cache
def one(n):
    return 1 if n == 0 else one(n - 1)
# %%
@twice
def f(x):
    return x * one(50)
""",
    "a decorator that takes arguments in order": r"""
import functools
def told(g):
    @functools.wraps(g)
    def wrapped(*args):
        return g(*args)
    return wrapped
@told
@functools.singledispatch
def f(x):
    return x * 2
""",
    "a decorator that takes arguments by name": r"""
import functools
def told(g):
    @functools.wraps(g)
    def wrapped(**named):
        return g(**named)
    return wrapped
@told
def f(x):
    return x * 2
""",
    "an object that can be called": r"""
class F:
    __slots__ = ('k',)
    def __init__(self): self.k = 2
    def __call__(self, v): return v * self.k
f = F()
""",
    "a part of a function": r"""
from functools import partial
f = partial(lambda k, x: x * k, 2)
""",
    "tests of its own": r'''
import unittest, doctest
def f(x):
    """
    >>> f(2)
    4
    """
    return x * 2
# %%
class T(unittest.TestCase):
    def test_f(self): self.assertEqual(f(1), 2)
# %%
unittest.main(argv=[''], exit=False)
doctest.testmod()
''',
    "output sent elsewhere": r"""
import sys, os, logging
logging.basicConfig(filename='run.log', force=True)
sys.stdout.reconfigure(line_buffering=True)
sys.stdout.buffer.write(b'bytes')
sys.stdout = open(os.devnull, 'w')
# %%
def f(x):
    print('x')
    logging.error('x')
    return x * 2
""",
    "a data set that is missing": r"""
import pandas as pd
df = pd.read_csv('data.csv')
# %%
import urllib.request
urllib.request.urlretrieve('http://127.0.0.1:9/x', 'x')
# %%
def f(x):
    return x * 2
""",
    "arguments of a command line": r"""
import argparse
p = argparse.ArgumentParser()
p.add_argument('--k', type=int, default=2)
# %%
args = p.parse_args()
def f(x):
    return x * args.k
""",
}

MODULES = {
    "its own place": r"""
import os, sys
from pathlib import Path
sys.path.append(os.path.dirname(__file__))
K = len(Path(__file__).resolve().suffixes) + 1
def f(x):
    return x * K
""",
    "a main program": r"""
def f(x):
    return x * 2
if __name__ == '__main__':
    f = None
""",
    "a notebook saved as a module": r"""
#!/usr/bin/env python
# coding: utf-8
# In[1]:
get_ipython().system('pip install torch')
# In[2]:
def f(x):
    return x * 2
""",
    "a neighbour that is missing": r"""
try:
    from .utils import k
except ImportError:
    k = 2
from . import helpers
def f(x):
    return x * k
""",
    "an event loop": r"""
import asyncio
async def g():
    return 2
def f(x):
    return x * asyncio.run(g())
""",
}

WITH_TORCH = {
    "a board for its losses": r"""
import torch
from torch.utils.tensorboard import SummaryWriter
writer = SummaryWriter()
# %%
def f():
    x = torch.tensor([3.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    writer.add_scalar('loss', y.item(), 0)
    return x.grad
""",
    "a device": r"""
import torch
device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
torch.manual_seed(0)
torch.cuda.manual_seed_all(0)
torch.set_num_threads(4)
# %%
def f():
    x = torch.tensor([3.0], requires_grad=True, device=device)
    (x * x).sum().to(device).backward()
    return x.grad.cpu()
""",
    "everything imported from torch": r"""
from numpy.linalg import *
from torch.nn.functional import *
from torch.nn import *
from torch import *
# %%
def f():
    x = tensor([3.0], requires_grad=True)
    y = linear(x.reshape(1, 1), ones(1, 1)).flatten()
    (y.abs() * sqrt(exp(2 * log(x)))).sum().backward()
    return x.grad
layers = [Linear(2, 2), Flatten(), LazyLinear(2), dropout(ones(2)), relu(sigmoid(cos(ones(2))))]
solve(eye(2).numpy(), ones(2).numpy())
""",
    "double precision throughout": r"""
import torch
torch.set_default_dtype(torch.float64)
# %%
def f():
    x = torch.tensor([3.0], requires_grad=True)
    (x * x).sum().backward()
    return x.grad
""",
    "threads": r"""
import torch
from concurrent.futures import ThreadPoolExecutor
# %%
def g(v):
    x = torch.tensor([v], requires_grad=True)
    (x * x).sum().backward()
    return x.grad
def f():
    with ThreadPoolExecutor(4) as pool:
        return [*pool.map(g, [3.0] * 4)][3]
""",
}
