"""Answers `import torch` with this package, where PyTorch itself is not to be used.

`install()` adds a finder that serves `torch`, `torch.autograd`, ... as the very modules of the
reference engine: one Tensor class, whichever way it was imported.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import reference_engine
from reference_engine._errors import NOT_COVERED
from reference_engine._pytorch_names import TORCH


class _Finder(MetaPathFinder, Loader):
    """Finds `torch` and what of its submodules the engine has."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith("reference_engine."):
            _refuse_from_import(fullname.removeprefix("reference_engine."))
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        if _counterpart(fullname) is None:
            name = fullname.removeprefix("torch.")
            raise ModuleNotFoundError(NOT_COVERED.format(name=name), name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return _counterpart(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: the module is there already."""


def _refuse_from_import(name: str) -> None:
    """Say of `from torch import X` what `torch.X` says: Python asks for a submodule of that name.

    A plain ImportError, since a ModuleNotFoundError would be replaced by Python's own text.
    """
    if "." not in name and name in TORCH and not hasattr(reference_engine, name):
        raise ImportError(NOT_COVERED.format(name=name), name=f"torch.{name}")


def _counterpart(fullname: str) -> ModuleType | None:
    """The engine's module for one of PyTorch's, or None."""
    name = "reference_engine" + fullname.removeprefix("torch")
    if any(part.startswith("_") for part in name.split(".")[1:]):
        return None
    if name in {"reference_engine.facade", "reference_engine.faults", "reference_engine.trace"}:
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def install() -> None:
    """Serve `import torch` from now on. A `torch` that was imported before stays."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    sys.modules.setdefault("torch", reference_engine)
    sys.modules.setdefault("torch.autograd", reference_engine.autograd)


def uninstall() -> None:
    """Take the finder and the modules that it served away again."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "torch" and module.__name__.startswith("reference_engine"):
            del sys.modules[name]
