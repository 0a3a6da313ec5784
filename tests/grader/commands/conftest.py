"""Where a command is run."""

import pytest

from .running import ASSIGNMENT, write


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder with the assignment `sums.py` in it, on a terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    write(tmp_path / "sums.py", ASSIGNMENT)
    return tmp_path
