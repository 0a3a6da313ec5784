"""What all tests share: those that compare with PyTorch itself need it."""

from importlib.util import find_spec

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items):
    if find_spec("torch") is not None:
        return
    missing = pytest.mark.skip(reason="PyTorch is not installed; what was recorded stands in")
    for item in items:
        if item.get_closest_marker("pytorch"):
            item.add_marker(missing)
