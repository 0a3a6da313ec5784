"""What every worker does before it meets a student: load the libraries, forget the grader."""

import importlib
import site
import sys
from pathlib import Path

from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker import notebook_syntax
from grader.sandbox.worker.cells import Workspace
from grader.sandbox.worker.child import sow


def load(kind: Kind) -> None:
    """Import what this kind of process offers, and run what is slow the first time."""
    notebook_syntax.load()
    torch = None
    if kind == "facade":
        facade = importlib.import_module("reference_engine.facade")
        facade.install()
        facade.preload()
    if kind != "numpy":
        torch = importlib.import_module("torch")
    if kind == "real" and torch is not None:
        torch.set_num_threads(1)
    sow(0, torch)
    # The first traceback and the first magic import modules of their own.
    warm = Workspace("notebook", kind)
    warm.run(0, "raise ValueError")
    warm.run(1, "%time 1")


def forget(roots: list[str]) -> None:
    """Leave nothing of the grader on the path or among the modules.

    `roots` are the folders by which the grader and the engine were found.
    """
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    sys.path[:] = [
        entry for entry in sys.path if entry in installed or str(Path(entry).resolve()) not in roots
    ]
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]
    sys.argv = [""]
