"""Runs cells of the lectures in a process of their own, on the façade or on PyTorch."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOTEBOOKS = {path.stem: path for path in sorted(HERE.glob("*.ipynb"))}


def cells(name):
    """The cells of a lecture's notebook, by the start of its name ("001")."""
    (path,) = [path for stem, path in NOTEBOOKS.items() if stem.startswith(name)]
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"]]


def run(programs, *, facade=True):
    """What every cell of every program shows."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, str(HERE / "run_cells.py"), *(["facade"] if facade else [])],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
