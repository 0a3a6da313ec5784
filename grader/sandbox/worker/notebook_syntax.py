"""Notebook syntax, %magics and !commands, to Python, by IPython's own transformer."""

import importlib
import sys
import types
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any


def to_python(source: str) -> str:
    """The cell in Python, its magics calls of get_ipython(); raises SyntaxError."""
    text: str = load().transform_cell(source)
    return text


@cache
def load() -> Any:
    """The transformer, to be loaded before students' code runs; leaves no IPython in sys.modules.

    The packages around it are entered without being run: they would load a whole terminal, which
    takes some thirty times as long.
    """
    found = PathFinder.find_spec("IPython")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("IPython is not installed", name="IPython")
    root = Path(found.submodule_search_locations[0])
    for name in ("IPython", "IPython.core", "IPython.utils"):
        package = types.ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    try:
        module = importlib.import_module("IPython.core.inputtransformer2")
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "IPython"]:
            del sys.modules[name]
    return module.TransformerManager()
