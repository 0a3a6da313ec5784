"""Answers `import torch` with this package, where PyTorch itself is not to be used.

`install()` adds a finder that serves `torch`, `torch.autograd`, ... as the very modules of the
reference engine: one Tensor class, whichever way it was imported.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

import reference_engine
from reference_engine._errors import NOT_COVERED, NotCovered

if TYPE_CHECKING:
    from importlib.abc import Loader
else:  # for its name alone half a megabyte would be loaded
    Loader = object

_NESTED = (
    "autograd.functional", "autograd.variable", "nn.functional", "nn.init", "nn.modules",
    "nn.utils", "optim.lr_scheduler", "utils.data",
)  # fmt: skip
"""Modules below those that `torch` itself names."""

_PRIVATE = ("reference_engine._C", "reference_engine.autograd._functions")
"""Modules that are served although their names say that they are PyTorch's own affair."""


class _Finder(Loader):
    """Finds `torch` and what of its submodules the engine has."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith("reference_engine."):
            spec = _named_when_loaded(fullname, path)
            if spec is None:  # to ask for a module's name would load it, and then once more
                self._refuse_from_import(fullname)
            return spec
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        own = "reference_engine" + fullname.removeprefix("torch")
        self._asked.add(own)  # asking for the engine's module is not asking for its name
        try:
            found = _counterpart(fullname)
        finally:
            self._asked.discard(own)
        if found is None:
            package, _, name = fullname.rpartition(".")
            known = _is_pytorchs(_counterpart(package), name)
            covered = NOT_COVERED.format(name=fullname.removeprefix("torch."))
            text = covered if known else f"No module named {fullname!r}"
            raise ModuleNotFoundError(text, name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def _refuse_from_import(self, fullname: str) -> None:
        """Say of `from torch.nn import X` what `torch.nn.X` says: Python asks for such a submodule.

        A plain ImportError, since a ModuleNotFoundError would be replaced by Python's own text.
        """
        package, _, name = fullname.rpartition(".")
        module = sys.modules.get(package)
        if module is None or fullname in self._asked:
            return
        self._asked.add(fullname)  # asking may import it, which comes here again
        try:
            getattr(module, name)
        except NotCovered as error:
            raise ImportError(str(error), name=f"torch.{error.name}") from None
        except AttributeError:
            torch = "torch" + package.removeprefix("reference_engine")
            text = f"cannot import name {name!r} from {torch!r}"
            raise ImportError(text, name=torch) from None
        finally:
            self._asked.discard(fullname)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return _counterpart(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Only name its classes: the module is there already.

        A module below it, whose name there means a function, is known from now on: importing it
        would put it in the function's place.
        """
        _name_as_pytorch_does(module)
        for name, value in vars(module).items():
            below = sys.modules.get(f"{module.__name__}.{name}")
            if below is not None and below is not value:
                torch = below.__name__.replace("reference_engine", "torch", 1)
                sys.modules.setdefault(torch, below)


class _Naming(SourceFileLoader):
    """Loads a module of the engine's, and lets its classes say that they are torch's."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _name_as_pytorch_does(module)


def _named_when_loaded(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    spec = PathFinder.find_spec(fullname, path)
    if spec is not None and type(spec.loader) is SourceFileLoader:
        spec.loader = _Naming(spec.loader.name, spec.loader.path)
    return spec


def _counterpart(fullname: str) -> ModuleType | None:
    """The engine's module for one of PyTorch's, or None."""
    name = "reference_engine" + fullname.removeprefix("torch")
    if any(part.startswith("_") for part in name.split(".")[1:]) and name not in _PRIVATE:
        return None
    if name in {"reference_engine.facade", "reference_engine.faults", "reference_engine.trace"}:
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _is_pytorchs(package: ModuleType | None, name: str) -> bool:
    """Whether PyTorch may have a module of this name: only some of ours know all of its names."""
    if package is None or "__getattr__" not in vars(package):
        return True
    try:
        getattr(package, name)
    except AttributeError as error:
        return isinstance(error, NotCovered)
    return False


def _name_as_pytorch_does(module: ModuleType) -> None:
    """Let public classes say that they are torch's: students print `type(model)`.

    One of a private module's is the public module's that offers it.
    """
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__.startswith("reference_engine."):
            own = value.__module__
            if "._" in own:
                if name.startswith("_") or issubclass(value, Exception):
                    continue
                own = module.__name__
            if "._" not in own:
                value.__module__ = own.replace("reference_engine", "torch", 1)


def install() -> None:
    """Serve `import torch` from now on. A `torch` that was imported before stays."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    sys.modules.setdefault("torch", reference_engine)


def preload() -> None:
    """Import all that `import torch` can lead to, for a process that is forked again and again.

    Otherwise a module is imported when it is first named: a short computation needs few of them.
    """
    for name in (*reference_engine._SUBMODULES, *_NESTED):
        _name_as_pytorch_does(importlib.import_module(f"reference_engine.{name}"))
    torch: Any = reference_engine
    with torch.random.fork_rng():
        # A row's node and a generator's stream are made on first use.
        model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        torch.nn.functional.mse_loss(model(torch.randn(3, 2)), torch.rand(3, 1)).backward()
        optimizer.step()
        optimizer.zero_grad()
        x = torch.ones(2, requires_grad=True)
        ((x * 2 + 1 - x / 3) ** 2).mean().backward()
        str(x.grad)


def uninstall() -> None:
    """Take the finder and the modules that it served away again."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "torch" and module.__name__.startswith("reference_engine"):
            del sys.modules[name]
