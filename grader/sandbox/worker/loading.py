"""What every worker does before it meets a student: load the libraries, forget the grader."""

import importlib
import site
import sys
from pathlib import Path

from grader.sandbox.protocol.control import Executor, Kind
from grader.sandbox.worker import cells, notebook_syntax
from grader.sandbox.worker.child import RunCells


def load(kind: Kind, executor: Executor, *, few: bool) -> RunCells:
    """Import what this kind of process offers, and give what runs cells in it.

    For a `few` submissions what not every one needs is left to be imported when it is named.
    """
    if kind == "facade":
        facade = importlib.import_module("reference_engine.facade")
        facade.install()
        if few:
            importlib.import_module("reference_engine.autograd")  # hardly any can do without it
        else:
            facade.preload()
        importlib.import_module("reference_engine.tracing")
    if kind == "real":
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
    if executor == "jupyter":
        jupyter = importlib.import_module("grader.sandbox.worker.jupyter")
        run: RunCells = jupyter.run
        return run
    notebook_syntax.load()
    return cells.run


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
    sys.dont_write_bytecode = True  # what students' code imports leaves nothing behind
