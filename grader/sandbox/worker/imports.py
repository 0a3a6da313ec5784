"""Which modules students' imports give: the finders in front of and behind Python's own.

A package that the question forbids and a library that is not installed can be imported, so that
the rest of a cell runs; using them fails.
"""

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker.failures import cell_of
from grader.sandbox.worker.lockdown.readable import has_kernel, may_import, site_folders
from grader.sandbox.worker.stand_ins import (
    Harmless,
    ProgressBars,
    StandIn,
    Uncompiled,
    refuse_forbidden,
    refuse_missing,
)

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:  # for their names alone half a megabyte would be loaded
    Loader = MetaPathFinder = object

AUTOGRAD = frozenset(
    {
        "torch", "torchvision", "torchaudio", "functorch", "lightning", "pytorch_lightning",
        "jax", "jaxlib", "flax", "haiku", "optax", "autograd", "tensorflow", "keras", "mygrad",
        "tinygrad", "micrograd", "mxnet", "paddle", "theano", "aesara", "pytensor", "chainer",
        "reference_engine",
    }
)  # fmt: skip
"""Packages that compute gradients by themselves."""

_GRADERS_OWN = frozenset({"grader", "assignments"})
_DEBUGGERS = frozenset({"pdb", "ipdb"})
_FRONT_END = _DEBUGGERS | {"IPython", "ipywidgets"}
"""Where nobody watches or answers: a debugger would wait for ever."""
_WITHOUT_EFFECT = frozenset(
    {
        "matplotlib", "seaborn", "plotly", "torchviz", "graphviz",
        "wandb", "mlflow", "tensorboard", "tensorboardX", "torchsummary", "torchinfo",
        "rich", "colorama", "termcolor", "tabulate", "prettytable", "nest_asyncio",
    }
)  # fmt: skip
"""Libraries that draw, log and print: an answer is the same without them."""
_DECORATORS = frozenset(
    {"numba", "beartype", "jaxtyping", "typeguard", "line_profiler", "memory_profiler"}
)
"""Libraries that compile, check or time a function, which does the same without."""
_BOARD = "torch.utils.tensorboard"
"""A module of torch's that needs a library more."""


class _Giver(Loader):
    """Gives an object as the module that is imported."""

    def __init__(self, module: object) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        del spec
        return self._module  # type: ignore[return-value]

    def exec_module(self, module: ModuleType) -> None:
        del module


def _spec(name: str, module: object) -> ModuleSpec:
    return ModuleSpec(name, _Giver(module), is_package=True)


class Guard(MetaPathFinder):
    """In front of Python's own finders: what is withheld, and the notebook's front end."""

    def __init__(self, kind: Kind) -> None:
        self._forbidden = AUTOGRAD if kind == "numpy" else frozenset()
        self._front_end = _DEBUGGERS if has_kernel() else _FRONT_END

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None, /
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        del path, target
        package = fullname.partition(".")[0]
        if package in _GRADERS_OWN:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        if package in self._forbidden:
            return _spec(fullname, StandIn(fullname, refuse_forbidden))
        if package in self._front_end or fullname == _BOARD:
            return _spec(fullname, Harmless())
        return None


class Installed(MetaPathFinder):
    """In place of Python's own: of the packages installed beside it, those that students may use.

    Where files are withheld the others could be found and not be read.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._sites = site_folders()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None, /
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or path is not None or may_import(self._kind, fullname):
            return spec
        places = [spec.origin or "", *(spec.submodule_search_locations or ())]
        ours = any(Path(place).is_relative_to(site) for place in places for site in self._sites)
        return None if ours else spec


class Fallback(MetaPathFinder):
    """Behind Python's own finders: modules of the student's own, and stand-ins for what is missing.

    The latter are for students' code alone. `attempts` holds the (file name, line) of imports
    inside `try`: these ask whether a library is there, and are told the truth.
    """

    def __init__(self, attempts: set[tuple[str, int]]) -> None:
        self._attempts = attempts

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None, /
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        del target
        if path is None and (written := _written_here(fullname)):
            return written
        if not self._serves(fullname, path) or not self._asked_by_student():
            return None
        package = fullname.partition(".")[0]
        if package in _WITHOUT_EFFECT or fullname in {"google", "google.colab"}:
            return _spec(fullname, Harmless())
        if package == "tqdm":
            return _spec(fullname, ProgressBars())
        if package in _DECORATORS:
            return _spec(fullname, Uncompiled())
        return _spec(fullname, StandIn(fullname, refuse_missing))

    def _serves(self, fullname: str, path: Sequence[str] | None) -> bool:
        if path is None or fullname == "google.colab":
            return True
        # Below a stand-in everything is one; an installed package knows its own submodules.
        return isinstance(sys.modules.get(fullname.rpartition(".")[0]), (StandIn, Harmless))

    def _asked_by_student(self) -> bool:
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - who imports is only seen there
        while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            if frame.f_code.co_filename == "<frozen importlib.util>":
                return False  # find_spec asks whether a library is there, and imports nothing
            frame = frame.f_back
        if frame is not None and frame.f_code.co_filename == "<string>":
            frame = frame.f_back  # where `exec(open("helper.py").read())` stands
        if frame is None:
            return False
        filename, line = frame.f_code.co_filename, frame.f_lineno
        if cell_of(filename) is None:
            return _lies_here(filename) and line not in _attempted_in(filename)
        return (filename, line) not in self._attempts


def attempted_imports(tree: ast.Module) -> Iterator[int]:
    """The lines of the imports that stand inside `try`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try):
            continue
        for guarded in node.body:
            for inner in ast.walk(guarded):
                if isinstance(inner, (ast.Import, ast.ImportFrom)):
                    yield inner.lineno


def _lies_here(filename: str) -> bool:
    """Whether a file is below the current folder, where modules of the student's own are."""
    try:
        return Path(filename).is_relative_to(os.getcwd())  # noqa: PTH109 - as it was found
    except OSError:  # the folder is gone
        return False


def _attempted_in(filename: str) -> set[int]:
    try:
        return set(attempted_imports(ast.parse(Path(filename).read_bytes())))
    except (OSError, SyntaxError, ValueError):  # it is no longer what is being run
        return set()


def _written_here(name: str) -> ModuleSpec | None:
    """A module in the current folder, which held but what was handed in when the cells began.

    Looked for last, so that it takes no other's place; and afresh, since it may be just written.
    """
    try:
        here = os.getcwd()  # noqa: PTH109 - as a key of Python's own cache
    except OSError:  # the folder is gone
        return None
    sys.path_importer_cache.pop(here, None)
    return PathFinder.find_spec(name, [here])
