"""`import torch` answered by the engine, in a process of its own so that no other torch is met."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from reference_engine import facade
facade.install()
{code}
"""


def run(code):
    """What a program with the façade prints, and the last line of its error where it fails."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM.format(code=code)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    return done.stdout.splitlines() + done.stderr.splitlines()[-1:]


def not_covered(name):
    return f"torch.{name} is not covered by the reference engine; run with --torch real to use"


def test_torch_is_the_engine_itself():
    assert run(
        "import torch, torch.autograd, reference_engine\n"
        "print(torch is reference_engine, torch.autograd is reference_engine.autograd)\n"
        "print(torch.__version__)"
    ) == ["True True", "2.13.0"]


def test_coursework_runs_unchanged():
    assert run(
        "import torch\n"
        "from torch.autograd import Variable, grad\n"
        "x = Variable(torch.ones(2, 2), requires_grad=True)\n"
        "out = (2 * (x + 2) ** 2).mean()\n"
        "print(out.item(), grad(out, x)[0].tolist(), isinstance(x, torch.Tensor))"
    ) == ["18.0 [[3.0, 3.0], [3.0, 3.0]] True"]


@pytest.mark.parametrize(
    "statement",
    [
        "import torch.autograd as ag; print(ag.grad.__name__)",
        "from torch import autograd; print(autograd.grad.__name__)",
        "from torch.autograd import grad; print(grad.__name__)",
        "import importlib; print(importlib.import_module('torch.autograd').grad.__name__)",
    ],
)
def test_every_way_to_import_leads_to_the_same_function(statement):
    assert run(statement) == ["grad"]


def test_from_torch_import_takes_names_of_the_engine():
    assert run("from torch import tensor, no_grad, float64, Tensor; print(float64)") == [
        "torch.float64"
    ]


def test_there_is_one_tensor_class_however_it_was_imported():
    assert run(
        "import torch; from torch import Tensor; import reference_engine\n"
        "print(isinstance(reference_engine.ones(1), Tensor), torch.Tensor is Tensor)"
    ) == ["True True"]


def test_a_name_of_pytorchs_that_is_missing_says_so():
    (text,) = run("import torch; torch.fft")
    assert not_covered("fft") in text
    assert "NotCovered: " in text


def test_a_missing_name_is_an_attribute_error_so_that_hasattr_works():
    assert run("import torch; print(hasattr(torch, 'fft'), hasattr(torch, 'ones'))") == [
        "False True"
    ]


def test_an_invented_name_gets_pytorchs_own_error():
    (text,) = run("import torch; torch.onse(2)")
    assert text == "AttributeError: module 'torch' has no attribute 'onse'"


def test_importing_a_missing_name_from_torch_says_so():
    (text,) = run("from torch import fft")
    assert text.startswith("ImportError: ")
    assert not_covered("fft") in text


def test_importing_an_invented_name_from_torch_is_a_plain_import_error():
    (text,) = run("from torch import onse")
    assert text.startswith("ImportError: cannot import name 'onse'")


def test_importing_a_missing_submodule_says_so():
    (text,) = run("import torch.fft")
    assert text.startswith("ModuleNotFoundError: ")
    assert not_covered("fft") in text


def test_the_engines_own_insides_are_not_served():
    (text,) = run("import torch.facade")
    assert text.startswith("ModuleNotFoundError: ")
    (text,) = run("import torch._tensor")
    assert text.startswith("ModuleNotFoundError: ")


def test_a_method_of_pytorchs_that_is_missing_says_so():
    (text,) = run("import torch; torch.ones(2).to_sparse()")
    assert not_covered("Tensor.to_sparse") in text


def test_an_invented_method_gets_pytorchs_own_error():
    (text,) = run("import torch; torch.ones(2).backwards()")
    assert text.startswith("AttributeError: 'Tensor' object has no attribute 'backwards'")


def test_missing_and_invented_methods_are_no_attributes():
    assert run(
        "import torch; t = torch.ones(2)\n"
        "print(hasattr(t, 'to_sparse'), hasattr(t, 'backwards'), hasattr(t, 'backward'))"
    ) == ["False False True"]


def test_installing_twice_adds_one_finder():
    assert run(
        "before = len(sys.meta_path); facade.install(); print(len(sys.meta_path) - before)"
    ) == ["0"]


def test_uninstalling_takes_everything_away_again():
    assert run(
        "import torch, torch.autograd\n"
        "facade.uninstall()\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'torch'])\n"
        "print([one for one in sys.meta_path if type(one).__module__ == 'reference_engine.facade'])"
    ) == ["[]", "[]"]


def test_uninstalling_leaves_the_engine_usable():
    assert run(
        "import torch; facade.uninstall()\n"
        "import reference_engine; print(reference_engine.ones(1).tolist())\n"
        "facade.install(); import torch; print(torch is reference_engine)"
    ) == ["[1.0]", "True"]


def test_a_torch_that_was_imported_before_stays(tmp_path):
    (tmp_path / "torch.py").write_text("name = 'another torch'\n", encoding="utf-8")
    code = (
        f"facade.uninstall(); sys.path.insert(0, {str(tmp_path)!r}); import torch\n"
        "facade.install(); import torch; print(torch.name)\n"
        "facade.uninstall(); import torch; print(torch.name)"
    )
    assert run(code) == ["another torch", "another torch"]


def test_the_engine_imports_neither_the_grader_nor_torch():
    assert run(
        "import reference_engine.autograd\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'grader'))"
    ) == ["[]"]


def test_every_way_to_import_leads_to_one_class():
    assert run(
        "import torch\n"
        "import torch.nn as nn\n"
        "import torch.nn.functional as F\n"
        "from torch import nn as again, optim, Tensor\n"
        "from torch.nn import Parameter\n"
        "from torch.nn.parameter import Parameter as other\n"
        "from torch.utils.data import DataLoader\n"
        "from torch.optim.lr_scheduler import StepLR\n"
        "from torch.autograd.variable import Variable\n"
        "import torch.cuda, torch.backends.cudnn as cudnn\n"
        "print(nn is again is torch.nn, F is torch.nn.functional, optim is torch.optim)\n"
        "print(Parameter is other is nn.Parameter, torch.utils.data.DataLoader is DataLoader)\n"
        "print(Variable is torch.autograd.Variable, torch.optim.lr_scheduler.StepLR is StepLR)\n"
        "print(cudnn is torch.backends.cudnn, isinstance(nn.Linear(1, 1).weight, Tensor))"
    ) == ["True True True", "True True", "True True", "True True"]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("from torch.nn import SyncBatchNorm", "nn.SyncBatchNorm"),
        ("import torch; torch.nn.SyncBatchNorm()", "nn.SyncBatchNorm"),
        ("from torch.cuda import nvtx", "cuda.nvtx"),
        ("import torch.multiprocessing", "multiprocessing"),
        ("from torch.func import jacrev, functionalize", "func.functionalize"),
    ],
)
def test_what_is_missing_below_torch_says_so_too(statement, name):
    (text,) = run(statement)
    assert not_covered(name) in text


@pytest.mark.parametrize("package", ["torch.nn", "torch.optim", "torch.func", "torch.autograd"])
def test_an_invented_name_below_torch_is_a_plain_import_error(package):
    (text,) = run(f"from {package} import onse")
    assert text == f"ImportError: cannot import name 'onse' from '{package}'"


def test_classes_say_that_they_are_torchs():
    assert run(
        "facade.preload()\n"
        "from torch import nn\n"
        "print(type(nn.Linear(1, 1)), type(nn.ReLU()))\n"
        "from torch.optim import SGD; print(SGD)\n"
        "from torch.optim.lr_scheduler import OneCycleLR; print(OneCycleLR)"
    ) == [
        "<class 'torch.nn.modules.linear.Linear'> <class 'torch.nn.modules.activation.ReLU'>",
        "<class 'torch.optim.sgd.SGD'>",
        "<class 'torch.optim.lr_scheduler.OneCycleLR'>",
    ]


def test_a_submodule_that_pytorch_has_not_either_gets_pythons_own_error():
    (text,) = run("import torch.no_such_module")
    assert text == "ModuleNotFoundError: No module named 'torch.no_such_module'"


def test_submodules_wait_until_they_are_named():
    assert run(
        "import torch\n"
        "before = 'reference_engine.optim' in sys.modules\n"
        "torch.optim\n"
        "print(before, 'reference_engine.optim' in sys.modules)"
    ) == ["False True"]


def test_a_star_gives_what_is_made_late_and_none_of_the_engines_own():
    assert run(
        "from torch.nn.functional import *\n"
        "from torch.nn import *\n"
        "from torch import *\n"
        "names = 'sqrt mm relu_ save vmap LazyLinear linear dropout'.split()\n"
        "print([name for name in names if not callable(globals().get(name))])\n"
        "print({'bind', 'gc', 'loss', 'optim', 'solve', 'TABLE', 'warnings'} & {*globals()})"
    ) == ["[]", "set()"]


def test_preloading_leaves_nothing_to_import_and_the_generator_as_it_was():
    assert run(
        "import torch\n"
        "torch.manual_seed(4)\n"
        "facade.preload()\n"
        "before = set(sys.modules)\n"
        "import torch.nn as nn\n"
        "from torch import optim\n"
        "from torch.utils.data import DataLoader\n"
        "drawn = torch.rand(1)\n"
        "late = [n for n in set(sys.modules) - before if n.startswith('reference_engine')]\n"
        "torch.manual_seed(4)\n"
        "print(late, torch.equal(drawn, torch.rand(1)))"
    ) == ["[] True"]


def test_a_state_of_the_generator_is_a_tensor():
    assert run(
        "import torch\n"
        "g = torch.Generator().manual_seed(1)\n"
        "state = g.get_state()\n"
        "a = torch.rand(2, generator=g)\n"
        "b = torch.rand(2, generator=g.set_state(state))\n"
        "print(state.dtype, state.shape, torch.equal(a, b))"
    ) == ["torch.uint8 torch.Size([5056]) True"]
