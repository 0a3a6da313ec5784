"""What all tests share: those that compare with PyTorch itself need it."""

from importlib.util import find_spec

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is. The same examples every time: what a run
# finds must be of the change it tests. `--hypothesis-profile explore` draws new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    if find_spec("torch") is not None:
        return
    missing = pytest.mark.skip(reason="PyTorch is not installed; what was recorded stands in")
    for item in items:
        if item.get_closest_marker("pytorch"):
            item.add_marker(missing)
